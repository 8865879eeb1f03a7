"""How well a model does on speakers it has not heard: error rates of each branch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from asr_core.audio import SAMPLE_RATE
from asr_core.engines.hearing import of_like_length
from asr_core.model.hybrid import HybridModel
from asr_core.search.ctc import greedy_search
from asr_core.search.joint import beam_search
from asr_core.search.types import SearchOptions
from asr_core.text.score import error_rate
from asr_core.training.corpus import SoundCache, Utterance, group_of
from asr_core.training.examples import Features
from asr_core.training.targets import Writer, spoken_mostly

_TOKENS_PER_SECOND = 10


@dataclass(frozen=True, slots=True)
class Report:
    """Error rates by group of utterances, for CTC alone and for greedy attention alone."""

    ctc: dict[str, float]
    attention: dict[str, float]

    def as_dict(self) -> dict[str, dict[str, float]]:
        return {
            name: {group: round(rate, 4) for group, rate in rates.items()}
            for name, rates in (("ctc", self.ctc), ("attention", self.attention))
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


def validate(
    model: HybridModel,
    utterances: Sequence[Utterance],
    sounds: SoundCache,
    writer: Writer,
    features: Features,
    options: SearchOptions,
    tail: float,
) -> Report:
    """Decode utterances by either branch alone.

    Args:
        model: in evaluation mode, autocast around it.
        options: of the attention branch.
        tail: seconds of silence behind every utterance.
    """
    found: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for u, heard, written in transcribed(
        model, utterances, sounds, writer, features, options, tail
    ):
        found[group_of(u)].append((u.text, heard, written))
    rates = {
        group: [error_rate([r[0] for r in rows], [r[i] for r in rows]) for i in (1, 2)]
        for group, rows in sorted(found.items())
    }
    return Report(
        {group: rate[0] for group, rate in rates.items()},
        {group: rate[1] for group, rate in rates.items()},
    )


@torch.inference_mode()
def transcribed(
    model: HybridModel,
    utterances: Sequence[Utterance],
    sounds: SoundCache,
    writer: Writer,
    features: Features,
    options: SearchOptions,
    tail: float,
) -> Iterator[tuple[Utterance, str, str]]:
    """Every utterance, what CTC alone hears in it and what attention alone writes.

    The arguments are those of `validate`.
    """
    n_frames = [round((u.duration + tail) * model.config.frame_rate) for u in utterances]
    for places in of_like_length(n_frames):
        members = [utterances[i] for i in places]
        encoder_out, lengths = _encoded(model, members, sounds, features, tail)
        log_probs, ctc_lengths = model.ctc_log_probs(encoder_out, lengths)
        heard = greedy_search(log_probs, ctc_lengths)
        prompts = torch.tensor([_prompt(writer, u) for u in members])
        memory = model.decoder.hear(encoder_out, lengths)
        written = beam_search(model.decoder, memory, prompts, _limited(options, members))
        for u, units, nbest in zip(members, heard, written, strict=True):
            ctc = writer.heard([token.id for token in units])
            yield u, ctc, writer.written(nbest[0].tokens)


def _prompt(writer: Writer, utterance: Utterance) -> tuple[int, ...]:
    language = utterance.language
    if language == "mixed":
        language = spoken_mostly(utterance.text)
    return writer.target("", language).prompt


def _limited(options: SearchOptions, members: Sequence[Utterance]) -> SearchOptions:
    limits = [round(20 + _TOKENS_PER_SECOND * u.duration) for u in members]
    return replace(options, max_tokens=limits)


def _encoded(
    model: HybridModel,
    members: Sequence[Utterance],
    sounds: SoundCache,
    features: Callable[[Tensor], Tensor],
    tail: float,
) -> tuple[Tensor, Tensor]:
    silence = torch.zeros(round(tail * SAMPLE_RATE))
    heard = [
        features(torch.cat([torch.from_numpy(sounds.waveform(u)), silence])[None])[0]
        for u in members
    ]
    lengths = torch.tensor([len(x) for x in heard])
    return model.encode(torch.nn.utils.rnn.pad_sequence(heard, batch_first=True), lengths)
