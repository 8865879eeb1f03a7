"""Draft decoding equals greedy search whatever the draft, in fewer passes when it is good."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from asr_core.model.checkpoints import load_wenet
from asr_core.search.ctc import greedy_search
from asr_core.search.draft import _Draft, draft_search
from asr_core.search.joint import beam_search
from asr_core.search.posteriors import PosteriorTable
from asr_core.search.types import SearchOptions

EOS = 5
EOS_TOKEN = 99


def greedy(tiny_case, options, weight=0.0):
    decoder, encoder_out, lengths, prompts, log_probs = tiny_case
    ctc = PosteriorTable(log_probs, lengths) if weight else None
    found = beam_search(decoder, decoder.hear(encoder_out, lengths), prompts, options, ctc)
    return [hypotheses[0] for hypotheses in found]


def drafts_of(kind, truths):
    torch.manual_seed(len(kind))
    if kind == "empty":
        return [[] for _ in truths]
    if kind == "perfect":
        return [list(t) for t in truths]
    if kind == "too long":
        return [[*t, *t, 1, 2, 3, EOS, 4] for t in truths]
    if kind == "random":
        return [torch.randint(0, 6, (30,)).tolist() for _ in truths]
    if kind == "one wrong":
        return [[*t[:3], (t[3] + 1) % 5, *t[4:]] if len(t) > 3 else [] for t in truths]
    if kind == "one missing":
        return [[*t[:2], *t[3:]] for t in truths]
    if kind == "one too many":
        return [[*t[:2], (t[2] + 1) % 5, *t[2:]] if len(t) > 2 else [1] for t in truths]
    assert kind == "unlike"
    return [[], *[list(t) for t in truths[:-1]]]


KINDS = [
    "empty",
    "perfect",
    "too long",
    "random",
    "one wrong",
    "one missing",
    "one too many",
    "unlike",
]


@pytest.mark.parametrize("weight", [0.0, 0.4])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_the_result_is_that_of_greedy_search(tiny, seed, kind, weight):
    case = tiny(seed, n_frames=(5, 20, 0, 7, 2, 30))
    decoder, encoder_out, lengths, prompts, log_probs = case
    never, not_first = torch.zeros(6, dtype=torch.bool), torch.zeros(6, dtype=torch.bool)
    never[4] = not_first[EOS] = True
    options = SearchOptions(
        EOS,
        beam_size=1,
        ctc_weight=weight,
        pre_beam=4,
        suppressed=never,
        suppressed_at_start=not_first,
    )
    wanted = greedy(case, options, weight)
    n_greedy_passes = len(decoder.n_rows)
    drafts = drafts_of(kind, [h.tokens for h in wanted])
    memory = decoder.hear(encoder_out, lengths)
    ctc = PosteriorTable(log_probs, lengths)
    found = draft_search(decoder, memory, prompts, drafts, options, ctc)
    assert [h.tokens for h in found.hypotheses] == [h.tokens for h in wanted]
    assert [h.ended for h in found.hypotheses] == [h.ended for h in wanted]
    assert [h.looped for h in found.hypotheses] == [h.looped for h in wanted]
    for ours, theirs in zip(found.hypotheses, wanted, strict=True):
        assert ours.score == pytest.approx(theirs.score, abs=1e-4)
        assert ours.token_log_probs == pytest.approx(theirs.token_log_probs, abs=1e-4)
    assert found.n_passes == len(decoder.n_rows) - n_greedy_passes <= n_greedy_passes


def long_case(tiny, seed, n_utterances=3):
    """Utterances whose greedy results are long, varied, and end by the limit."""
    case = tiny(seed, n_labels=40, sharpness=4.0, n_frames=(60,) * n_utterances)
    case[0].bias[EOS] = -1000
    return case, SearchOptions(EOS, beam_size=1, max_repeats=0)


@pytest.mark.parametrize(("n_utterances", "n_passes"), [(1, 1), (3, 3)])  # 64 places in a pass
def test_a_perfect_draft_takes_as_many_passes_as_it_has_places(tiny, n_utterances, n_passes):
    case, options = long_case(tiny, 0, n_utterances)
    decoder, encoder_out, lengths, prompts, _ = case
    wanted = [h.tokens for h in greedy(case, options)]
    assert len(decoder.n_rows) == 60
    found = draft_search(decoder, decoder.hear(encoder_out, lengths), prompts, wanted, options)
    assert [h.tokens for h in found.hypotheses] == wanted
    assert found.n_passes == n_passes
    # Each pass says one token more than was offered; what it says need not be checked.
    assert found.n_accepted == n_utterances * (60 - n_passes)


@pytest.mark.parametrize("kind", ["one wrong", "one missing", "one too many"])
def test_one_mistake_costs_a_few_passes(tiny, kind):
    case, options = long_case(tiny, 1)
    decoder, encoder_out, lengths, prompts, _ = case
    wanted = [h.tokens for h in greedy(case, options)]
    drafts = drafts_of(kind, wanted)
    found = draft_search(decoder, decoder.hear(encoder_out, lengths), prompts, drafts, options)
    assert [h.tokens for h in found.hypotheses] == wanted
    assert found.n_passes <= 9  # of 60


def test_a_worthless_draft_is_dropped_soon(tiny):
    case, options = long_case(tiny, 2)
    decoder, encoder_out, lengths, prompts, _ = case
    wanted = [h.tokens for h in greedy(case, options)]
    widths = []
    step = decoder.step
    decoder.step = lambda tokens, *rest, **kwargs: (
        widths.append(tokens.shape[1]) or step(tokens, *rest, **kwargs)
    )
    drafts = [[39] * 200] * 3
    found = draft_search(decoder, decoder.hear(encoder_out, lengths), prompts, drafts, options)
    assert [h.tokens for h in found.hypotheses] == wanted
    assert found.n_passes <= 60
    assert sum(widths) <= 60 + 330  # few tokens are fed in vain, of 60 * 60 that could be


def test_no_utterances_with_sound_need_no_pass(tiny):
    decoder, encoder_out, lengths, prompts, _ = tiny(0)
    silence = decoder.hear(encoder_out[:, :0], torch.zeros_like(lengths))
    found = draft_search(decoder, silence, prompts, [[1]] * 3, SearchOptions(EOS))
    assert [h.tokens for h in found.hypotheses] == [()] * 3
    assert found.n_passes == 0


@pytest.mark.parametrize("weight", [0.0, 0.5])
@pytest.mark.parametrize("name", ["wenet_u2pp", "wenet_conformer"])
def test_ctc_s_draft_gives_what_greedy_search_gives_over_real_weights(shared_folder, name, weight):
    folder = shared_folder / "golden" / name
    model, io = load_wenet(folder).model, load_file(folder / "io.safetensors")
    encoder_out, lengths = io["encoder_out"], io["encoder_out_lengths"]
    prompts = torch.full((len(lengths), 1), model.config.sos_id)
    options = SearchOptions(model.config.eos_id, 1, ctc_weight=weight, pre_beam=6)
    with torch.inference_mode():
        log_probs, n_frames = model.ctc_log_probs(encoder_out, lengths)
        ctc = PosteriorTable(log_probs, n_frames)
        heard = (model.decoder, model.decoder.hear(encoder_out, lengths), prompts)
        drafts = [[token.id for token in tokens] for tokens in greedy_search(log_probs, n_frames)]
        wanted = [nbest[0] for nbest in beam_search(*heard, options, ctc)]
        found = draft_search(*heard, drafts, options, ctc)
    assert [h.tokens for h in found.hypotheses] == [h.tokens for h in wanted]
    for ours, theirs in zip(found.hypotheses, wanted, strict=True):
        assert ours.score == pytest.approx(theirs.score, abs=1e-3)
    assert found.n_passes < max(len(h.tokens) for h in wanted)
    assert found.n_accepted > 0


def test_what_the_decoder_expects_mends_the_draft():
    def units(tokens):  # 10 to 19 are 0 to 9 with a capital, 20 is a comma, 5 is 3 and 4 in one
        return [[] if t == 20 else [3, 4] if t == 5 else [t % 10] for t in tokens]

    draft = _Draft([1, 2, 3, 4, 6, 7], SearchOptions(EOS_TOKEN, units=units))
    offered = draft.offer(5)
    assert offered == [1, 2, 3, 4, 6]
    draft.hear(11)  # the first one was refused: it wants a capital
    draft.mend(offered, [11, 20, 5, 99, 8, 7], 0)
    assert draft.offer(9) == [20, 2, 5, 8, 7]
    draft.mend([], [3], 0)
    assert draft.offer(9) == [20, 2, 5, 8, 7]


def test_a_character_of_several_tokens_is_replaced_as_a_whole():
    def units(tokens):  # 30 is the first half of a character, 31 to 39 end it
        return [[] if t == 30 else [t] for t in tokens]

    draft = _Draft([1, 30, 31, 2, 3], SearchOptions(EOS_TOKEN, units=units))
    offered = draft.offer(9)
    for token in (1, 30, 32):  # the second half was refused
        draft.hear(token)
    assert draft.offer(9) == [2, 3]
    draft = _Draft([1, 30, 31, 2, 3], SearchOptions(EOS_TOKEN, units=units))
    draft.hear(4)
    draft.mend(offered, [4, 7, 30, 8, 3, EOS_TOKEN], 0)
    assert draft.offer(9) == [7, 8, 3]


def test_a_token_for_two_characters_is_as_good_as_both():
    def units(tokens):
        return [[3, 4] if t == 5 else [t] for t in tokens]

    draft = _Draft([3, 4, 6, 7], SearchOptions(EOS_TOKEN, units=units))
    draft.hear(5)
    assert draft.offer(9) == [6, 7]


def test_what_the_draft_has_nearby_is_no_correction():
    draft = _Draft([1, 2, 3], SearchOptions(EOS_TOKEN, units=lambda tokens: [[t] for t in tokens]))
    offered = draft.offer(5)
    draft.hear(8)
    draft.mend(offered, [8, 3, 2, EOS_TOKEN], 0)
    assert draft.offer(9) == [2, 3]


def test_the_draft_goes_on_where_the_decoder_would_when_it_is_too_short():
    draft = _Draft([1, 2], SearchOptions(EOS_TOKEN, units=lambda tokens: [[t] for t in tokens]))
    offered = draft.offer(5)
    draft.hear(3)
    draft.mend(offered, [3, 2, 7], 0)
    assert draft.offer(9) == [2, 7]


def test_words_that_the_draft_lacks_are_put_in_and_it_does_not_stay_ahead_for_ever():
    draft = _Draft(
        [1, 2, 3, 4, 5], SearchOptions(EOS_TOKEN, units=lambda tokens: [[t] for t in tokens])
    )
    for said, offers in [(8, [2, 3, 4, 5]), (9, [3, 4, 5]), (1, [2, 3, 4, 5]), (2, [3, 4, 5])]:
        offered = draft.offer(9)
        draft.hear(said)
        draft.mend(offered, [said, *[EOS_TOKEN] * len(offered)], 0)
        assert draft.offer(9) == offers


@pytest.mark.parametrize(("sure", "changes"), [(math.log(0.5), False), (-math.inf, True)])
def test_only_what_the_decoder_is_sure_of_mends_the_draft(tiny, monkeypatch, sure, changes):
    """A decoder that gives each of 40 tokens about the same, and one draft with and without units.

    Without units nothing is mended.
    """
    monkeypatch.setattr("asr_core.search.draft._SURE", sure)
    decoder, encoder_out, lengths, prompts, _ = tiny(1, n_labels=40, sharpness=0.1, n_frames=(60,))
    decoder.bias[EOS] = -1000
    options = SearchOptions(EOS, beam_size=1, max_repeats=0)
    step, fed = decoder.step, []
    monkeypatch.setattr(decoder, "step", lambda x, *rest: fed.append(x.tolist()) or step(x, *rest))
    for units in (None, lambda tokens: [[t] for t in tokens]):
        memory = decoder.hear(encoder_out, lengths)
        draft_search(decoder, memory, prompts, [range(6, 36)], replace(options, units=units))
    (n_passes, rest) = divmod(len(fed), 2)
    is_same = not rest and fed[:n_passes] == fed[n_passes:]
    assert is_same is not changes
