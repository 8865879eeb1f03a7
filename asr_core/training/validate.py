"""How well a model does on speakers it has not heard: error rates of each branch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal, get_args

import torch
from torch import Tensor

from asr_core.audio import SAMPLE_RATE
from asr_core.engines.hearing import of_like_length
from asr_core.model.hybrid import HybridModel
from asr_core.search.ctc import greedy_search
from asr_core.search.joint import beam_search
from asr_core.search.posteriors import PosteriorTable
from asr_core.search.types import SearchOptions
from asr_core.text.score import error_rate
from asr_core.training.corpus import SoundCache, Utterance, group_of
from asr_core.training.examples import Features
from asr_core.training.targets import Writer, spoken_mostly

_TOKENS_PER_SECOND = 25  # letters, of a fast speaker: the plain model spells


Way = Literal["ctc", "attention", "joint"]


@dataclass(frozen=True, slots=True)
class Report:
    """Error rates by group of utterances: CTC alone, attention alone (greedy), both in one beam."""

    ctc: dict[str, float]
    attention: dict[str, float]
    joint: dict[str, float]

    def as_dict(self) -> dict[str, dict[str, float]]:
        return {
            way: {group: round(rate, 4) for group, rate in rates.items()}
            for way, rates in asdict(self).items()
        }


def chosen(utterances: Sequence[Utterance], most: int) -> list[Utterance]:
    """At most so many sentences of every group, evenly spread."""
    groups: dict[str, list[Utterance]] = defaultdict(list)
    for u in utterances:
        groups[group_of(u)].append(u)
    return [
        members[i * len(members) // min(most, len(members))]
        for group, members in sorted(groups.items())
        if not group.endswith("-words")
        for i in range(min(most, len(members)))
    ]


@dataclass(frozen=True, slots=True)
class Validator:
    """Decodes utterances with a model that is being trained.

    Attributes:
        options: of the joint search.
    """

    sounds: SoundCache
    writer: Writer
    features: Features
    options: SearchOptions

    def report(self, model: HybridModel, utterances: Sequence[Utterance], tail: float) -> Report:
        """Decode utterances in every way.

        Args:
            model: in evaluation mode, autocast around it.
            tail: seconds of silence behind every utterance.
        """
        found: dict[str, list[tuple[str, dict[Way, str]]]] = defaultdict(list)
        for u, texts in self.transcribed(model, utterances, tail, get_args(Way)):
            found[group_of(u)].append((u.text, texts))
        rates: dict[str, dict[str, float]] = {
            way: {
                group: error_rate([text for text, _ in rows], [texts[way] for _, texts in rows])
                for group, rows in sorted(found.items())
            }
            for way in get_args(Way)
        }
        return Report(**rates)

    @torch.inference_mode()
    def transcribed(
        self,
        model: HybridModel,
        utterances: Sequence[Utterance],
        tail: float,
        ways: Sequence[Way],
    ) -> Iterator[tuple[Utterance, dict[Way, str]]]:
        """Every utterance and its texts, those of like length together."""
        n_frames = [round((u.duration + tail) * model.config.frame_rate) for u in utterances]
        for places in of_like_length(n_frames):
            members = [utterances[i] for i in places]
            encoder_out, lengths = self._encoded(model, members, tail)
            ctc = PosteriorTable(*model.ctc_log_probs(encoder_out, lengths))
            prompts = torch.tensor([self._prompt(u) for u in members])
            memory = model.decoder.hear(encoder_out, lengths)
            texts: dict[Way, list[str]] = {}
            for way in ways:
                if way == "ctc":
                    heard = greedy_search(ctc.log_probs, ctc.lengths)
                    texts[way] = [self.writer.heard([t.id for t in units]) for units in heard]
                    continue
                limited = self._limited(members)
                if way == "attention":
                    limited = replace(limited, beam_size=1, ctc_weight=0.0)
                found = beam_search(model.decoder, memory, prompts, limited, ctc)
                texts[way] = [self.writer.written(nbest[0].tokens) for nbest in found]
            for i, utterance in enumerate(members):
                yield utterance, {way: texts[way][i] for way in ways}

    def _prompt(self, utterance: Utterance) -> tuple[int, ...]:
        language = utterance.language
        if language == "mixed":
            language = spoken_mostly(utterance.text)
        return self.writer.target("", language).prompt

    def _limited(self, members: Sequence[Utterance]) -> SearchOptions:
        limits = [round(20 + _TOKENS_PER_SECOND * u.duration) for u in members]
        return replace(self.options, max_tokens=limits)

    def _encoded(
        self, model: HybridModel, members: Sequence[Utterance], tail: float
    ) -> tuple[Tensor, Tensor]:
        silence = torch.zeros(round(tail * SAMPLE_RATE))
        heard = [
            self.features(torch.cat([torch.from_numpy(self.sounds.waveform(u)), silence])[None])[0]
            for u in members
        ]
        lengths = torch.tensor([len(x) for x in heard])
        return model.encode(torch.nn.utils.rnn.pad_sequence(heard, batch_first=True), lengths)
