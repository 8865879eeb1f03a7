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
