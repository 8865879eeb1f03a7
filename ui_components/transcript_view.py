"""The text of a recording, passage by passage; a click on a word plays from there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from streamlit.components.v2 import component

from asr_core.pace import clock
from asr_core.result import Segment
from ui_components.masthead import ASSETS
from ui_components.phrases import phrase

_TRANSCRIPT = component(
    "sottovoce_transcript",
    html='<div class="transcript"></div>\n',
    css=(ASSETS / "transcript.css").read_text("utf-8"),
    js=(ASSETS / "transcript.js").read_text("utf-8"),
)


def transcript_view(segments: Sequence[Segment], key: str) -> None:
    """Show `segments` with their times and languages; their words seek in the page's player."""
    passages = [_passage(segment) for segment in segments if segment.text]
    _TRANSCRIPT(key=key, data={"passages": passages})


def _passage(segment: Segment) -> dict[str, Any]:
    time = clock(segment.start)
    return {
        "start": segment.start,
        "time": time,
        "label": phrase("play_from", time=time),
        "language": segment.language,
        "tag": "中" if segment.language == "zh" else segment.language.upper(),
        "pieces": pieces(segment),
    }


def pieces(segment: Segment) -> list[str | list[Any]]:
    """The text of `segment` in order, cut into [word, start] and the plain strings between them.

    Joined, the pieces are the text exactly. A word that does not stand in the text is left out.
    """
    cut: list[str | list[Any]] = []
    done = 0
    for word in segment.words:
        found = segment.text.find(word.text, done)
        if found < 0 or not word.text:
            continue
        if found > done:
            cut.append(segment.text[done:found])
        cut.append([word.text, round(word.start, 2)])
        done = found + len(word.text)
    if done < len(segment.text):
        cut.append(segment.text[done:])
    return cut
