"""The page's own words in English and Chinese."""

from __future__ import annotations

import streamlit as st

from asr_core.privacy.offline import ENGLISH

_PHRASES = {
    # the head of every page
    "tagline": ("Private transcription on this computer", "只在本机运行的私密转写"),
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
    "upload": ("Recording or video", "录音或视频文件"),
    "record": ("Or speak", "或直接说话"),
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
    "decode": ("Decoding", "解码方式"),
    "decode_help": (
        "Joint weighs what was heard in each frame against what makes a sentence. The others are "
        "for comparison and for speed.",
        "“联合”同时考虑每一帧的声音和整句话的意思。其余方式用于比较或加快速度。",
    ),
    "joint": ("Joint, one pass", "联合（一遍）"),
    "attention": ("Attention only", "仅注意力"),
    "rescore": ("CTC, then rescored", "CTC 后重打分"),
    "draft": ("Draft and verify", "草稿加校验"),
    "ctc": ("CTC only", "仅 CTC"),
    "auto_among": ("Languages to choose among", "在这些语言中判断"),
    "auto_among_help": (
        "Each passage is written in one of these. Fewer languages mean fewer mistakes.",
        "每一段都会判断为其中一种。语言越少，误判越少。",
    ),
    # the working page
    "waiting": ("Waiting in line, {n} before this one", "排队中，前面还有 {n} 个"),
    "loading": ("Getting ready", "正在准备"),
    "transcribing": ("{percent} done", "已完成 {percent}"),
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
    "kept": ("The text up to {time} is kept below.", "下面保留了 {time} 之前的文字。"),
    "copy": ("Copy text", "复制全文"),
    "copied": ("Copied", "已复制"),
    "copy_failed": (
        "The browser did not allow copying, and this computer's clipboard could not be reached "
        "either. Select the text and press Ctrl+C. On Linux, xclip or wl-clipboard helps.",
        "浏览器不允许复制，也无法使用这台电脑的剪贴板。请选中文字后按 Ctrl+C。"
        "在 Linux 上可以安装 xclip 或 wl-clipboard。",
    ),
    "new": ("New recording", "新的录音"),
    "play_from": ("Play from {time}", "从 {time} 播放"),
    "badge_zh": ("Chinese 中文", "中文"),
    "badge_en": ("English", "英语 English"),
    "badge_mixed": ("Chinese and English 中英", "中英混合"),
    "badge_other": ("Other language", "其他语言"),
    "share_zh": ("Chinese {percent}", "中文 {percent}"),
    "share_en": ("English {percent}", "英语 {percent}"),
    "share_other": ("other {percent}", "其他 {percent}"),
    # what stays
    "stays": ("What stays on this computer", "这台电脑上留下了什么"),
    "stays_audio": (
        "No audio and no text is on disk, unless you save it. In memory are the text and {size} of "
        "audio, so that you can listen, until you start a new recording or close this page, at "
        "most half an hour longer.",
        "磁盘上没有音频，也没有文字，除非您自己保存。内存中有文字和供回听的 {size} 音频，"
        "直到开始新的录音或关闭本页，最多再留半小时。",
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
    "forget": ("Forget audio now", "立即忘掉音频"),
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
    """A number of bytes as people write it: 0 bytes, 812 kB, 41.2 MB."""
    if n_bytes < 1000:
        return phrase("bytes", n=n_bytes)
    if n_bytes < 1_000_000:
        return f"{n_bytes / 1000:.0f} kB"
    return f"{n_bytes / 1_000_000:.1f} MB"
