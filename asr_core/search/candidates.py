"""The tokens worth going on with: a short list by the decoder, then a ranking with CTC."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from asr_core.search.beam import Beam, Candidate
from asr_core.search.bias import Bias, Walk
from asr_core.search.token_scorer import TokenScorer
from asr_core.search.types import SearchOptions

_BLOCK = 128


def shortlist(
    log_probs: Tensor,
    options: SearchOptions,
    *,
    at_start: bool = False,
    walks: Sequence[Walk] = (),
) -> tuple[Tensor, Tensor]:
    """The likeliest tokens after every row, and the end token, which is always offered.

    Args:
        log_probs: (R, V) of the decoder; may be written into.
        at_start: what follows is the first token.
        walks: of every row among the listed terms; with them tokens of a term are offered as far
            as their bonus brings them.

    Returns:
        (R, K+1) tokens and their float64 log probs; what must not be taken has -inf.
    """
    if options.temperature != 1:
        log_probs = (log_probs / options.temperature).log_softmax(dim=1)
    if options.eos_scale != 1:
        log_probs[:, options.eos_id] *= options.eos_scale
    for mask in (options.suppressed, options.suppressed_at_start if at_start else None):
        if mask is not None:
            log_probs.index_fill_(1, mask.nonzero()[:, 0].to(log_probs.device), -torch.inf)
    if options.ctc_weight == 0:
        n_best = options.beam_size + 1
    elif options.ctc_weight == 1 and options.units is None:
        n_best = log_probs.shape[1]
    else:
        n_best = max(1, int(options.pre_beam * options.beam_size))
    n_best = min(n_best, log_probs.shape[1])
    if options.bias and walks:
        best, tokens = _with_bonus(log_probs, n_best, options.bias, walks)
    else:
        best, tokens = largest(log_probs, n_best)
    ends = torch.full_like(tokens[:, :1], options.eos_id)
    offered = (tokens == ends).any(dim=1, keepdim=True)  # not twice
    to_end = log_probs[:, options.eos_id, None].masked_fill(offered, -torch.inf)
    return torch.cat([tokens, ends], dim=1).cpu(), torch.cat([best, to_end], dim=1).cpu().double()


def ranked(
    tokens: Tensor, log_probs: Tensor, beams: list[Beam], scorer: TokenScorer | None = None
) -> list[list[Candidate]]:
    """The best continuations of every beam, best first.

    Args:
        tokens: (R, K), log_probs: (R, K) as `shortlist` gives them, a row for every running path.
    """
    options = beams[0].options
    weight = options.ctc_weight
    paths = [path for beam in beams for path in beam.running]
    before = torch.tensor([path.score for path in paths], dtype=torch.float64)[:, None]
    scores = before + (1 - weight) * log_probs + options.length_bonus
    psi = scorer.score(tokens) if scorer else torch.zeros_like(log_probs)
    if scorer:
        known = torch.tensor([path.ctc for path in paths], dtype=torch.float64)[:, None]
        scores += weight * (psi - known)
    if options.bias:
        bias = options.bias
        scores += torch.tensor(
            [
                [bias.score(bias.step(path.walk, token)) - bias.score(path.walk) for token in row]
                for path, row in zip(paths, tokens.tolist(), strict=True)
            ],
            dtype=torch.float64,
        )
    possible = (log_probs > -torch.inf) & (psi > -torch.inf)
    scores = scores.masked_fill_(~possible, -torch.inf)
    widths = torch.tensor([len(beam.running) for beam in beams])
    firsts = (widths.cumsum(0) - widths)[:, None]
    n_tokens = tokens.shape[1]
    rows = torch.nn.utils.rnn.pad_sequence(
        list(scores.split(widths.tolist())), batch_first=True, padding_value=-torch.inf
    )  # (B, W, K)
    scores, places = rows.flatten(1).sort(dim=1, descending=True, stable=True)
    n_kept = 2 * options.beam_size  # every path may end, and the beam is full still
    scores, places = scores[:, :n_kept], places[:, :n_kept]
    parents = places // n_tokens
    # Padding is last and has no score; where it is taken from makes no difference.
    taken = ((firsts + parents) * n_tokens + places % n_tokens).clamp_max(tokens.numel() - 1)
    columns = (parents, *(x.flatten()[taken] for x in (tokens, log_probs, psi)), scores)
    return [
        [Candidate(*values) for values in zip(*beam, strict=True) if values[-1] > -torch.inf]
        for beam in zip(*(column.tolist() for column in columns), strict=True)
    ]


def _with_bonus(
    log_probs: Tensor, n_best: int, bias: Bias, walks: Sequence[Walk]
) -> tuple[Tensor, Tensor]:
    """The best tokens of every row, with their bonus; their log probs without it."""
    rows, columns, more = [], [], []
    for row, walk in enumerate(walks):
        gains = dict.fromkeys(bias.first, bias.bonus) | bias.next(walk)
        rows += [row] * len(gains)
        columns += gains.keys()
        more += gains.values()
    index = (
        torch.tensor(rows, device=log_probs.device),
        torch.tensor(columns, device=log_probs.device),
    )
    plain = log_probs[index]
    log_probs[index] = plain + torch.tensor(more, dtype=plain.dtype, device=plain.device)
    tokens = largest(log_probs, n_best)[1]
    log_probs[index] = plain
    return log_probs.gather(1, tokens), tokens


def largest(x: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """`x.topk(k, dim=1)`, several times as fast on long rows: only the best blocks are searched."""
    n_rows, n_columns = x.shape
    n_blocks = n_columns // _BLOCK
    if n_blocks < 4 * k:
        return x.topk(k, dim=1)
    blocks = x[:, : n_blocks * _BLOCK].view(n_rows, n_blocks, _BLOCK).amax(dim=2)
    blocks = blocks.topk(k, dim=1).indices  # the k largest lie in the k blocks of largest maximum
    inside = torch.arange(_BLOCK, device=x.device)
    columns = (blocks[:, :, None] * _BLOCK + inside).flatten(1)
    rest = torch.arange(n_blocks * _BLOCK, n_columns, device=x.device).expand(n_rows, -1)
    columns = torch.cat([columns, rest], dim=1)
    values, places = x.gather(1, columns).topk(k, dim=1)
    return values, columns.gather(1, places)
