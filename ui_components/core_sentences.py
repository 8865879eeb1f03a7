"""What the core says in English, said on a Chinese page in Chinese.

The sentences themselves are the keys; one that is not known here is shown as it is.
"""

from __future__ import annotations

import re

from ui_components.phrases import page_language

_PACKAGES = "（{0}）请重新安装模型所在的软件包，或删除 .venv 文件夹后再启动 Sottovoce。"

_CHINESE = [
    (re.compile(english, re.DOTALL), chinese)
    for english, chinese in (
        # the worker
        (r"The recognizer stopped unexpectedly\.", "识别进程意外停止了。"),
        (
            r"The computer may have run out of memory; close other programs\.",
            "可能是电脑内存不足，请关闭其他程序。",
        ),
        (r"The text up to ([\d:]+) is kept\.", "{0} 之前的文字已保留。"),
        (
            r"There is not enough memory for this recording\. Close other programs and retry\.",
            "内存不足以转写这段录音，请关闭其他程序后再试。",
        ),
        (
            r"There is not enough memory for this model\. Close other programs and retry\.",
            "内存不足以载入这个模型，请关闭其他程序后再试。",
        ),
        (
            r"Something went wrong in the recognizer \((\w+)\)\. Try again\.",
            "识别进程出错（{0}），请再试一次。",
        ),
        (
            r"Something went wrong that was not foreseen \((\w+)\)\. Try again\.",
            "发生了意外错误（{0}），请再试一次。",
        ),
        (
            r"The recognizer stopped in the middle of this\. Try again\.",
            "识别进程中途停止了，请再试一次。",
        ),
        # the model
        (
            r"The trained weights of the bundled model are damaged \(SHA-256 (\w+…)\)\. "
            r"Get the folder (\S+) of Sottovoce again\.",
            "自带模型的权重文件已损坏（SHA-256 {0}），请重新获取 Sottovoce 的文件夹 {1}。",
        ),
        (
            r"The trained weights of the bundled model cannot be read \((.+?)\)\. "
            r"Get the folder (\S+) of Sottovoce again\.",
            "无法读取自带模型的权重文件（{0}），请重新获取 Sottovoce 的文件夹 {1}。",
        ),
        (
            r"The trained weights of the bundled model are no weights \((.+?)\)\. "
            r"Get the folder (\S+) of Sottovoce again\.",
            "自带模型的权重文件里不是权重（{0}），请重新获取 Sottovoce 的文件夹 {1}。",
        ),
        (
            r"The configuration of the bundled model cannot be read \((.+?)\)\. "
            r"Get the folder (\S+) of Sottovoce again\.",
            "无法读取自带模型的配置文件（{0}），请重新获取 Sottovoce 的文件夹 {1}。",
        ),
        (
            r"The bundled model cannot be used: (.+?)\. Its weights come .*? once more\.",
            "自带模型无法使用" + _PACKAGES,
        ),
        (
            r"The model folder '(.+?)' is damaged.*? Copy it again\.",
            "模型文件夹“{0}”已损坏或不是这类模型，请重新复制。",
        ),
        # memory and disk
        (
            r"Only ([\d.]+) of ([\d.]+) GB of memory are free, and ([\d.]+) GB are needed\. "
            r"Close other programs\.",
            "内存 {1} GB 中只有 {0} GB 可用，需要 {2} GB，请关闭其他程序。",
        ),
        (
            r"Only ([\d.]+) GB are free in your home folder\. Delete what you no longer need\.",
            "主文件夹只剩 {0} GB 空间，请删除不再需要的文件。",
        ),
        (
            r"“(.+?)” \((\d+) MB\) does not fit into memory beside what waits already: "
            r"(\d+) MB are free\. Give it again when other recordings are done\.",
            "“{0}”（{1} MB）放不进内存：除去排队的录音，只剩 {2} MB。请等其他录音完成后再放入。",
        ),
        # the recording
        (
            r"Cannot read “(.+?)”: the decoder stopped working on it\. "
            r"Convert it to WAV with another program and try again\.",
            "无法读取“{0}”：解码进程停止了。请用其他程序转换成 WAV 后再试。",
        ),
        (
            r"Cannot read “(.+?)”: decoding it takes far too long\. "
            r"Convert it to WAV with another program and try again\.",
            "无法读取“{0}”：解码时间过长。请用其他程序转换成 WAV 后再试。",
        ),
        (r"Cannot read “(.+?)”:", "无法读取“{0}”："),
    )
]


def in_page_language(text: str) -> str:
    """Sentences of the core as this page says them."""
    if page_language() != "zh":
        return text
    for english, chinese in _CHINESE:
        text = english.sub(lambda found, to=chinese: to.format(*found.groups()), text)
    return re.sub(r"(?<=。) ", "", text)
