"""The models that are known by name: `assets/models/catalogue.json`, one entry a model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any, Literal

from asr_core.errors import ModelError
from asr_core.places import BUNDLED_MODELS

FILE = BUNDLED_MODELS / "catalogue.json"
BUNDLED = "sottovoce-base"  # installed with Sottovoce: nothing adds or removes it


@dataclass(frozen=True, slots=True)
class Figure:
    """Something measured, and who says so.

    Attributes:
        what: by the language of the page, "en" and "zh".
    """

    what: Mapping[str, str]
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a model before it is here.

    Attributes:
        engine: the module of asr_core.engines that runs it, None where there is none yet.
        good_for, memory_about: by the language of the page, "en" and "zh".
        disk, memory: bytes; what `memory` counts says `memory_about`.
        hub: its name on the hub; None where it can only be carried here.
        revision: the commit that is fetched; None where none is pinned, and the newest is.
        pinned_by: where the revision and the digests were published.
        takes: patterns of the files that belong to it.
        needs: patterns; a folder without one of them is no such model.
        sha256: published digests, by file.
    """

    id: str
    kind: Literal["recognizer", "aligner"]
    engine: str | None
    good_for: Mapping[str, str]
    languages: tuple[str, ...]
    disk: int
    memory: int
    memory_about: Mapping[str, str]
    license: str
    hub: str | None
    revision: str | None
    pinned_by: str | None
    takes: tuple[str, ...]
    needs: tuple[str, ...]
    sha256: Mapping[str, str]
    figures: tuple[Figure, ...]

    @property
    def runs(self) -> bool:
        """Whether this version has the engine for it."""
        return self.engine is not None and bool(find_spec(f"asr_core.engines.{self.engine}"))


@cache
def catalogue() -> tuple[Entry, ...]:
    """All entries, in the order of the file."""
    return tuple(_entry(data) for data in json.loads(FILE.read_text("utf-8"))["models"])


def known(name: str) -> Entry | None:
    """The entry of this id, or of this name on the hub; None if there is none."""
    for entry in catalogue():
        if name.lower() in (entry.id, (entry.hub or entry.id).lower()):
            return entry
    return None


def entry(name: str) -> Entry:
    """The entry of this id, or of this name on the hub.

    Raises:
        ModelError: there is none.
    """
    found = known(name)
    if found is None:
        names = ", ".join(entry.id for entry in catalogue())
        raise ModelError(f"There is no model {name!r}. Choose one of: {names}.")
    return found


def _entry(data: dict[str, Any]) -> Entry:
    values = dict(data)
    for name in ("languages", "takes", "needs"):
        values[name] = tuple(data[name])
    values["figures"] = tuple(Figure(**each) for each in data["figures"])
    return Entry(**values)
