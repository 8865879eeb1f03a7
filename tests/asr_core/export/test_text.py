"""Plain text: paragraphs at pauses, spaces where they belong."""

from asr_core.export import render, stream
from asr_core.result import Language, Segment, Transcript


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


def test_the_pieces_of_a_stream_make_the_whole():
    whole = told((0, 1, "One."), (1.5, 2, "Two."), (9, 10, "Three."))
    for format in ("txt", "srt", "vtt", "json"):
        out = stream(format)
        pieces = [out.add(segment) for segment in whole.segments] + [out.end(whole)]
        assert "".join(pieces) == render(whole, format)
