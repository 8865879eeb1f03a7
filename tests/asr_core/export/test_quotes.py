"""The quote sheet: checked quotes only, each with who said it and when."""

import pytest

from asr_core.editing.quotes import Quote
from asr_core.export.docx import text_of
from asr_core.export.quotes import SHEET_FORMATS, Wording, quotable, sheet
from asr_core.result import Language, Segment, Transcript, Word

QUOTES = (
    Quote("We *knew*\nit.", 65.2, 68.9, "Ann", checked=True),
    Quote("Not yet heard.", 70.0, 72.0, "Ann"),
    Quote("没有人。", 80.0, 81.0, checked=True),
)


def test_as_text():
    assert sheet(QUOTES, "talk.m4a", "txt").decode() == (
        "Quotes from talk.m4a\n\n“We *knew*\nit.”\n— Ann, 1:05–1:08, heard and checked\n\n"
        "“没有人。”\n— 1:20–1:21, heard and checked\n"
    )


def test_as_markdown():
    assert sheet(QUOTES[:1], "a_b.m4a", "md").decode() == (
        "# Quotes from a\\_b.m4a\n\n> We \\*knew\\*\\\n> it.\n\n"
        "— Ann, 1:05–1:08, heard and checked\n"
    )


def test_as_a_word_document_in_the_words_of_the_page():
    wording = Wording("{name} 的引语", "已听过并核对")
    assert text_of(sheet(QUOTES, "talk.m4a", "docx", wording)).split("\n") == [
        "talk.m4a 的引语",
        "“We *knew*",
        "it.”",
        "— Ann, 1:05–1:08, 已听过并核对",
        "“没有人。”",
        "— 1:20–1:21, 已听过并核对",
    ]


@pytest.mark.parametrize("format", SHEET_FORMATS)
def test_what_nobody_checked_is_left_out(format):
    data = sheet(QUOTES, "talk.m4a", format)
    assert "Not yet heard" not in (text_of(data) if format == "docx" else data.decode())


def test_another_format_is_refused():
    with pytest.raises(ValueError, match="srt"):
        sheet(QUOTES, "talk.m4a", "srt")


def test_every_sentence_can_be_quoted_with_its_times_and_its_speaker():
    words = (Word("One.", 1.0, 2.0, 1.0), Word("Two.", 2.5, 3.0, 1.0))
    segments = (Segment(1.0, 3.0, "en", "One. Two.", 1.0, words, "Ann"),)
    transcript = Transcript("a.wav", 9.0, segments, Language(0, 1, 0, "en"), "test", "joint")
    assert quotable(transcript) == [Quote("One.", 1, 2, "Ann"), Quote("Two.", 2.5, 3, "Ann")]
