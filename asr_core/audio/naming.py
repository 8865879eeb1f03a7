"""How a recording is called in front of people, and how it is refused."""

from __future__ import annotations

import re
import unicodedata

from asr_core.errors import AudioDecodeError

MAX_NAME = 80  # characters of a name that are shown
USE_THESE = "Use WAV, FLAC, MP3, M4A or OGG."

_JOINERS = "\u200c\u200d"  # emoji families and Persian words need them


def shown_name(name: str) -> str:
    """The base name of `name`, fit to print: no folders, no control or direction marks, short."""
    base = re.split(r"[/\\]", name)[-1]
    kept = "".join(
        " " if char in "\t\n\r" else char
        for char in base
        if char in "\t\n\r" or char in _JOINERS or unicodedata.category(char)[0] != "C"
    )
    kept = " ".join(kept.split())
    if not kept.strip(". "):
        return "recording"
    if len(kept) > MAX_NAME:
        tail = kept[-12:]
        kept = f"{kept[: MAX_NAME - len(tail) - 1]}…{tail}"
    return kept


def refusal(name: str, found: str, advice: str = USE_THESE) -> AudioDecodeError:
    """The error for a recording that cannot be read: what was found, what to do.

    Args:
        name: as `shown_name` gives it.
        found: a clause: "it is empty".
        advice: a sentence.
    """
    return AudioDecodeError(f"Cannot read “{name}”: {found}. {advice}")
