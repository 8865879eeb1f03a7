"""The catalogue says of each model what a person wants to know before it comes, and from whom."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from asr_core import engines
from asr_core.store import bundled, catalogue
from asr_core.store.catalogue import BUNDLED, known
from asr_core.store.shelf import checked_id, checked_path

ENTRIES = catalogue()
ENGINES = {path.stem for path in Path(engines.__file__).parent.iterdir()}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_an_entry_is_complete_and_claims_nothing_without_its_source(entry):
    assert checked_id(entry.id) == entry.id
    assert entry.runs == (entry.engine in ENGINES)
    assert entry.kind in ("recognizer", "aligner")
    for told in (entry.good_for, entry.memory_about, *(each.what for each in entry.figures)):
        assert told["en"].isascii()
        assert re.search("[\u4e00-\u9fff]", told["zh"])
    assert all(re.fullmatch("[a-z]{2,3}", code) for code in entry.languages)
    assert entry.disk > 1e8
    assert entry.memory > 1e8
    assert entry.license
    assert entry.figures
    assert all(each.value and each.source for each in entry.figures)
    assert entry.revision is None or re.fullmatch("[0-9a-f]{40}", entry.revision)
    for file, digest in entry.sha256.items():
        assert re.fullmatch("[0-9a-f]{64}", digest)
        assert checked_path(file) == file
    assert (entry.pinned_by is not None) == bool(entry.revision or entry.sha256)
    assert entry.hub is None or re.fullmatch(r"[\w.-]+/[\w.-]+", entry.hub)
    assert entry.hub is None or (entry.takes and entry.needs)
    assert not any(pattern in ("*", "*.py", "*.bin") for pattern in entry.takes)


def test_names_are_unique_and_found_in_either_form():
    assert len({entry.id for entry in ENTRIES}) == len(ENTRIES)
    assert known("Qwen/Qwen3-ASR-0.6B-hf") is known("qwen3-asr-0.6b")
    assert known("nothing") is None


def test_the_models_of_the_engines_are_there():
    assert {
        *("sottovoce-base", "qwen3-asr-0.6b", "qwen3-asr-1.7b", "qwen3-forced-aligner-0.6b"),
        "firered-asr2-aed",
    } <= {entry.id for entry in ENTRIES}


def test_a_model_can_be_run_if_its_engine_is_here():
    assert known(BUNDLED).runs
    assert known("firered-asr-aed-l").runs
    for engine in (None, "gramophone"):
        assert not replace(known(BUNDLED), engine=engine).runs


def test_the_bundled_model_has_the_size_it_says():
    found = bundled.condition(bundled.MODELS[0])
    entry = known(BUNDLED)
    assert entry.disk == found.n_bytes + found.n_trained_bytes
    assert entry.license == bundled.MODELS[0].license
