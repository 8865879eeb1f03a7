"""The quote sheet: the quotes that were heard and checked, each with its speaker and its time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from asr_core.editing.quotes import Quote, checked
from asr_core.export.markdown import escaped
from asr_core.export.sentences import own_lines, sentences
from asr_core.pace import clock
from asr_core.result import Transcript

SHEET_FORMATS = ("txt", "md", "docx")


@dataclass(frozen=True, slots=True)
class Wording:
    """The sheet's own words, in the language of whoever reads it."""

    title: str = "Quotes from {name}"
    checked: str = "heard and checked"


def quotable(transcript: Transcript) -> list[Quote]:
    """Every sentence of the transcript as a quote that nobody has checked yet."""
    return [
        Quote(sentence.text, sentence.start, sentence.end, segment.speaker)
        for segment in transcript.segments
        for sentence in sentences(segment)
        if sentence.text
    ]


def sheet(quotes: Sequence[Quote], name: str, format: str, wording: Wording | None = None) -> bytes:
    """The checked ones of `quotes` as a file; the others are left out.

    Args:
        name: of the recording.
        format: one of `SHEET_FORMATS`.
    """
    wording = wording or Wording()
    if format not in SHEET_FORMATS:
        raise ValueError(f"there is no quote sheet as {format!r}")
    write = {"txt": _text, "md": _markdown, "docx": _docx}[format]
    return write(checked(quotes), wording.title.format(name=name), wording)


def _text(quotes: Sequence[Quote], title: str, wording: Wording) -> bytes:
    written = [f"“{_words(quote)}”\n{_source(quote, wording)}" for quote in quotes]
    return _encoded("\n\n".join([title, *written]))


def _markdown(quotes: Sequence[Quote], title: str, wording: Wording) -> bytes:
    written = [f"# {escaped(title)}"]
    for quote in quotes:
        said = escaped(_words(quote)).replace("\n", "\\\n> ")
        written.append(f"> {said}\n\n{escaped(_source(quote, wording))}")
    return _encoded("\n\n".join(written))


def _docx(quotes: Sequence[Quote], title: str, wording: Wording) -> bytes:
    from asr_core.export import docx  # here: the other formats need no library

    made = docx.begun(title)
    for quote in quotes:
        docx.add(made.add_paragraph(), f"“{_words(quote)}”", "en")
        docx.add(made.add_paragraph(), _source(quote, wording), "en")
    return docx.packed(made)


def _words(quote: Quote) -> str:
    return "\n".join(own_lines(quote.text))


def _source(quote: Quote, wording: Wording) -> str:
    speaker = " ".join(quote.speaker.split())
    time = f"{clock(quote.start)}–{clock(quote.end)}"
    return "— " + ", ".join(
        [speaker, time, wording.checked] if speaker else [time, wording.checked]
    )


def _encoded(text: str) -> bytes:
    return (text + "\n").encode("utf-8", "replace")
