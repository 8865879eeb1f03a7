"""The joint loss: CTC and attention cross-entropy over one encoder, the language beside them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from asr_core.model.hybrid import LANGUAGES, HybridModel
from asr_core.training.examples import Batch
from asr_core.training.recipe import Recipe
from asr_core.training.targets import Target

IGNORED = -1  # in place of a token that nobody asks for
_TOKEN_GRID = 16  # padded lengths are its multiples: every new shape costs compiling kernels
_FRAMES_A_SECOND = 50
_SHORTEST, _LONGEST = 1.0, 6.0  # seconds of a slice whose language is asked


@dataclass(frozen=True, slots=True)
class Losses:
    """Losses of a batch, each the mean over what it asks for: units, tokens, stretches."""

    ctc: Tensor
    attention: Tensor
    language: Tensor

    def total(self, recipe: Recipe) -> Tensor:
        """The weighted sum."""
        return (
            recipe.ctc_weight * self.ctc
            + recipe.attention_weight * self.attention
            + recipe.language_weight * self.language
        )

    def values(self) -> dict[str, float]:
        return {
            "ctc": float(self.ctc.detach()),
            "attention": float(self.attention.detach()),
            "language": float(self.language.detach()),
        }


Objective = Callable[[Batch, bool], tuple[Tensor, dict[str, float]]]


def joint_objective(model: HybridModel, recipe: Recipe) -> Objective:
    """What training on transcripts makes small; while the heads learn alone the decoder rests."""

    def objective(batch: Batch, alone: bool) -> tuple[Tensor, dict[str, float]]:
        losses = joint_losses(model, batch, 0.0 if alone else recipe.attention_share)
        return losses.total(recipe), losses.values()

    return objective


def joint_losses(model: HybridModel, batch: Batch, attention_share: float = 1.0) -> Losses:
    """The losses of a batch.

    Parts without weights to train keep nothing for the backward pass.

    Args:
        attention_share: of the examples that the attention decoder is asked, drawn by chance.

    Source: Watanabe, Hori et al. 2017, Hybrid CTC/Attention Architecture, equation 8.
    """
    listens = any(p.requires_grad for p in model.encoder.parameters())
    with torch.set_grad_enabled(listens and torch.is_grad_enabled()):
        encoder_out, lengths = model.encode(batch.features, batch.lengths)
    zero = encoder_out.new_zeros(())
    asked = [i for i, target in enumerate(batch.targets) if target.tokens]
    n_asked = math.ceil(attention_share * len(asked))
    asked = [asked[i] for i in torch.randperm(len(asked))[:n_asked].tolist()]
    return Losses(
        ctc=ctc_loss(model, encoder_out, lengths, batch.targets),
        attention=(
            attention_loss(model, encoder_out, lengths, batch.targets, asked) if asked else zero
        ),
        language=(
            zero
            if model.language is None
            else language_loss(model, encoder_out.detach(), lengths, batch.languages)
        ),
    )


def ctc_loss(
    model: HybridModel, encoder_out: Tensor, lengths: Tensor, targets: tuple[Target, ...]
) -> Tensor:
    """Mean negative log probability of a unit; what cannot be aligned does not count.

    Source: Graves et al. 2006, Connectionist Temporal Classification, section 4.
    """
    log_probs, ctc_lengths = model.ctc_log_probs(encoder_out, lengths)
    units = torch.tensor([unit for target in targets for unit in target.units])
    n_units = torch.tensor([len(target.units) for target in targets])
    loss = F.ctc_loss(
        log_probs.transpose(0, 1),
        units.to(log_probs.device),
        ctc_lengths,
        n_units.to(log_probs.device),
        blank=model.config.blank_id,
        reduction="sum",
        zero_infinity=True,
    )
    return loss / max(1, len(units))


def attention_loss(
    model: HybridModel,
    encoder_out: Tensor,
    lengths: Tensor,
    targets: tuple[Target, ...],
    asked: Sequence[int],
) -> Tensor:
    """Mean negative log probability of a token, of the examples `asked`."""
    fed, wanted = fed_and_wanted([targets[i] for i in asked])
    decoder = model.decoder
    at = torch.tensor(asked, device=encoder_out.device)
    cache = decoder.start(encoder_out[at], lengths[at])
    log_probs = decoder.score_targets(fed, wanted.clamp_min(0), cache)
    counts = (wanted != IGNORED).to(log_probs.device)
    return -(log_probs * counts).sum() / counts.sum()


def fed_and_wanted(targets: Sequence[Target]) -> tuple[Tensor, Tensor]:
    """What a decoder is fed, and what it is to write behind each token.

    Returns:
        (R, U) tokens; (R, U) tokens, IGNORED behind the prompt's and the padding's.
    """
    rows = [(*target.prompt, *target.tokens) for target in targets]
    width = -(-(max(map(len, rows)) - 1) // _TOKEN_GRID) * _TOKEN_GRID
    fed = torch.zeros(len(rows), width, dtype=torch.long)
    wanted = torch.full((len(rows), width), IGNORED)
    for r, (target, row) in enumerate(zip(targets, rows, strict=True)):
        fed[r, : len(row) - 1] = torch.tensor(row[:-1])
        first = len(target.prompt) - 1
        wanted[r, first : len(row) - 1] = torch.tensor(row[first + 1 :])
    return fed, wanted


def language_loss(
    model: HybridModel, encoder_out: Tensor, lengths: Tensor, languages: Tensor
) -> Tensor:
    """Mean negative log probability of the language, of whole examples and of slices of them.

    Slices are only taken of examples in one language: which one a slice of the others is in
    nobody knows.
    """
    pure = [i for i, language in enumerate(languages.tolist()) if LANGUAGES[language] != "mixed"]
    states, labels = list(encoder_out), languages.tolist()
    n_frames = lengths.tolist()
    for i in pure:
        size = int(torch.empty(()).uniform_(_SHORTEST, _LONGEST) * _FRAMES_A_SECOND)
        if size < n_frames[i]:
            first = int(torch.randint(n_frames[i] - size + 1, ()))
            states.append(encoder_out[i, first : first + size])
            labels.append(labels[i])
            n_frames.append(size)
    stacked = torch.nn.utils.rnn.pad_sequence(states, batch_first=True)
    log_probs = model.language_log_probs(stacked, torch.tensor(n_frames))
    return F.nll_loss(log_probs, torch.tensor(labels, device=log_probs.device))
