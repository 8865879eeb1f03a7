"""What the core says, on a Chinese page: the core's own words, not copies of them."""

from __future__ import annotations

import re
from types import SimpleNamespace

import psutil
import pytest

from asr_core import preflight
from asr_core.errors import AsrError
from asr_core.jobs.escort import _crash, unforeseen
from asr_core.jobs.job import Job
from asr_core.jobs.worker import _said
from asr_core.model import trained
from asr_core.privacy.receipt import snapshot
from asr_core.result import Language, Segment
from asr_core.settings import Settings
from ui_components.core_sentences import in_page_language

HELLO = Segment(0.0, 760.0, "en", "Hello.", 0.9)


@pytest.fixture
def in_chinese(monkeypatch):
    monkeypatch.setattr("ui_components.core_sentences.page_language", lambda: "zh")


def job():
    job = Job(memoryview(b""), "a.wav", Settings(), snapshot(()), lambda job: None)
    job.add(760.0, 900.0, (HELLO,), Language(0, 1, 0, "en"))
    return job


def crashed():
    return _crash(job(), SimpleNamespace(was_killed=True)).error


def out_of_memory():
    return _said(MemoryError())["error"]


def no_room():
    found = SimpleNamespace(available=10**9, total=8 * 10**9)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psutil, "virtual_memory", lambda: found)
        with pytest.raises(AsrError) as error:
            preflight.memory()
    return str(error.value)


def unreadable_weights():
    with pytest.raises(AsrError) as error:
        trained.load(trained.FOLDER / "gone")
    return str(error.value)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            crashed,
            "识别进程意外停止了。可能是电脑内存不足，请关闭其他程序。12:40 之前的文字已保留。",
        ),
        (out_of_memory, "内存不足以转写这段录音，请关闭其他程序后再试。"),
        (lambda: _said(TypeError())["error"], "识别进程出错（TypeError），请再试一次。"),
        (
            lambda: unforeseen(job(), OSError()).error,
            "发生了意外错误（OSError），请再试一次。12:40 之前的文字已保留。",
        ),
        (no_room, "内存 8.0 GB 中只有 1.0 GB 可用，需要 1.5 GB，请关闭其他程序。"),
        (unreadable_weights, "无法读取自带模型的权重文件（No such file or directory）"),
    ],
)
def test_a_chinese_page_says_it_in_chinese(in_chinese, said, expected):
    english = said()
    assert re.match(r"[A-Z]", english)
    assert in_page_language(english).startswith(expected)


@pytest.mark.usefixtures("in_chinese")
def test_what_is_not_known_is_shown_as_it_is():
    assert in_page_language("Choose an earlier start.") == "Choose an earlier start."


def test_an_english_page_says_what_the_core_says(monkeypatch):
    monkeypatch.setattr("ui_components.core_sentences.page_language", lambda: "en")
    assert in_page_language(crashed()) == crashed()
