"""CTC searches against goldens, against trying everything, and the batch against its items."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import load_file

from asr_core.search.ctc import greedy_search, prefix_beam_search, with_blank_penalty

WENET = ["wenet_conformer", "wenet_u2pp"]


def golden(shared_folder, name):
    folder = shared_folder / "golden" / name
    io = load_file(folder / "io.safetensors")
    return io, json.loads((folder / "results.json").read_text())


def posteriors(path, n_labels=4):
    """(1, T', V) log posteriors that follow `path`."""
    return (
        torch.nn.functional.one_hot(torch.tensor([path]), n_labels).float().mul(9).log_softmax(-1)
    )


@pytest.mark.parametrize(
    ("path", "tokens"),
    [
        ([0, 1, 1, 2], [(1, 1, 3), (2, 3, 4)]),
        ([1, 0, 1], [(1, 0, 1), (1, 2, 3)]),  # a blank keeps a doubled letter apart
        ([3], [(3, 0, 1)]),
        ([0], []),
        ([], []),
    ],
)
def test_repeats_merge_and_blanks_vanish(path, tokens):
    log_probs = posteriors(path) if path else torch.zeros(1, 0, 4)
    (found,) = greedy_search(log_probs, torch.tensor([len(path)]))
    assert [(t.id, t.start, t.end) for t in found] == tokens
    assert all(0.99 < t.confidence <= 1 for t in found)


def test_greedy_search_of_a_padded_batch_equals_its_items():
    torch.manual_seed(0)
    log_probs = (3 * torch.randn(4, 12, 5)).log_softmax(-1)
    lengths = torch.tensor([12, 3, 0, 7])
    together = greedy_search(log_probs, lengths)
    for b, n in enumerate(lengths.tolist()):
        (alone,) = greedy_search(log_probs[b : b + 1, :n], lengths[b : b + 1])
        assert [(t.id, t.start, t.end) for t in alone] == [
            (t.id, t.start, t.end) for t in together[b]
        ]
        assert [t.confidence for t in alone] == pytest.approx([t.confidence for t in together[b]])


@pytest.mark.parametrize("name", WENET)
def test_greedy_search_agrees_with_wenet(shared_folder, name):
    io, results = golden(shared_folder, name)
    found = greedy_search(io["ctc_log_probs"], io["encoder_out_lengths"])
    for tokens, wanted in zip(found, results["ctc_greedy_search"], strict=True):
        assert [t.id for t in tokens] == wanted["tokens"]
        assert [t.start for t in tokens] == wanted["peak_frames"]


def test_greedy_search_agrees_with_firered(shared_folder):
    io, results = golden(shared_folder, "firered_tiny")
    found = greedy_search(io["ctc_log_probs"], io["encoder_out_lengths"])
    assert [[t.id for t in tokens] for tokens in found] == results["ctc_greedy"]


@pytest.mark.parametrize("name", WENET)
@pytest.mark.parametrize(
    ("setting", "beam_size", "penalty"),
    [("beam1", 1, 0), ("beam3", 3, 0), ("beam10", 10, 0), ("beam5_blank_penalty2.5", 5, 2.5)],
)
def test_prefix_beam_search_agrees_with_wenet(shared_folder, name, setting, beam_size, penalty):
    io, results = golden(shared_folder, name)
    log_probs = io["ctc_log_probs"]
    if penalty:
        log_probs = with_blank_penalty(log_probs, penalty)
        for b, n in enumerate(io["encoder_out_lengths"].tolist()):
            torch.testing.assert_close(
                log_probs[b, :n],
                io["ctc_log_probs_blank_penalty2.5"][b, :n],
                atol=1e-4,
                rtol=0,
            )
    found = prefix_beam_search(log_probs, io["encoder_out_lengths"], beam_size)
    for b, (hypotheses, wanted) in enumerate(
        zip(found, results["ctc_prefix_beam_search"][setting], strict=True)
    ):
        assert [list(h.tokens) for h in hypotheses] == wanted["nbest"]
        assert [h.score for h in hypotheses] == pytest.approx(wanted["nbest_scores"], abs=1e-3)
        for h, last_frames in zip(hypotheses, wanted.get("nbest_times", []), strict=False):
            # WeNet gives the last frame of a token on the best path, we the one where it peaks
            for token, peak, last in zip(h.tokens, h.frames, last_frames, strict=True):
                assert last - 1 <= peak <= last
                assert log_probs[b, peak, token] >= log_probs[b, last, token]


@pytest.mark.parametrize("item", range(3))
def test_a_wide_prefix_beam_search_ranks_as_exhaustive_enumeration(shared_folder, item):
    folder = shared_folder / "golden" / "ctc"
    log_probs = load_file(folder / "ctc.safetensors")[f"exhaustive{item}.log_probs"]
    wanted = json.loads((folder / "ctc.json").read_text())["exhaustive"][item]["labellings"]
    (found,) = prefix_beam_search(log_probs[None], torch.tensor([len(log_probs)]), beam_size=5000)
    assert [h.score for h in found[:40]] == pytest.approx(
        [labelling["log_prob"] for labelling in wanted], abs=1e-6
    )
    by_tokens = {h.tokens: h.score for h in found}
    for labelling in wanted:
        assert by_tokens[tuple(labelling["tokens"])] == pytest.approx(
            labelling["log_prob"], abs=1e-6
        )


def test_prefix_beam_search_of_a_padded_batch_equals_its_items():
    torch.manual_seed(1)
    log_probs = (3 * torch.randn(5, 12, 5)).log_softmax(-1)
    lengths = torch.tensor([12, 3, 0, 1, 2])
    together = prefix_beam_search(log_probs, lengths, beam_size=4)
    for b, n in enumerate(lengths.tolist()):
        alone = prefix_beam_search(log_probs[b : b + 1, :n], lengths[b : b + 1], beam_size=4)
        assert alone == [together[b]]
    assert [(h.tokens, h.score) for h in together[2]] == [((), 0.0)]


def test_frames_of_certain_blank_change_nothing_but_time():
    torch.manual_seed(2)
    speech = (2 * torch.randn(1, 6, 5)).log_softmax(-1)
    silence = torch.full((1, 3, 5), -40.0)
    silence[..., 0] = 0.0
    (plain,) = prefix_beam_search(speech, torch.tensor([6]), beam_size=6)
    longer = torch.cat([silence, speech, silence], dim=1)
    (found,) = prefix_beam_search(longer, torch.tensor([12]), beam_size=6)
    assert [h.tokens for h in found] == [h.tokens for h in plain]
    assert [h.score for h in found] == pytest.approx([h.score for h in plain])
    assert found[0].frames == tuple(frame + 3 for frame in plain[0].frames)
