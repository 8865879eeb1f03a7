"""Sentences of the core on a Chinese page: each has its Chinese, and loses nothing on the way."""

from __future__ import annotations

import ast
import errno
import os
import re
from pathlib import Path
from string import Formatter

import pytest
import torch
from core_sentences import CORE, ELSEWHERE, HOLE, QUOTED, core_sentences
from streamlit.testing.v1 import AppTest

from asr_core import passphrase, preflight, project
from asr_core.audio.clip import clip_between
from asr_core.audio.decode import open_recording
from asr_core.engines import load_engine
from asr_core.errors import AsrError
from asr_core.export import pseudonyms
from asr_core.jobs.escort import unforeseen
from asr_core.jobs.job import Job
from asr_core.model import trained
from asr_core.model.checkpoints import load_wenet
from asr_core.model.hybrid import HybridModel, ModelConfig
from asr_core.privacy import receipt
from asr_core.result import Language, Segment, Transcript
from asr_core.saving import save_text
from asr_core.settings import Settings
from asr_core.text.vocabulary import Vocabulary, read_lines
from ui_components import told
from ui_components.chinese import OWN_WORDS, SYSTEM_REASONS, TEMPLATES
from ui_components.plain import plain

NAMES = {"Whisper base"}  # the same in every language
SAID_BY_OTHERS = (  # files with sentences that come to the page another way, or never do
    "privacy/offline.py",  # as phrases
    "privacy/guard.py",  # to code that tries to get out
)
CHINESE = re.compile(r"[\u4e00-\u9fff]")
OURS = "it is empty"
SAMPLES = {
    "n": "1,234",
    "start": "0:10",
    "end": "1:02:03",
    "options": "one, two",
    "option": "three",
    "shape": "(3, 4)",
} | dict.fromkeys(OWN_WORDS, OURS)


def holes(template):
    return [(name, sign) for _, name, _, sign in Formatter().parse(template) if name is not None]


def unnamed(template):
    """As the reader of the core writes it."""
    return "".join(
        fixed + ("" if name is None else QUOTED if conversion == "r" else HOLE)
        for fixed, name, _, conversion in Formatter().parse(template)
    )


def unquoted(template):
    """Where quotes stay with what is in them, a catalogue need not speak of them."""
    return template.replace(QUOTED, HOLE)


@pytest.fixture(scope="module")
def said_by_core():
    return core_sentences(CORE)


@pytest.fixture
def chinese(monkeypatch):
    """What a Chinese page shows, without the signs that keep Markdown from reading it."""
    monkeypatch.setattr(told, "page_language", lambda: "zh")

    def chinese(sentence):
        return re.sub(r"\\(.)", r"\1", told.told(sentence))

    return chinese


def test_every_sentence_of_the_core_has_its_chinese(said_by_core):
    known = {unnamed(template) for template in TEMPLATES}
    missing = [
        f"{place}: {template}"
        for template, place in said_by_core.items()
        if not {template, unquoted(template)} & (known | NAMES)
    ]
    assert not missing, "give these their Chinese in ui_components/chinese.py:\n" + "\n".join(
        sorted(missing)
    )


def test_the_catalogue_holds_nothing_that_nobody_says(said_by_core):
    said = {*said_by_core, *map(unquoted, said_by_core)}
    assert not [template for template in TEMPLATES if unnamed(template) not in said]


def test_no_sentence_escapes_the_reader_of_the_core(said_by_core):
    """Whatever looks like a sentence in the source, however it gets to the page."""
    escaped = []
    for path in CORE.rglob("*.py"):
        place = path.relative_to(CORE).as_posix()
        if not place.startswith((*ELSEWHERE, *SAID_BY_OTHERS)):
            escaped += [
                f"{place}: {text}"
                for text in literals(ast.parse(path.read_text(encoding="utf-8")))
                if re.fullmatch(r"[A-Z“{].* .*[a-z}]\.", text, re.DOTALL)
                and not any(map(fitting(text).fullmatch, said_by_core))
            ]
    assert not escaped


def fitting(text):
    """What a text may become when its holes are filled with constants."""
    pieces = unquoted(text).split(HOLE)
    return re.compile(".*".join(map(re.escape, pieces)), re.DOTALL)


def literals(tree):
    """All texts of a file but its docstrings; f-strings with their holes."""
    inside = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            inside.add(node.value)
        elif isinstance(node, ast.JoinedStr):
            inside.update(node.values)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in inside:
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value)
                if isinstance(part, ast.Constant)
                else QUOTED
                if isinstance(part, ast.FormattedValue) and part.conversion == ord("r")
                else HOLE
                for part in node.values
            )


def test_the_reader_of_the_core_follows_words_to_where_they_are_said(tmp_path):
    (tmp_path / "one.py").write_text(
        '''
"""No sentence at all."""
_ADVICE = "Do this."
_PLACE = "Stopped at "
_REASONS = {1: "it is late"}
class AsrError(Exception): ...
class OddError(AsrError): ...
def refuse(name, found, advice=_ADVICE):
    return OddError(f"No {name!r}: {found}. {advice}")
def first(kind, code, notes):
    reason = _REASONS.get(code, "it is odd")
    notes.append("All is " + ("well" if kind else "lost") + ".")
    raise refuse(kind, f"it has {code:,} parts" if code else kind_of(kind))
def kind_of(kind) -> str:
    for sign, what in ((b"A", "it is an apple"), (b"B", "it is a berry")):
        if sign == kind:
            return what
    return f"it is unknown ({kind})"
def second(code):
    sentence = f"That failed: {_REASONS[code]}."
    sentence += f" {_PLACE}{code}."
    return {"error": sentence}
def third():
    raise ValueError("nobody sees this one")
''',
        encoding="utf-8",
    )
    assert set(core_sentences(tmp_path)) == {
        "No {!r}: {}. {}",
        "Do this.",
        "it is late",
        "All is well.",
        "All is lost.",
        "it has {} parts",
        "it is an apple",
        "it is a berry",
        "it is unknown ({})",
        "That failed: {}.",
        "{} Stopped at {}.",
    }


@pytest.mark.parametrize("english", TEMPLATES)
def test_both_languages_have_the_same_holes(english):
    assert {name for name, _ in holes(english)} == {name for name, _ in holes(TEMPLATES[english])}
    assert CHINESE.search(TEMPLATES[english]) or not re.search("[a-z]{3}", unnamed(english))
    assert not re.search(
        r"[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9][\u4e00-\u9fff]", TEMPLATES[english]
    )
    assert not re.search(r"[\u4e00-\u9fff][,;:!?()]", TEMPLATES[english])


@pytest.mark.parametrize("english", TEMPLATES)
@pytest.mark.parametrize(
    "name",
    [
        "周二 采访.m4a",
        "Frau Ümit’s “talk” (2).wav",
        "a; b, c. d: e",
        "{n} or (x) and “it is empty”: y. z",
    ],
)
def test_nothing_that_stands_in_a_hole_is_lost(chinese, english, name):
    values = {hole: SAMPLES.get(hole, name) for hole, _ in holes(english)}
    shown = chinese(english.format(**values))
    assert CHINESE.search(shown.replace(name, ""))
    for value in values.values():
        assert (TEMPLATES[OURS] if value == OURS else value) in shown


@pytest.mark.parametrize("name", ["it is empty.mp3", "it is empty", "The page", "1.5 bytes"])
def test_names_are_never_put_into_chinese(chinese, name):
    assert chinese(f"Cannot read “{name}”: it is empty. Rename it.") == (
        f"无法读取“{name}”：文件是空的。请改个名字。"
    )


def test_what_has_no_chinese_stays_as_it_is(chinese, monkeypatch):
    odd = "The moon is *full*. Wait; or do not."
    assert chinese(odd) == odd
    assert chinese(f"{odd} The text up to 1:02 is kept.") == f"{odd}1:02 之前的文字已保留。"
    monkeypatch.setattr(told, "page_language", lambda: "en")
    known = "The passphrase is wrong. Try again, minding capitals."
    assert told.told(AsrError(known)) == plain(known)


def raised(action, *args):
    with pytest.raises(AsrError) as caught:
        action(*args)
    return caught.value


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"", "无法读取“talk.mp3”：文件是空的。请重新录制或导出。"),
        (b"%PDF-1.7", "无法读取“talk.mp3”：这是 PDF 文档。请使用 WAV、FLAC、MP3、M4A 或 OGG。"),
        (
            bytes(range(256)) * 9,
            "无法读取“talk.mp3”：文件已损坏，或者不是录音。请使用 WAV、FLAC、MP3、M4A 或 OGG。",
        ),
        (
            Path("nowhere") / "talk.mp3",
            "无法读取“talk.mp3”：没有这个文件。请检查文件名和文件夹。",
        ),
    ],
)
def test_a_recording_that_cannot_be_read(chinese, data, shown):
    assert chinese(raised(open_recording, data, "talk.mp3")) == shown


def test_a_time_that_is_none_and_a_part_without_length(chinese):
    assert chinese(raised(clip_between, "soon", "")) == (
        "“soon”不是时间。请写成 90、1:30 或 1:02:03 这样。"
    )
    assert chinese(raised(clip_between, "2:00", "1:00")) == (
        "从 2:00 到 1:00 之间没有内容。请让终点晚于起点。"
    )


def test_a_project_that_does_not_open(chinese):
    language = Language(1.0, 0.0, 0.0, "zh")
    transcript = Transcript("talk", 1.0, (), language, "sottovoce-base", "joint")
    kept = project.sealed(project.Project(transcript), "correct horse battery staple")
    assert chinese(raised(project.opened, kept, "Correct horse")) == (
        "口令不对。请注意大小写，再试一次。"
    )
    assert chinese(raised(project.opened, kept[:-1], "Correct horse")) == (
        "项目文件已损坏。请换一份副本。"
    )
    assert chinese(raised(project.opened, b"RIFF", "any")) == (
        "这不是 Sottovoce 项目文件。请选择以 .sottovoce 结尾的文件。"
    )
    assert chinese(raised(project.sealed, project.Project(transcript), "short")) == (
        f"口令太短。请至少用 {passphrase.SHORTEST} 个字符。"
    )


def test_a_list_that_cannot_be_used(chinese, tmp_path):
    assert chinese(raised(Vocabulary.parse, ["Ann", "Bo ||"])) == (
        "人名和术语第 2 行有一项没有文字或数字。请写成：正确写法 | 听成 | 听成。"
    )
    assert chinese(raised(pseudonyms.read, "Ann = A\nBo")) == ("化名第 2 行：请写成“真名 = 代号”。")
    assert chinese(raised(pseudonyms.read, "Ann = Ann’s friend")) == (
        "代号“Ann’s friend”中含有名单里的名字。请换一个代号。"
    )
    assert chinese(raised(read_lines, tmp_path / "names.txt")) == (
        "无法读取“names.txt”中的人名和术语：没有这个文件或文件夹。"
    )


def test_a_disk_that_is_full(chinese, tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    assert chinese(raised(save_text, tmp_path / "it's.txt", "text")) == (
        f"无法把“it's.txt”保存到 {tmp_path}：磁盘已满。"
    )


@pytest.mark.parametrize(("number", "reason"), SYSTEM_REASONS.items())
def test_a_reason_of_the_system(chinese, number, reason):
    sentence = f"Cannot make the folder /home/a: b: {os.strerror(number)}."
    assert chinese(sentence) == f"无法创建文件夹 /home/a: b：{reason}。"


def test_a_computer_without_room(chinese):
    shown = chinese(raised(preflight.memory, 10**18))
    assert re.fullmatch(
        r"内存共 [\d.]+ GB，只剩 [\d.]+ GB，而需要 1000000000\.0 GB。请关闭其他程序。", shown
    )
    shown = chinese(raised(preflight.room_for, "talk (1).wav", 10**18, 0))
    assert shown.startswith("“talk (1).wav”（1000000000000 MB）放不进内存：已有录音在等待，只剩 ")


def test_settings_that_are_none(chinese):
    assert chinese(raised(Settings.from_mapping, {"beam_size": "many"})) == (
        "设置 beam size 的值是 'many'，应为：1 至 20 的整数。"
    )
    assert chinese(raised(Settings.from_mapping, {"script": "runes"})) == (
        "设置 script 的值是 'runes'，应为：simplified, traditional 或 as_heard。"
    )
    assert chinese(raised(load_engine, Settings(engine="horse"))) == (
        "没有名为“horse”的模型。请选择一个模型文件夹，或其中之一：sottovoce-base。"
    )


def test_models_that_are_damaged(chinese, tmp_path):
    folder = tmp_path / "my model"
    folder.mkdir()
    assert chinese(raised(load_wenet, folder)) == (
        "模型文件夹“my model”中没有文件 train.yaml。请复制整个文件夹。"
    )
    assert chinese(raised(trained.load, folder)) == (
        "无法使用模型“my model”：无法读取权重（没有这个文件或文件夹）。请重新复制它的文件夹；"
        "Sottovoce 自带模型的是 assets/models/sottovoce-base。"
    )
    config = ModelConfig.from_json((trained.FOLDER / trained.CONFIG).read_text(encoding="utf-8"))
    with torch.device("meta"):
        shapes = HybridModel.empty(config).state_dict()
    lost, *_, bent = (weight for weight in sorted(shapes) if shapes[weight].dim() == 2)
    state = shapes | {bent: torch.zeros(1, 2)}
    del state[lost]
    assert chinese(raised(HybridModel.filled, config, state, "mine")) == (
        f"模型“mine”的权重与配置不符：1 个缺失（第一个：{lost}）；"
        f"1 个形状不同（第一个：{bent} 是 (1, 2)，应为 {tuple(shapes[bent].shape)}）。"
        "模型已损坏或属于其他类型，请重新复制。"
    )


def test_leftovers_that_were_found(chinese, tmp_path, monkeypatch):
    monkeypatch.setattr(receipt, "_folders", lambda: [tmp_path])
    (tmp_path / "sottovoce-99-x").write_bytes(bytes(1500))
    found = receipt.check(
        receipt.snapshot(()), (99,), held={"The recognizer": 7, "The page": 2_000_000}
    )
    assert [chinese(finding) for finding in found.findings] == [
        "识别进程的内存中还有音频（7 字节）。",
        "页面的内存中还有音频（2.0 MB）。",
        "留下了临时文件 sottovoce-99-x（1.5 kB）。",
    ]


def test_a_run_that_failed_with_text(chinese):
    job = Job(memoryview(b""), "talk", Settings(), receipt.snapshot(()), lambda job: None)
    job.add(62.0, None, (Segment(0.0, 62.0, "en", "Hello.", 0.9),), Language(0, 1, 0, "en"))
    assert chinese(unforeseen(job, KeyError("secret")).error) == (
        "出现了意料之外的问题（KeyError）。请再试一次。1:02 之前的文字已保留。"
    )
    assert chinese(job.partial().notes[0]) == "在 1:02 停止，录音还没有听完。"


def test_a_wrong_line_on_the_page():
    def page():
        from asr_core.settings import Settings
        from ui_components.vocabulary_panel import vocabulary_panel

        vocabulary_panel(Settings(vocabulary=("Ann", "Bo ||")))

    at = AppTest.from_function(page)
    at.session_state["page_language"] = "zh"
    at.run()
    assert not at.exception
    assert at.error[0].value.startswith("人名和术语第 2 行有一项没有文字或数字。")
    assert at.error[0].value.endswith("（这一行暂不使用。）")
