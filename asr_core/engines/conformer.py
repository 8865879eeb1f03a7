"""The bundled engine: windows -> encoder -> language of each passage -> search -> segments."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice, pairwise
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from asr_core.audio import SAMPLE_RATE
from asr_core.audio.features import log_mel
from asr_core.audio.segment import Window
from asr_core.engines import Recognized
from asr_core.engines.decoding import Decoding
from asr_core.engines.passages import Passage, passage_segments
from asr_core.errors import AsrError
from asr_core.model.growth import load_bundled, unit_table
from asr_core.model.precision import Placement, place
from asr_core.model.whisper import data_file
from asr_core.result import Segment
from asr_core.search.align import attention_align
from asr_core.search.loops import without_loop
from asr_core.search.types import Hypothesis
from asr_core.settings import Settings
from asr_core.text.language import Choice, Evidence, LanguageChooser
from asr_core.text.tokenizer import Tokenizer

_FRAMES = 50.0  # encoder frames a second
_FULL_WINDOW = 30.0  # seconds the original weights know
_TAIL = 10.0  # seconds of silence they need behind shorter passages
_GRID = 5.0  # seconds; padded lengths are its multiples, so that passages meet in few batches
_BATCH = 4  # windows at once; the first ones fewer, so that text comes soon
_MOST_FRAMES = 3000  # encoder frames asked for their language at once
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

    def stats(self) -> dict[str, Any]:
        """Device, precision and counts of the last run."""
        return {
            "device": str(self._placement.device),
            "precision": str(self._placement.dtype).removeprefix("torch."),
            **self._counts,
        }

    def recognize(self, windows: Iterable[Window], settings: Settings) -> Iterator[Recognized]:
        """Segments window by window; the first window alone, then ever more together."""
        self._counts = Counter()
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
        encoded = self._encoded([window.waveform for window in windows], _padded)
        passages, hypotheses = self._decided(self._passages(windows, encoded, chooser), settings)
        times = self._token_times(passages, hypotheses)
        found: dict[int, list[Segment]] = defaultdict(list)
        for heard, hypothesis, at in zip(passages, hypotheses, times, strict=True):
            words = self._tokenizer.words(hypothesis.tokens)
            found[heard.window] += passage_segments(
                heard.passage, words, at, hypothesis.token_log_probs, settings.script
            )
        for i, window in enumerate(windows):
            yield Recognized(window.end, tuple(found[i]))

    def _encoded(
        self, waveforms: Sequence[NDArray[Any]], padded: Callable[[int], int]
    ) -> list[Tensor]:
        """(T', D) states of every waveform with silence behind it; equally long ones together."""
        groups: dict[int, list[int]] = defaultdict(list)
        for i, waveform in enumerate(waveforms):
            groups[padded(len(waveform))].append(i)
        states: dict[int, Tensor] = {}
        for n_samples, members in groups.items():
            batch = torch.zeros(len(members), n_samples)
            for row, i in enumerate(members):
                batch[row, : len(waveforms[i])] = torch.from_numpy(waveforms[i])
            features = log_mel(batch)
            lengths = torch.full((len(members),), features.shape[1])
            encoder_out, _ = self._placement.encode(features, lengths)
            states.update(zip(members, encoder_out, strict=True))
            self._counts["encoded_seconds"] += len(members) * n_samples // SAMPLE_RATE
        return [states[i] for i in range(len(waveforms))]

    def _passages(
        self, windows: list[Window], encoded: list[Tensor], chooser: LanguageChooser
    ) -> list[_Heard]:
        """The windows, cut where the language changes.

        A window is cut wherever its encoder states leave a change possible. The pieces, encoded by
        themselves, then tell their languages far better, and those that agree are joined again.
        """
        whole = [
            _Heard(i, _whole(window), state)
            for i, (window, state) in enumerate(zip(windows, encoded, strict=True))
        ]
        spans = [
            (heard, slice(*_frames(heard.passage, span)))
            for heard in whole
            for span in heard.passage.spans
        ]
        sounds = self._sounds_like([heard.encoder_out[at] for heard, at in spans], chooser)
        proposed: dict[int, list[Choice]] = defaultdict(list)
        for (heard, _), log_probs in zip(spans, sounds, strict=True):
            proposed[heard.window].append(Choice(chooser.guess(log_probs)))
        return self._settled(
            [_cut(heard.passage, proposed[heard.window]) for heard in whole], whole, chooser
        )

    def _settled(
        self, cuts: list[list[Passage]], whole: list[_Heard], chooser: LanguageChooser
    ) -> list[_Heard]:
        """The language of every piece of every window, and the pieces of one language joined."""
        pieces = self._heard(cuts, whole)
        log_probs = iter(self._sounds_like([piece.encoder_out for piece in pieces], chooser))
        joined = []
        for passages, heard in zip(cuts, whole, strict=True):
            evidence = [Evidence(p.spans[0][0], p.spans[-1][1], next(log_probs)) for p in passages]
            named = [
                choice
                for choice, passage in zip(chooser.choose(evidence), passages, strict=True)
                for _ in passage.spans
            ]
            joined.append(_cut(heard.passage, named))
        return self._heard(joined, whole + pieces)

    def _heard(self, cuts: list[list[Passage]], known: list[_Heard]) -> list[_Heard]:
        """The pieces of the windows with their encoder states; encodes those not known yet."""
        states = {(h.passage.start, h.passage.end): h.encoder_out for h in known}
        pieces = [(i, passage) for i, passages in enumerate(cuts) for passage in passages]
        new = [p for _, p in pieces if (p.start, p.end) not in states]
        encoded = self._encoded([passage.waveform for passage in new], _padded)
        states |= {(p.start, p.end): state for p, state in zip(new, encoded, strict=True)}
        return [_Heard(i, passage, states[passage.start, passage.end]) for i, passage in pieces]

    def _sounds_like(
        self, states: Sequence[Tensor], chooser: LanguageChooser
    ) -> list[tuple[float, ...]]:
        """Log probabilities of the candidate languages for pieces of (T', D) encoder states.

        The decoder names the language with its first token.
        """
        if len(chooser.candidates) == 1:
            return [(0.0,)] * len(states)
        ids = [self._tokenizer.languages[language] for language in chooser.candidates]
        found: dict[int, tuple[float, ...]] = {}
        for members in _of_like_length(states):
            lengths = torch.tensor([len(states[i]) for i in members])
            encoder_out = torch.nn.utils.rnn.pad_sequence(
                [states[i] for i in members], batch_first=True
            )
            cache = self._model.decoder.start(encoder_out, lengths)
            start = torch.full((len(members), 1), self._tokenizer.start_id)
            log_probs = self._model.decoder.step(start, cache)[:, -1, ids].log_softmax(-1)
            found.update(zip(members, map(tuple, log_probs.tolist()), strict=True))
        return [found[i] for i in range(len(states))]

    def _decided(
        self, passages: list[_Heard], settings: Settings
    ) -> tuple[list[_Heard], list[Hypothesis]]:
        """Every passage with its hypothesis, in the language the decoder is surer of."""
        doubtful = [i for i, heard in enumerate(passages) if heard.passage.rival]
        rivals = [passages[i].in_rival_language() for i in doubtful]
        found = self._searched(passages + rivals, settings)
        passages, hypotheses = list(passages), found[: len(passages)]
        for i, rival, hypothesis in zip(doubtful, rivals, found[len(passages) :], strict=True):
            if hypothesis.confidence > hypotheses[i].confidence:
                passages[i], hypotheses[i] = rival, hypothesis
        return passages, hypotheses

    def _searched(self, passages: list[_Heard], settings: Settings) -> list[Hypothesis]:
        """The best hypothesis of every passage; what loops is heard again in the full window."""
        hypotheses = self._best(passages, settings)
        broken = [i for i, found in enumerate(hypotheses) if found.looped or not found.ended]
        if broken:
            self._counts["heard_again"] += len(broken)
            again = [passages[i] for i in broken]
            for heard, state in zip(
                again, self._encoded([h.passage.waveform for h in again], _full), strict=True
            ):
                heard.encoder_out = state
            for i, found in zip(broken, self._best(again, settings), strict=True):
                n_tokens = without_loop(found.tokens) if found.looped else len(found.tokens)
                hypotheses[i] = replace(
                    found,
                    tokens=found.tokens[:n_tokens],
                    token_log_probs=found.token_log_probs[:n_tokens],
                )
        return hypotheses

    def _best(self, passages: list[_Heard], settings: Settings) -> list[Hypothesis]:
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
        self, passages: list[_Heard], hypotheses: list[Hypothesis]
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
                looked = weights[row, :, :n_fed, : _n_frames(passage)].numpy()
                found[i] = [
                    (passage.start + start / _FRAMES, passage.start + end / _FRAMES)
                    for start, end in attention_align(looked, len(prompt) - 1)
                ]
        return [found[i] for i in range(len(passages))]


@dataclass(slots=True, eq=False)
class _Heard:
    """A passage, the window it is of, and what the encoder made of it."""

    window: int
    passage: Passage
    encoder_out: Tensor  # (T', D)

    def in_rival_language(self) -> _Heard:
        passage = self.passage
        assert passage.rival
        return replace(self, passage=replace(passage, language=passage.rival))


def _growing_batches(windows: Iterable[Window]) -> Iterator[list[Window]]:
    """1, 2, 4 and then always 8 windows: the first text soon, the rest quickly."""
    windows, size = iter(windows), 1
    while batch := list(islice(windows, size)):
        yield batch
        size = min(2 * size, _BATCH)


def _padded(n_samples: int) -> int:
    """Samples of a passage with the silence the weights need behind it."""
    grid = round(_GRID * SAMPLE_RATE)
    wanted = n_samples + round(_TAIL * SAMPLE_RATE)
    return min(_full(n_samples), -(-wanted // grid) * grid)


def _full(_: int) -> int:
    """Samples of the full window."""
    return round(_FULL_WINDOW * SAMPLE_RATE)


def _frames(passage: Passage, span: tuple[float, float]) -> tuple[int, int]:
    """First and last encoder frame of a stretch of a passage, the last exclusive."""
    first = int((span[0] - passage.start) * _FRAMES)
    return first, max(first + 1, math.ceil((span[1] - passage.start) * _FRAMES))


def _n_frames(passage: Passage) -> int:
    """Encoder frames of a passage without the silence behind it."""
    return max(1, math.ceil(len(passage.waveform) / SAMPLE_RATE * _FRAMES))


def _whole(window: Window) -> Passage:
    return Passage(window.start, window.waveform, window.spans, "")


def _cut(passage: Passage, choices: Sequence[Choice]) -> list[Passage]:
    """A passage cut in the middle of the pauses where the language of its spans changes."""
    pairs = zip(choices, passage.spans, strict=True)
    runs = [
        (choice, tuple(span for _, span in group))
        for choice, group in groupby(pairs, key=lambda pair: pair[0])
    ]
    edges = [passage.start]
    edges += [(a[-1][1] + b[0][0]) / 2 for (_, a), (_, b) in pairwise(runs)]
    edges.append(passage.end)
    return [
        Passage(
            start,
            passage.waveform[_sample(passage, start) : _sample(passage, end)],
            spans,
            choice.language,
            choice.rival,
        )
        for (choice, spans), (start, end) in zip(runs, pairwise(edges), strict=True)
    ]


def _sample(passage: Passage, seconds: float) -> int:
    return round((seconds - passage.start) * SAMPLE_RATE)


def _most_tokens(passage: Passage) -> int:
    seconds = len(passage.waveform) / SAMPLE_RATE
    return min(_MOST_TOKENS, round(_FEWEST_TOKENS + _TOKENS_PER_SECOND * seconds))


def _by_frames(passages: Sequence[_Heard]) -> Iterator[list[int]]:
    """The places of passages with equally many frames, which need no padding together."""
    groups: dict[int, list[int]] = defaultdict(list)
    for i, heard in enumerate(passages):
        groups[len(heard.encoder_out)].append(i)
    yield from groups.values()


def _of_like_length(states: Sequence[Tensor]) -> Iterator[list[int]]:
    """The places of (T', D) states in batches that padding makes no larger than a few windows."""
    batch: list[int] = []
    for i in sorted(range(len(states)), key=lambda i: len(states[i])):
        if batch and (len(batch) + 1) * len(states[i]) > _MOST_FRAMES:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def _stacked(group: Sequence[_Heard]) -> Tensor:
    return torch.stack([heard.encoder_out for heard in group])  # (B, T', D)
