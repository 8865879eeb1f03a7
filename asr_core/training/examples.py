"""Which utterances a step hears: sampled by language, joined, augmented, in batches of like length.

Everything is drawn from the seed and the number of the block, so that a run that was stopped goes
on as if it had not been.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from asr_core.audio import SAMPLE_RATE
from asr_core.model.hybrid import LANGUAGES
from asr_core.training import augment
from asr_core.training.corpus import SoundCache, Utterance, group_of
from asr_core.training.recipe import Recipe
from asr_core.training.targets import (
    Speller,
    Target,
    is_sentence,
    is_tidy,
    joined_texts,
    spoken_mostly,
    tidied,
)

_BLOCK = 32  # batches that are drawn together, then sorted by length
_FRAME_GRID = 128  # padded lengths are its multiples: every new shape costs compiling kernels
_FADE = round(0.02 * SAMPLE_RATE)  # samples over which joined sounds overlap

Features = Callable[[Tensor], Tensor]  # (1, N) waveform -> (1, T, F)


@dataclass(frozen=True, slots=True)
class Draw:
    """An example still to be made: utterances one behind the other, and its own chance."""

    utterances: tuple[Utterance, ...]
    seed: tuple[int, ...]

    @property
    def duration(self) -> float:
        return sum(u.duration for u in self.utterances)

    @property
    def language(self) -> str:
        found = {u.language for u in self.utterances}
        return found.pop() if len(found) == 1 else "mixed"


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples side by side.

    Attributes:
        features: (B, T, F), zeros behind (B,) `lengths`.
        targets: one an example.
        languages: (B,) places in `LANGUAGES`.
        seconds: of sound, padding left out.
    """

    features: Tensor
    lengths: Tensor
    targets: tuple[Target, ...]
    languages: Tensor
    seconds: float


class Examples:
    """An endless, seeded stream of batches."""

    def __init__(
        self,
        utterances: Sequence[Utterance],
        sounds: SoundCache,
        writer: Speller,
        features: Features,
        recipe: Recipe,
    ) -> None:
        self._sounds, self._writer, self._features = sounds, writer, features
        self._recipe = recipe
        self._groups: dict[str, list[Utterance]] = defaultdict(list)
        for u in utterances:
            if u.duration <= recipe.longest:
                self._groups[group_of(u)].append(u)
        shares = {name: recipe.shares.get(name, 0.0) for name in sorted(self._groups)}
        total = sum(shares.values())
        if not total:
            raise ValueError(f"no share of {shares} is above zero")
        self._names = list(shares)
        self._shares = np.array([share / total for share in shares.values()])

    def batches(self, first: int = 0) -> Iterator[Batch]:
        """The batches from number `first` on."""
        block, skipped = divmod(first, _BLOCK)
        while True:
            for draws in self._block(block)[skipped:]:
                yield self.batch(draws)
            block, skipped = block + 1, 0

    def batch(self, draws: Sequence[Draw]) -> Batch:
        """The sound and targets of what was drawn."""
        made = [self._made(draw) for draw in draws]
        features = torch.nn.utils.rnn.pad_sequence([f for f, _ in made], batch_first=True)
        missing = -features.shape[1] % _FRAME_GRID
        return Batch(
            features=torch.nn.functional.pad(features, (0, 0, 0, missing)),
            lengths=torch.tensor([len(f) for f, _ in made]),
            targets=tuple(target for _, target in made),
            languages=torch.tensor([LANGUAGES.index(draw.language) for draw in draws]),
            seconds=sum(draw.duration for draw in draws),
        )

    def _block(self, number: int) -> list[list[Draw]]:
        """`_BLOCK` batches of like length, in an order of chance."""
        rng = augment.seeded(self._recipe.seed, number)
        wanted = _BLOCK * self._recipe.batch_seconds
        draws: list[Draw] = []
        total = 0.0
        while total < wanted or len(draws) < _BLOCK:
            draw = Draw(self._drawn(rng), (self._recipe.seed, number, len(draws)))
            draws.append(draw)
            total += draw.duration + self._recipe.tail
        draws.sort(key=lambda draw: draw.duration)
        batches = _cut(draws, self._recipe.tail)
        order = rng.permutation(len(batches))
        return [batches[i] for i in order]

    def _drawn(self, rng: Generator) -> tuple[Utterance, ...]:
        group = self._names[int(rng.choice(len(self._names), p=self._shares))]
        found = [self._one(group, rng)]
        is_word = found[0].duration < 1.5
        if rng.random() >= (0.8 if is_word else self._recipe.join_share):
            return tuple(found)
        longest = self._recipe.longest if rng.random() < 0.15 else self._recipe.usual
        for _ in range(int(rng.integers(1, 7 if is_word else 4))):
            if not is_word and rng.random() < 0.6:
                group = self._names[int(rng.choice(len(self._names), p=self._shares))]
            following = self._one(group, rng)
            if sum(u.duration for u in found) + following.duration > longest:
                break
            found.append(following)
        return tuple(found)

    def _one(self, group: str, rng: Generator) -> Utterance:
        members = self._groups[group]
        return members[int(rng.integers(len(members)))]

    def _made(self, draw: Draw) -> tuple[Tensor, Target]:
        rng = augment.seeded(*draw.seed)
        waveform = self._joined(draw.utterances, rng)
        waveform = augment.augmented(waveform, rng, self._recipe.augmentation)
        lead = augment.silence(rng.uniform(0.0, 0.3))
        tail = augment.silence(rng.uniform(0.3, 1.0) * self._recipe.tail)
        sound = torch.from_numpy(np.concatenate([lead, waveform, tail]))
        features = self._features(sound[None])[0]
        if self._recipe.augmentation and rng.random() < 0.8:
            features = augment.spec_augment(features, rng)
        return features, self._target(draw, rng)

    def _joined(self, utterances: Sequence[Utterance], rng: Generator) -> augment.Waveform:
        found = self._sounds.waveform(utterances[0])
        for utterance in utterances[1:]:
            pause = augment.silence(rng.choice([0.0, rng.uniform(0.0, 0.3), rng.uniform(0.1, 0.8)]))
            loudness = augment.with_gain(self._sounds.waveform(utterance), rng.uniform(-4.0, 4.0))
            found = cross_faded(np.concatenate([found, pause]), loudness)
        return found

    def _target(self, draw: Draw, rng: Generator) -> Target:
        attends = all(is_tidy(u.text) or is_sentence(u.text, u.language) for u in draw.utterances)
        text = joined_texts(
            [u.text if is_tidy(u.text) else tidied(u.text, u.language) for u in draw.utterances]
        )
        language = draw.language
        if language == "mixed":  # the decoder must be able to go on in the other language
            language = spoken_mostly(text)
            if rng.random() < self._recipe.other_prompt:
                language = "en" if language == "zh" else "zh"
        return self._writer.target(text, language, attends)


def cross_faded(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    """Two sounds, the end of one fading into the beginning of the other."""
    n = min(_FADE, len(first), len(second))
    rising = np.linspace(0.0, 1.0, n, dtype=np.float32)
    overlap = first[len(first) - n :] * (1 - rising) + second[:n] * rising
    parts = [first[: len(first) - n], overlap, second[n:]]
    return np.concatenate(parts, dtype=np.float32)


def _cut(draws: Sequence[Draw], tail: float) -> list[list[Draw]]:
    """`_BLOCK` runs of sorted draws, about equally long in all, none of them empty."""
    ends = np.cumsum([draw.duration + tail for draw in draws])
    shares = ends[-1] * np.arange(1, _BLOCK) / _BLOCK
    edges = [0]
    for i, edge in enumerate(np.searchsorted(ends, shares, side="right"), start=1):
        edges.append(min(max(int(edge), edges[-1] + 1), len(draws) - (_BLOCK - i)))
    return [list(draws[a:b]) for a, b in pairwise([*edges, len(draws)])]
