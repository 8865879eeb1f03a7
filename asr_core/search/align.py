"""When each token was said: by CTC, by the decoder's cross-attention, or in equal shares."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from asr_core.search.ctc import Token

Floats = NDArray[np.floating]
Spans = list[tuple[float, float]]  # start and end, in order

# Compare and exchange these of seven values, and the fourth is their median (Devillard 1998).
_MEDIAN_NETWORK = (
    *((0, 5), (0, 3), (1, 6), (2, 4), (0, 1), (3, 5), (2, 6)),
    *((2, 3), (3, 6), (4, 5), (1, 4), (1, 3), (3, 4)),
)
_MEDIAN_WIDTH = 7

# What is quiet, in steps of the loudness (5 ms) and dB.
_SHORTEST = 6  # a shorter lull is part of a sound
_ABOUT = 40  # to either side of two tokens: how loud and how soft it is there
_DROP = 33.0  # it is quiet that far below the loudest moment there,
_BACKGROUND, _ABOVE = 15.0, 8.0  # and where it is no louder than so much above this percentile,
_LEAST_DROP = 20.0  # if that is still so far below the loudest


def ctc_align(log_probs: Floats, tokens: Sequence[int], blank_id: int = 0) -> list[Token] | None:
    """The frames of each token on the likeliest CTC path of a known text.

    Args:
        log_probs: (T', V) natural log posteriors of one utterance, padding cut off.

    Returns:
        One span a token, disjoint and in order; None when there are too few frames for the text.

    Source: Graves et al. 2006, section 4.1, with maxima in place of sums.
    """
    n_frames, n_tokens = len(log_probs), len(tokens)
    n_repeats = sum(a == b for a, b in pairwise(tokens))
    if n_tokens == 0:
        return []
    if n_frames < n_tokens + n_repeats:
        return None
    states = np.full(2 * n_tokens + 1, blank_id)  # blank, y1, blank, ..., yL, blank
    states[1::2] = tokens
    emitted = np.asarray(log_probs, dtype=np.float64)[:, states]  # (T', S)
    may_skip = np.zeros(len(states), dtype=bool)
    may_skip[3::2] = states[3::2] != states[1:-2:2]  # a blank may be left out between two tokens
    came_from = np.zeros(emitted.shape, dtype=np.int8)  # how many states back
    best = np.full(len(states), -np.inf)
    best[:2] = emitted[0, :2]
    for t in range(1, n_frames):
        one, two = np.full((2, len(states)), -np.inf)
        one[1:] = best[:-1]
        two[2:] = np.where(may_skip[2:], best[:-2], -np.inf)
        moved = one > best
        best = np.where(moved, one, best)
        skipped = two > best
        came_from[t] = np.where(skipped, 2, moved)
        best = np.where(skipped, two, best) + emitted[t]
    state = len(states) - 1 if best[-1] >= best[-2] else len(states) - 2
    path = np.empty(n_frames, dtype=np.int64)
    for t in range(n_frames - 1, -1, -1):
        path[t] = state
        state -= int(came_from[t, state])
    spans = []
    for i, token in enumerate(tokens):
        frames = np.flatnonzero(path == 2 * i + 1)
        start, end = int(frames[0]), int(frames[-1]) + 1
        confidence = float(np.exp(min(emitted[start:end, 2 * i + 1].mean(), 0.0)))
        spans.append(Token(int(token), start, end, confidence))
    return spans


def attention_align(weights: Floats, n_skipped: int = 0) -> Spans:
    """The frames of each token by where the decoder looked while it chose the token.

    Args:
        weights: (H, n_skipped + U + 1, T') cross-attention of the heads that follow the sound,
            padding cut off; row n_skipped + u is where the decoder looked to choose token u, the
            last row where it looked to choose the end token. When prompt and tokens were fed,
            n_skipped is the length of the prompt - 1: its last row chooses the first token.

    Returns:
        One span a token, in order, in frames; they touch.

    Source: Whisper's reference code, timing.py: heads normalized over tokens, smoothed by a
    median over frames, averaged, and aligned by dynamic time warping.
    """
    weights = np.asarray(weights, dtype=np.float64)
    if weights.shape[1] <= n_skipped + 1 or weights.shape[2] == 0:
        n_frames = weights.shape[2]
        return equal_spans(max(weights.shape[1] - n_skipped - 1, 0), 0.0, float(n_frames))
    spread = weights.std(axis=1, keepdims=True)
    weights = (weights - weights.mean(axis=1, keepdims=True)) / np.maximum(spread, 1e-8)
    rows, columns = warp(-running_median(weights).mean(axis=0)[n_skipped:])
    starts = columns[np.flatnonzero(np.diff(rows, prepend=-1))].tolist()  # where each row begins
    return [(float(a), float(b)) for a, b in pairwise(starts)]


def warp(cost: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The cheapest way from the first to the last cell, by steps down, right, or both.

    Args:
        cost: (N, M) of passing each cell, N and M at least 1.

    Returns:
        Rows and columns of the cells passed.
    """
    n_rows, n_columns = cost.shape
    total = np.full((n_rows + 1, n_columns + 1), np.inf)  # cheapest way to each cell
    total[0, 0] = 0.0
    for i, row in enumerate(cost):
        # Enter the row at the best column k, then go right: sums along the row are differences.
        along = np.cumsum(row)
        entered = np.minimum(total[i, :-1], total[i, 1:]) - (along - row)
        total[i + 1, 1:] = along + np.minimum.accumulate(entered)
    i, j = n_rows, n_columns
    cells = []
    while i and j:
        cells.append((i - 1, j - 1))
        both, down, right = total[i - 1, j - 1], total[i - 1, j], total[i, j - 1]
        if both <= down and both <= right:
            i, j = i - 1, j - 1
        elif down < right:
            i -= 1
        else:
            j -= 1
    rows, columns = np.array(cells[::-1]).T
    return rows, columns


def running_median(x: Floats) -> Floats:
    """The running median of seven along the last axis, mirrored at the ends."""
    half = _MEDIAN_WIDTH // 2
    n = x.shape[-1]
    if n <= half:
        return x
    x = np.pad(x, [*[(0, 0)] * (x.ndim - 1), (half, half)], mode="reflect")
    values = [x[..., i : i + n] for i in range(_MEDIAN_WIDTH)]
    for i, j in _MEDIAN_NETWORK:
        values[i], values[j] = np.minimum(values[i], values[j]), np.maximum(values[i], values[j])
    return values[half]


def equal_spans(n_tokens: int, start: float, end: float) -> Spans:
    """`n_tokens` equal shares of the time, for want of anything better."""
    edges = np.linspace(start, end, n_tokens + 1).tolist()
    return list(pairwise(edges))


def widen(
    spans: Sequence[tuple[float, float]], duration: float, before: float, after: float
) -> Spans:
    """Spans as they are said: CTC hears a token for a frame or two, near its beginning.

    Each begins earlier and ends later by so much, within 0..duration; where there is not so much
    room between two, both get their share of it.
    """
    starts, ends = [start for start, _ in spans], [end for _, end in spans]
    share = after / (before + after)
    borders = [end + share * (start - end) for end, start in zip(ends, starts[1:], strict=False)]
    return [
        (min(max(start - before, earliest), duration), min(end + after, latest, duration))
        for start, end, earliest, latest in zip(
            starts, ends, [0.0, *borders], [*borders, duration], strict=False
        )
    ]


def to_the_quiet(
    spans: Sequence[tuple[float, float]],
    heard: Sequence[tuple[float, float]],
    loudness: Floats,
    steps: int,
) -> Spans:
    """Spans that end where it falls quiet behind a token, and begin where it is loud again.

    Between two tokens that is the longest quiet stretch; where there is none they stay.

    Args:
        spans: about when each token was said, in frames.
        heard: when CTC heard each of them, within its span.
        loudness: (N,) dB.
        steps: values of it a frame.
    """
    starts, ends = [start for start, _ in spans], [end for _, end in spans]
    if not spans or not len(loudness):
        return list(spans)
    last = len(spans) - 1
    for i in range(len(spans) + 1):
        since = round(steps * heard[i - 1][1]) if i else 0
        until = round(steps * heard[i][0]) if i <= last else len(loudness)
        first = max(0, round(steps * heard[max(i - 1, 0)][0]) - _ABOUT)
        about = loudness[first : round(steps * heard[min(i, last)][1]) + _ABOUT]
        between = loudness[since:until]
        if len(between) < _SHORTEST:
            continue
        begin, end = _longest_run(between < _quiet_below(about))
        if end - begin >= _SHORTEST:
            if i:
                ends[i - 1] = (since + begin) / steps
            if i <= last:
                starts[i] = (since + end) / steps
    return list(zip(starts, ends, strict=True))


def _quiet_below(loudness: Floats) -> float:
    """Up to which dB it is quiet in a stretch of sound, which may have noise in it."""
    loudest = float(loudness.max())
    background = float(np.percentile(loudness, _BACKGROUND)) + _ABOVE
    return min(max(loudest - _DROP, background), loudest - _LEAST_DROP)


def _longest_run(inside: NDArray[np.bool_]) -> tuple[int, int]:
    """Where the longest run of True begins and ends."""
    edges = np.flatnonzero(np.diff(inside.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
    if not len(edges):
        return 0, 0
    begin, end = edges[np.argmax(edges[:, 1] - edges[:, 0])].tolist()
    return begin, end
