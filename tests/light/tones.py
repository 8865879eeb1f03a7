"""A corpus of tones: every letter is a pitch, so that a tiny model can learn to read it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

from asr_core.training.targets import Target

RATE = 16_000
LETTERS = "abcd"
_SECONDS = 0.25  # of a letter


def write_corpus(folder: Path, n: int = 24, language: str = "en") -> Path:
    """A manifest of `n` utterances in one recording, by `n` speakers."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    sound: list[np.ndarray] = []
    rows = []
    for i in range(n):
        text = " ".join(rng.choice(list(LETTERS), int(rng.integers(3, 6))))
        wave = np.concatenate([_tone(letter) for letter in text if letter != " "])
        start = sum(map(len, sound)) / RATE
        rows.append(
            {
                "id": f"u{i}",
                "file": "tones.wav",
                "offset_s": start,
                "duration_s": len(wave) / RATE,
                "text": text,
                "language": language,
                "speaker": f"s{i}",
            }
        )
        sound += [wave, np.zeros(RATE // 10)]
    soundfile.write(folder / "tones.wav", np.concatenate(sound).astype(np.float32), RATE)
    manifest = folder / "manifest.jsonl"
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return manifest


def _tone(letter: str) -> np.ndarray:
    at = np.arange(round(_SECONDS * RATE)) / RATE
    return 0.3 * np.sin(2 * np.pi * (300 + 500 * LETTERS.index(letter)) * at)


class LetterWriter:
    """Letters as tokens and as units: 0 is the blank, 1 both ends."""

    def target(self, text: str, language: str, attends: bool = True) -> Target:
        ids = tuple(2 + LETTERS.index(c) for c in text.lower() if c in LETTERS)
        return Target((1,), (*ids, 1) if attends else (), ids)

    def heard(self, units: Sequence[int]) -> str:
        return " ".join(LETTERS[unit - 2] for unit in units if unit >= 2)

    def written(self, tokens: Sequence[int]) -> str:
        return self.heard(tokens)
