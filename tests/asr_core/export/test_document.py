"""The JSON document: its keys, its numbers."""

import json

import pytest

from asr_core.export import FORMATS, MIME_TYPES, TEXT_FORMATS, as_file, render, stream
from asr_core.result import Language, Segment, Transcript, Word

WORDS = (Word("你", 0.31234, 0.5, 0.97, ("您",)), Word("好。", 0.5, 0.9, 0.9))
TRANSCRIPT = Transcript(
    "讲话.m4a",
    71.42,
    (Segment(0.31234, 0.9, "zh", "你好。", 0.93, WORDS, "林", True, True),),
    Language(1.0, 0.0, 0.0, "zh"),
    "sottovoce-base",
    "joint",
    ("The file ends early, at 1:11.",),
    {"device": "cpu"},
)


def test_the_document_holds_everything_that_was_promised():
    assert json.loads(render(TRANSCRIPT, "json")) == {
        "version": 1,
        "file": "讲话.m4a",
        "duration": 71.42,
        "language": {"zh": 1.0, "en": 0.0, "other": 0.0, "label": "zh"},
        "text": "你好。",
        "segments": [
            {
                "start": 0.312,
                "end": 0.9,
                "language": "zh",
                "text": "你好。",
                "confidence": 0.93,
                "words": [
                    {
                        "text": "你",
                        "start": 0.312,
                        "end": 0.5,
                        "confidence": 0.97,
                        "alternatives": ["您"],
                    },
                    {
                        "text": "好。",
                        "start": 0.5,
                        "end": 0.9,
                        "confidence": 0.9,
                        "alternatives": [],
                    },
                ],
                "speaker": "林",
                "edited": True,
                "redone": True,
            }
        ],
        "engine": "sottovoce-base",
        "decode": "joint",
        "stats": {"device": "cpu"},
        "notes": ["The file ends early, at 1:11."],
    }


def test_chinese_is_readable_in_the_file():
    assert "你好。" in render(TRANSCRIPT, "json")


def test_every_format_gives_a_file_and_has_a_type_and_another_is_refused():
    assert FORMATS == ("txt", "md", "docx", "srt", "vtt", "json") == tuple(MIME_TYPES)
    assert all(as_file(TRANSCRIPT, format) for format in FORMATS)
    with pytest.raises(ValueError, match="odt"):
        as_file(TRANSCRIPT, "odt")
    with pytest.raises(ValueError, match="docx"):
        stream("docx")


def test_a_text_file_is_what_is_rendered():
    for format in TEXT_FORMATS:
        assert as_file(TRANSCRIPT, format).decode() == render(TRANSCRIPT, format)
