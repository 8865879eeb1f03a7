"""What a person did in the editor, as the browser tells it, done to the desk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asr_core.editing.corrections import correction, speaker_named
from asr_core.editing.desk import Desk
from asr_core.editing.doubts import settled
from asr_core.editing.quotes import Quote
from asr_core.editing.words import placed

OnRerun = Callable[[int, str], None]  # passage, language
OnCorrected = Callable[[int], None]  # passage


def apply_events(
    desk: Desk,
    sent: dict[str, Any],
    on_rerun: OnRerun | None = None,
    on_corrected: OnCorrected | None = None,
) -> None:
    """Do what is new among the events a browser sent.

    An event is sent until the page says that it was applied, so each has a number and is applied
    once. It names a passage by its number and by the text the person saw; where another text
    stands by now, it is left undone.

    Args:
        sent: `editor`, the name the editor in the browser gave itself when it was opened, and
            `events`, all that it does not know to be applied.
    """
    editor: str = sent["editor"]
    for event in sent["events"]:
        if event["number"] <= desk.applied.get(editor, 0):
            continue
        desk.applied[editor] = event["number"]
        match event["kind"]:
            case "correct":
                _correct(desk, event["passages"], on_corrected)
            case "undo":
                desk.undo()
            case "redo":
                desk.redo()
            case kind if _stands(desk, event["passage"], event["was"]):
                _change(desk, kind, event, on_rerun)
            case _:
                pass


def _correct(
    desk: Desk, passages: list[tuple[int, str, str]], on_corrected: OnCorrected | None
) -> None:
    """The passages (number, text before, text now) in one step."""
    changes = {
        index: segment
        for index, was, text in passages
        if _stands(desk, index, was)
        and (segment := correction(desk.shown.segments[index], text)) is not None
    }
    desk.change(changes)
    if on_corrected is not None:
        for index in changes:
            on_corrected(index)


def _change(desk: Desk, kind: str, event: dict[str, Any], on_rerun: OnRerun | None) -> None:
    index, shown = event["passage"], desk.shown.segments
    if kind == "settle":
        desk.change(settled(shown, index, event["word"], event["text"], event["everywhere"]))
    elif kind == "speaker":
        desk.change(speaker_named(desk.current.segments, index, event["name"]))
    elif kind == "quote":
        _quote(desk, index, event["first"], event["last"])
    elif kind == "rerun" and on_rerun is not None:
        on_rerun(index, event["language"])


def _stands(desk: Desk, index: int, was: str) -> bool:
    segments = desk.shown.segments
    return index < len(segments) and segments[index].text == was


def _quote(desk: Desk, index: int, first: int, last: int) -> None:
    """From one word of a passage to another; all of a passage without words."""
    segment = desk.shown.segments[index]
    words = placed(segment)[first : last + 1]
    quote = Quote(segment.text, segment.start, segment.end, segment.speaker)
    if words:
        text = segment.text[words[0][1] : words[-1][2]]
        quote = Quote(text, words[0][0].start, words[-1][0].end, segment.speaker)
    if quote not in desk.quotes:
        desk.quotes = (*desk.quotes, quote)
