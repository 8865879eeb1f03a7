"""Word documents: the text as it is, languages marked, nothing told about who made them."""

import getpass
import io
import socket
import zipfile
from dataclasses import replace

import docx as python_docx

from asr_core.export import Layout, as_file
from asr_core.export.docx import text_of
from asr_core.result import Language, Segment, Transcript

SEGMENTS = (
    Segment(0, 1, "en", "One <b> & \x00two\ud800.", 1.0, speaker="Ann"),
    Segment(1, 2, "zh", "你好，\n再见。", 1.0, speaker="Ann"),
    Segment(65, 66, "de", "Drei.", 1.0),
)
TRANSCRIPT = Transcript("会议.m4a", 71.0, SEGMENTS, Language(0.5, 0.5, 0, "mixed"), "test", "joint")


def parts(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_text_is_there_under_the_name_of_the_recording():
    assert text_of(as_file(TRANSCRIPT, "docx", Layout(times=True))).split("\n") == [
        "会议.m4a",
        "[0:00] Ann: One <b> & two. 你好，",
        "再见。",
        "[1:05] Drei.",
    ]
    by_sentence = text_of(as_file(TRANSCRIPT, "docx", Layout("sentences", speakers=False)))
    assert by_sentence.split("\n")[2:] == ["你好，", "再见。", "Drei."]


def test_speakers_are_bold_and_each_text_has_its_language():
    body = parts(as_file(TRANSCRIPT, "docx"))["word/document.xml"].decode()
    for language in ('w:val="en"', 'w:eastAsia="zh-CN"', 'w:val="de"'):
        assert f"<w:lang {language}/>" in body
    document = python_docx.Document(io.BytesIO(as_file(TRANSCRIPT, "docx")))
    speaker, *text = document.paragraphs[1].runs
    assert speaker.text == "Ann: "
    assert speaker.bold
    assert not any(run.bold for run in text)


def test_chinese_text_has_a_chinese_font_in_every_style():
    styles = parts(as_file(TRANSCRIPT, "docx"))["word/styles.xml"].decode()
    assert 'w:eastAsia="Microsoft YaHei"' in styles
    assert "w:eastAsiaTheme" not in styles
    assert 'w:eastAsia="en-US"' not in styles


def test_it_tells_nothing_about_who_made_it_where_and_when():
    data = as_file(TRANSCRIPT, "docx")
    core = python_docx.Document(io.BytesIO(data)).core_properties
    assert (core.author, core.last_modified_by, core.comments, core.title) == ("", "", "", "")
    assert core.created is core.modified is None
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {part.date_time for part in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {part.create_system for part in archive.infolist()} == {0}
    everything = b"".join(parts(data).values()).lower()
    assert b"python-docx" not in everything
    for name in (getpass.getuser(), socket.gethostname()):
        assert len(name) < 5 or name.lower().encode() not in everything


def test_the_same_transcript_gives_the_same_bytes():
    assert as_file(TRANSCRIPT, "docx") == as_file(TRANSCRIPT, "docx")


def test_a_transcript_without_text_is_a_document_with_a_title():
    assert text_of(as_file(replace(TRANSCRIPT, segments=()), "docx")) == "会议.m4a"
