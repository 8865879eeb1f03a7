"""A transcript as text, subtitles, JSON or a Word document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from asr_core.export.document import JsonStream
from asr_core.export.layout import Layout
from asr_core.export.markdown import MarkdownStream
from asr_core.export.names import suggested_name
from asr_core.export.subtitles import SrtStream, VttStream
from asr_core.export.text import TextStream
from asr_core.result import Segment, Transcript

__all__ = [
    "FORMATS",
    "MIME_TYPES",
    "TEXT_FORMATS",
    "Layout",
    "Stream",
    "as_file",
    "render",
    "stream",
    "suggested_name",
]


class Stream(Protocol):
    """Writes a format as segments come; the pieces joined are the whole file."""

    def add(self, segment: Segment) -> str:
        """What `segment` adds."""
        ...

    def end(self, transcript: Transcript) -> str:
        """What closes the file."""
        ...


_STREAMS: dict[str, Callable[[Layout], Stream]] = {
    "txt": TextStream,
    "md": MarkdownStream,
    "srt": lambda _: SrtStream(),
    "vtt": lambda _: VttStream(),
    "json": lambda _: JsonStream(),
}

TEXT_FORMATS = tuple(_STREAMS)

MIME_TYPES = {
    "txt": "text/plain",
    "md": "text/markdown",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "srt": "application/x-subrip",
    "vtt": "text/vtt",
    "json": "application/json",
}

FORMATS = tuple(MIME_TYPES)


def stream(format: str, layout: Layout | None = None) -> Stream:
    """A new stream that writes `format`, one of `TEXT_FORMATS`."""
    if format not in _STREAMS:
        raise ValueError(f"there is no text format {format!r}")
    return _STREAMS[format](layout or Layout())


def render(transcript: Transcript, format: str, layout: Layout | None = None) -> str:
    """The whole transcript in `format`, one of `TEXT_FORMATS`."""
    out = stream(format, layout)
    pieces = [out.add(segment) for segment in transcript.segments]
    return "".join(pieces) + out.end(transcript)


def as_file(transcript: Transcript, format: str, layout: Layout | None = None) -> bytes:
    """The file in `format`, one of `FORMATS`, as it is saved; text is UTF-8."""
    if format == "docx":
        from asr_core.export import docx  # here: Word documents alone need their library

        return docx.document(transcript, layout or Layout())
    return render(transcript, format, layout).encode("utf-8", "replace")
