"""How recordings are recognized and written, as the command line and the saved settings say."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from asr_core.cli.console import Console
from asr_core.errors import AsrError
from asr_core.settings import Settings
from asr_core.text.vocabulary import read_lines

_CHOICES = (
    "language",
    "languages",
    "decode",
    "beam_size",
    "engine",
    "device",
    "precision",
    "second_engine",
    "second_precision",
    "second_below",
)
_TIDYING = ("script", "spacing", "punctuation", "case", "numbers")


def chosen_settings(arguments: argparse.Namespace, console: Console) -> Settings:
    """The saved settings, with what the command line says instead."""
    notes: list[str] = []
    saved = Settings.load(notes=notes)
    for note in notes:
        console.say(f"Note: {note}")
    given = {name: getattr(arguments, name) for name in (*_CHOICES, *_TIDYING, "verbatim")}
    given = {name: value for name, value in given.items() if value is not None}
    if not given.keys().isdisjoint(_TIDYING):  # who asks for one of them wants no verbatim text
        given.setdefault("verbatim", False)
    if arguments.vocabulary is not None:
        given["vocabulary"] = read_lines(Path(arguments.vocabulary))
    try:
        return replace(saved, **given)
    except AsrError as error:
        refuse: Callable[[str], Any] = arguments.refuse
        return refuse(str(error))
