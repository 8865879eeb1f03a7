"""The bundled engine: windows -> encoder -> language of each passage -> search -> segments."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import torch
from torch import Tensor

from asr_core.audio.segment import Window
from asr_core.engines import Recognized
from asr_core.engines.decoding import Decoding
from asr_core.engines.hearing import Ear, Heard
from asr_core.engines.languages import LanguageSplitter
from asr_core.engines.passages import FRAME_RATE, Passage
from asr_core.engines.words import passage_segments
from asr_core.errors import AsrError
from asr_core.model.growth import load_bundled, unit_table
from asr_core.model.precision import Placement, place
from asr_core.model.whisper import data_file
from asr_core.result import Segment
from asr_core.search.align import attention_align
from asr_core.search.loops import without_loop
from asr_core.search.types import Hypothesis
from asr_core.settings import Settings
from asr_core.text.language import LanguageChooser
from asr_core.text.tokenizer import Tokenizer

_BATCH = 4  # windows at once; the first ones fewer, so that text comes soon
_TOKENS_PER_SECOND = 12.0  # nobody speaks faster; more is a loop
_FEWEST_TOKENS = 24
_MOST_TOKENS = 440  # what the decoder's positions hold, less the prompt and the end


def load(settings: Settings) -> ConformerEngine:
    """The bundled engine, its weights in memory, on the device and in the precision asked for.

    Raises:
        ModelError: the weights are missing or damaged.
        AsrError: there is no such device.
    """
    table = json.loads(data_file("config.json").read_text())
    tokenizer = Tokenizer(
        data_file("tokenizer.json").read_text(encoding="utf-8"),
        table["suppress_ids"],
        table["suppress_ids_begin"],
    )
    placement = place(load_bundled(), settings.device, settings.precision)
    decoding = Decoding(placement.model, tokenizer, unit_table())
    heads = [(layer, head) for layer, head in table["alignment_heads"]]
    return ConformerEngine("sottovoce-base", placement, tokenizer, decoding, heads)


class ConformerEngine:
    """A hybrid model with Whisper's tokens, warm.

    Args:
        alignment_heads: (layer, head) of the decoder's cross-attention that follow the speech.
    """

    def __init__(
        self,
        name: str,
        placement: Placement,
        tokenizer: Tokenizer,
        decoding: Decoding,
        alignment_heads: Sequence[tuple[int, int]],
    ) -> None:
        self.name = name
        self._placement = placement
        self._model = placement.model
        self._tokenizer = tokenizer
        self._decoding = decoding
        self._heads = tuple(alignment_heads)
        self._counts: Counter[str] = Counter()
        self._ear = Ear(placement, self._counts)
        self._splitter = LanguageSplitter(self._ear, self._model.decoder, tokenizer)

    def stats(self) -> dict[str, Any]:
        """Device, precision and counts of the last run."""
        return {
            "device": str(self._placement.device),
            "precision": str(self._placement.dtype).removeprefix("torch."),
            **self._counts,
        }

    def recognize(self, windows: Iterable[Window], settings: Settings) -> Iterator[Recognized]:
        """Segments window by window; the first window alone, then ever more together."""
        self._counts.clear()
        chooser = LanguageChooser(self._candidates(settings))
        for batch in _growing_batches(windows):
            with self._placement.autocast(), torch.inference_mode():
                yield from self._recognized(batch, chooser, settings)

    def _candidates(self, settings: Settings) -> tuple[str, ...]:
        wanted = settings.languages if settings.language == "auto" else (settings.language,)
        for language in wanted:
            if language not in self._tokenizer.languages:
                known = ", ".join(sorted(self._tokenizer.languages))
                raise AsrError(
                    f"{self.name} does not know the language {language!r}, only {known}."
                )
        return wanted

    def _recognized(
        self, windows: list[Window], chooser: LanguageChooser, settings: Settings
    ) -> Iterator[Recognized]:
        passages = self._splitter.passages(windows, chooser)
        passages, hypotheses = self._decided(passages, settings)
        times = self._token_times(passages, hypotheses)
        found: dict[int, list[Segment]] = defaultdict(list)
        for heard, hypothesis, at in zip(passages, hypotheses, times, strict=True):
            words = self._tokenizer.words(hypothesis.tokens)
            found[heard.window] += passage_segments(
                heard.passage, words, at, hypothesis.token_log_probs, settings.script
            )
        for i, window in enumerate(windows):
            yield Recognized(window.end, tuple(found[i]))

    def _decided(
        self, passages: list[Heard], settings: Settings
    ) -> tuple[list[Heard], list[Hypothesis]]:
        """Every passage with its hypothesis, in the language the decoder is surer of."""
        doubtful = [i for i, heard in enumerate(passages) if heard.passage.rival]
        rivals = [passages[i].in_rival_language() for i in doubtful]
        found = self._searched(passages + rivals, settings)
        passages, hypotheses = list(passages), found[: len(passages)]
        for i, rival, hypothesis in zip(doubtful, rivals, found[len(passages) :], strict=True):
            if hypothesis.confidence > hypotheses[i].confidence:
                passages[i], hypotheses[i] = rival, hypothesis
        return passages, hypotheses

    def _searched(self, passages: list[Heard], settings: Settings) -> list[Hypothesis]:
        """The best hypothesis of every passage; what loops is heard again in the full window."""
        hypotheses = self._best(passages, settings)
        broken = [i for i, found in enumerate(hypotheses) if found.looped or not found.ended]
        if broken:
            self._counts["heard_again"] += len(broken)
            again = [passages[i] for i in broken]
            states = self._ear.states([heard.passage.waveform for heard in again], full=True)
            for heard, state in zip(again, states, strict=True):
                heard.encoder_out = state
            for i, found in zip(broken, self._best(again, settings), strict=True):
                n_tokens = without_loop(found.tokens) if found.looped else len(found.tokens)
                hypotheses[i] = replace(
                    found,
                    tokens=found.tokens[:n_tokens],
                    token_log_probs=found.token_log_probs[:n_tokens],
                )
        return hypotheses

    def _best(self, passages: list[Heard], settings: Settings) -> list[Hypothesis]:
        """The best hypothesis of every passage; those with equally many frames together."""
        found: dict[int, Hypothesis] = {}
        for members in _by_frames(passages):
            group = [passages[i] for i in members]
            prompts = [self._tokenizer.prompt(heard.passage.language) for heard in group]
            limits = [_most_tokens(heard.passage) for heard in group]
            best = self._decoding.best(_stacked(group), prompts, limits, settings)
            found.update(zip(members, best, strict=True))
        return [found[i] for i in range(len(passages))]

    def _token_times(
        self, passages: list[Heard], hypotheses: list[Hypothesis]
    ) -> list[list[tuple[float, float]]]:
        """(start, end) in seconds of every token, by where the decoder looked.

        Source: Radford et al.'s reference code, timing.py: the mean of the heads that follow the
        speech, by dynamic time warping.
        """
        found: dict[int, list[tuple[float, float]]] = {}
        for members in _by_frames(passages):
            encoder_out = _stacked([passages[i] for i in members])
            prompts = [self._tokenizer.prompt(passages[i].passage.language) for i in members]
            rows = [
                torch.tensor([*prompt, *hypotheses[i].tokens, self._tokenizer.eos_id])
                for i, prompt in zip(members, prompts, strict=True)
            ]
            fed = torch.nn.utils.rnn.pad_sequence(
                rows, batch_first=True, padding_value=self._tokenizer.eos_id
            )
            lengths = torch.full((len(members),), encoder_out.shape[1])
            cache = self._model.decoder.start(encoder_out, lengths)
            weights = self._model.decoder.attend(fed, cache, self._heads).cpu()
            for row, (i, prompt) in enumerate(zip(members, prompts, strict=True)):
                passage = passages[i].passage
                n_fed = len(prompt) + len(hypotheses[i].tokens)
                looked = weights[row, :, :n_fed, : passage.n_frames].numpy()
                found[i] = [
                    (passage.start + start / FRAME_RATE, passage.start + end / FRAME_RATE)
                    for start, end in attention_align(looked, len(prompt) - 1)
                ]
        return [found[i] for i in range(len(passages))]


def _growing_batches(windows: Iterable[Window]) -> Iterator[list[Window]]:
    """1, 2 and then always 4 windows: the first text soon, the rest quickly."""
    windows, size = iter(windows), 1
    while batch := list(islice(windows, size)):
        yield batch
        size = min(2 * size, _BATCH)


def _most_tokens(passage: Passage) -> int:
    return min(_MOST_TOKENS, round(_FEWEST_TOKENS + _TOKENS_PER_SECOND * passage.duration))


def _by_frames(passages: Sequence[Heard]) -> Iterator[list[int]]:
    """The places of passages with equally many frames, which need no padding together."""
    groups: dict[int, list[int]] = defaultdict(list)
    for i, heard in enumerate(passages):
        groups[len(heard.encoder_out)].append(i)
    yield from groups.values()


def _stacked(group: Sequence[Heard]) -> Tensor:
    return torch.stack([heard.encoder_out for heard in group])  # (B, T', D)
