"""Plain text, laid out as a person chose."""

from __future__ import annotations

from asr_core.export.layout import Flow, Layout
from asr_core.result import Segment, Transcript


class TextStream:
    """Writes paragraphs as segments come; the pieces joined are the whole text."""

    def __init__(self, layout: Layout) -> None:
        self._flow = Flow(layout)
        self._break = "\n" if layout.breaks == "sentences" else "\n\n"
        self._begun = False

    def add(self, segment: Segment) -> str:
        """What `segment` adds to the text."""
        text = ""
        for piece in self._flow.add(segment):
            if piece.begins:
                text += self._break if self._begun else ""
                text += piece.time + piece.speaker + piece.text
            else:
                text += piece.space + piece.text
            self._begun = True
        return text

    def end(self, transcript: Transcript) -> str:
        """What closes the text."""
        return "\n" if self._begun else ""
