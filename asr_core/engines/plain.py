"""A model that was trained from nothing: one vocabulary for CTC and decoder, no prompt."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from asr_core.audio import SAMPLE_RATE
from asr_core.audio.loudness import STEPS, loudness
from asr_core.audio.segment import Window
from asr_core.engines import Recognized
from asr_core.engines.calibration import measured
from asr_core.engines.folders import folder_of
from asr_core.engines.inventions import without_silence
from asr_core.engines.passages import Passage
from asr_core.engines.words import passage_segments
from asr_core.errors import AsrError
from asr_core.model.hybrid import LANGUAGES
from asr_core.model.plain import load_plain, plain_features
from asr_core.model.precision import Placement
from asr_core.quantize.placing import placed
from asr_core.result import Segment
from asr_core.search.align import ctc_align, equal_spans, to_the_quiet, widen
from asr_core.search.ctc import greedy_search, prefix_beam_search
from asr_core.search.draft import draft_search
from asr_core.search.joint import beam_search
from asr_core.search.posteriors import PosteriorTable
from asr_core.search.rescore import RescoreOptions, rescore
from asr_core.search.types import Hypothesis, SearchOptions
from asr_core.settings import DecodeMode, Settings
from asr_core.speed import Speed
from asr_core.text.pieces import Pieces

_LANGUAGES = LANGUAGES[:2]  # of a passage; which of them makes no difference to the search
_N_BEST = 10  # CTC hypotheses that are rescored
_BEFORE, _AFTER = 2.0, 6.0  # encoder frames a piece is said before and after CTC hears it


def load(settings: Settings) -> PlainEngine:
    """The model in the folder `settings.engine`, on the device and in the precision asked for.

    Raises:
        ModelError: the folder is damaged.
        AsrError: there is no such device, or this precision is not for it.
    """
    folder = folder_of(settings.engine)
    model, pieces = load_plain(folder)
    return PlainEngine(folder.name, placed(model, settings.device, settings.precision), pieces)


class PlainEngine:
    """A plain model, warm; it reads one window after another."""

    def __init__(self, name: str, placement: Placement, pieces: Pieces) -> None:
        self.name = name
        self._placement = placement
        self._model = placement.model
        self._pieces = pieces

    def stats(self) -> dict[str, Any]:
        """Device and precision."""
        return {
            "device": str(self._placement.device),
            "precision": self._placement.precision,
        }

    def recognize(self, windows: Iterable[Window], settings: Settings) -> Iterator[Recognized]:
        """Segments window by window."""
        if settings.language not in ("auto", *_LANGUAGES):
            known = " and ".join(_LANGUAGES)
            raise AsrError(
                f"{self.name} does not know the language {settings.language!r}, only {known}."
            )
        for window in windows:
            with self._placement.autocast(), torch.inference_mode():
                segments = self._segments(window, settings)
            yield Recognized(window.end, segments)

    def align(self, window: Window, text: str, language: str) -> Segment | None:
        """When the words of `text`, which was said in `window`, were said."""
        tokens = tuple(self._pieces.encode(text.strip()))
        if not tokens:
            return None
        with self._placement.autocast(), torch.inference_mode():
            ctc = PosteriorTable(*self._model.ctc_log_probs(*self._heard(window.waveform)))
        said = Hypothesis(tokens, 0.0, (0.0,) * len(tokens), ended=True)
        passage = Passage(window.start, window.waveform, window.spans, language)
        found = tuple(w for s in self._written(passage, said, ctc) for w in s.words)
        if not found:
            return None
        return Segment(found[0].start, found[-1].end, language, text, 1.0, found)

    def decode(self, settings: Settings) -> str:
        """One of five ways, as chosen."""
        return settings.decode

    def speed(self, settings: Settings) -> Speed:
        """How fast it is here, just now."""
        with self._placement.autocast(), torch.inference_mode():
            return measured(self._states, self._model, settings.beam_size)

    def _segments(self, window: Window, settings: Settings) -> tuple[Segment, ...]:
        states, lengths = self._heard(window.waveform)
        ctc = PosteriorTable(*self._model.ctc_log_probs(states, lengths))
        hypothesis = self._hypothesis(states, ctc, settings.decode, settings.beam_size)
        (hypothesis,) = without_silence([hypothesis], ctc.log_probs.argmax(-1), ctc.lengths)
        language = settings.language
        if language == "auto":
            log_probs = self._model.language_log_probs(states, lengths)[0, : len(_LANGUAGES)]
            language = _LANGUAGES[int(log_probs.argmax())]
        passage = Passage(window.start, window.waveform, window.spans, language)
        return tuple(self._written(passage, hypothesis, ctc))

    def _states(self, waveforms: Sequence[NDArray[Any]]) -> list[Tensor]:
        """(T', D) states of every waveform."""
        return [self._heard(waveform)[0][0] for waveform in waveforms]

    def _heard(self, waveform: NDArray[Any]) -> tuple[Tensor, Tensor]:
        """(1, T', D) states of a waveform with silence behind it, and (1,) frames."""
        tail = round(self._model.config.tail * SAMPLE_RATE)
        sound = torch.nn.functional.pad(torch.from_numpy(waveform)[None], (0, tail))
        features = plain_features(sound)
        return self._placement.encode(features, torch.tensor([features.shape[1]]))

    def _hypothesis(
        self, states: Tensor, ctc: PosteriorTable, mode: DecodeMode, beam_size: int
    ) -> Hypothesis:
        """The best reading of one window."""
        greedy = greedy_search(ctc.log_probs, ctc.lengths)[0]
        tokens = tuple(token.id for token in greedy)
        if mode == "ctc":
            log_probs = tuple(math.log(max(token.confidence, 1e-30)) for token in greedy)
            return Hypothesis(tokens, sum(log_probs), log_probs, ended=True)
        decoder, weight = self._model.decoder, self._model.config.ctc_weights["mixed"]
        heard = (decoder, decoder.hear(states, ctc.lengths), torch.tensor([[self._pieces.eos_id]]))
        if mode == "rescore":
            proposals = prefix_beam_search(ctc.log_probs, ctc.lengths, _N_BEST)
            return rescore(*heard, proposals, RescoreOptions(self._pieces.eos_id, weight))[0][0]
        options = SearchOptions(
            self._pieces.eos_id,
            beam_size,
            ctc_weight=0.0 if mode == "attention" else weight,
            length_penalty=1.0,
        )
        if mode == "draft":
            return draft_search(*heard, [tokens], options, ctc).hypotheses[0]
        return beam_search(*heard, options, ctc)[0][0]

    def _written(
        self, passage: Passage, hypothesis: Hypothesis, ctc: PosteriorTable
    ) -> Iterator[Segment]:
        """The segments of what was read, every word with its time by CTC."""
        tokens = hypothesis.tokens
        rate = self._model.config.frame_rate
        n_frames = math.ceil(passage.duration * rate)
        log_probs = ctc.log_probs[0, :n_frames]
        aligned = ctc_align(log_probs.cpu().numpy(), tokens)
        if aligned is None:  # fewer frames than pieces: nobody speaks like that
            spans = equal_spans(len(tokens), 0.0, float(n_frames))
        else:
            frames = [(float(token.start), float(token.end)) for token in aligned]
            spans = widen(frames, float(n_frames), _BEFORE, _AFTER)
            spans = to_the_quiet(spans, frames, loudness(passage.waveform), round(STEPS / rate))
        times = [(passage.start + a / rate, passage.start + b / rate) for a, b in spans]
        words = self._pieces.words(tokens)
        return passage_segments(passage, words, times, hypothesis.token_log_probs)
