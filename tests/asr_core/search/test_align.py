"""Alignments against goldens, and against trying every one."""

from __future__ import annotations

import itertools
import json
import time

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from asr_core.search.align import (
    attention_align,
    ctc_align,
    equal_spans,
    running_median,
    to_the_quiet,
    warp,
    widen,
)


def path_of(spans, n_frames):
    path = np.zeros(n_frames, dtype=int)
    for span in spans:
        path[span.start : span.end] = span.id
    return path.tolist()


@pytest.mark.parametrize("item", range(5))
def test_forced_alignment_agrees_with_torchaudio(shared_folder, item):
    folder = shared_folder / "golden" / "ctc"
    log_probs = load_file(folder / "ctc.safetensors")[f"align{item}.log_probs"].numpy()
    wanted = json.loads((folder / "ctc.json").read_text())["forced_alignment"][item]
    spans = ctc_align(log_probs, wanted["tokens"])
    assert spans is not None
    path = path_of(spans, len(log_probs))
    assert path == wanted["path"]
    assert log_probs[range(len(path)), path].sum() == pytest.approx(
        wanted["path_log_prob"], abs=1e-3
    )
    assert [(s.id, s.start, s.end) for s in spans] == [
        (s["token"], s["start_frame"], s["end_frame"]) for s in wanted["spans"]
    ]
    for span, theirs in zip(spans, wanted["spans"], strict=True):
        posteriors = np.exp(log_probs[span.start : span.end, span.id])
        assert posteriors.mean() == pytest.approx(theirs["mean_prob"], abs=1e-4)
        assert span.confidence == pytest.approx(np.exp(np.log(posteriors).mean()), abs=1e-4)


@pytest.mark.parametrize("name", ["wenet_conformer", "wenet_u2pp"])
def test_forced_alignment_agrees_with_wenet(shared_folder, name):
    folder = shared_folder / "golden" / name
    io = load_file(folder / "io.safetensors")
    results = json.loads((folder / "results.json").read_text())["forced_alignment"]
    for log_probs, n, wanted in zip(
        io["ctc_log_probs"], io["encoder_out_lengths"].tolist(), results, strict=True
    ):
        spans = ctc_align(log_probs[:n].numpy(), wanted["tokens"])
        assert spans is not None
        assert path_of(spans, n) == wanted["path"]


def test_forced_alignment_agrees_with_firered(shared_folder):
    folder = shared_folder / "golden" / "firered_tiny"
    io = load_file(folder / "io.safetensors")
    results = json.loads((folder / "results.json").read_text())["ctc_timestamps"]
    for log_probs, n, wanted in zip(
        io["ctc_log_probs"], io["encoder_out_lengths"].tolist(), results, strict=True
    ):
        spans = ctc_align(log_probs[:n].numpy(), wanted["tokens"])
        assert spans is not None
        assert path_of(spans, n) == wanted["path"]


@pytest.mark.parametrize("tokens", [[1], [1, 1], [2, 1], [1, 2, 1], [2, 2, 1]])
@pytest.mark.parametrize("seed", range(3))
def test_the_alignment_is_the_likeliest_of_all(seed, tokens):
    torch.manual_seed(seed)
    log_probs = torch.randn(5, 3, dtype=torch.float64).log_softmax(-1).numpy()
    spans = ctc_align(log_probs, tokens)
    assert spans is not None
    ours = log_probs[range(5), path_of(spans, 5)].sum()
    every = [
        log_probs[range(5), path].sum()
        for path in itertools.product(range(3), repeat=5)
        if [k for k, _ in itertools.groupby(path) if k] == tokens
    ]
    assert ours == pytest.approx(max(every))


def test_a_text_that_cannot_fit_has_no_alignment():
    log_probs = np.log(np.full((3, 3), 1 / 3))
    assert ctc_align(log_probs, [1, 1]) is not None
    assert ctc_align(log_probs, [1, 1, 1]) is None  # needs blanks between
    assert ctc_align(log_probs[:0], [1]) is None
    assert ctc_align(log_probs, []) == []
    assert ctc_align(log_probs[:0], []) == []


def test_a_text_of_hundreds_of_tokens_is_aligned():
    path = np.repeat([0, *[0, 1, 2, 0, 2, 2, 3] * 100], 2)
    log_probs = np.log(np.eye(4)[path] * 0.96 + 0.01)
    spans = ctc_align(log_probs, [1, 2, 2, 3] * 100)
    assert spans is not None
    assert path_of(spans, len(path)) == path.tolist()


def slow_warp(cost):
    """Dynamic time warping as its recursion is written down."""
    n, m = cost.shape
    total = np.full((n + 1, m + 1), np.inf)
    total[0, 0] = 0
    for i in range(n):
        for j in range(m):
            total[i + 1, j + 1] = cost[i, j] + min(total[i, j], total[i, j + 1], total[i + 1, j])
    return total[n, m]


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (4, 7), (7, 4), (12, 30)])
def test_warping_is_monotone_and_the_cheapest(shape):
    cost = np.random.default_rng(sum(shape)).normal(size=shape)
    rows, columns = warp(cost)
    assert (rows[0], columns[0]) == (0, 0)
    assert (rows[-1], columns[-1]) == (shape[0] - 1, shape[1] - 1)
    steps = np.diff(rows), np.diff(columns)
    assert set(zip(*steps, strict=True)) <= {(0, 1), (1, 0), (1, 1)}
    assert cost[rows, columns].sum() == pytest.approx(slow_warp(cost))


def test_warping_is_much_faster_than_its_recursion():
    cost = np.random.default_rng(0).normal(size=(448, 1500))
    fast, slow = [], []
    for _ in range(3):
        start = time.perf_counter()
        warp(cost)
        middle = time.perf_counter()
        slow_warp(cost[:45])
        fast.append(middle - start)
        slow.append(time.perf_counter() - middle)
    assert min(fast) < min(slow)


def test_the_running_median_is_a_median():
    x = np.random.default_rng(0).normal(size=(2, 3, 20))
    padded = np.pad(x, [(0, 0), (0, 0), (3, 3)], mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 7, axis=-1)
    np.testing.assert_array_equal(running_median(x), np.median(windows, axis=-1))
    np.testing.assert_array_equal(running_median(x[..., :3]), x[..., :3])


@pytest.mark.parametrize("n_skipped", [0, 3])
def test_attention_spans_follow_where_the_decoder_looked(n_skipped):
    rng = np.random.default_rng(0)
    edges = [4, 20, 35, 60, 80]  # where tokens 0..3 begin, and where the end is seen
    weights = 0.02 * rng.random((3, n_skipped + 5, 100))
    for row, (start, end) in enumerate(zip(edges, [*edges[1:], 100], strict=True)):
        weights[:, n_skipped + row, start:end] += 0.1
    spans = attention_align(weights, n_skipped)
    assert len(spans) == 4
    for (start, end), wanted_start, wanted_end in zip(
        spans, [0, *edges[1:]], edges[1:], strict=False
    ):
        assert abs(start - wanted_start) <= 2
        assert abs(end - wanted_end) <= 2
    assert all(a[1] == b[0] for a, b in itertools.pairwise(spans))


def test_attention_over_few_frames_or_no_tokens_still_gives_spans():
    assert attention_align(np.zeros((2, 1, 10))) == []
    assert attention_align(np.zeros((2, 4, 10)), n_skipped=3) == []
    assert len(attention_align(np.ones((2, 5, 1)))) == 4
    assert attention_align(np.ones((2, 3, 0))) == [(0.0, 0.0), (0.0, 0.0)]


@pytest.mark.parametrize("name", ["wenet_conformer", "wenet_u2pp"])
def test_display_times_agree_with_wenet(shared_folder, name):
    folder = shared_folder / "golden" / name
    io = load_file(folder / "io.safetensors")
    results = json.loads((folder / "results.json").read_text())["ctc_greedy_search"]
    for n, wanted in zip(io["encoder_out_lengths"].tolist(), results, strict=True):
        peaks = [(0.04 * frame, 0.04 * frame) for frame in wanted["peak_frames"]]
        for ours, theirs in zip(
            widen(peaks, 0.04 * n, 0.5, 0.5), wanted["timestamps_sec"], strict=True
        ):
            assert ours == pytest.approx(theirs, abs=0.011)  # theirs are rounded


def test_widened_spans_touch_but_reach_no_further_than_told():
    spans = [(0.2, 0.24), (0.5, 0.54), (4.0, 4.04), (9.9, 9.94)]
    wide = widen(spans, 10.0, 0.5, 0.5)
    assert wide[0] == pytest.approx((0.0, 0.37))
    assert wide[1] == pytest.approx((0.37, 1.04))
    assert wide[2] == pytest.approx((3.5, 4.54))
    assert wide[3] == pytest.approx((9.4, 10.0))
    assert widen([], 3.0, 0.5, 0.5) == []
    uneven = widen([(1.0, 1.1), (1.5, 1.6)], 9.0, before=0.2, after=0.6)
    assert uneven[0] == pytest.approx((0.8, 1.4))
    assert uneven[1] == pytest.approx((1.4, 2.2))


def test_equal_spans_cover_the_time():
    assert equal_spans(4, 1.0, 3.0) == [(1.0, 1.5), (1.5, 2.0), (2.0, 2.5), (2.5, 3.0)]
    assert equal_spans(0, 1.0, 3.0) == []


def sound_of(*parts, noise=-60.0):
    """Loudness in dB, 4 values a frame: (frames, dB) one after the other, over noise."""
    levels = np.concatenate([np.full(4 * n, float(level)) for n, level in parts])
    return np.maximum(levels, noise)


@pytest.mark.parametrize("noise", [-100.0, -60.0, -48.0])
def test_words_end_where_it_falls_quiet_and_begin_where_it_is_loud_again(noise):
    loudness = sound_of((10, -100), (20, -20), (15, -100), (20, -25), (30, -100), noise=noise)
    heard = [(14.0, 16.0), (50.0, 52.0)]
    about = widen(heard, 95.0, before=5.0, after=12.0)
    assert about == [(9.0, 28.0), (45.0, 64.0)]
    assert to_the_quiet(about, heard, loudness, 4) == [(10.0, 30.0), (45.0, 65.0)]


def test_where_nothing_is_quiet_words_stay_where_ctc_has_them():
    heard = [(14.0, 16.0), (30.0, 32.0)]
    about = widen(heard, 50.0, before=5.0, after=12.0)
    humming = sound_of((23, -20), (1, -70), (26, -24))  # 20 ms are part of a sound
    assert to_the_quiet(about, heard, humming, 4) == about
    assert to_the_quiet(about, heard, np.zeros(0), 4) == about
    assert to_the_quiet([], [], humming, 4) == []
