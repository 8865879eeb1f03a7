"""The bonus of listed terms: whole terms only, each token once, whatever way the search took."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from asr_core.search.bias import Bias, Walk
from asr_core.search.joint import beam_search
from asr_core.search.posteriors import PosteriorTable
from asr_core.search.types import SearchOptions
from tests.asr_core.search.test_joint import (
    EOS,
    FINISHES,
    attention_log_prob,
    ctc_log_prob,
    every_sequence,
)

TEXTS = {0: " a", 1: "b", 2: " c", 3: "d", 4: "好", EOS: ""}


def text_of(token):
    return TEXTS[token]


def is_inside(text):
    return text.isascii() and text.isalnum()


def bonus_tokens(terms, tokens):
    """By the definition: tokens that are part of a term which stands there as whole words."""
    said = set()
    for term in terms:
        for start in range(len(tokens) - len(term) + 1):
            end = start + len(term)
            before = text_of(tokens[start - 1])[-1:] if start else ""
            after = text_of(tokens[end])[:1] if end < len(tokens) else ""
            if (
                tuple(tokens[start:end]) == tuple(term)
                and not (is_inside(before) and is_inside(text_of(term[0])[:1]))
                and not (is_inside(after) and is_inside(text_of(term[-1])[-1:]))
            ):
                said.update(range(start, end))
    return len(said)


def walked(bias, tokens):
    walk = Walk()
    for token in tokens:
        walk = bias.step(walk, token)
    return walk


def random_terms(seed):
    rng = random.Random(seed)
    return [[rng.randrange(5) for _ in range(rng.randint(1, 4))] for _ in range(rng.randint(1, 5))]


@pytest.mark.parametrize("seed", range(40))
def test_a_walk_ends_with_the_bonus_of_whole_terms(seed):
    terms = random_terms(seed)
    bias = Bias(terms, 0.5, text_of)
    rng = random.Random(seed + 1000)
    for _ in range(200):
        tokens = [rng.randrange(5) for _ in range(rng.randint(0, 10))]
        wanted = 0.5 * bonus_tokens(terms, tokens)
        walk = walked(bias, tokens)
        assert bias.score(bias.end(walk)) == wanted
        assert bias.score(bias.step(walk, EOS)) == wanted


@pytest.mark.parametrize("seed", range(10))
def test_what_is_open_is_never_more_than_a_bonus_a_token(seed):
    bias = Bias(random_terms(seed), 0.5, text_of)
    rng = random.Random(seed)
    walk = Walk()
    for _ in range(300):
        token = rng.randrange(5)
        further = bias.step(walk, token)
        assert bias.score(further) - bias.score(walk) <= 0.5
        left = bias.score(bias.end(walk))
        assert token in bias.first or token in bias.next(walk) or bias.score(further) <= left + 1e-9
        walk = further


def test_a_bonus_is_taken_back_where_a_term_is_left():
    bias = Bias([(0, 2, 4)], 1.0, text_of)
    walk = walked(bias, [0, 2])
    assert bias.score(walk) == 2.0
    assert bias.score(bias.step(walk, 3)) == 0.0
    assert bias.score(bias.step(walk, 4)) == 3.0
    assert bias.next(walk) == {4: 3.0}


def test_a_name_inside_a_longer_word_is_no_name():
    bias = Bias([(0,), (3,)], 1.0, text_of)  # " a" and "d"
    assert bias.score(bias.end(walked(bias, [0, 1]))) == 0.0  # " ab"
    assert bias.score(bias.end(walked(bias, [0, 2]))) == 1.0  # " a c"
    assert bias.score(bias.end(walked(bias, [1, 3]))) == 0.0  # "bd"
    assert bias.score(bias.end(walked(bias, [4, 3]))) == 1.0  # "好d"


@pytest.mark.parametrize("finish", FINISHES)
@pytest.mark.parametrize("seed", range(3))
def test_without_a_bonus_the_terms_change_nothing(tiny, seed, finish):
    decoder, encoder_out, lengths, prompts, log_probs = tiny(seed)
    plain = SearchOptions(EOS, beam_size=3, ctc_weight=0.3, finish=finish, length_penalty=1.0)
    listed = replace(plain, bias=Bias(random_terms(seed), 0.0, text_of))
    memory, ctc = decoder.hear(encoder_out, lengths), PosteriorTable(log_probs, lengths)
    assert beam_search(decoder, memory, prompts, listed, ctc) == beam_search(
        decoder, memory, prompts, plain, ctc
    )


@pytest.mark.parametrize("finish", FINISHES)
@pytest.mark.parametrize("seed", range(6))
def test_an_unpruned_biased_beam_finds_what_trying_everything_finds(tiny, seed, finish):
    decoder, encoder_out, lengths, prompts, _ = tiny(seed, sharpness=1.0)
    terms = random_terms(seed)
    options = SearchOptions(
        EOS,
        beam_size=1000,
        max_tokens=3,
        finish=finish,
        length_penalty=0.7,
        bias=Bias(terms, 0.8, text_of),
    )
    found = beam_search(decoder, decoder.hear(encoder_out, lengths), prompts, options)
    for b, hypotheses in enumerate(found):
        scores = {
            tokens: options.normalized(
                attention_log_prob(
                    decoder, encoder_out[b], lengths[b], prompts[b], tokens, ended=len(tokens) < 3
                )
                + 0.8 * bonus_tokens(terms, tokens),
                len(tokens),
            )
            for tokens in every_sequence(6, 3)
        }
        assert hypotheses[0].score == pytest.approx(max(scores.values()), abs=1e-4)
        assert hypotheses[0].tokens == max(scores, key=scores.__getitem__)


@pytest.mark.parametrize("seed", range(3))
def test_an_unpruned_biased_joint_search_finds_what_trying_everything_finds(tiny, seed):
    decoder, encoder_out, lengths, prompts, log_probs = tiny(seed, n_frames=(3, 4))
    terms = [(1, 2), (3, 3, 1), (2, 4)]
    options = SearchOptions(
        EOS,
        beam_size=2000,
        max_tokens=5,
        ctc_weight=0.4,
        finish="compete",
        bias=Bias(terms, 1.5, text_of),
    )
    ctc = PosteriorTable(log_probs, lengths)
    found = beam_search(decoder, decoder.hear(encoder_out, lengths), prompts, options, ctc)
    for b, hypotheses in enumerate(found):
        posteriors = log_probs[b, : lengths[b]]
        scores = {
            tokens: 0.6
            * attention_log_prob(
                decoder, encoder_out[b], lengths[b], prompts[b], tokens, ended=True
            )
            + 0.4 * ctc_log_prob(posteriors, tokens)
            + 1.5 * bonus_tokens(terms, tokens)
            for tokens in every_sequence(6, 4, without=(0,))
        }
        assert hypotheses[0].tokens == max(scores, key=scores.__getitem__)


def test_a_pruned_beam_is_offered_what_only_the_bonus_brings(tiny):
    """The listed token is the decoder's last choice, far beyond the short list."""
    decoder, encoder_out, lengths, prompts, _ = tiny(0, n_labels=40)
    decoder.output *= 0
    decoder.bias[33] = -3.0
    options = SearchOptions(EOS, beam_size=2, max_tokens=3)
    listed = replace(options, bias=Bias([(33, 33)], 20.0))
    memory = decoder.hear(encoder_out, lengths)
    assert 33 not in beam_search(decoder, memory, prompts, options)[0][0].tokens
    assert beam_search(decoder, memory, prompts, listed)[0][0].tokens[:2] == (33, 33)
