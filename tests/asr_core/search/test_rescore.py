"""Attention rescoring against WeNet, and against reading one hypothesis at a time."""

from __future__ import annotations

import json
import math
import re

import pytest
import torch
from safetensors.torch import load_file

from asr_core.model.checkpoints import load_wenet
from asr_core.search.ctc import prefix_beam_search
from asr_core.search.rescore import RescoreOptions, rescore
from asr_core.search.types import Hypothesis

EOS = 5


@pytest.mark.parametrize("name", ["wenet_conformer", "wenet_u2pp"])
def test_rescoring_agrees_with_wenet(shared_folder, name):
    folder = shared_folder / "golden" / name
    model, io = load_wenet(folder).model, load_file(folder / "io.safetensors")
    results = json.loads((folder / "results.json").read_text())["attention_rescoring"]
    encoder_out, lengths = io["encoder_out"], io["encoder_out_lengths"]
    prompts = torch.full((len(lengths), 1), model.config.sos_id)
    with torch.inference_mode():
        memory = model.decoder.hear(encoder_out, lengths)
        r2l = model.decoder_r2l
        backwards = None if r2l is None else (r2l, r2l.hear(encoder_out, lengths))
    for setting, utterances in results.items():
        match = re.fullmatch(r"beam10_ctc([\d.]+)_rev([\d.]+)", setting)
        assert match
        options = RescoreOptions(model.config.eos_id, float(match[1]), float(match[2]))
        with torch.inference_mode():
            proposals = prefix_beam_search(model.ctc_log_probs(encoder_out, lengths)[0], lengths)
            found = rescore(model.decoder, memory, prompts, proposals, options, backwards)
        for (best, *_), wanted in zip(found, utterances, strict=True):
            assert list(best.tokens) == wanted["tokens"]
            assert best.score == pytest.approx(wanted["score"], abs=1e-3)
            assert best.confidence == pytest.approx(wanted["confidence"], abs=1e-3)
            if options.reverse_weight in (0.0, 0.5):  # WeNet takes the plain mean of both
                assert [math.exp(p) for p in best.token_log_probs] == pytest.approx(
                    wanted["tokens_confidence"], abs=1e-3
                )


def proposals_of(*texts):
    return [Hypothesis(t, -1.0 * i, (), True, ctc_score=-1.0 * i) for i, t in enumerate(texts)]


def test_all_hypotheses_are_read_in_one_pass_as_if_each_were_alone(tiny):
    decoder, encoder_out, lengths, prompts, _ = tiny(0)
    proposals = [
        proposals_of((1, 2, 3), (1,), (4, 4, 4, 4, 4)),
        proposals_of(()),
        proposals_of((2, 2), (3, 1)),
    ]
    options = RescoreOptions(EOS, ctc_weight=0.3)
    memory = decoder.hear(encoder_out, lengths)
    together = rescore(decoder, memory, prompts, proposals, options)
    assert decoder.n_scores == 1
    for b, hypotheses in enumerate(together):
        assert {h.tokens for h in hypotheses} == {h.tokens for h in proposals[b]}
        assert [h.score for h in hypotheses] == sorted((h.score for h in hypotheses), reverse=True)
        for h in hypotheses:
            cache = decoder.start(encoder_out[b : b + 1], lengths[b : b + 1])
            log_probs = decoder.step(torch.tensor([[*prompts[b].tolist(), *h.tokens]]), cache)[
                0, 1:
            ]
            each = [log_probs[i, t].item() for i, t in enumerate([*h.tokens, EOS])]
            assert h.attention_score == pytest.approx(sum(each), abs=1e-4)
            assert h.token_log_probs == pytest.approx(each[:-1], abs=1e-4)
            assert h.score == pytest.approx(sum(each) + 0.3 * h.ctc_score, abs=1e-4)


def test_reading_backwards_sees_the_text_reversed(tiny):
    decoder, encoder_out, lengths, prompts, _ = tiny(0)
    proposals = [proposals_of((1, 2, 3), (3, 4)) for _ in range(3)]
    options = RescoreOptions(EOS, ctc_weight=0.0, reverse_weight=1.0)
    memory = decoder.hear(encoder_out, lengths)
    found = rescore(decoder, memory, prompts, proposals, options, (decoder, memory))
    turned = [proposals_of((3, 2, 1), (4, 3)) for _ in range(3)]
    options = RescoreOptions(EOS, ctc_weight=0.0)
    wanted = rescore(decoder, memory, prompts, turned, options)
    for ours, theirs in zip(found, wanted, strict=True):
        assert [h.tokens for h in ours] == [h.tokens[::-1] for h in theirs]
        assert [h.score for h in ours] == pytest.approx([h.score for h in theirs])


def test_an_utterance_without_frames_keeps_its_empty_reading(tiny):
    decoder, encoder_out, lengths, prompts, _ = tiny(0)
    proposals = [proposals_of(()) for _ in range(3)]
    silence = decoder.hear(encoder_out[:, :0], torch.zeros_like(lengths))
    assert rescore(decoder, silence, prompts, proposals, RescoreOptions(EOS)) == proposals
    assert decoder.n_scores == 0


def test_a_reverse_weight_needs_a_decoder_that_reads_backwards(tiny):
    decoder, encoder_out, lengths, prompts, _ = tiny(0)
    with pytest.raises(ValueError, match="nothing reads backwards"):
        rescore(
            decoder,
            decoder.hear(encoder_out, lengths),
            prompts,
            [],
            RescoreOptions(EOS, 0.5, 0.3),
        )
