"""The page's own words in English and Chinese."""

from __future__ import annotations

import streamlit as st

_PHRASES = {
    # the idle page
    "tagline": ("Private transcription on this computer", "只在本机运行的私密转写"),
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
}

PAGE_LANGUAGES = ("en", "zh")


def page_language() -> str:
    """The page's language: the browser's if it is Chinese, else English."""
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
