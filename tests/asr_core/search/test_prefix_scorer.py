"""CTC prefix probabilities against goldens, and against sums over every path."""

from __future__ import annotations

import itertools
import json

import pytest
import torch
from safetensors.torch import load_file

from asr_core.search.posteriors import PosteriorTable
from asr_core.search.prefix_scorer import END, SAME, PrefixScorer


@pytest.fixture(scope="module")
def golden(shared_folder):
    folder = shared_folder / "golden" / "ctc"
    return load_file(folder / "ctc.safetensors"), json.loads((folder / "ctc.json").read_text())


def walked(scorer, prefix, n_rows=1):
    """`scorer` with the same prefix in all its rows."""
    for token in prefix:
        scorer.select(torch.arange(n_rows), torch.full((n_rows,), token))
    return scorer


def test_prefix_scores_agree_with_espnet(golden):
    tensors, expected = golden
    scores = expected["prefix_scorer_numpy"]
    log_probs, lengths = tensors["prefix.log_probs"], tensors["prefix.lengths"]
    labels = torch.arange(log_probs.shape[2])
    for item in scores["items"]:
        row = slice(item["utt"], item["utt"] + 1)
        scorer = walked(PrefixScorer(PosteriorTable(log_probs[row], lengths[row])), item["prefix"])
        psi = scorer.score(labels.masked_fill(labels == scores["eos"], END)[None])[0]
        assert psi[0] == -torch.inf
        assert psi[1:].tolist() == pytest.approx(item["log_psi_next"][1:], abs=1e-3)


def test_prefix_scores_of_a_padded_batch_agree_with_espnet(golden):
    tensors, expected = golden
    log_probs = tensors["prefix.log_probs"].clone()
    lengths = tensors["prefix.lengths"]
    for row, n in zip(log_probs, lengths.tolist(), strict=True):
        row[n:] = torch.nan  # padding may hold anything
    labels = torch.arange(log_probs.shape[2]).expand(2, -1)
    labels = labels.masked_fill(labels == expected["prefix_scorer_numpy"]["eos"], END)
    for item in expected["prefix_scorer_batched"]["items"]:
        scorer = PrefixScorer(PosteriorTable(log_probs, lengths))
        known = torch.zeros(2, 1)
        for token in item["prefix"]:
            known = scorer.score(torch.full((2, 1), token))
            scorer.select(torch.arange(2), torch.full((2,), token))
        found = scorer.score(labels) - known
        wanted = torch.tensor(item["local_scores"], dtype=torch.float64)
        possible = wanted > -1e9
        torch.testing.assert_close(found[possible], wanted[possible], atol=1e-3, rtol=0)


@pytest.mark.parametrize("item", range(3))
def test_prefix_scores_equal_sums_over_every_path(golden, item):
    tensors, expected = golden
    log_probs = tensors[f"exhaustive{item}.log_probs"]
    lengths = torch.tensor([len(log_probs)])
    for entry in expected["exhaustive"][item]["prefixes"]:
        *prefix, last = entry["tokens"] or [None]
        if last is not None:
            scorer = walked(PrefixScorer(PosteriorTable(log_probs[None], lengths)), prefix)
            psi = scorer.score(torch.tensor([[last]])).item()
            assert psi == pytest.approx(entry["log_prob"], abs=1e-9)
    for entry in expected["exhaustive"][item]["labellings"]:
        scorer = walked(PrefixScorer(PosteriorTable(log_probs[None], lengths)), entry["tokens"])
        whole = scorer.score(torch.tensor([[END]])).item()
        assert whole == pytest.approx(entry["log_prob"], abs=1e-9)


@pytest.mark.parametrize("n_frames", [0, 1, 2])
def test_a_prefix_splits_into_what_may_follow_it(n_frames):
    torch.manual_seed(n_frames)
    log_probs = torch.randn(1, n_frames, 4, dtype=torch.float64).log_softmax(-1)
    for prefix in itertools.chain.from_iterable(
        itertools.product([1, 2, 3], repeat=length) for length in range(3)
    ):
        scorer = PrefixScorer(PosteriorTable(log_probs, torch.tensor([n_frames])))
        psi = torch.zeros(1, 1, dtype=torch.float64)
        for token in prefix:
            psi = scorer.score(torch.tensor([[token]]))
            scorer.select(torch.tensor([0]), torch.tensor([token]))
        parts = scorer.score(torch.tensor([[1, 2, 3, END]]))
        torch.testing.assert_close(parts.logsumexp(dim=1), psi[0], atol=1e-9, rtol=0)


def test_rows_are_chosen_repeated_and_left_out():
    torch.manual_seed(0)
    log_probs = torch.randn(3, 9, 5).log_softmax(-1)
    lengths = torch.tensor([9, 4, 6])
    scorer = PrefixScorer(PosteriorTable(log_probs, lengths))
    scorer.select(torch.tensor([0, 0, 2, 2]), torch.tensor([1, 2, 3, 4]))
    scorer.select(torch.tensor([1, 0, 3, 3]), torch.tensor([2, 2, 1, 4]))
    found = scorer.score(torch.tensor([[1, END]] * 4))
    for row, (utterance, prefix) in enumerate([(0, [2, 2]), (0, [1, 2]), (2, [4, 1]), (2, [4, 4])]):
        one = slice(utterance, utterance + 1)
        alone = walked(PrefixScorer(PosteriorTable(log_probs[one], lengths[one])), prefix)
        torch.testing.assert_close(found[row], alone.score(torch.tensor([[1, END]]))[0])


def test_a_row_may_stay_as_it_is():
    torch.manual_seed(0)
    log_probs = torch.randn(2, 9, 5).log_softmax(-1)
    lengths = torch.tensor([9, 4])
    scorer = walked(PrefixScorer(PosteriorTable(log_probs, lengths)), [2], n_rows=2)
    before = scorer.score(torch.tensor([[1, END]] * 2))
    psi = scorer.score(torch.tensor([[SAME]] * 2))
    twin = scorer.fork(torch.tensor([1, 0]))
    scorer.select(torch.tensor([1, 0]), torch.tensor([SAME, 1]))
    after = scorer.score(torch.tensor([[1, END], [SAME, END]]))
    torch.testing.assert_close(after[0], before[1])
    torch.testing.assert_close(after[1, 0], before[0, 0])
    assert (psi <= 0).all()
    torch.testing.assert_close(twin.score(torch.tensor([[1, END]] * 2)), before.flip(0))
    torch.testing.assert_close(twin.score(torch.tensor([[SAME]] * 2)), psi.flip(0))


def test_long_unlikely_prefixes_stay_exact():
    torch.manual_seed(0)
    log_probs = (30 * torch.randn(1, 1500, 6)).log_softmax(-1)
    tokens = torch.randint(1, 6, (200,))
    scorer = walked(PrefixScorer(PosteriorTable(log_probs, torch.tensor([1500]))), tokens.tolist())
    wanted = -torch.nn.functional.ctc_loss(
        log_probs[0, :, None].double(),
        tokens[None],
        torch.tensor([1500]),
        torch.tensor([200]),
        reduction="sum",
    )
    found = scorer.score(torch.tensor([[END]]))
    torch.testing.assert_close(found[0, 0], wanted, atol=1e-6, rtol=1e-9)
