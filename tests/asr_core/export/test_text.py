"""Plain text: paragraphs as a person chose them, spaces where they belong."""

from dataclasses import replace

import pytest

from asr_core.export import TEXT_FORMATS, Layout, render, stream
from asr_core.result import Language, Segment, Transcript, Word


def told(*passages):
    segments = tuple(Segment(start, end, "en", text, 1.0) for start, end, text in passages)
    return Transcript("a.wav", 60.0, segments, Language(0, 1, 0, "en"), "test", "joint")


def test_a_long_pause_begins_a_paragraph():
    text = render(told((0, 1, "One."), (1.5, 2, "Two."), (4.5, 5, "Three.")), "txt")
    assert text == "One. Two.\n\nThree.\n"


def test_a_long_paragraph_ends_with_a_sentence():
    passages = [(i, i + 1, "word " * 19 + ("end." if i % 2 else "and")) for i in range(14)]
    first = render(told(*passages), "txt").split("\n\n")[0]
    assert first.endswith("end.")
    assert 600 < len(first) < 900


def test_chinese_passages_join_without_a_space_and_latin_ones_with_one():
    text = render(
        told((0, 1, "你好，"), (1, 2, "我用"), (2, 3, "GPT"), (3, 4, "写字。"), (4, 5, "OK")), "txt"
    )
    assert text == "你好，我用 GPT 写字。OK\n"


def test_passages_without_text_leave_no_trace():
    assert render(told((0, 1, " "), (1, 2, "One"), (2, 3, "")), "txt") == "One\n"
    assert render(told((0, 1, "")), "txt") == ""


def test_one_paragraph_stays_one():
    whole = told((0, 1, "One."), (9, 10, "Two."), (20, 21, "Three."))
    assert render(whole, "txt", Layout("one")) == "One. Two. Three.\n"


def test_a_sentence_gets_a_line_also_when_it_goes_on_after_a_breath():
    whole = told((0, 3, "Dr. Li came. She sat"), (3.2, 5, "down. Then?"), (5.1, 6, "坐。好！"))
    assert render(whole, "txt", Layout("sentences")) == (
        "Dr. Li came.\nShe sat down.\nThen?\n坐。\n好！\n"
    )


def test_times_and_speakers_stand_before_each_paragraph():
    segments = (
        Segment(0, 1, "en", "One.", 1.0, speaker="Ann"),
        Segment(1, 2, "en", "Two.", 1.0, speaker="Ann"),
        Segment(65, 66, "zh", "三。", 1.0, speaker="林  女士"),
        Segment(66, 67, "en", "Four.", 1.0),
    )
    whole = replace(told(), segments=segments)
    assert render(whole, "txt") == "Ann: One. Two.\n\n林 女士：三。\n\nFour.\n"
    assert render(whole, "txt", Layout(times=True, speakers=False)) == (
        "[0:00] One. Two.\n\n[1:05] 三。Four.\n"
    )
    assert render(whole, "txt", Layout("one", times=True)) == (
        "[0:00] Ann: One. Two.\n\n[1:05] 林 女士：三。\n\n[1:06] Four.\n"
    )
    assert render(whole, "txt", Layout("sentences", True)).splitlines()[1] == "[0:01] Ann: Two."


@pytest.mark.parametrize(
    ("breaks", "text"),
    [
        ("one", "One\ntwo. Three.\n"),
        ("pauses", "One\ntwo. Three.\n"),
        ("sentences", "One\ntwo.\nThree.\n"),
    ],
)
def test_line_breaks_that_a_person_typed_are_kept(breaks, text):
    whole = told((0, 1, " One \r\n\n two."), (1, 2, "Three."))
    assert render(whole, "txt", Layout(breaks)) == text


def test_a_sentence_is_timed_by_its_words():
    words = (Word("One.", 0.0, 5.0, 1.0), Word("Two.", 5.0, 6.0, 1.0))
    whole = replace(told(), segments=(Segment(0, 6, "en", "One. Two.", 1.0, words),))
    assert render(whole, "txt", Layout("sentences", times=True)) == "[0:00] One.\n[0:05] Two.\n"


def test_the_pieces_of_a_stream_make_the_whole():
    whole = told((0, 1, "One."), (1.5, 2, "Two."), (9, 10, "Three."))
    for format in TEXT_FORMATS:
        out = stream(format)
        pieces = [out.add(segment) for segment in whole.segments] + [out.end(whole)]
        assert "".join(pieces) == render(whole, format)
