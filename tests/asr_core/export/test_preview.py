"""The preview is the beginning of what will be saved."""

from dataclasses import replace

import pytest

from asr_core.export import FORMATS, Layout, as_file
from asr_core.export.docx import text_of
from asr_core.export.preview import preview
from asr_core.result import Language, Segment, Transcript

SEGMENTS = tuple(Segment(9 * i, 9 * i + 3, "en", f"Sentence {i}.", 1.0) for i in range(150))
WHOLE = Transcript("talk.wav", 999.0, SEGMENTS, Language(0, 1, 0, "en"), "test", "joint")


def said(transcript, format, layout):
    data = as_file(transcript, format, layout)
    return text_of(data) if format == "docx" else data.decode()


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("breaks", ["one", "sentences", "pauses"])
@pytest.mark.parametrize("n", [0, 1, 150])
def test_it_is_the_beginning_of_the_file_and_says_where_more_follows(format, breaks, n):
    transcript, layout = replace(WHOLE, segments=SEGMENTS[:n]), Layout(breaks, times=True)
    lines = preview(transcript, format, layout, 20).split("\n")
    whole = said(transcript, format, layout).removesuffix("\n").split("\n")
    assert len(lines) <= 21
    is_cut = format == "docx" and n > 100
    assert (lines[-1] == "…") is (len(whole) > 20 or is_cut)
    for line, wanted in zip(lines[:20], whole, strict=False):
        assert line == wanted or (line.endswith("…") and wanted.startswith(line[:-1]))
    assert len(lines) >= min(20, len(whole))


def test_a_long_line_is_shortened():
    transcript = replace(WHOLE, segments=(Segment(0, 9, "en", "x" * 5000, 1.0),))
    assert preview(transcript, "txt", Layout()) == "x" * 400 + "…"
