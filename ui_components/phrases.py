"""The page's own words in English and Chinese."""

from __future__ import annotations

import streamlit as st

from asr_core.privacy.offline import ENGLISH

_PHRASES = {
    # the head of every page
    "tagline": ("Private transcription on this computer", "只在本机运行的私密转写"),
    "tagline_server": ("Transcription by a server you chose", "由您选择的服务器转写"),
    "leaves": ("Audio leaves this computer for {address}", "音频会离开本机，发往 {address}"),
    "keys": ("Keys", "快捷键"),
    "key": ("Key", "按键"),
    "does": ("What it does", "作用"),
    "key_help": ("Show this list", "显示本列表"),
    # the idle page
    "welcome": ("Drop a recording, read what was said", "放入录音，立见文字"),
    "hint": (
        "Mandarin, English, or both in one sentence. The text appears while it is listening.",
        "普通话、英语，或一句话里两种都有。边听边出字。",
    ),
    "cut_off": (
        "Last time Sottovoce ended without being closed, after a crash or with the computer. Text "
        "that was not saved is gone. No audio was written to disk, and no text but what was saved.",
        "上次 Sottovoce 没有正常关闭（程序崩溃或电脑断电）。未保存的文字已经没有了。"
        "除了已保存的文字，没有任何音频和文字写入磁盘。",
    ),
    "upload": ("Recording or video", "录音或视频文件"),
    "record": ("Record", "录音"),
    "record_stop": ("Stop recording", "停止录音"),
    "record_level": ("How loud it is", "音量"),
    "record_refused": (
        "The browser does not let this page use the microphone. Allow it beside the address of "
        "the page, and press Record again.",
        "浏览器不允许本页使用麦克风。请在地址栏旁允许后，再按“录音”。",
    ),
    "record_nothing": (
        "No microphone was found. Connect one, and press Record again.",
        "没有找到麦克风。请接上麦克风，再按“录音”。",
    ),
    "record_broken": (
        "The microphone could not be opened. Close other programs that use it, or use another "
        "browser.",
        "无法打开麦克风。请关闭正在使用它的其他程序，或换一个浏览器。",
    ),
    "recording": (
        "Listening. The text comes as you speak; what is gray may still change.",
        "正在听，边说边出字；灰色的文字还可能改变。",
    ),
    "consent": (
        "Recording others? Ask them first.",
        "如果会录到别人，请先征得同意。",
    ),
    "private": (
        "“Upload” only hands the file from your browser to Sottovoce on this same computer. Audio "
        "stays in memory, is never written to disk, and never leaves the machine.",
        "“Upload”只是把文件从浏览器交给同一台电脑上的 Sottovoce。"
        "音频只在内存里，不写入磁盘，也不离开本机。",
    ),
    "private_server": (
        "You chose a server as the model: the speech in your recordings is sent to {address}, and "
        "whoever runs it can hear and keep it. Names of files are not sent. Nothing is written to "
        "disk here.",
        "您选择了服务器作为模型：录音中的语音会发往 {address}，管理它的人可以收听并保留。"
        "文件名不会发送。本机不写入磁盘。",
    ),
    # settings
    "language": ("Spoken language", "语言"),
    "auto": ("Automatic: {languages}", "自动：{languages}"),
    "n_languages": ("{n} languages", "{n} 种语言"),
    "zh": ("中文", "中文"),
    "en": ("English", "英语"),
    "more": ("More…", "更多…"),
    "one_language": ("All passages are in", "整段录音的语言"),
    "script": ("Chinese characters", "汉字"),
    "simplified": ("Simplified 简体", "简体"),
    "traditional": ("Traditional 繁體", "繁體"),
    "advanced": ("Advanced", "高级设置"),
    "model": ("Model", "模型"),
    "model_help": (
        "The bundled model is small and quick. Models that you added may know more languages and "
        "make fewer mistakes; they are slower and need more memory.",
        "自带的模型小而快。您添加的模型可能懂更多语言、错得更少，但更慢，也占用更多内存。",
    ),
    "decode": ("Decoding", "解码方式"),
    "decode_help": (
        "Joint weighs what was heard in each frame against what makes a sentence. The others are "
        "for comparison and for speed. Models without CTC decode in their own way.",
        "“联合”同时考虑每一帧的声音和整句话的意思。其余方式用于比较或加快速度。"
        "没有 CTC 的模型按自己的方式解码。",
    ),
    "joint": ("Joint, one pass", "联合（一遍）"),
    "attention": ("Attention only", "仅注意力"),
    "rescore": ("CTC, then rescored", "CTC 后重打分"),
    "draft": ("Draft and verify", "草稿加校验"),
    "ctc": ("CTC only", "仅 CTC"),
    "precision": ("Precision", "精度"),
    "precision_help": (
        "Automatic is what is fastest here. int8 and int4 keep the weights in 8 and 4 bits: less "
        "memory, about as fast; int4 makes a few more mistakes. fp8 needs a recent NVIDIA card.",
        "“自动”选用本机最快的精度。int8 和 int4 以 8 位和 4 位保存权重，"
        "占用内存更少，速度相近；int4 错误略多。fp8 需要较新的 NVIDIA 显卡。",
    ),
    "precision_auto": ("Automatic", "自动"),
    "second_model": ("Second model, for doubtful passages", "第二个模型（用于没把握的段落）"),
    "second_model_help": (
        "The model above reads everything; what it is not sure of is read again by this one, which "
        "may be larger, or the same in a higher precision. It takes memory once it is needed. "
        "Passages it read have a mark.",
        "上面的模型识别全部内容；没有把握的段落由这个模型再识别一遍，它可以更大，"
        "也可以是精度更高的同一模型。用到时才占用内存。由它识别的段落带有标记。",
    ),
    "second_none": ("None", "无"),
    "second_precision": ("Precision of the second model", "第二个模型的精度"),
    "second_below": ("Read again below a certainty of", "把握低于此值时再识别"),
    "second_below_help": (
        "Of the passage, as the model itself estimates it. Higher: more is read again, which takes "
        "longer.",
        "由模型自己估计的整段把握。设得越高，再识别的段落越多，用时越长。",
    ),
    "auto_among": ("Languages to choose among", "在这些语言中判断"),
    "auto_among_help": (
        "Each passage is written in one of these. Fewer languages mean fewer mistakes.",
        "每一段都会判断为其中一种。语言越少，误判越少。",
    ),
    # the working page
    "waiting": ("Waiting in line, {n} before this one", "排队中，前面还有 {n} 个"),
    "loading": ("Getting ready", "正在准备"),
    "transcribing": ("{percent} done", "已完成 {percent}"),
    "quiet": (
        "{percent} done · waiting for the recognizer, which does not answer just now",
        "已完成 {percent} · 正在等待识别进程，它暂时没有回应",
    ),
    "eta": ("about {time} left", "约剩 {time}"),
    "seconds": ("{n} s", "{n} 秒"),
    "minutes": ("{n} min", "{n} 分钟"),
    "cancel": ("Stop and keep the text", "停止并保留文字"),
    "listening": (
        "The first words appear here in a moment.",
        "文字马上会出现在这里。",
    ),
    # the finished page
    "silence": ("No speech was found in this recording.", "这段录音里没有找到说话声。"),
    "cancelled": (
        "Stopped at {time}. The text so far is below.",
        "已在 {time} 停止，下面是到此为止的文字。",
    ),
    "cancelled_empty": ("Stopped before any text was found.", "已停止，还没有识别出文字。"),
    "go_on": ("Continue from {time}", "从 {time} 继续"),
    "waited": (
        "This page was closed, and its text waited here. The recording was forgotten meanwhile; "
        "the text is, too, when no page shows it for {n} minutes.",
        "本页曾被关闭，文字留在这里等您。录音已被忘掉；文字在没有页面显示它 {n} 分钟后也会被忘掉。",
    ),
    "copy": ("Copy text", "复制全文"),
    "copied": ("Copied", "已复制"),
    "copy_failed": (
        "The browser did not allow copying, and this computer's clipboard could not be reached "
        "either. Select the text and press Ctrl+C. On Linux, xclip or wl-clipboard helps.",
        "浏览器不允许复制，也无法使用这台电脑的剪贴板。请选中文字后按 Ctrl+C。"
        "在 Linux 上可以安装 xclip 或 wl-clipboard。",
    ),
    "new": ("New recording", "新的录音"),
    "badge_zh": ("Chinese 中文", "中文"),
    "badge_en": ("English", "英语 English"),
    "badge_mixed": ("Chinese and English 中英", "中英混合"),
    "badge_other": ("Other language", "其他语言"),
    "share_zh": ("中文 {percent}", "中文 {percent}"),
    "share_en": ("English {percent}", "英语 {percent}"),
    "share_other": ("other {percent}", "其他 {percent}"),
    # what stays
    "stays": ("What stays on this computer", "这台电脑上留下了什么"),
    "stays_audio": (
        "No audio and no text is on disk, unless you save it. In memory are the text and {size} of "
        "audio, so that you can listen, until you start a new recording or close this page: then "
        "the audio stays at most half a minute longer, the text half an hour.",
        "磁盘上没有音频，也没有文字，除非您自己保存。内存中有文字和供回听的 {size} 音频，"
        "直到开始新的录音或关闭本页；此后音频最多再留半分钟，文字最多再留半小时。",
    ),
    "stays_text": (
        "No audio and no text is on disk, unless you save it. In memory is the text, until you "
        "start a new recording or close this page, at most half an hour longer, and 0 bytes of "
        "audio.",
        "磁盘上没有音频，也没有文字，除非您自己保存。内存中只有文字，音频 0 字节，"
        "直到开始新的录音或关闭本页，最多再留半小时。",
    ),
    "bytes": ("{n} bytes", "{n} 字节"),
    "receipt": (
        "Receipt: {removed} of audio removed after the run, {left} left in the worker, the upload "
        "store, temporary folders, open files and shared memory. Checked {time}.",
        "回执：转写后已移除 {removed} 音频；识别进程、上传区、临时文件夹、打开的文件和共享内存中"
        "剩余 {left}。{time} 核查。",
    ),
    # where the time went
    "stages": ("Where the time went", "用时明细"),
    "stage_init": ("Loading the model", "载入模型"),
    "stage_sound": ("Reading the recording and finding speech", "读取录音、查找语音"),
    "stage_encoder": ("Encoder", "编码器"),
    "stage_prefill": ("Encoder and prompt", "编码器与提示"),
    "stage_search": ("Writing the text", "写出文字"),
    "stage_align": ("Times of the words", "词的时间"),
    "stage_rate": ("{n} tokens a second", "每秒 {n} 个词元"),
    "stages_factor": (
        "In all {factor} seconds for a second of the recording",
        "合计：每秒录音用时 {factor} 秒",
    ),
    "forget": ("Forget audio now", "立即忘掉音频"),
    # how the text is written
    "verbatim": ("Verbatim", "原样"),
    "verbatim_help": (
        "The text exactly as it was recognized. What you corrected yourself stays either way.",
        "显示识别出的原文。您自己改过的文字不受影响。",
    ),
    "tidy": ("Tidy up", "整理"),
    "as_heard": ("As heard", "不变"),
    "punctuation": ("Punctuation beside Chinese", "中文旁的标点"),
    "full": ("Full-width ，。", "全角 ，。"),
    "half": ("Half-width ,.", "半角 ,."),
    "spacing": ("Space between Chinese and English", "中英文之间加空格"),
    "case": ("Repair English capitals", "修正英文大小写"),
    "case_help": (
        "Sentence starts, “I”, names such as iPhone and GPU. Mixed case stays.",
        "句首、“I”，以及 iPhone、GPU 等名称。已经大小写混合的词不变。",
    ),
    "numbers": ("Numbers in figures", "数字写成阿拉伯数字"),
    "numbers_help": (
        "Dates, times, percentages, amounts. Where it could be something else, words stay.",
        "日期、时间、百分比、数量。意思可能不是数字的地方保持原样。",
    ),
    # several recordings, parts of them, and whether all is ready
    "upload_folder": ("A folder of recordings", "整个文件夹的录音"),
    "folder": ("A whole folder", "整个文件夹"),
    "add": ("Add recordings", "添加录音"),
    "start_at_once": ("Start at once", "放入后立即开始"),
    "start_at_once_help": (
        "Switched off, recordings wait in the list with their length and the time they will take.",
        "关闭后，录音会先在列表中等待，并显示长度和预计用时。",
    ),
    "part": ("How much of it", "转写哪一部分"),
    "part_all": ("All", "全部"),
    "part_minute": ("First 60 seconds", "前 60 秒"),
    "part_between": ("From … to …", "从……到……"),
    "part_start": ("From", "从"),
    "part_stop": ("To", "到"),
    "part_end": ("the end", "结尾"),
    "whole": ("Transcribe all of it", "转写全部"),
    "held": ("Not started", "未开始"),
    "next": ("Next", "下一个"),
    "takes": ("about {time}", "约需 {time}"),
    "queue": ("{n} recordings", "{n} 个录音"),
    "queue_one": ("1 recording", "1 个录音"),
    "queue_left": ("more than {time} left", "还需 {time} 以上"),
    "queue_memory": ("{size} of audio in memory", "内存中有 {size} 音频"),
    "queue_more": ("More", "更多"),
    "queue_up": ("Move up", "上移"),
    "queue_front": ("To the front", "移到最前"),
    "queue_remove": ("Remove", "移除"),
    "queue_done": ("Done · {time}", "完成 · {time}"),
    "queue_cancelled": ("Stopped at {time}", "在 {time} 停止"),
    "start_queue": ("Start", "开始"),
    "cancel_all": ("Stop all", "全部停止"),
    "forget_all": ("Forget all audio", "忘掉所有音频"),
    "clear_queue": ("Clear the list", "清空列表"),
    "preparing": (
        "Getting ready. What you give now starts in a moment.",
        "正在准备。现在放入的录音稍后就会开始。",
    ),
    "left_behind": (
        "Sottovoce was ended by force before and left temporary files: {paths}. Delete them.",
        "Sottovoce 上次被强行结束，留下了临时文件：{paths}。请删除它们。",
    ),
    "check_again": ("Check again", "重新检查"),
    "again": ("Hearing again: {times}", "正在重听：{times}"),
    "again_nothing": (
        "Nothing came of hearing the passage again: it was changed meanwhile, or no words were "
        "found in that language. The text stays as it was.",
        "重听没有结果：这一段已被修改，或者没有用该语言识别出文字。文字保持不变。",
    ),
    "again_forgotten": (
        "The recording was forgotten, so it cannot be heard again. Give it once more.",
        "这段录音已被忘掉，无法重听。请重新放入。",
    ),
    # copying, saving and keeping
    "clipboard_note": (
        "Your system's clipboard history may keep what you copy.",
        "系统的剪贴板历史可能会留下您复制的内容。",
    ),
    "layout": ("Paragraphs", "分段"),
    "one": ("One paragraph", "不分段"),
    "sentences": ("A line a sentence", "一句一行"),
    "pauses": ("Paragraphs by pauses", "按停顿分段"),
    "with": ("Text with", "文字附带"),
    "with_times": ("Times", "时间"),
    "with_speakers": ("Speakers", "说话人"),
    "save_as": ("Save as", "另存为"),
    "format": ("Format", "格式"),
    "txt": ("TXT", "TXT"),
    "md": ("Markdown", "Markdown"),
    "docx": ("Word", "Word"),
    "srt": ("SRT", "SRT"),
    "vtt": ("VTT", "VTT"),
    "json": ("JSON", "JSON"),
    "included": ("The file holds: {what}", "文件内容：{what}"),
    "includes_text": ("text", "文字"),
    "includes_title": ("name of the recording", "录音名称"),
    "includes_times": ("times", "时间"),
    "includes_speakers": ("speakers", "说话人"),
    "includes_cues": (
        "subtitles of two lines, 1 to 7 seconds each",
        "每条两行、1 至 7 秒的字幕",
    ),
    "includes_all": (
        "text, times and certainty of each word, alternatives, languages, speakers, notes",
        "文字、每个词的时间和把握、候选词、语言、说话人、附注",
    ),
    "download": ("Download {name}", "下载 {name}"),
    "saved_by_browser": (
        "Your browser saves it where it saves downloads, and lists it there.",
        "浏览器会存到下载文件夹，并留在下载记录里。",
    ),
    "quotes": ("Quotes", "引文"),
    "no_quotes": (
        "No quotes yet. Choose a sentence here, or mark words in the text.",
        "还没有引文。在这里选择一句话，或在文字中选中。",
    ),
    "quote_choice": ("Sentence", "句子"),
    "quote_add": ("Add to the quotes", "加入引文"),
    "quote_checked": ("Heard and checked", "已听过并核对"),
    "quote_remove": ("Remove this quote", "删除这条引文"),
    "quote_sheet": ("Quote sheet", "引文表"),
    "quote_none_checked": (
        "Only quotes that are ticked “Heard and checked” are saved. Tick one first.",
        "只保存勾选了“已听过并核对”的引文，请先勾选。",
    ),
    "quotes_file": ("quotes {name}", "引文 {name}"),
    "quotes_title": ("Quotes from {name}", "{name} 的引文"),
    "quotes_checked": ("heard and checked", "已听过并核对"),
    "pseudonyms": ("Pseudonyms", "化名"),
    "pseudonyms_on": (
        "What you copy and save holds codes instead of real names (in the list: {n}).",
        "复制和保存的内容里，真名已换成代号（名单中有 {n} 个）。",
    ),
    "pseudonyms_lines": ("One name a line: real name = code", "每行一个：真名 = 代号"),
    "pseudonyms_example": ("Ann Lee = Source A\n李雷 = 甲", "李雷 = 甲\nAnn Lee = 线人A"),
    "pseudonyms_help": (
        "Copies, saved files, their names and quotes then hold the codes. The text on this page "
        "and a kept project stay as they are.",
        "复制的文字、保存的文件、文件名和引文都会换成代号。本页上的文字和保留的项目不变。",
    ),
    "pseudonyms_wrong": (
        "Copying and saving wait until the list of pseudonyms is right.",
        "改好化名列表之后才能复制和保存。",
    ),
    "pseudonyms_count": ("{name} → {code}: {n} ×", "{name} → {code}：{n} 处"),
    "pseudonyms_left": (
        "Still in the text, and close to a name: {words}. Look whether they give somebody away.",
        "文字中还有与名单相近的：{words}。请看看是否会暴露身份。",
    ),
    "pseudonyms_near": ("“{word}” ({n}, like {name})", "“{word}”（{n} 处，像 {name}）"),
    "pseudonyms_save": ("Download the list", "下载名单"),
    "pseudonyms_file": ("pseudonyms", "化名名单"),
    "pseudonyms_apart": (
        "Keep this list apart from the files. Sottovoce saves it nowhere.",
        "请把名单和文件分开存放。Sottovoce 不会保存它。",
    ),
    "keep": ("Keep", "保留"),
    "keep_help": (
        "Text, corrections and quotes in one file that only the passphrase opens. No audio is in "
        "it. Without the passphrase nobody can open it, and nobody can reset it.",
        "把文字、修改和引文存成一个文件，只有口令能打开，其中没有音频。"
        "没有口令谁也打不开，也无法重置。",
    ),
    "passphrase": ("Passphrase", "口令"),
    "passphrase_again": ("Passphrase again", "再输入一次口令"),
    "passphrase_differs": ("The two passphrases differ.", "两次输入的口令不同。"),
    "strength_short": ("Too short: use at least {n} characters.", "太短：至少要 {n} 个字符。"),
    "strength_weak": (
        "Easy to guess. Four or five words that have nothing to do with each other are better.",
        "容易猜到。用四五个互不相干的词更好。",
    ),
    "strength_fair": ("Fair. One more word makes it good.", "尚可。再加一个词就好了。"),
    "strength_good": ("Good.", "很好。"),
    "keep_pseudonyms": (
        "Put the list of pseudonyms into the file, too",
        "把化名名单也放进文件",
    ),
    "keep_save": ("Download the project", "下载项目文件"),
    "project_file": ("transcript", "文字稿"),
    "open_project": ("Open a kept project", "打开保留的项目"),
    "project_upload": ("Project file (.sottovoce)", "项目文件（.sottovoce）"),
    "open": ("Open", "打开"),
    # the encrypted autosave
    "autosave": ("Autosave, encrypted (off)", "加密自动保存（未开启）"),
    "autosave_on": ("Autosave, encrypted (on)", "加密自动保存（已开启）"),
    "autosave_waits": (
        "Autosave is off until you give a passphrase",
        "输入口令后自动保存才会开启",
    ),
    "autosave_help": (
        "While a recording is transcribed and corrected, its text, corrections and quotes are "
        "written to the disk, in {folder}, encrypted with your passphrase, never its sound: after "
        "a crash or a power cut you can open them here. A recording's file is deleted when you "
        "download its project, remove the recording, start a new one or turn this off. It is left "
        "for the next time when you only close the page or Sottovoce.",
        "转写和修改时，文字、修改和引文会用您的口令加密后写入磁盘（{folder}），不含声音；"
        "程序崩溃或断电后可以在这里打开。下载项目文件、移除录音、开始新的录音或关闭此功能时，"
        "对应的文件就会删除；仅关闭网页或 Sottovoce 时，文件会留到下次。",
    ),
    "autosave_start": ("Turn on", "开启"),
    "autosave_stop": ("Turn off and delete what was saved", "关闭并删除已保存的内容"),
    "stays_autosaved": (
        "You turned autosave on: the text is on disk, too, encrypted with your passphrase, until "
        "you download the project, remove the recording or start a new one.",
        "您已开启自动保存：文字也在磁盘上，用您的口令加密，直到下载项目文件、移除录音或开始新的录音。",
    ),
    "unfinished_one": (
        "An unfinished transcript is here: open it with your passphrase, or delete it.",
        "这里有一份未完成的文字稿：请用口令打开，或者删除。",
    ),
    "unfinished": (
        "{n} unfinished transcripts are here: open them with your passphrase, or delete them.",
        "这里有 {n} 份未完成的文字稿：请用口令打开，或者删除。",
    ),
    "unfinished_delete": ("Delete…", "删除…"),
    "unfinished_delete_help": (
        "Nobody can bring it back.",
        "删除后无法恢复。",
    ),
    "unfinished_delete_now": ("Delete for good", "彻底删除"),
    # what nobody foresaw
    "internal_error": (
        "Internal error: {what}. What was recognized so far is kept: reload the page to see it.",
        "内部错误：{what}。已识别的文字还在，重新加载页面即可看到。",
    ),
    # the editor
    "editor_player": ("Player", "播放器"),
    "editor_play": ("Play", "播放"),
    "editor_play_typing": ("Play or pause, also while typing", "播放或暂停，打字时也可用"),
    "editor_pause": ("Pause", "暂停"),
    "editor_back": ("Back 5 seconds", "后退 5 秒"),
    "editor_forward": ("Forward 5 seconds", "前进 5 秒"),
    "editor_slower": ("Slower", "慢一点"),
    "editor_faster": ("Faster", "快一点"),
    "editor_speed": ("Speed", "语速"),
    "editor_seek": ("Place in the recording", "录音位置"),
    "editor_loop": ("Loop", "循环"),
    "editor_follow": ("Follow", "跟随"),
    "editor_unplayable": (
        "This browser cannot play this recording. The text can be corrected all the same.",
        "浏览器无法播放这个录音，但仍可修改文字。",
    ),
    "editor_tools": ("Correct", "修改"),
    "editor_edit": ("Edit", "编辑"),
    "editor_undo": ("Undo", "撤销"),
    "editor_redo": ("Redo", "重做"),
    "editor_find": ("Find and replace", "查找和替换"),
    "editor_quote": ("Quote", "引用"),
    "editor_quoted": ("Added to the quotes", "已加入引文"),
    "editor_passage": ("Passage at {time}", "{time} 的段落"),
    "editor_play_from": ("Play from {time}", "从 {time} 播放"),
    "editor_rerun": ("Listen again as…", "按此语言重新识别…"),
    "editor_rerun_zh": ("Again as Chinese", "按中文重新识别"),
    "editor_rerun_en": ("Again as English", "按英语重新识别"),
    "editor_redone": ("Read again by the second model", "由第二个模型再识别"),
    "editor_speaker": ("Speaker", "说话人"),
    "editor_speaker_name": ("Name of the speaker", "说话人的名字"),
    "editor_unsure": ("{n} unsure", "{n} 处存疑"),
    "editor_no_unsure": ("none unsure", "没有存疑"),
    "editor_next_unsure": ("Next unsure word", "下一处存疑"),
    "editor_previous_unsure": ("Previous unsure word", "上一处存疑"),
    "editor_unsure_word": ("Unsure: {percent} certain", "存疑：把握 {percent}"),
    "editor_suggestions": ("What was said here?", "这里说的是什么？"),
    "editor_right": ("It is right", "没有错"),
    "editor_everywhere": ("All the same words", "所有相同的词"),
    "editor_hear": ("Hear it", "听一下"),
    "editor_type": ("Type it", "改写"),
    "editor_search": ("Find", "查找"),
    "editor_hits": ("{at} of {n}", "{at} / {n}"),
    "editor_previous_hit": ("Previous hit", "上一个"),
    "editor_next_hit": ("Next hit", "下一个"),
    "editor_match_case": ("Match case", "区分大小写"),
    "editor_by": ("Replace by", "替换为"),
    "editor_replace_one": ("Replace", "替换"),
    "editor_replace_all": ("Replace all", "全部替换"),
    "editor_replaced": ("Replaced: {n}", "已替换 {n} 处"),
    "editor_close": ("Close", "关闭"),
    "editor_key_enter": ("Save the passage, go to the next", "保存本段并到下一段"),
    "editor_key_tab": (
        "Save and go to the next; with Shift, back",
        "保存并到下一段；加 Shift 往回",
    ),
    "editor_key_break": ("New line within the passage", "段内换行"),
    "editor_key_escape": ("Leave the passage as it was", "放弃对本段的修改"),
    "editor_key_alternative": ("Choose a suggestion", "选择一个建议"),
    # names and terms
    "vocabulary": ("Names and terms to get right", "人名和术语"),
    "vocabulary_example": (
        "Sottovoce\nLinda Zhang | Linda Chang\n周杰伦 | 周结论",
        "Sottovoce\nLinda Zhang | Linda Chang\n周杰伦 | 周结论",
    ),
    "vocabulary_help": (
        "One a line. The recognizer listens for them, and what sounds like one of them is put "
        "right. After a bar: how it comes out wrong, which is then always replaced.",
        "每行一个。识别时会留意这些词，听起来相近的会改正过来。竖线后面写常被听成什么，"
        "这些写法一律替换。",
    ),
    "n_terms": ("{n} in the list", "共 {n} 个"),
    "one_term": ("1 in the list", "共 1 个"),
    "line_left_out": ("{reason} That line is left out.", "{reason}（这一行暂不使用。）"),
    "keep_vocabulary": ("Remember this list on this computer", "在这台电脑上记住这个列表"),
    "keep_vocabulary_help": (
        "It is then written to disk in plain text, in {file}. Otherwise it is forgotten when this "
        "page is closed.",
        "列表会以明文写入磁盘：{file}。不勾选则关闭页面后即忘掉。",
    ),
    # the models
    "models": ("Models", "模型"),
    "models_about": (
        "Larger models know more languages and err less. One is fetched over the network only when "
        "you say so here; transcribing with it never uses the network.",
        "更大的模型会更多语言，错误更少。只有您在这里同意时才会联网下载；用它转写从不联网。",
    ),
    "model_choice": ("Model", "模型"),
    "model_bundled": ("Comes with Sottovoce", "随 Sottovoce 附带"),
    "model_here": ("Here, {size}", "已添加，{size}"),
    "model_absent": ("Not here, {size}", "未添加，{size}"),
    "model_coming": ("On its way", "正在添加"),
    "model_cut": ("A part is here: {size}", "已有一部分：{size}"),
    "model_languages": ("Languages: {languages}", "语言：{languages}"),
    "model_memory": ("Memory: {size} ({about})", "内存：{size}（{about}）"),
    "model_license": ("License: {license}", "许可证：{license}"),
    "model_no_engine": (
        "This version of Sottovoce can keep this model, but cannot run it yet.",
        "这个版本的 Sottovoce 可以保存这个模型，但还不能运行它。",
    ),
    "model_aligner": (
        "It recognizes nothing by itself: it gives the words of other models their times.",
        "它本身不识别语音，只为其他模型的文字标出时间。",
    ),
    "model_add": ("Add…", "添加…"),
    "model_continue": ("Go on adding…", "继续添加…"),
    "model_offer": (
        "Fetch {size} over the network from this address? License: {license}.",
        "从以下地址联网下载 {size}？许可证：{license}。",
    ),
    "model_seen": (
        "That site sees this computer’s address, which model is asked for, and the versions of "
        "Python and of the program that asks. Nothing else is sent.",
        "该网站会看到这台电脑的网络地址、所要的模型，以及 Python 和下载程序的版本，"
        "此外不发送任何内容。",
    ),
    "model_unpinned": (
        "No version of it is pinned: the newest is fetched, and checked with what the site says.",
        "没有固定版本：下载最新版，并按网站给出的摘要核对。",
    ),
    "model_yes": ("Yes, fetch it", "是，下载"),
    "model_no_hub": (
        "Sottovoce knows no place to fetch it from. Get its folder from the project that made it.",
        "Sottovoce 不知道可以从哪里下载它。请从它的项目处取得文件夹。",
    ),
    "model_stop": ("Stop; keep what has come", "停止，保留已下载的部分"),
    "model_progress": ("{name}: {done} of {total}", "{name}：{done} / {total}"),
    "model_starting": ("{name}: asking what there is", "{name}：正在查询"),
    "model_added": (
        "{name} is here, and every byte was checked.",
        "{name} 已添加，每个字节都已核对。",
    ),
    "model_added_unchecked": (
        "{name} is here. Nobody published digests for it, so its bytes were compared with nothing.",
        "{name} 已添加。没有公布的摘要，因此无从核对。",
    ),
    "model_verify": ("Check every byte", "逐字节核对"),
    "model_verifying": ("Reading {size} …", "正在读取 {size}……"),
    "model_whole": ("Whole: every byte is as it came.", "完好：每个字节都与添加时一致。"),
    "model_damaged": (
        "Damaged: {faults}. Remove it and add it again.",
        "已损坏：{faults}。请移除后重新添加。",
    ),
    "model_remove": ("Remove…", "移除…"),
    "model_remove_ask": ("Delete {size} from this computer?", "从这台电脑删除 {size}？"),
    "model_remove_yes": ("Yes, delete it", "是，删除"),
    "model_carried": (
        "Or a folder, an archive or a GGUF file that you carried here",
        "或者您带来的文件夹、压缩包或 GGUF 文件",
    ),
    "model_carried_help": (
        "Its whole path on this computer. It is copied, and nothing is asked of the network.",
        "在这台电脑上的完整路径。会复制一份，不联网。",
    ),
    "model_copy": ("Copy it here", "复制进来"),
    # servers
    "servers": ("A server in the same building", "同一栋楼里的服务器"),
    "servers_about": (
        "Off unless you allow one here and then choose it as the model: the speech in your "
        "recordings then leaves this computer for that address, and whoever runs it can hear and "
        "keep it. It must answer /v1/audio/transcriptions, as vLLM and “sottovoce serve” do.",
        "默认关闭。只有您在这里允许、再把它选作模型时，录音中的语音才会离开本机发往该地址，"
        "管理它的人可以收听并保留。它须提供 /v1/audio/transcriptions，"
        "如 vLLM 和“sottovoce serve”。",
    ),
    "server_address": ("Address", "地址"),
    "server_address_help": (
        "In full: https://asr.example.org:8000. Plain http only for the number of an address in a "
        "private network.",
        "完整地址：https://asr.example.org:8000。只有私有网络的数字地址可以用 http。",
    ),
    "server_token": ("Token, if it asks for one", "令牌（如需要）"),
    "server_allow": ("Allow this address", "允许这个地址"),
    "server_forget": ("Forget it", "移除"),
    # the offline check; its English is the command line's, too
    "offline": ("Offline check", "离线检查"),
    "offline_about": (
        "Each part of Sottovoce tries to get out of this computer, and says what it is kept from.",
        "Sottovoce 的每个部分都会试着联网，并说明自己被禁止做什么。",
    ),
    "offline_now": ("Check now", "立即检查"),
    "offline_page": (ENGLISH["page"], "页面服务"),
    "offline_recognizer": (ENGLISH["recognizer"], "识别进程"),
    "offline_command": (ENGLISH["command"], "本命令"),
    "offline_tried": (
        ENGLISH["tried"],
        "{process}刚才试着连接另一台电脑、查询一个域名，都被拒绝了。",
    ),
    "offline_tried_broken": (
        ENGLISH["tried_broken"],
        "{process}刚才试着连接另一台电脑、查询一个域名，没有全部被拒绝："
        "请不要这样使用 Sottovoce，并报告此问题。",
    ),
    "offline_silent": (ENGLISH["silent"], "识别进程此刻没有回应，因此没有测试。请稍后再试。"),
    "offline_blocked": (
        ENGLISH["blocked"],
        "启动以来拒绝（不含这次测试）：连接 {connect} 次，域名查询 {look_up} 次，"
        "监听 {listen} 次，启动程序 {start} 次。",
    ),
    "offline_listens": (ENGLISH["listens"], "只对本机监听：{where}。"),
    "offline_listens_broken": (
        ENGLISH["listens_broken"],
        "监听的地址可能被其他电脑访问：{where}。",
    ),
    "offline_listens_nowhere": (ENGLISH["listens_nowhere"], "Sottovoce 没有监听任何端口。"),
    "offline_compiled": (
        ENGLISH["compiled"],
        "识别进程完全没有网络，由内核保证，对编译代码同样有效。",
    ),
    "offline_let_out": (
        ENGLISH["let_out"],
        "识别进程只能连接 {place}，别处都不能：所选模型是这台服务器，声音会离开本机发往它。",
    ),
    "offline_compiled_absent": (
        ENGLISH["compiled_absent"],
        "本系统不能给识别进程一个空的网络，其中的编译代码靠设置和我们的测试保持离线，而不是靠内核。",
    ),
    "offline_files": (ENGLISH["files"], "页面服务和识别进程写文件的每个字节都会被内核拒绝。"),
    "offline_files_absent": (
        ENGLISH["files_absent"],
        "本系统不能禁止程序写文件，由 Sottovoce 自己的代码和测试保证。",
    ),
    "offline_memory": (ENGLISH["memory"], "程序崩溃时，磁盘上不会留下内存映像。"),
    "offline_memory_absent": (
        ENGLISH["memory_absent"],
        "程序崩溃时，本系统可能保留内存映像；请查看系统的错误报告设置。",
    ),
    "offline_places": (
        ENGLISH["places"],
        "设置：{settings}。模型：{models}。"
        "临时文件夹（Sottovoce 不在其中放任何东西）：{temporary}。",
    ),
}

PAGE_LANGUAGES = ("en", "zh")


def page_language() -> str:
    """The page's language: as chosen, else the browser's if it is Chinese, else English."""
    chosen = st.session_state.get("page_language", "auto")
    if chosen in PAGE_LANGUAGES:
        return chosen
    return "zh" if (st.context.locale or "").lower().startswith("zh") else "en"


def phrase(key: str, **values: object) -> str:
    """One phrase in the page's language, with `values` filled in."""
    return _PHRASES[key][PAGE_LANGUAGES.index(page_language())].format(**values)


def size(n_bytes: int) -> str:
    """A number of bytes as people write it: 0 bytes, 812 kB, 41.2 MB, 4.1 GB."""
    if n_bytes < 1000:
        return phrase("bytes", n=n_bytes)
    if n_bytes < 1_000_000:
        return f"{n_bytes / 1000:.0f} kB"
    if n_bytes < 1_000_000_000:
        return f"{n_bytes / 1_000_000:.1f} MB"
    return f"{n_bytes / 1_000_000_000:.1f} GB"
