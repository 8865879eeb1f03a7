"""The beginning of a file before it is saved."""

from __future__ import annotations

from dataclasses import replace

from asr_core.export import TEXT_FORMATS, Layout, as_file, stream
from asr_core.result import Transcript

_N_SEGMENTS = 100  # that a Word document's beginning is made of
_LONGEST = 400  # characters of a line that are shown
_MORE = "…"


def preview(transcript: Transcript, format: str, layout: Layout, n_lines: int = 20) -> str:
    """The first lines of what `as_file` gives (DOCX: of its text); "…" where more follows."""
    if format in TEXT_FORMATS:
        beginning, is_whole = _beginning(transcript, format, layout, n_lines)
    else:
        from asr_core.export import docx

        first = replace(transcript, segments=transcript.segments[:_N_SEGMENTS])
        beginning = docx.text_of(as_file(first, format, layout))
        is_whole = len(transcript.segments) <= _N_SEGMENTS
    lines = beginning.removesuffix("\n").split("\n")
    shown = [line if len(line) <= _LONGEST else line[:_LONGEST] + _MORE for line in lines]
    if len(shown) > n_lines or not is_whole:
        shown = [*shown[:n_lines], _MORE]
    return "\n".join(shown)


def _beginning(
    transcript: Transcript, format: str, layout: Layout, n_lines: int
) -> tuple[str, bool]:
    """At least `n_lines` + 1 lines or, if there are fewer, all; whether these are all."""
    out, text = stream(format, layout), ""
    for segment in transcript.segments:
        text += out.add(segment)
        if text.count("\n") > n_lines:
            return text, False
    return text + out.end(transcript), True
