"""The decoder and its cache: however tokens are fed, all rows are scored alike."""

import random

import pytest
import torch

from asr_core.model.decoder import AttentionDecoder, DecoderConfig

SINUSOID = DecoderConfig(vocab_size=11, d_model=16, n_heads=2, n_layers=2, d_ff=24)
LEARNED = DecoderConfig(
    vocab_size=11,
    d_model=16,
    n_heads=2,
    n_layers=2,
    d_ff=24,
    activation="gelu",
    position="learned",
    max_tokens=20,
    scale_embedding=False,
    key_bias=False,
    tied_output=True,
)
CLOSE = {"atol": 1e-5, "rtol": 1e-4}


@pytest.fixture(params=[SINUSOID, LEARNED], ids=["transformer", "whisper"])
def decoder(request, randomized):
    return randomized(AttentionDecoder(request.param))


@pytest.fixture
def heard():
    """Encoder states of three utterances, the second and third padded with noise."""
    torch.manual_seed(0)
    return torch.randn(3, 9, 16), torch.tensor([9, 4, 7])


def scored(decoder, heard, tokens, n):
    return decoder.score(tokens, decoder.start(*heard, n))


@pytest.mark.parametrize("n_beams", [1, 3])
@pytest.mark.parametrize("pieces", [[1] * 8, [4, 1, 1, 2], [8]])
def test_steps_of_any_size_equal_one_pass(decoder, heard, n_beams, pieces):
    tokens = torch.randint(11, (3 * n_beams, 8))
    cache = decoder.start(*heard, n_beams)
    found = torch.cat([decoder.step(piece, cache) for piece in tokens.split(pieces, 1)], dim=1)
    torch.testing.assert_close(found, scored(decoder, heard, tokens, n_beams), **CLOSE)
    torch.testing.assert_close(found.exp().sum(-1), torch.ones(3 * n_beams, 8))


def test_a_batch_of_utterances_equals_each_alone(decoder, heard):
    states, lengths = heard
    tokens = torch.randint(11, (6, 5))
    together = scored(decoder, heard, tokens, 2)
    for i, length in enumerate(lengths):
        alone = (states[i : i + 1, :length], lengths[i : i + 1])
        rows = slice(2 * i, 2 * i + 2)
        torch.testing.assert_close(together[rows], scored(decoder, alone, tokens[rows], 2), **CLOSE)


def test_many_rows_at_once_equal_few(decoder, heard):
    tokens = torch.randint(11, (60, 8))  # 160 queries an utterance: another way to attend
    together = scored(decoder, heard, tokens, 20)
    for i in range(3):
        alone = (heard[0][i : i + 1], heard[1][i : i + 1])
        for row in range(20 * i, 20 * i + 20, 7):
            expected = scored(decoder, alone, tokens[row : row + 1], 1)
            torch.testing.assert_close(together[row : row + 1], expected, **CLOSE)


def test_padding_behind_a_row_changes_nothing_in_it(decoder, heard):
    tokens = torch.randint(11, (3, 6))
    padded = torch.cat([tokens, torch.zeros(3, 4, dtype=torch.long)], dim=1)
    torch.testing.assert_close(
        scored(decoder, heard, padded, 1)[:, :6], scored(decoder, heard, tokens, 1), **CLOSE
    )


def test_reordered_rows_go_on_as_the_rows_they_became(decoder, heard):
    shuffle = random.Random(0)
    n = 3
    rows = [[shuffle.randrange(11)] for _ in range(9)]
    cache = decoder.start(*heard, n)
    for _ in range(7):
        found = decoder.step(torch.tensor([row[-1:] for row in rows]), cache)
        expected = scored(decoder, heard, torch.tensor(rows), n)[:, -1:]
        torch.testing.assert_close(found, expected, **CLOSE)
        order = [u * n + shuffle.randrange(n) for u in range(3) for _ in range(n)]
        cache.reorder(torch.tensor(order))
        rows = [[*rows[i], shuffle.randrange(11)] for i in order]


def test_rows_may_become_more_or_fewer_and_utterances_may_leave(decoder, heard):
    states, lengths = heard
    tokens = torch.tensor([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    cache = decoder.start(states, lengths)
    decoder.step(tokens, cache)
    cache.reorder(torch.tensor([0, 0, 1, 1, 2, 2]))
    next_tokens = torch.tensor([[1], [2], [3], [4], [5], [6]])
    rows = torch.cat([tokens.repeat_interleave(2, 0), next_tokens], dim=1)
    found = decoder.step(next_tokens, cache)
    torch.testing.assert_close(found, scored(decoder, heard, rows, 2)[:, -1:], **CLOSE)
    cache.reorder(torch.tensor([1, 4]))  # the second utterance leaves, the others keep one row
    rows = torch.cat([rows[[1, 4]], torch.tensor([[0], [10]])], dim=1)
    found = decoder.step(rows[:, -1:], cache)
    left = (states[[0, 2]], lengths[[0, 2]])
    torch.testing.assert_close(found, scored(decoder, left, rows, 1)[:, -1:], **CLOSE)


@pytest.mark.parametrize("n_new", [1, 2])
def test_utterances_may_have_different_numbers_of_rows(decoder, heard, n_new):
    shuffle = random.Random(1)
    cache = decoder.start(*heard)
    utterances, rows = [0, 1, 2], [[1], [2], [3]]
    decoder.step(torch.tensor(rows), cache)
    for counts in ([3, 1, 2], [1, 4, 1], [2, 2, 2], [1, 1, 3], [4, 1, 1]):
        old = [[r for r, u in enumerate(utterances) if u == wanted] for wanted in range(3)]
        order = [shuffle.choice(old[u]) for u, n in enumerate(counts) for _ in range(n)]
        utterances = [u for u, n in enumerate(counts) for _ in range(n)]
        cache.reorder(torch.tensor(order))
        new = [[shuffle.randrange(11) for _ in range(n_new)] for _ in order]
        rows = [[*rows[i], *tokens] for i, tokens in zip(order, new, strict=True)]
        found = decoder.step(torch.tensor(new), cache)
        one_each = (heard[0][utterances], heard[1][utterances])
        expected = scored(decoder, one_each, torch.tensor(rows), 1)[:, -n_new:]
        torch.testing.assert_close(found, expected, **CLOSE)


def test_caches_that_share_a_memory_do_not_touch_each_other(decoder, heard):
    memory = decoder.hear(*heard)
    tokens = torch.randint(11, (3, 4))
    expected = scored(decoder, heard, tokens, 1)
    cache = decoder.recall(memory)
    decoder.step(tokens[:, :2], cache)
    cache.reorder(torch.tensor([0, 2]))  # the second utterance leaves
    other = decoder.recall(memory)
    torch.testing.assert_close(decoder.step(tokens, other), expected, **CLOSE)
    found = decoder.step(tokens[[0, 2], 2:], cache)
    torch.testing.assert_close(found, expected[[0, 2], 2:], **CLOSE)


@pytest.mark.parametrize("utterances", [[0, 1, 2, 0, 2], [2, 1, 0], [1, 2], [1, 1]])
def test_utterances_in_any_order_and_number_recall_one_memory(decoder, heard, utterances):
    states, lengths = heard
    memory = decoder.hear(*heard).of(utterances)
    assert memory.lengths.tolist() == lengths[utterances].tolist()
    tokens = torch.randint(11, (2 * len(utterances), 4))
    chosen = (states[utterances], lengths[utterances])
    cache = decoder.recall(memory, 2)
    expected = scored(decoder, chosen, tokens, 2)
    torch.testing.assert_close(decoder.score(tokens, cache), expected, **CLOSE)
    torch.testing.assert_close(decoder.step(tokens, cache), expected, **CLOSE)
    heads = [(0, 1), (1, 0)]
    looked = decoder.attend(tokens, decoder.start(*chosen, 2), heads)
    torch.testing.assert_close(decoder.attend(tokens, cache, heads), looked, **CLOSE)


@pytest.mark.parametrize("kept", [[2, 6, 4], [2, 4, 3]])
@pytest.mark.parametrize("n_more", [1, 2])
def test_a_row_cut_back_goes_on_from_there(decoder, heard, kept, n_more):
    tokens = torch.randint(11, (3, 6))
    cache = decoder.start(*heard)
    decoder.step(tokens, cache)
    cache.truncate(torch.tensor(kept))
    more = torch.randint(11, (3, n_more))
    found = decoder.step(more, cache)
    for i, n in enumerate(kept):
        row = torch.cat([tokens[i, :n], more[i]])[None].expand(3, -1)
        expected = scored(decoder, heard, row, 1)[i, -n_more:]
        torch.testing.assert_close(found[i], expected, **CLOSE)


def test_scoring_leaves_the_steps_alone(decoder, heard):
    tokens = torch.randint(11, (3, 5))
    cache = decoder.start(*heard)
    decoder.step(tokens[:, :3], cache)
    decoder.score(torch.randint(11, (6, 4)), cache)
    found = decoder.step(tokens[:, 3:], cache)
    torch.testing.assert_close(found, scored(decoder, heard, tokens, 1)[:, 3:], **CLOSE)


def test_scores_of_given_tokens_are_those_of_the_whole_table(decoder, heard, monkeypatch):
    monkeypatch.setattr("asr_core.model.decoder._SLICE", 44)  # four states at once
    tokens, targets = torch.randint(11, (2, 6, 5))
    cache = decoder.start(*heard, 2)
    expected = decoder.score(tokens, cache).gather(-1, targets[..., None])[..., 0]
    torch.testing.assert_close(decoder.score_targets(tokens, targets, cache), expected, **CLOSE)


def test_only_the_last_log_probabilities_when_only_they_are_asked_for(decoder, heard):
    tokens = torch.randint(11, (3, 4))
    found = decoder.step(tokens, decoder.start(*heard), last_only=True)
    torch.testing.assert_close(found, scored(decoder, heard, tokens, 1)[:, -1:], **CLOSE)


def test_attention_weights_are_probabilities_over_what_was_heard(decoder, heard):
    tokens = torch.randint(11, (6, 5))
    weights = decoder.attend(tokens, decoder.start(*heard, 2), [(1, 0), (0, 1), (1, 1)])
    assert weights.shape == (6, 3, 5, 9)
    torch.testing.assert_close(weights.sum(-1), torch.ones(6, 3, 5))
    assert not weights[2:4, ..., 4:].any()
    assert not weights[4:, ..., 7:].any()
    alone = decoder.attend(tokens, decoder.start(*heard, 2), [(0, 1)])
    torch.testing.assert_close(alone[:, 0], weights[:, 1])


def test_nothing_heard_is_no_exception(decoder):
    cache = decoder.start(torch.zeros(2, 0, 16), torch.tensor([0, 0]))
    assert decoder.step(torch.tensor([[1], [2]]), cache).isfinite().all()


def test_an_unheard_utterance_gives_the_same_beside_a_heard_one(decoder, heard):
    states, lengths = torch.zeros(2, 9, 16), torch.tensor([9, 0])
    states[0] = heard[0][0]
    tokens = torch.randint(11, (2, 3))
    together = scored(decoder, (states, lengths), tokens, 1)
    alone = scored(decoder, (torch.zeros(1, 0, 16), lengths[1:]), tokens[1:], 1)
    torch.testing.assert_close(together[1:], alone, **CLOSE)


def test_more_tokens_than_learned_positions_are_refused(randomized, heard):
    decoder = randomized(AttentionDecoder(LEARNED))
    cache = decoder.start(*heard)
    decoder.step(torch.zeros(3, 20, dtype=torch.long), cache)
    with pytest.raises(ValueError, match="position 20 of 20"):
        decoder.step(torch.zeros(3, 1, dtype=torch.long), cache)
