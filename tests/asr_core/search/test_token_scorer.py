"""Tokens that are not CTC units: pieces of characters, punctuation, several characters at once."""

from __future__ import annotations

import pytest
import torch

from asr_core.model.units import UnitTable
from asr_core.search.posteriors import PosteriorTable
from asr_core.search.prefix_scorer import END, SAME, PrefixScorer
from asr_core.search.token_scorer import TokenScorer

EOS = 99
COMPLETED = {10: [1], 11: [2], 12: [], 20: [], 21: [3], 30: [1, 4], 31: [2, 2, 1]}


def units(tokens):
    """10, 11 are units; 12 is a comma; 20 21 spell one unit, 21 alone none; 30, 31 several."""
    return [
        [] if token == 21 and tokens[i - 1 : i] not in ([20], (20,)) else COMPLETED[token]
        for i, token in enumerate(tokens)
    ]


@pytest.fixture
def posteriors():
    torch.manual_seed(0)
    return torch.randn(2, 9, 5).log_softmax(-1), torch.tensor([9, 6])


def unit_scores(posteriors, utterance, prefix, wanted):
    log_probs, lengths = posteriors
    one = slice(utterance, utterance + 1)
    scorer = PrefixScorer(PosteriorTable(log_probs[one], lengths[one]))
    for unit in prefix:
        scorer.select(torch.tensor([0]), torch.tensor([unit]))
    return scorer.score(torch.tensor([[wanted]])).item()


@pytest.mark.parametrize(
    ("token", "completed"),
    [(10, [1]), (12, []), (20, []), (21, []), (30, [1, 4]), (31, [2, 2, 1]), (EOS, [END])],
)
def test_a_token_is_scored_by_the_first_unit_it_completes(posteriors, token, completed):
    scorer = TokenScorer(PosteriorTable(*posteriors), EOS, units)
    scorer.select([0, 1], [11, 30])
    found = scorer.score(torch.tensor([[token]] * 2))
    for row, prefix in enumerate([[2], [1, 4]]):
        first = completed[0] if completed else SAME
        assert found[row, 0].item() == pytest.approx(unit_scores(posteriors, row, prefix, first))
    if token != EOS:
        scorer.select([0, 1], [token] * 2)
        ended = scorer.score(torch.tensor([[EOS]] * 2))
        for row, prefix in enumerate([[2], [1, 4]]):
            wanted = unit_scores(posteriors, row, [*prefix, *completed], END)
            assert ended[row, 0].item() == pytest.approx(wanted)


def test_a_character_of_several_tokens_counts_when_its_last_token_arrives(posteriors):
    scorer = TokenScorer(PosteriorTable(*posteriors), EOS, units)
    scorer.select([1, 0, 0], [10, 20, 12])
    scorer.select([1, 1, 0, 2], [12, 21, 20, 20])
    found = scorer.score(torch.tensor([[21, 10, 12]] * 4))
    wanted = [
        (0, [], [SAME, 1, SAME]),  # 20 12: the comma came between
        (0, [3], [SAME, 1, SAME]),  # 20 21
        (1, [1], [3, 1, SAME]),  # 10 20, in the other utterance
        (0, [], [3, 1, SAME]),  # 12 20
    ]
    for row, (utterance, prefix, labels) in enumerate(wanted):
        for column, label in enumerate(labels):
            score = unit_scores(posteriors, utterance, prefix, label)
            assert found[row, column].item() == pytest.approx(score), (row, column)


def test_without_a_table_tokens_are_units(posteriors):
    scorer = TokenScorer(PosteriorTable(*posteriors), EOS)
    scorer.select([1], [3])
    found = scorer.score(torch.tensor([[1, 3, 0, EOS]]))
    for column, label in enumerate([1, 3, 0, END]):
        assert found[0, column].item() == pytest.approx(unit_scores(posteriors, 1, [3], label))


def test_reading_token_by_token_completes_what_the_model_s_table_says():
    you = "你".encode()
    spoken = [b"a", b" B", b",", "好".encode(), "你好".encode(), you[:1], you[1:], you[:2], you[2:]]
    table = UnitTable([*spoken, *(bytes([byte]) for byte in range(256))])
    log_probs = torch.randn(1, 40, len(table)).log_softmax(-1)
    lengths = torch.tensor([40])
    generator = torch.Generator().manual_seed(0)
    for _ in range(20):
        tokens = torch.randint(0, len(spoken), (12,), generator=generator).tolist()
        by_token = TokenScorer(PosteriorTable(log_probs, lengths), EOS, table.of_tokens)
        for token in tokens:
            by_token.select([0], [token])
        by_unit = PrefixScorer(PosteriorTable(log_probs, lengths))
        for unit in [unit for units in table.of_tokens(tokens) for unit in units]:
            by_unit.select(torch.tensor([0]), torch.tensor([unit]))
        wanted = by_unit.score(torch.tensor([[END]]))
        torch.testing.assert_close(by_token.score(torch.tensor([[EOS]])), wanted)
