"""Listen to a recording and correct its words: player and text in one."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.components.v2 import component

from asr_core.editing.desk import Desk
from asr_core.editing.doubts import is_doubtful
from asr_core.editing.words import placed
from asr_core.result import Segment, Transcript
from ui_components.editor_events import OnCorrected, OnRerun, apply_events
from ui_components.leftovers import close_player, playable
from ui_components.masthead import ASSETS
from ui_components.phrases import phrase
from ui_components.run import Run
from ui_components.shortcuts import EDITOR_KEYS
from ui_components.state import forget_audio

_LABELS = (
    *("player", "play", "pause", "back", "forward", "slower", "faster", "speed", "seek"),
    *("loop", "follow", "tools", "edit", "undo", "redo", "find", "quote", "quoted", "unplayable"),
    *("rerun", "rerun_zh", "rerun_en", "redone", "speaker", "speaker_name"),
    *("next_unsure", "no_unsure", "right", "everywhere", "hear", "type", "suggestions"),
    *("search", "previous_hit", "next_hit", "match_case", "by", "replace_one", "replace_all"),
    "close",
)
_TEMPLATES = {
    "passage": ("time",),
    "play_from": ("time",),
    "unsure": ("n",),
    "unsure_word": ("percent",),
    "hits": ("at", "n"),
    "replaced": ("n",),
}

# In this order, since they are read as one module; the last one puts the others together.
_PARTS = ("outbox", "passages", "player", "typing", "card", "find", "keys", "editor")

_EDITOR = component(
    "sottovoce_editor",
    html=(ASSETS / "editor" / "editor.html").read_text("utf-8"),
    css=(ASSETS / "editor" / "editor.css").read_text("utf-8"),
    js="\n".join((ASSETS / "editor" / f"{part}.js").read_text("utf-8") for part in _PARTS),
)


def editor(
    run: Run,
    shown: Transcript,
    *,
    on_rerun: OnRerun | None = None,
    on_corrected: OnCorrected | None = None,
) -> None:
    """Play the recording of `run` and let a person correct `shown`, once the job has ended.

    Args:
        shown: `run.desk.current` as the page shows it, passage for passage; while the job still
            runs, what there is so far.
        on_rerun: recognize a passage again, in "zh" or "en"; None takes the offer away.
        on_corrected: the text of a passage was written anew, so its words' times are guessed.
    """
    desk = run.desk
    key = "partial" if desk is None else "transcript"
    if desk is not None:
        desk.shown = shown

    def apply() -> None:
        if desk is not None:
            apply_events(desk, st.session_state[key]["events"], on_rerun, on_corrected)

    source = run.source
    data = {
        "passages": [_passage(segment) for segment in shown.segments],
        "audio": playable(source.audio, source.mime) if source is not None else None,
        "canRerun": on_rerun is not None,
        "labels": _labels(),
        "keys": {name.removeprefix("editor_"): keys for keys, name in EDITOR_KEYS},
        **_state(desk),
    }
    _EDITOR(key=key, data=data, on_events_change=apply)
    if source is not None and desk is not None:
        st.button(
            phrase("forget"),
            key="forget",
            icon=":material/delete_forever:",
            type="tertiary",
            on_click=_forget,
        )


def _state(desk: Desk | None) -> dict[str, Any]:
    if desk is None:
        return {"canEdit": False, "canUndo": False, "canRedo": False, "applied": {}}
    return {
        "canEdit": True,
        "canUndo": desk.can_undo,
        "canRedo": desk.can_redo,
        "applied": desk.applied,
    }


def _passage(segment: Segment) -> dict[str, Any]:
    """A passage in few characters: there may be twenty thousand words.

    `words` has three numbers a word: the characters between it and the one before, its own
    characters, and hundredths of a second. `doubts` has the place of each doubtful word among them,
    its certainty in percent, and what else it may be.
    """
    words: list[int] = []
    doubts: list[list[int | str]] = []
    done = 0
    for place, (word, first, last) in enumerate(placed(segment)):
        words += (_units(segment.text[done:first]), _units(word.text), round(word.start * 100))
        done = last
        if is_doubtful(segment, word):
            doubts.append([place, round(word.confidence * 100), *word.alternatives])
    return {
        "text": segment.text,
        "start": round(segment.start, 2),
        "end": round(segment.end, 2),
        "language": segment.language,
        "speaker": segment.speaker,
        "redone": segment.redone,
        "words": words,
        "doubts": doubts,
    }


def _units(text: str) -> int:
    """The length of `text` as JavaScript counts it, in which an emoji is two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def _labels() -> dict[str, str]:
    """The words of the editor; {time} and the like are filled in by the browser."""
    templates = {
        key: phrase(f"editor_{key}", **{name: f"{{{name}}}" for name in names})
        for key, names in _TEMPLATES.items()
    }
    return {key: phrase(f"editor_{key}") for key in _LABELS} | templates


def _forget() -> None:
    forget_audio()
    close_player()
