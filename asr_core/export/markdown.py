"""Markdown (CommonMark): paragraphs, times and speakers in bold, nothing else read as a sign."""

from __future__ import annotations

import re

from asr_core.export.layout import Flow, Layout
from asr_core.result import Segment, Transcript

_SIGN = re.compile(r"[\\`*_\[\]<>~|$]|&(?=#?\w+;)")
_AT_LINE_START = re.compile(r"^(\s*)([#+=-]|\d+(?=[.)](?:\s|$)))", re.MULTILINE)
_HARD_BREAK = "\\\n"


class MarkdownStream:
    """Writes paragraphs as segments come; the pieces joined are the whole text."""

    def __init__(self, layout: Layout) -> None:
        self._flow = Flow(layout)
        self._begun = False

    def add(self, segment: Segment) -> str:
        """What `segment` adds to the text."""
        text = ""
        for piece in self._flow.add(segment):
            if piece.begins:
                label = (piece.time + piece.speaker).rstrip()
                text += "\n\n" if self._begun else ""
                text += f"**{escaped(label)}** " if label else ""
            else:
                text += _HARD_BREAK if piece.space == "\n" else piece.space
            text += escaped(piece.text)
            self._begun = True
        return text

    def end(self, transcript: Transcript) -> str:
        """What closes the text."""
        return "\n" if self._begun else ""


def escaped(text: str) -> str:
    """`text` for a place that reads Markdown, with its signs shown as they are."""
    text = _SIGN.sub(lambda sign: "\\" + sign[0], text)
    return _AT_LINE_START.sub(_escaped_start, text)


def _escaped_start(found: re.Match[str]) -> str:
    space, sign = found.groups()
    # a list is made by the sign after its number, which begins no line and so is escaped there
    return f"{space}{sign}\\" if sign.isdigit() else f"{space}\\{sign}"
