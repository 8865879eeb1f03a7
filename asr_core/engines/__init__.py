"""Engines: what turns windows of speech into segments, and the table from name to loader."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from asr_core.audio.segment import Window
from asr_core.errors import ModelError
from asr_core.result import Segment
from asr_core.settings import Settings
from asr_core.speed import Speed
from asr_core.text.pieces import VOCABULARY


@dataclass(frozen=True, slots=True)
class Recognized:
    """The segments of one window and how far into the recording it reaches."""

    end: float  # seconds
    segments: tuple[Segment, ...]


class Engine(Protocol):
    """A loaded model, warm, used for one recording after another."""

    name: str

    def recognize(self, windows: Iterable[Window], settings: Settings) -> Iterator[Recognized]:
        """Segments window by window, in order; reads ahead only as far as a batch needs."""
        ...

    def align(self, window: Window, text: str, language: str) -> Segment | None:
        """The words of `text` with the times they were said at in `window`; None if it cannot."""
        ...

    def speed(self, settings: Settings) -> Speed:
        """How fast it is on this computer with these settings, measured in a second or two."""
        ...

    def stats(self) -> dict[str, Any]:
        """Device, precision and counts of the last run."""
        ...


_LOADERS = {"sottovoce-base": "asr_core.engines.conformer:load"}
_PLAIN = "asr_core.engines.plain:load"

NAMES = tuple(_LOADERS)


def load_engine(settings: Settings) -> Engine:
    """The engine `settings` names, or of the plain model in that folder, its weights in memory.

    Raises:
        ModelError: no such engine, or its weights are missing or damaged.
    """
    name = settings.engine
    if name not in _LOADERS and not (Path(name) / VOCABULARY).is_file():
        raise ModelError(
            f"There is no engine {name!r}. Choose one of: {', '.join(NAMES)}; or the folder that "
            "`sottovoce train --preset plain --pack` wrote."
        )
    module, function = _LOADERS.get(name, _PLAIN).split(":")
    loader: Callable[[Settings], Engine] = getattr(import_module(module), function)
    return loader(settings)
