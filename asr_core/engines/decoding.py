"""The five ways from encoder states to tokens, each over the same model; where each token was."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

import torch
from torch import Tensor

from asr_core.audio.loudness import STEPS, loudness
from asr_core.engines.passages import Passage
from asr_core.errors import AsrError
from asr_core.model.hybrid import HybridModel
from asr_core.model.memory import Memory
from asr_core.model.posteriors import CtcPosteriors
from asr_core.model.units import UnitTable
from asr_core.search.align import (
    attention_align,
    ctc_align,
    equal_spans,
    to_the_quiet,
    widen,
)
from asr_core.search.bias import Bias
from asr_core.search.ctc import Token, merged, prefix_beam_search
from asr_core.search.draft import draft_search
from asr_core.search.joint import beam_search
from asr_core.search.rescore import RescoreOptions, rescore
from asr_core.search.types import Hypothesis, SearchOptions
from asr_core.settings import Settings
from asr_core.text.tokenizer import Tokenizer

_MARGIN = 2.5  # half of the hypotheses are further behind, and never catch up
_N_BEST = 10  # CTC hypotheses that are rescored
_BEFORE, _AFTER = 5.0, 12.0  # encoder frames a unit is said before and after CTC hears it

_BLANK = 0

TokenSpans = list[tuple[float, float] | None]


class Decoding:
    """A model's searches, by the names users know them under.

    Args:
        alignment_heads: (layer, head) of the decoder's cross-attention that follow the speech.
        temperature: in the modes attention and joint the decoder's logits are divided by it.
    """

    def __init__(
        self,
        model: HybridModel,
        tokenizer: Tokenizer,
        units: UnitTable,
        alignment_heads: Sequence[tuple[int, int]],
        temperature: float = 1.0,
    ) -> None:
        self._model = model
        self._units = units
        self._heads = tuple(alignment_heads)
        self._tokenizer = tokenizer
        n_tokens = model.config.decoder.vocab_size
        at_start = torch.zeros(n_tokens, dtype=torch.bool)
        at_start[list(tokenizer.suppressed_at_start)] = True
        self._options = SearchOptions(
            eos_id=tokenizer.eos_id,
            beam_margin=_MARGIN,
            length_penalty=1.0,  # the mean log probability of a token, as Whisper ranks
            temperature=temperature,
            suppressed=never_text(tokenizer, n_tokens),
            suppressed_at_start=at_start,
        )

    def ctc_weight(self, language: str) -> float:
        """Of CTC in a joint score; 0 where it has not learned the language."""
        return self._model.config.ctc_weights.get(language, 0.0)

    def posteriors(
        self,
        encoder_out: Tensor,
        lengths: Tensor,
        sounds: Sequence[int],
        languages: Sequence[str],
    ) -> CtcPosteriors | None:
        """What CTC hears in the B passages; None if it has not learned their language.

        Args:
            encoder_out: (S, T', D) states of the sounds, with (S,) `lengths` frames.
            sounds: which of them each passage is of.
            languages: of the passages; CTC has the same weight for all of them.
        """
        if not self.ctc_weight(languages[0]):
            return None
        return CtcPosteriors(self._model, encoder_out, lengths, sounds)

    def hypotheses(
        self,
        memory: Memory,
        ctc: CtcPosteriors | None,
        languages: Sequence[str],
        limits: Sequence[int],
        settings: Settings,
        bias: Bias | None = None,
    ) -> list[list[Hypothesis]]:
        """The hypotheses of every passage, best first, in the decoder's tokens.

        The modes ctc and draft have one each.

        Args:
            memory: what the decoder keeps of the B passages.
            ctc: their `posteriors`.
            languages: of the passages; CTC has the same weight for all of them.
            limits: the most tokens each passage may have.
            bias: of listed terms; for the modes attention and joint, the others go without.

        Raises:
            AsrError: the mode needs a CTC branch that has been trained.
        """
        mode = settings.decode
        ctc_weight = self.ctc_weight(languages[0])
        if mode in ("ctc", "rescore") and ctc is None:
            raise AsrError(
                f"CTC, which the mode {mode!r} needs, has not learned the language "
                f"{languages[0]!r} in this model. Choose joint, attention or draft."
            )
        if mode == "attention":
            ctc = None
        if mode == "ctc":
            assert ctc is not None
            return [[self._from_units(h)] for h in _greedy(ctc)]
        fed = torch.tensor([self._tokenizer.prompt(language) for language in languages])
        heard = (self._model.decoder, memory, fed)
        if mode == "rescore":
            assert ctc is not None
            proposals = [
                [self._from_units(h) for h in nbest]
                for nbest in prefix_beam_search(ctc.table(), ctc.lengths, _N_BEST)
            ]
            options = RescoreOptions(self._options.eos_id, ctc_weight=ctc_weight)
            return rescore(*heard, proposals, options)
        options = replace(
            self._options,
            beam_size=settings.beam_size,
            max_tokens=list(limits),
            ctc_weight=0.0 if ctc is None else ctc_weight,
            units=self._units.of_tokens,
            bias=bias,
        )
        if mode == "draft":
            drafts: list[tuple[int, ...]] = [()] * len(languages)
            if ctc is not None:
                drafts = [self._as_written(self._from_units(h).tokens) for h in _greedy(ctc)]
            return [[h] for h in draft_search(*heard, drafts, options, ctc).hypotheses]
        return beam_search(*heard, options, ctc)

    def spans(
        self,
        memory: Memory,
        passages: Sequence[Passage],
        hypotheses: Sequence[Hypothesis],
        ctc: CtcPosteriors | None,
    ) -> list[TokenSpans]:
        """The encoder frames of every token; None for one in which nothing is to be heard.

        By CTC, and by where it falls quiet, where CTC has learned the language; else by where the
        decoder looked.

        Args:
            ctc: the passages' `posteriors`.
        """
        if ctc is None:
            return self._looked(memory, passages, hypotheses)
        return [
            self._aligned(ctc, b, hypothesis.tokens, passage)
            for b, (hypothesis, passage) in enumerate(zip(hypotheses, passages, strict=True))
        ]

    def _aligned(
        self, ctc: CtcPosteriors, b: int, tokens: Sequence[int], passage: Passage
    ) -> TokenSpans:
        """The encoder frames of the tokens of passage `b`."""
        config, n_frames = self._model.config, passage.n_frames
        pooling, steps = config.ctc_pooling, round(STEPS / config.frame_rate)
        units, aligned = self._heard(ctc, b, tokens, n_frames)
        if aligned is None:  # fewer frames than units: nobody speaks like that
            return [*equal_spans(len(tokens), 0.0, float(n_frames))]
        frames = [(float(pooling * unit.start), float(pooling * unit.end)) for unit in aligned]
        about = widen(frames, float(n_frames), _BEFORE, _AFTER)
        said = iter(to_the_quiet(about, frames, loudness(passage.waveform), steps))
        spans: TokenSpans = []
        for found in units:
            parts = [next(said) for _ in found]
            spans.append((parts[0][0], parts[-1][1]) if parts else None)
        return spans

    def evidence(
        self, ctc: CtcPosteriors, b: int, tokens: Sequence[int], n_frames: int
    ) -> list[float]:
        """How well CTC hears each token in passage `b`: mean log posterior of its units.

        NaN for a token without units; -inf for all where there are fewer frames than units.
        """
        units, aligned = self._heard(ctc, b, tokens, n_frames)
        if aligned is None:
            return [-math.inf if found else math.nan for found in units]
        heard = iter(math.log(max(unit.confidence, 1e-30)) for unit in aligned)
        return [
            sum(next(heard) for _ in found) / len(found) if found else math.nan for found in units
        ]

    def _heard(
        self, ctc: CtcPosteriors, b: int, tokens: Sequence[int], n_frames: int
    ) -> tuple[list[list[int]], list[Token] | None]:
        """The units of every token, and all of them on CTC's best path of the text."""
        units = self._units.of_tokens(tokens)
        wanted = {unit: i for i, unit in enumerate(dict.fromkeys(chain([_BLANK], *units)))}
        log_probs = ctc.of(torch.full((len(wanted),), b), torch.tensor([*wanted])).cpu().T.numpy()
        heard = log_probs[: -(-n_frames // self._model.config.ctc_pooling)]
        return units, ctc_align(heard, [wanted[unit] for unit in chain(*units)])

    def _looked(
        self,
        memory: Memory,
        passages: Sequence[Passage],
        hypotheses: Sequence[Hypothesis],
    ) -> list[TokenSpans]:
        """The same by where the decoder looked.

        Source: Radford et al.'s reference code, timing.py: the mean of the heads that follow the
        speech, by dynamic time warping.
        """
        eos_id = self._options.eos_id
        prompts = [self._tokenizer.prompt(passage.language) for passage in passages]
        rows = [
            torch.tensor([*prompt, *hypothesis.tokens, eos_id])
            for prompt, hypothesis in zip(prompts, hypotheses, strict=True)
        ]
        fed = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=eos_id)
        cache = self._model.decoder.recall(memory)
        weights = self._model.decoder.attend(fed, cache, self._heads).cpu()
        return [
            [
                *attention_align(
                    looked[:, : len(row) - 1, : passage.n_frames].numpy(), len(prompt) - 1
                )
            ]
            for looked, row, passage, prompt in zip(weights, rows, passages, prompts, strict=True)
        ]

    def _as_written(self, tokens: Sequence[int]) -> tuple[int, ...]:
        """What CTC heard, the way the decoder would begin, end and cut it into tokens."""
        text = self._tokenizer.decode(tokens).rstrip()
        if not text:
            return ()
        first = len(text) - len(text.lstrip())
        mark = "." if text[-1].isascii() else "。"
        text = text[:first] + text[first].upper() + text[first + 1 :] + mark
        return tuple(self._tokenizer.encode(text))

    def _from_units(self, found: Hypothesis) -> Hypothesis:
        """A CTC hypothesis in the decoder's tokens; those of one unit share its probability."""
        sources = [self._units.sources[unit] for unit in found.tokens]
        return replace(
            found,
            tokens=tuple(token for source in sources for token in source),
            token_log_probs=tuple(
                log_prob
                for source, log_prob in zip(sources, found.token_log_probs, strict=True)
                for _ in source
            ),
            frames=None,
        )


def never_text(tokenizer: Tokenizer, n_tokens: int) -> Tensor:
    """(n_tokens,) True for tokens no search may choose: sounds, languages, tasks and times."""
    suppressed = torch.zeros(n_tokens, dtype=torch.bool)
    suppressed[list(tokenizer.suppressed)] = True
    suppressed[tokenizer.eos_id + 1 :] = True
    return suppressed


def _greedy(ctc: CtcPosteriors) -> list[Hypothesis]:
    found = []
    for tokens in merged(ctc.best_log_probs, ctc.best, ctc.lengths):
        log_probs_of = tuple(math.log(max(token.confidence, 1e-30)) for token in tokens)
        units = tuple(token.id for token in tokens)
        found.append(Hypothesis(units, sum(log_probs_of), log_probs_of, ended=True))
    return found
