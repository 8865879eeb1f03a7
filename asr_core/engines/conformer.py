"""The bundled engine: windows -> encoder -> language of each passage -> search -> segments."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from asr_core.audio.segment import Window
from asr_core.engines import Recognized
from asr_core.engines.alignment import Aligner
from asr_core.engines.alternatives import alternatives
from asr_core.engines.batches import growing_batches
from asr_core.engines.calibration import measured
from asr_core.engines.decoding import Decoding, TokenSpans
from asr_core.engines.folders import BUNDLED, folder_of
from asr_core.engines.hearing import Ear, Heard, of_like_length
from asr_core.engines.inventions import (
    NO_EVIDENCE,
    mean_evidence,
    stock_phrases,
    without_silence,
    without_stock_phrases,
)
from asr_core.engines.languages import LanguageSplitter
from asr_core.engines.passages import Passage
from asr_core.engines.stages import Stages
from asr_core.engines.terms import bias_of
from asr_core.engines.words import passage_segments
from asr_core.errors import AsrError
from asr_core.heap import give_back
from asr_core.model.growth import load_bundled, unit_table, whisper_tokenizer
from asr_core.model.posteriors import CtcPosteriors
from asr_core.model.precision import Placement
from asr_core.model.whisper import data_file
from asr_core.quantize.placing import placed
from asr_core.result import Segment
from asr_core.search.bias import Bias
from asr_core.search.loops import said_once
from asr_core.search.types import Hypothesis
from asr_core.settings import Settings
from asr_core.speed import Speed
from asr_core.text.echo import is_of_terms, is_recited
from asr_core.text.language import LanguageChooser
from asr_core.text.tokenizer import Tokenizer
from asr_core.text.vocabulary import Vocabulary

_FRAMES_READ = 12000  # encoder frames of the passages that are read together
_TOKENS_PER_SECOND = 12.0  # nobody speaks faster; more is a loop
_FEWEST_TOKENS = 24
_MOST_TOKENS = 440  # what the decoder's positions hold, less the prompt and the end


def load(settings: Settings) -> ConformerEngine:
    """The bundled engine, its weights in memory, on the device and in the precision asked for.

    Or that of a folder with other changes of the same grown model.

    Raises:
        ModelError: the weights are missing or damaged.
        AsrError: there is no such device, or this precision is not for it.
    """
    folder = folder_of(settings.engine)
    return engine_of(placed(load_bundled(folder), settings.device, settings.precision), folder.name)


def engine_of(
    placement: Placement, name: str = BUNDLED, temperature: float = 1.0
) -> ConformerEngine:
    """The engine over the bundled model, which may have been changed in the meantime.

    Args:
        temperature: the decoder's logits are divided by it.
    """
    tokenizer = whisper_tokenizer()
    table = json.loads(data_file("config.json").read_text())
    heads = [(layer, head) for layer, head in table["alignment_heads"]]
    units = unit_table(placement.model.config.ctc_unspaced)
    decoding = Decoding(placement.model, tokenizer, units, heads, temperature)
    return ConformerEngine(name, placement, tokenizer, decoding)


class ConformerEngine:
    """A hybrid model with Whisper's tokens, warm."""

    def __init__(
        self, name: str, placement: Placement, tokenizer: Tokenizer, decoding: Decoding
    ) -> None:
        self.name = name
        self._placement = placement
        self._model = placement.model
        self._tokenizer = tokenizer
        self._decoding = decoding
        self._counts: Counter[str] = Counter()
        self._stages = Stages()
        self._ear = Ear(placement, self._counts, self._stages)
        # Every pass ends with this norm.
        self._model.decoder.norm.register_forward_hook(self._count_pass)
        self._splitter = LanguageSplitter(self._ear, self._model, tokenizer)
        self._aligner = Aligner(self._ear, self._model, tokenizer, decoding)

    def stats(self) -> dict[str, Any]:
        """Device, precision, counts and times of the last run."""
        counted = {"decoder_passes": 0, **self._counts, **self._stages.told()}
        return {**self._placement.describe(), **counted}

    def _count_pass(self, *_: object) -> None:
        self._counts["decoder_passes"] += 1

    def recognize(self, windows: Iterable[Window], settings: Settings) -> Generator[Recognized]:
        """Segments window by window; the first window alone, then ever more together."""
        self._counts.clear()
        self._stages.clear()
        chooser = LanguageChooser(self._candidates(settings))
        vocabulary = Vocabulary.parse(settings.vocabulary)
        wanted = _Wanted(settings, vocabulary, bias_of(vocabulary, self._tokenizer))
        for batch in growing_batches(windows):
            with self._placement.autocast(), torch.inference_mode():
                if batch[0].is_open:
                    as_if = replace(chooser, heard=dict(chooser.heard))
                    found = self._recognized(batch, as_if, wanted)
                    yield Recognized.drafted(batch[0], [s for r in found for s in r.segments])
                else:
                    yield from self._recognized(batch, chooser, wanted)
            give_back()

    def align(self, window: Window, text: str, language: str) -> Segment | None:
        """When the words of `text`, which was said in `window`, were said."""
        with self._placement.autocast(), torch.inference_mode():
            return self._aligner.align(window, text, language)

    def decode(self, settings: Settings) -> str:
        """One of five ways, as chosen."""
        return settings.decode

    def speed(self, settings: Settings) -> Speed:
        """How fast it is here, just now."""
        with self._placement.autocast(), torch.inference_mode():
            return measured(self._ear.states, self._model, settings.beam_size)

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
        self, windows: list[Window], chooser: LanguageChooser, wanted: _Wanted
    ) -> Iterator[Recognized]:
        passages = self._splitter.passages(windows, chooser)
        found: dict[int, list[Segment]] = defaultdict(list)
        for heard, hypothesis, others, spans, _ in self._decided(passages, wanted):
            words = self._tokenizer.words(hypothesis.tokens)
            times = [None if span is None else heard.passage.seconds(span) for span in spans]
            found[heard.window] += passage_segments(
                heard.passage,
                words,
                times,
                hypothesis.token_log_probs,
                self._model.config.calibration,
                alternatives(hypothesis, others, self._tokenizer),
            )
        for i, window in enumerate(windows):
            yield Recognized(window.end, tuple(found[i]))

    def _decided(self, passages: list[Heard], wanted: _Wanted) -> list[_Reading]:
        """Every passage read in the language the decoder is surer of."""
        doubtful = [i for i, heard in enumerate(passages) if heard.passage.rival]
        rivals = [passages[i].in_rival_language() for i in doubtful]
        readings = self._read(passages + rivals, wanted)
        found, others = readings[: len(passages)], readings[len(passages) :]
        for i, other in zip(doubtful, others, strict=True):
            if other.hypothesis.confidence > found[i].hypothesis.confidence:
                found[i] = other
        return found

    def _read(self, passages: list[Heard], wanted: _Wanted) -> list[_Reading]:
        """Every passage read; what cannot be what was said is read again.

        What loops or finds no end is heard again in the full window, what only echoes the listed
        terms is read without them.
        """
        found = self._read_as_heard(passages, wanted)
        broken = [
            i
            for i, reading in enumerate(found)
            if reading.hypothesis.looped or not reading.hypothesis.ended
        ]
        if broken:
            self._counts["heard_again"] += len(broken)
            waveforms = [passages[i].passage.waveform for i in broken]
            again = [
                replace(passages[i], encoder_out=states)
                for i, states in zip(broken, self._ear.states(waveforms, full=True), strict=True)
            ]
            for i, reading in zip(broken, self._read_as_heard(again, wanted), strict=True):
                found[i] = reading
        echoes = [i for i, reading in enumerate(found) if reading.is_echo]
        if echoes:
            self._counts["echoes"] += len(echoes)
            without = wanted._replace(bias=None)
            again = [found[i].heard for i in echoes]
            for i, reading in zip(echoes, self._read_as_heard(again, without), strict=True):
                found[i] = reading
        return found

    def _read_as_heard(self, passages: list[Heard], wanted: _Wanted) -> list[_Reading]:
        """Every passage read; those of like length and kind together."""
        found: dict[int, _Reading] = {}
        for members in self._groups(passages):
            group = [passages[i] for i in members]
            encoder_out, lengths, rows = _sounds(group)
            languages = [heard.passage.language for heard in group]
            limits = [_most_tokens(heard.passage) for heard in group]
            with self._stages.at("search"):
                memory = self._model.decoder.hear(encoder_out, lengths).of(rows)
                ctc = self._decoding.posteriors(encoder_out, lengths, rows, languages)
                hypotheses = self._decoding.hypotheses(
                    memory, ctc, languages, limits, wanted.settings, wanted.bias
                )
            best = [said_once(first) for first, *_ in hypotheses]
            self._stages.made("search", sum(len(found.tokens) for found in best))
            others = [tuple(rest) for _, *rest in hypotheses]
            n_frames = [heard.passage.n_frames for heard in group]
            echoes = [False] * len(group)
            if ctc is not None:
                best = without_silence(best, ctc.best, ctc.lengths)
                best = self._without_stock_phrases(best, ctc, n_frames)
            if wanted.bias is not None:
                echoes = self._echoes(best, ctc, n_frames, wanted.vocabulary)
            with self._stages.at("align"):
                spans = self._decoding.spans(memory, [h.passage for h in group], best, ctc)
            readings = map(_Reading, group, best, others, spans, echoes)
            found.update(zip(members, readings, strict=True))
        return [found[i] for i in range(len(passages))]

    def _without_stock_phrases(
        self, hypotheses: list[Hypothesis], ctc: CtcPosteriors, n_frames: Sequence[int]
    ) -> list[Hypothesis]:
        """The hypotheses without the stock phrases that CTC does not hear."""
        found = list(hypotheses)
        for b, hypothesis in enumerate(hypotheses):
            if stock_phrases(self._tokenizer.words(hypothesis.tokens)):
                evidence = self._decoding.evidence(ctc, b, hypothesis.tokens, n_frames[b])
                found[b] = without_stock_phrases(hypothesis, self._tokenizer, evidence)
                self._counts["stock_phrases"] += found[b] is not hypothesis
        return found

    def _echoes(
        self,
        hypotheses: Sequence[Hypothesis],
        ctc: CtcPosteriors | None,
        n_frames: Sequence[int],
        vocabulary: Vocabulary,
    ) -> list[bool]:
        """Whether each hypothesis is the list of terms rather than what was said."""
        found = []
        for b, hypothesis in enumerate(hypotheses):
            text = self._tokenizer.decode(hypothesis.tokens)
            is_echo = is_of_terms(text, vocabulary)
            if is_echo and not is_recited(text, vocabulary) and ctc is not None:
                evidence = self._decoding.evidence(ctc, b, hypothesis.tokens, n_frames[b])
                is_echo = mean_evidence(evidence) < NO_EVIDENCE
            found.append(is_echo)
        return found

    def _groups(self, passages: Sequence[Heard]) -> Iterator[list[int]]:
        """The places of passages that are read together: CTC has one weight for all of them."""
        by_weight: dict[float, list[int]] = defaultdict(list)
        for i, heard in enumerate(passages):
            by_weight[self._decoding.ctc_weight(heard.passage.language)].append(i)
        for members in by_weight.values():
            n_frames = [len(passages[i].encoder_out) for i in members]
            for places in of_like_length(n_frames, _FRAMES_READ):
                yield [members[place] for place in places]


class _Wanted(NamedTuple):
    """What a run is to do: the settings, and what follows from them once for all passages."""

    settings: Settings
    vocabulary: Vocabulary
    bias: Bias | None


class _Reading(NamedTuple):
    """A passage, its hypotheses, and the encoder frames of every token of the best."""

    heard: Heard
    hypothesis: Hypothesis
    others: tuple[Hypothesis, ...]
    spans: TokenSpans
    is_echo: bool  # of the listed terms


def _most_tokens(passage: Passage) -> int:
    return min(_MOST_TOKENS, round(_FEWEST_TOKENS + _TOKENS_PER_SECOND * passage.duration))


def _sounds(group: Sequence[Heard]) -> tuple[Tensor, Tensor, list[int]]:
    """(S, T', D) states and their (S,) frames; which of the sounds each of the group is of.

    A passage that is read in two languages has one sound.
    """
    states = {id(heard.encoder_out): heard.encoder_out for heard in group}
    places = {identity: place for place, identity in enumerate(states)}
    lengths = torch.tensor([len(state) for state in states.values()])
    padded = torch.nn.utils.rnn.pad_sequence(list(states.values()), batch_first=True)
    return padded, lengths, [places[id(heard.encoder_out)] for heard in group]
