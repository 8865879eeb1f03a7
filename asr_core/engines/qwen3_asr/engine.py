"""The Qwen3-ASR engine: windows -> questions -> answers, token by token -> words with times."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from transformers import Qwen3ASRProcessor

from asr_core.audio import SAMPLE_RATE
from asr_core.audio.segment import Window
from asr_core.engines import Recognized
from asr_core.engines.batches import growing_batches
from asr_core.engines.passages import Passage
from asr_core.engines.qwen3_asr.generation import Answering, answers, log_likelihood
from asr_core.engines.qwen3_asr.placing import Placed
from asr_core.engines.qwen3_asr.prompt import BROKEN, LANGUAGES, Answer, answer, question
from asr_core.engines.qwen3_asr.words import answer_words
from asr_core.engines.stages import Stages
from asr_core.engines.times import WordTimes
from asr_core.engines.words import passage_segments
from asr_core.errors import AsrError
from asr_core.heap import give_back
from asr_core.model.linear import fastest
from asr_core.result import Segment
from asr_core.settings import Settings
from asr_core.speed import Speed
from asr_core.text.echo import is_echo, is_of_terms
from asr_core.text.language import language_shares
from asr_core.text.tokenizer import TokenWord, words_of
from asr_core.text.vocabulary import Vocabulary

_TOKENS_PER_SECOND = 12.0  # nobody speaks faster; more is a loop
_FEWEST_TOKENS = 32  # with those that name the language
_REDRAWN_S = 0.2  # between two looks at an answer that is being written
_KIN = {"yue": "zh"}  # who chose Chinese gets Cantonese as it is said
_UNSURE = 5  # last tokens of a draft that more sound may change
_UNKEPT = 2  # drafts of a window of which nothing is kept: too little was heard
_MEASURED_S, _STEPS = 4.0, 6  # seconds of made-up sound, and tokens, that tell the speed
_TOKENS_SAID = 4.0  # tokens a second of speech


class Reading(NamedTuple):
    """A window and what the model said of it."""

    window: Window
    answering: Answering
    answer: Answer

    def is_in(self, languages: Sequence[str]) -> bool:
        """Whether it is in one of the languages; silence is in all of them."""
        named = self.answer.language
        return not self.answer.text or named in languages or _KIN.get(named or "") in languages

    def is_doubtful(self, vocabulary: Vocabulary) -> bool:
        """Whether it may owe more to the list of terms than to the sound."""
        return not self.answering.ended or is_of_terms(self.answer.text, vocabulary)

    def or_rather(self, untold: Reading, vocabulary: Vocabulary) -> Reading:
        """This one, read with the list of terms, or the one that was read without."""
        if not self.answering.ended:
            return untold if untold.answering.ended else self
        return untold if is_echo(self.answer.text, untold.answer.text, vocabulary) else self


class Draft(NamedTuple):
    """What was read of a window that is still open."""

    start: float  # of the window
    raw: str  # as the model wrote it, language and all
    n: int  # how many there were of this window, with this one


Reader = Generator[Recognized, None, list[Reading]]  # drafts on the way


def _no_less_than(shown: str, reader: Reader) -> Reader:
    """The drafts of `reader`, but for those shorter than what is shown already."""
    while True:
        try:
            found = next(reader)
        except StopIteration as end:
            return end.value
        yield replace(found, draft=max(found.draft, shown, key=len))


class Qwen3AsrEngine:
    """A Qwen3-ASR model, warm. It reads greedily: settings of search mean nothing to it."""

    def __init__(
        self, name: str, placed: Placed, processor: Qwen3ASRProcessor, times: WordTimes
    ) -> None:
        self.name = name
        self._placed = placed
        self._processor = processor
        self._times = times
        self._counts: Counter[str] = Counter()
        self._gaps: list[float] = []  # seconds from a token to the next
        self._stages = Stages()

    def decode(self, settings: Settings) -> str:
        """Always the likeliest token."""
        return "greedy"

    def stats(self) -> dict[str, Any]:
        """Device, precision and counts of the last run, and the median time between tokens."""
        gap = {"inter_token_s": statistics.median(self._gaps)} if self._gaps else {}
        return {
            "device": str(self._placed.device),
            "precision": self._placed.precision,
            "notes": [*self._placed.notes, *self._times.notes],
            **gap,
            **self._counts,
            **self._stages.told(),
        }

    def recognize(self, windows: Iterable[Window], settings: Settings) -> Generator[Recognized]:
        """Segments window by window, and drafts of them while they are being written."""
        self._counts.clear()
        self._gaps.clear()
        self._stages.clear()
        wanted = self._candidates(settings)
        vocabulary = Vocabulary.parse(settings.vocabulary)
        draft, shown = None, ""
        for batch in growing_batches(windows):
            if batch[0].is_open:
                draft = self._drafted(batch[0], draft, wanted, vocabulary)
                shown = answer(draft.raw, _forced(wanted)).text
                yield Recognized(batch[0].start, (), shown)
                continue
            readings = yield from _no_less_than(shown, self._read(batch, wanted, vocabulary))
            draft, shown = None, ""
            for reading in readings:
                yield Recognized(reading.window.end, tuple(self._segments(reading, wanted)))
            give_back()

    def align(self, window: Window, text: str, language: str) -> Segment | None:
        """When the words of `text`, which was said in `window`, were said."""
        words = words_of(text)
        if not words:
            return None
        times = self._times(window, text, words, language)
        passage = Passage(window.start, window.waveform, window.spans, language)
        found = passage_segments(passage, _places(words), times, [0.0] * len(words))
        timed = tuple(word for segment in found for word in segment.words)
        return Segment(timed[0].start, timed[-1].end, language, text, 1.0, timed)

    def speed(self, settings: Settings) -> Speed:
        """How fast it is here, just now."""
        noise = np.random.default_rng(0).standard_normal(round(_MEASURED_S * SAMPLE_RATE))
        asked = self._asked([(0.1 * noise).astype(np.float32)], [question()])
        n_tokens = len([*answers(self._placed, asked, [_STEPS])])
        hearing = fastest(lambda: next(answers(self._placed, asked, [1])), 2)
        whole = fastest(lambda: [*answers(self._placed, asked, [n_tokens])], 2)
        step = max(0.0, whole - hearing) / max(1, n_tokens - 1)
        return Speed.of_every_mode(hearing / _MEASURED_S + _TOKENS_SAID * step)

    def _candidates(self, settings: Settings) -> tuple[str, ...]:
        wanted = settings.languages if settings.language == "auto" else (settings.language,)
        for language in wanted:
            if language not in LANGUAGES:
                raise AsrError(
                    f"{self.name} does not know the language {language!r}, only "
                    f"{', '.join(sorted(LANGUAGES))}."
                )
        return wanted

    def _read(
        self, windows: Sequence[Window], wanted: Sequence[str], vocabulary: Vocabulary
    ) -> Reader:
        """Every window read; what cannot be what was said is read again."""
        context = _context(vocabulary)
        found = yield from self._answers(windows, [_forced(wanted)] * len(windows), context)
        others = [i for i, reading in enumerate(found) if not reading.is_in(wanted)]
        if others:
            self._counts["other_languages"] += len(others)
            named = [self._likeliest(windows[i], wanted) for i in others]
            again = yield from self._answers([windows[i] for i in others], named, context)
            for i, reading in zip(others, again, strict=True):
                found[i] = reading
        doubtful = [i for i, reading in enumerate(found) if reading.is_doubtful(vocabulary)]
        if context and doubtful:
            self._counts["read_without_terms"] += len(doubtful)
            named = [found[i].answer.language for i in doubtful]
            again = yield from self._answers([windows[i] for i in doubtful], named, "")
            for i, reading in zip(doubtful, again, strict=True):
                found[i] = found[i].or_rather(reading, vocabulary)
        return found

    def _drafted(
        self, window: Window, before: Draft | None, wanted: Sequence[str], vocabulary: Vocabulary
    ) -> Draft:
        """An open window read as far as it has come.

        All its sound is heard again; of what was written of it before, all but the last tokens is
        kept and gone on from.

        Source: Qwen3-ASR Technical Report (arXiv 2601.21337), streaming inference.
        """
        asked = question(_context(vocabulary), _forced(wanted))
        kept, n = "", 1
        if before is not None and before.start == window.start:
            n = before.n + 1
            if before.n >= _UNKEPT:
                tokens = self._processor.tokenizer.encode(before.raw)
                kept = self._decode(tokens[:-_UNSURE]).rstrip(BROKEN)
        inputs = self._asked([window.waveform], [asked + kept])
        (row,) = [*answers(self._placed, inputs, [_most_tokens(window)])][-1]
        self._counts["tokens"] += len(row.tokens)
        return Draft(window.start, kept + self._decode(row.tokens), n)

    def _answers(
        self, windows: Sequence[Window], languages: Sequence[str | None], context: str
    ) -> Reader:
        """What the model says of the windows, all at once; drafts on the way."""
        asked = self._asked(
            [window.waveform for window in windows],
            [question(context, language) for language in languages],
        )
        limits = [_most_tokens(window) for window in windows]
        written = answers(self._placed, asked, limits)
        with self._stages.at("prefill"):
            rows = next(written)
        self._stages.made("prefill", int(asked["attention_mask"].sum()))
        drawn = perf_counter()
        while self._goes_on(written):
            if perf_counter() - drawn >= _REDRAWN_S:
                drawn = perf_counter()
                drafts = [said.text for said in map(self._said, rows, languages) if said.text]
                if drafts:
                    yield Recognized(windows[0].start, (), " ".join(drafts))
        n_tokens = sum(len(row.tokens) for row in rows)
        self._stages.made("search", n_tokens)
        self._counts["tokens"] += n_tokens
        self._counts["loops"] += sum(row.looped for row in rows)
        said = map(self._said, rows, languages)
        return [Reading(*found) for found in zip(windows, rows, said, strict=True)]

    def _goes_on(self, written: Iterator[list[Answering]]) -> bool:
        """Write the next token of every answer; False if they all have come to their end."""
        began = perf_counter()
        with self._stages.at("search"):
            goes_on = next(written, None) is not None
        if goes_on:
            self._gaps.append(perf_counter() - began)
        return goes_on

    def _asked(self, waveforms: Sequence[NDArray[np.float32]], questions: Sequence[str]) -> Any:
        """Sounds and questions as the model takes them, padded on the left."""
        found = self._processor(text=[*questions], audio=[*waveforms])
        return found.to(self._placed.device)

    def _said(self, row: Answering, asked: str | None) -> Answer:
        return answer(self._decode(row.tokens), asked)

    def _decode(self, tokens: Sequence[int]) -> str:
        return self._processor.tokenizer.decode(tokens, skip_special_tokens=True)

    def _likeliest(self, window: Window, languages: Sequence[str]) -> str:
        """Which of the languages the model would rather name."""
        unnamed = question()

        def likelihood(language: str) -> float:
            named = question(language=language)
            n_tokens = len(self._processor.tokenizer.encode(named.removeprefix(unnamed)))
            asked = self._asked([window.waveform], [named])
            return log_likelihood(self._placed, asked, n_tokens)

        return max(languages, key=likelihood)

    def _segments(self, reading: Reading, wanted: Sequence[str]) -> Iterator[Segment]:
        """The segments of a window, their words with times."""
        window, row, said = reading
        words = answer_words(row.tokens, row.log_probs, said.text, self._decode)
        if not words:
            return
        language = said.language or wanted[0]
        texts = [word.text for word in words]
        with self._stages.at("align"):
            times = self._times(window, said.text, texts, language)
        passage = Passage(window.start, window.waveform, window.spans, language)
        log_probs = [word.log_prob for word in words]
        for segment in passage_segments(passage, _places(texts), times, log_probs):
            label = language_shares([segment]).label  # it changes language without a pause
            is_other = label in wanted and language in ("zh", "en")
            yield replace(segment, language=label) if is_other else segment


def _context(vocabulary: Vocabulary) -> str:
    """What the model is told beforehand."""
    return ", ".join(term.text for term in vocabulary.terms)


def _forced(wanted: Sequence[str]) -> str | None:
    """The language that the model must write; None where it may choose."""
    return wanted[0] if len(wanted) == 1 else None


def _most_tokens(window: Window) -> int:
    return round(_FEWEST_TOKENS + _TOKENS_PER_SECOND * window.duration)


def _places(words: Sequence[str]) -> list[TokenWord]:
    """The words as if each were a token."""
    return [TokenWord(word, i, i + 1) for i, word in enumerate(words)]
