"""The engine of every hybrid model with one vocabulary for CTC and decoder, and no prompt."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch
from numpy.typing import NDArray
from torch import Tensor

from asr_core.audio import SAMPLE_RATE
from asr_core.audio.loudness import STEPS, loudness
from asr_core.audio.segment import Window
from asr_core.engines import Recognized
from asr_core.engines.calibration import measured
from asr_core.engines.inventions import without_silence
from asr_core.engines.passages import Passage
from asr_core.engines.stages import Stages
from asr_core.engines.words import passage_segments
from asr_core.errors import AsrError
from asr_core.model.hybrid import LANGUAGES, HybridModel
from asr_core.quantize.placing import placed
from asr_core.result import Segment
from asr_core.search.align import Spans, ctc_align, equal_spans, to_the_quiet, widen
from asr_core.search.ctc import greedy_search, prefix_beam_search
from asr_core.search.draft import draft_search
from asr_core.search.joint import beam_search
from asr_core.search.loops import said_once
from asr_core.search.posteriors import PosteriorTable
from asr_core.search.rescore import RescoreOptions, rescore
from asr_core.search.types import Hypothesis, SearchOptions
from asr_core.settings import Settings
from asr_core.speed import Speed
from asr_core.text.language import language_of
from asr_core.text.tokenizer import TokenWord

_LANGUAGES = LANGUAGES[:2]  # of a passage; which of them makes no difference to the search
_N_BEST = 10  # CTC hypotheses that are rescored
_BEFORE, _AFTER = 2.0, 6.0  # encoder frames a piece is said before and after CTC hears it


class Vocabulary(Protocol):
    """The text of every token, which CTC and the decoder share."""

    @property
    def texts(self) -> Sequence[str]:
        """Of every token; empty of one that is no text."""
        ...

    def encode(self, text: str) -> list[int]:
        """The tokens of `text`; what is in none is left out."""
        ...

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of `tokens`."""
        ...

    def words(self, tokens: Sequence[int]) -> list[TokenWord]:
        """The words in order; in text without spaces, the characters."""
        ...


@dataclass(frozen=True, slots=True)
class Recognizer:
    """A hybrid model with one vocabulary for CTC and decoder, and all that one needs to use it.

    It may lack the CTC head, the language head and the decoder that reads backwards.

    Attributes:
        features: (B, N) 16 kHz waveforms -> (B, T, F), as the model was trained on.
        search: how its makers search label by label, with the weight of CTC.
        rescoring: and how they weigh the readers of what CTC proposes.
    """

    model: HybridModel
    vocabulary: Vocabulary
    features: Callable[[Tensor], Tensor]
    search: SearchOptions
    rescoring: RescoreOptions


class HybridEngine:
    """A recognizer, warm; it reads one window after another."""

    def __init__(self, name: str, recognizer: Recognizer, settings: Settings) -> None:
        """Put the model on the device and into the precision that `settings` ask for.

        Raises:
            AsrError: there is no such device, or this precision is not for it.
        """
        self.name = name
        self._stages = Stages()
        self._placement = placed(recognizer.model, settings.device, settings.precision)
        self._model = self._placement.model
        self._vocabulary = recognizer.vocabulary
        self._features = recognizer.features
        self._rescoring = recognizer.rescoring
        eos_id = recognizer.search.eos_id
        silent = [not t and i != eos_id for i, t in enumerate(recognizer.vocabulary.texts)]
        self._search = replace(recognizer.search, suppressed=torch.tensor(silent))

    def stats(self) -> dict[str, Any]:
        """Device and precision, and times of the last run."""
        return {**self._placement.describe(), **self._stages.told()}

    def recognize(self, windows: Iterable[Window], settings: Settings) -> Generator[Recognized]:
        """Segments window by window."""
        if settings.language not in ("auto", *_LANGUAGES):
            known = " and ".join(_LANGUAGES)
            raise AsrError(
                f"{self.name} does not know the language {settings.language!r}, only {known}."
            )
        self._stages.clear()
        for window in windows:
            if window.is_open and not window.spans:
                continue
            with self._placement.autocast(), torch.inference_mode():
                segments = self._segments(window, settings)
            if window.is_open:
                yield Recognized.drafted(window, segments)
            else:
                yield Recognized(window.end, segments)

    def align(self, window: Window, text: str, language: str) -> Segment | None:
        """When the words of `text`, which was said in `window`, were said."""
        tokens = tuple(self._vocabulary.encode(text.strip()))
        if not tokens:
            return None
        with self._placement.autocast(), torch.inference_mode():
            ctc = self._posteriors(*self._heard(window.waveform))
        said = Hypothesis(tokens, 0.0, (0.0,) * len(tokens), ended=True)
        passage = Passage(window.start, window.waveform, window.spans, language)
        found = tuple(w for s in self._written(passage, said, ctc) for w in s.words)
        if not found:
            return None
        return Segment(found[0].start, found[-1].end, language, text, 1.0, found)

    def decode(self, settings: Settings) -> str:
        """One of five ways, as chosen; without CTC there is only one."""
        return settings.decode if self._model.config.n_units else "attention"

    def speed(self, settings: Settings) -> Speed:
        """How fast it is here, just now."""
        with self._placement.autocast(), torch.inference_mode():
            return measured(self._states, self._model, settings.beam_size)

    def _segments(self, window: Window, settings: Settings) -> tuple[Segment, ...]:
        states, lengths = self._heard(window.waveform)
        with self._stages.at("search"):
            ctc = self._posteriors(states, lengths)
            hypothesis = said_once(self._hypothesis(states, lengths, ctc, settings))
        self._stages.made("search", len(hypothesis.tokens))
        if ctc is not None:
            (hypothesis,) = without_silence([hypothesis], ctc.log_probs.argmax(-1), ctc.lengths)
        language = settings.language
        if language == "auto":
            language = self._language(states, lengths, hypothesis)
        passage = Passage(window.start, window.waveform, window.spans, language)
        with self._stages.at("align"):
            return tuple(self._written(passage, hypothesis, ctc))

    def _states(self, waveforms: Sequence[NDArray[Any]]) -> list[Tensor]:
        """(T', D) states of every waveform."""
        return [self._heard(waveform)[0][0] for waveform in waveforms]

    def _heard(self, waveform: NDArray[Any]) -> tuple[Tensor, Tensor]:
        """(1, T', D) states of a waveform with silence behind it, and (1,) frames."""
        tail = round(self._model.config.tail * SAMPLE_RATE)
        sound = torch.nn.functional.pad(torch.from_numpy(waveform)[None], (0, tail))
        with self._stages.at("encoder"):
            features = self._features(sound)
            return self._placement.encode(features, torch.tensor([features.shape[1]]))

    def _posteriors(self, states: Tensor, lengths: Tensor) -> PosteriorTable | None:
        """What CTC hears; None if the model has none."""
        if not self._model.config.n_units:
            return None
        return PosteriorTable(*self._model.ctc_log_probs(states, lengths))

    def _language(self, states: Tensor, lengths: Tensor, hypothesis: Hypothesis) -> str:
        """By the language head; by the text where there is none."""
        if self._model.language is None:
            return language_of(self._vocabulary.decode(hypothesis.tokens))
        log_probs = self._model.language_log_probs(states, lengths)[0, : len(_LANGUAGES)]
        return _LANGUAGES[int(log_probs.argmax())]

    def _hypothesis(
        self, states: Tensor, lengths: Tensor, ctc: PosteriorTable | None, settings: Settings
    ) -> Hypothesis:
        """The best reading of one window."""
        decoder, prompts = self._model.decoder, torch.tensor([[self._model.config.sos_id]])
        options = replace(self._search, beam_size=settings.beam_size)
        if ctc is None or settings.decode == "attention":
            memory = decoder.hear(states, lengths)
            return beam_search(decoder, memory, prompts, replace(options, ctc_weight=0.0))[0][0]
        greedy = greedy_search(ctc.log_probs, ctc.lengths)[0]
        tokens = tuple(token.id for token in greedy)
        if settings.decode == "ctc":
            log_probs = tuple(math.log(max(token.confidence, 1e-30)) for token in greedy)
            return Hypothesis(tokens, sum(log_probs), log_probs, ended=True)
        heard = (decoder, decoder.hear(states, lengths), prompts)
        if settings.decode == "rescore":
            proposals = prefix_beam_search(ctc.log_probs, ctc.lengths, _N_BEST)
            backwards = self._model.decoder_r2l
            reader = None if backwards is None else (backwards, backwards.hear(states, lengths))
            return rescore(*heard, proposals, self._rescoring, reader)[0][0]
        if settings.decode == "draft":
            return draft_search(*heard, [tokens], options, ctc).hypotheses[0]
        return beam_search(*heard, options, ctc)[0][0]

    def _written(
        self, passage: Passage, hypothesis: Hypothesis, ctc: PosteriorTable | None
    ) -> Iterator[Segment]:
        """The segments of what was read, every word with its time."""
        tokens = hypothesis.tokens
        rate = self._model.config.frame_rate
        n_frames = math.ceil(passage.duration * rate)
        spans = self._spans(passage, tokens, n_frames, ctc)
        times = [(passage.start + a / rate, passage.start + b / rate) for a, b in spans]
        words = self._vocabulary.words(tokens)
        return passage_segments(passage, words, times, hypothesis.token_log_probs)

    def _spans(
        self, passage: Passage, tokens: Sequence[int], n_frames: int, ctc: PosteriorTable | None
    ) -> Spans:
        """The frames of every token by CTC; equal shares where it cannot tell."""
        log_probs = None if ctc is None else ctc.log_probs[0, :n_frames].cpu().numpy()
        aligned = None if log_probs is None else ctc_align(log_probs, tokens)
        if aligned is None:  # no CTC; or fewer frames than pieces: nobody speaks like that
            return equal_spans(len(tokens), 0.0, float(n_frames))
        frames = [(float(token.start), float(token.end)) for token in aligned]
        spans = widen(frames, float(n_frames), _BEFORE, _AFTER)
        steps = round(STEPS / self._model.config.frame_rate)
        return to_the_quiet(spans, frames, loudness(passage.waveform), steps)
