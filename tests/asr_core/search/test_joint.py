"""Beam search, alone and with CTC: against trying everything, the batch against its items."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from asr_core.search.beam import Beam, Candidate
from asr_core.search.joint import beam_search
from asr_core.search.posteriors import PosteriorTable
from asr_core.search.types import SearchOptions

EOS = 5
FINISHES = ["enough", "compete", "collect"]


def every_sequence(n_labels, max_tokens, without=()):
    """All token sequences of at most `max_tokens` tokens, none of them the end token."""
    labels = [label for label in range(n_labels) if label != EOS and label not in without]
    for length in range(max_tokens + 1):
        yield from itertools.product(labels, repeat=length)


def attention_log_prob(decoder, encoder_out, lengths, prompt, tokens, *, ended):
    cache = decoder.start(encoder_out[None], lengths[None])
    fed = torch.tensor([[*prompt.tolist(), *tokens]])
    log_probs = decoder.score(fed, cache)[0, len(prompt) - 1 :]
    wanted = [*tokens, EOS] if ended else list(tokens)
    return sum(log_probs[place, token].item() for place, token in enumerate(wanted))


def ctc_log_prob(log_probs, tokens):
    """log P of a labelling, summed over every path."""
    if not tokens:
        return log_probs[:, 0].sum().item()
    loss = torch.nn.functional.ctc_loss(
        log_probs[:, None].double(),
        torch.tensor([tokens]),
        torch.tensor([len(log_probs)]),
        torch.tensor([len(tokens)]),
        reduction="sum",
    )
    return -loss.item()


@pytest.mark.parametrize("finish", FINISHES)
@pytest.mark.parametrize("seed", range(4))
def test_a_beam_of_one_is_greedy_search(tiny, seed, finish):
    decoder, encoder_out, lengths, prompts, _ = tiny(seed)
    options = SearchOptions(EOS, beam_size=1, max_tokens=12, finish=finish, max_repeats=0)
    found = beam_search(decoder, decoder.hear(encoder_out, lengths), prompts, options)
    for b, (best, *_) in enumerate(found):
        tokens: list[int] = []
        cache = decoder.start(encoder_out[b : b + 1], lengths[b : b + 1])
        log_probs = decoder.step(prompts[b : b + 1], cache)
        while len(tokens) < 12 and (token := int(log_probs[0, -1].argmax())) != EOS:
            tokens.append(token)
            log_probs = decoder.step(torch.tensor([[token]]), cache)
        assert list(best.tokens) == tokens
        assert best.ended == (len(tokens) < 12)


@pytest.mark.parametrize("finish", FINISHES)
@pytest.mark.parametrize("seed", range(4))
def test_an_unpruned_beam_finds_what_trying_everything_finds(tiny, seed, finish):
    decoder, encoder_out, lengths, prompts, _ = tiny(seed, sharpness=1.0)
    options = SearchOptions(
        EOS, beam_size=1000, max_tokens=3, finish=finish, length_penalty=0.7, length_bonus=0.2
    )
    found = beam_search(decoder, decoder.hear(encoder_out, lengths), prompts, options)
    for b, hypotheses in enumerate(found):
        best = max(
            options.normalized(
                attention_log_prob(
                    decoder, encoder_out[b], lengths[b], prompts[b], tokens, ended=len(tokens) < 3
                )
                + 0.2 * min(len(tokens) + 1, 3),
                len(tokens),
            )
            for tokens in every_sequence(6, 3)
        )
        assert hypotheses[0].score == pytest.approx(best, abs=1e-4)


def test_as_many_shorter_rivals_as_the_beam_has_do_not_end_the_search_for_the_likeliest():
    beam = Beam(SearchOptions(EOS, beam_size=2, length_penalty=1.0), limit=9)

    def advance(*found):
        beam.advance([Candidate(parent, token, 0.0, 0.0, score) for parent, token, score in found])

    advance((0, 1, -0.1), (0, 2, -5.0))
    advance((0, 2, -0.1), (1, EOS, -5.0), (0, 3, -6.0))
    advance((0, 3, -0.1), (1, EOS, -6.0), (0, 4, -7.0))
    assert len(beam.closed) == 2
    assert beam.running[0].tokens == (1, 2, 3)
    advance((0, EOS, -0.1), (0, 4, -8.0), (1, 4, -9.0))
    assert not beam.running
    assert beam.hypotheses()[0].tokens == (1, 2, 3)


@pytest.mark.parametrize("weight", [0.0, 0.4])
def test_hypotheses_far_behind_are_given_up(tiny, weight):
    n_rows, best = {}, {}
    for margin in (0.5, 4.0, math.inf):
        decoder, encoder_out, lengths, prompts, log_probs = tiny(0, n_frames=(5, 9, 7, 8))
        ctc = PosteriorTable(log_probs, lengths)
        options = SearchOptions(EOS, beam_size=4, ctc_weight=weight, beam_margin=margin)
        found = beam_search(decoder, decoder.hear(encoder_out, lengths), prompts, options, ctc)
        n_rows[margin] = sum(decoder.n_rows)
        best[margin] = [hypotheses[0].tokens for hypotheses in found]
    assert n_rows[0.5] < n_rows[4.0] < n_rows[math.inf]
    assert best[4.0] == best[math.inf]


@pytest.mark.parametrize("weight", [0.3, 0.8])
@pytest.mark.parametrize("seed", range(3))
def test_an_unpruned_joint_search_finds_what_trying_everything_finds(tiny, seed, weight):
    decoder, encoder_out, lengths, prompts, log_probs = tiny(seed, n_frames=(3, 4))
    options = SearchOptions(EOS, beam_size=2000, max_tokens=5, ctc_weight=weight, finish="compete")
    ctc = PosteriorTable(log_probs, lengths)
    found = beam_search(decoder, decoder.hear(encoder_out, lengths), prompts, options, ctc)
    for b, hypotheses in enumerate(found):
        posteriors = log_probs[b, : lengths[b]]
        scores = {
            tokens: (1 - weight)
            * attention_log_prob(
                decoder, encoder_out[b], lengths[b], prompts[b], tokens, ended=True
            )
            + weight * ctc_log_prob(posteriors, tokens)
            for tokens in every_sequence(6, 4, without=(0,))
        }
        best = max(scores, key=lambda tokens: scores[tokens])
        assert hypotheses[0].tokens == best
        assert hypotheses[0].ended
        assert hypotheses[0].score == pytest.approx(scores[best], abs=1e-4)
        assert hypotheses[0].ctc_score == pytest.approx(ctc_log_prob(posteriors, best), abs=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_with_all_the_weight_on_ctc_the_likeliest_labelling_wins(tiny, seed):
    decoder, encoder_out, lengths, prompts, log_probs = tiny(seed, n_frames=(3, 4))
    options = SearchOptions(EOS, beam_size=500, ctc_weight=1.0, max_tokens=5)
    ctc = PosteriorTable(log_probs, lengths)
    found = beam_search(decoder, decoder.hear(encoder_out, lengths), prompts, options, ctc)
    for b, hypotheses in enumerate(found):
        posteriors = log_probs[b, : lengths[b]]
        best = max(
            every_sequence(6, 4, without=(0,)), key=lambda tokens: ctc_log_prob(posteriors, tokens)
        )
        assert hypotheses[0].tokens == best


@pytest.mark.parametrize("margin", [1.0, math.inf])
@pytest.mark.parametrize("finish", FINISHES)
@pytest.mark.parametrize("weight", [0.0, 0.4])
@pytest.mark.parametrize("seed", range(4))
def test_a_batch_gives_what_its_items_give_alone(tiny, seed, weight, finish, margin):
    decoder, encoder_out, lengths, prompts, log_probs = tiny(seed, n_frames=(5, 1, 9, 0, 7, 2))
    options = SearchOptions(
        EOS,
        beam_size=3,
        beam_margin=margin,
        ctc_weight=weight,
        finish=finish,
        length_penalty=0.5,
        max_repeats=4,
    )
    ctc = PosteriorTable(log_probs, lengths)
    together = beam_search(decoder, decoder.hear(encoder_out, lengths), prompts, options, ctc)
    for b, hypotheses in enumerate(together):
        n = int(lengths[b])
        (alone,) = beam_search(
            decoder,
            decoder.hear(encoder_out[b : b + 1, :n], lengths[b : b + 1]),
            prompts[b : b + 1],
            options,
            PosteriorTable(log_probs[b : b + 1, :n], lengths[b : b + 1]),
        )
        assert [h.tokens for h in alone] == [h.tokens for h in hypotheses]
        assert [h.score for h in alone] == pytest.approx([h.score for h in hypotheses], abs=1e-4)


def test_ctc_units_may_be_fewer_and_in_another_order_than_tokens(tiny):
    decoder, encoder_out, lengths, prompts, log_probs = tiny(0)
    plain = SearchOptions(EOS, beam_size=4, ctc_weight=0.5)
    order = [0, 3, 1, 4, 2]  # unit u is token order[u]; the end token has no unit
    mapped = SearchOptions(
        EOS,
        beam_size=4,
        ctc_weight=0.5,
        units=lambda tokens: [[order.index(token)] for token in tokens],
    )
    wanted = beam_search(
        decoder,
        decoder.hear(encoder_out, lengths),
        prompts,
        plain,
        PosteriorTable(log_probs, lengths),
    )
    ctc = PosteriorTable(log_probs[..., order], lengths)
    found = beam_search(decoder, decoder.hear(encoder_out, lengths), prompts, mapped, ctc)
    for ours, theirs in zip(found, wanted, strict=True):
        assert [h.tokens for h in ours] == [h.tokens for h in theirs]
        assert [h.score for h in ours] == pytest.approx([h.score for h in theirs])


def test_utterances_that_are_done_leave_the_batch(tiny):
    decoder, encoder_out, lengths, prompts, _ = tiny(0)
    options = SearchOptions(
        EOS, beam_size=2, max_tokens=(2, 20, 4), max_repeats=0, finish="compete"
    )
    decoder.bias[EOS] = -1000  # nothing ends before its limit
    found = beam_search(decoder, decoder.hear(encoder_out, lengths), prompts, options)
    assert [len(h[0].tokens) for h in found] == [2, 20, 4]
    assert not any(h[0].ended for h in found)
    assert decoder.n_rows == [3, 6, 4, 4] + [2] * 16


def test_hypotheses_are_ranked_and_tell_their_log_probabilities(tiny):
    decoder, encoder_out, lengths, prompts, _ = tiny(3)
    options = SearchOptions(EOS, beam_size=4, max_tokens=9, finish="compete", length_penalty=1.0)
    for b, hypotheses in enumerate(
        beam_search(decoder, decoder.hear(encoder_out, lengths), prompts, options)
    ):
        assert [h.score for h in hypotheses] == sorted((h.score for h in hypotheses), reverse=True)
        for h in hypotheses:
            total = attention_log_prob(
                decoder, encoder_out[b], lengths[b], prompts[b], h.tokens, ended=h.ended
            )
            assert h.attention_score == pytest.approx(total, abs=1e-4)
            assert h.score == pytest.approx(total / max(len(h.tokens), 1), abs=1e-4)
            assert sum(h.token_log_probs) >= total - 1e-4
            assert len(h.token_log_probs) == len(h.tokens)
            assert h.confidence == pytest.approx(
                math.exp(total / max(len(h.tokens) + h.ended, 1)), abs=1e-4
            )


def test_suppressed_tokens_are_never_taken_and_others_not_first(tiny):
    decoder, encoder_out, lengths, prompts, _ = tiny(1)
    decoder.output *= 0
    decoder.bias[[2, 3, 4]] = torch.tensor([7.0, 8.0, 9.0])
    never, not_first = torch.zeros(6, dtype=torch.bool), torch.zeros(6, dtype=torch.bool)
    never[4] = not_first[3] = True
    options = SearchOptions(EOS, 2, max_tokens=4, suppressed=never, suppressed_at_start=not_first)
    for hypotheses in beam_search(decoder, decoder.hear(encoder_out, lengths), prompts, options):
        assert hypotheses[0].tokens == (2, 3, 3, 3)
        assert all(4 not in h.tokens and h.tokens[0] != 3 for h in hypotheses)


def test_a_search_without_any_token_left_stops(tiny):
    decoder, encoder_out, lengths, prompts, _ = tiny(1)
    options = SearchOptions(EOS, suppressed=torch.ones(6, dtype=torch.bool))
    for hypotheses in beam_search(decoder, decoder.hear(encoder_out, lengths), prompts, options):
        assert [(h.tokens, h.ended) for h in hypotheses] == [((), False)]


def test_nothing_to_say_is_an_empty_reading_that_ended(tiny):
    decoder, encoder_out, lengths, prompts, _ = tiny(0)
    silence = decoder.hear(encoder_out[:, :0], torch.zeros_like(lengths))
    found = beam_search(decoder, silence, prompts, SearchOptions(EOS))
    assert [(h.tokens, h.ended) for (h,) in found] == [((), True)] * 3
    assert decoder.n_rows == []


@pytest.mark.parametrize("finish", FINISHES)
def test_a_hypothesis_that_repeats_itself_is_given_up_and_says_so(tiny, finish):
    decoder, encoder_out, lengths, prompts, _ = tiny(0)
    decoder.output *= 0
    decoder.bias[3] = 9
    options = SearchOptions(EOS, beam_size=2, max_tokens=300, finish=finish, max_repeats=8)
    for hypotheses in beam_search(decoder, decoder.hear(encoder_out, lengths), prompts, options):
        looped = [h for h in hypotheses if h.looped]
        assert looped[0].tokens == (3,) * 9
        assert not looped[0].ended
    assert len(decoder.n_rows) < 60  # of 300


def test_options_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="beam_size is 0"):
        SearchOptions(EOS, beam_size=0)
    with pytest.raises(ValueError, match="ctc_weight is 1"):
        SearchOptions(EOS, ctc_weight=1.5)


def test_joint_search_asks_for_ctc_posteriors(tiny):
    decoder, encoder_out, lengths, prompts, _ = tiny(0)
    with pytest.raises(ValueError, match="no CTC posteriors"):
        beam_search(
            decoder, decoder.hear(encoder_out, lengths), prompts, SearchOptions(EOS, ctc_weight=0.3)
        )
