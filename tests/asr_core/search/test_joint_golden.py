"""Beam search over real weights against WeNet, ESPnet and FireRed."""

from __future__ import annotations

import json
import re

import pytest
import torch
from safetensors.torch import load_file

from asr_core.model.checkpoints import load_espnet, load_firered, load_wenet
from asr_core.model.posteriors import CtcPosteriors
from asr_core.search.joint import beam_search
from asr_core.search.types import SearchOptions

WENET = ["wenet_conformer", "wenet_u2pp"]


@pytest.fixture(scope="module")
def golden(shared_folder):
    """A function: folder name -> (model, io tensors, folder)."""
    loaders = {"wenet": load_wenet, "espnet": load_espnet, "firered": load_firered}

    def load(name):
        folder = shared_folder / "golden" / name
        return (
            loaders[name.split("_")[0]](folder).model,
            load_file(folder / "io.safetensors"),
            folder,
        )

    return load


def search(model, encoder_out, lengths, options, *, joint=False):
    prompts = torch.full((len(lengths), 1), model.config.sos_id)
    with torch.inference_mode():
        rows = range(len(lengths))
        ctc = CtcPosteriors(model, encoder_out, lengths, rows) if joint else None
        memory = model.decoder.hear(encoder_out, lengths)
        return beam_search(model.decoder, memory, prompts, options, ctc)


def by_tokens(hypotheses):
    return {h.tokens: h for h in hypotheses}


@pytest.mark.parametrize("name", WENET)
@pytest.mark.parametrize(("beam_size", "length_penalty"), [(1, 0.0), (5, 0.0), (10, 0.0), (5, 1.0)])
def test_attention_search_agrees_with_wenet(golden, name, beam_size, length_penalty):
    model, io, folder = golden(name)
    results = json.loads((folder / "results.json").read_text())["attention_beam_search"]
    lengths = io["encoder_out_lengths"]
    options = SearchOptions(
        model.config.eos_id,
        beam_size,
        max_tokens=int(lengths.max()),  # WeNet's limit is that of the whole batch
        finish="compete",
        length_penalty=length_penalty,
        max_repeats=0,
    )
    found = search(model, io["encoder_out"], lengths, options)
    for hypotheses, wanted in zip(
        found, results[f"beam{beam_size}_lp{length_penalty}"], strict=True
    ):
        assert list(hypotheses[0].tokens) == wanted["tokens"]
        assert hypotheses[0].score == pytest.approx(wanted["score"], abs=1e-3)
        ours = by_tokens(hypotheses)
        assert len(ours) == len(wanted["nbest"])
        for tokens, score, ended in zip(
            wanted["nbest"], wanted["nbest_scores"], wanted["nbest_has_eos"], strict=True
        ):
            assert ours[tuple(tokens)].score == pytest.approx(score, abs=1e-3)
            assert ours[tuple(tokens)].ended == ended


@pytest.mark.parametrize("name", WENET)
def test_the_whole_path_from_features_agrees_with_wenet_on_single_utterances(golden, name):
    model, io, folder = golden(name)
    results = json.loads((folder / "results.json").read_text())
    with torch.inference_mode():
        encoder_out, lengths = model.encode(io["feats"], io["feats_lengths"])
    options = SearchOptions(model.config.eos_id, 5, finish="compete", max_repeats=0)
    found = search(model, encoder_out, lengths, options)
    for hypotheses, wanted in zip(
        found, results["attention_beam_search_single"]["beam5_lp0.0"], strict=True
    ):
        assert list(hypotheses[0].tokens) == wanted["tokens"]
        assert [h.score for h in hypotheses] == pytest.approx(wanted["nbest_scores"], abs=1e-3)


def espnet_options(setting, eos_id):
    pattern = r"\w+_ctc([\d.]+)_beam(\d+)_penalty([\d.]+)(_normalize_length)?"
    match = re.fullmatch(pattern, setting)
    assert match
    normalized = 1.0 if match[4] else 0.0
    return SearchOptions(
        eos_id,
        beam_size=int(match[2]),
        finish="collect",
        ctc_weight=float(match[1]),
        length_bonus=float(match[3]),
        length_penalty=normalized,
        length_offset=normalized,
        max_repeats=0,
    )


def assert_agrees_with_espnet(hypotheses, wanted, options, *, exactly=True):
    ours = by_tokens(hypotheses)
    theirs = [tuple(h["tokens"]) for h in wanted["nbest"]]
    if exactly:
        assert [h.tokens for h in hypotheses][: len(theirs)] == theirs
    assert hypotheses[0].tokens == theirs[0]
    common = [h for h in wanted["nbest"] if tuple(h["tokens"]) in ours]
    assert len(common) >= len(theirs) - (not exactly)
    for h in common:
        found = ours[tuple(h["tokens"])]
        score = options.normalized(h["score"], len(h["tokens"]))
        assert found.score == pytest.approx(score, abs=1e-3)
        assert found.attention_score == pytest.approx(h["scores"]["decoder"], abs=1e-3)
        if options.ctc_weight:
            assert found.ctc_score == pytest.approx(h["scores"]["ctc"], abs=1e-3)


@pytest.mark.parametrize("name", WENET)
def test_joint_search_over_wenet_models_agrees_with_espnet(golden, name):
    model, io, folder = golden(name)
    results = json.loads((folder / "joint_onepass.json").read_text())["search"]
    assert len(results) == 4
    for setting, utterances in results.items():
        options = espnet_options(setting, model.config.eos_id)
        found = search(model, io["encoder_out"], io["encoder_out_lengths"], options, joint=True)
        for hypotheses, wanted in zip(found, utterances, strict=True):
            assert_agrees_with_espnet(hypotheses, wanted, options)


def test_joint_search_agrees_with_espnet(golden):
    model, io, folder = golden("espnet_conformer")
    results = json.loads((folder / "results.json").read_text())["search"]
    singles = [io[f"single{i}.encoder_out"].squeeze(0) for i in range(3)]
    lengths = torch.tensor([len(single) for single in singles])
    encoder_out = torch.nn.utils.rnn.pad_sequence(singles, batch_first=True)
    assert len(results) == 13
    for setting, utterances in results.items():
        options = espnet_options(setting, model.config.eos_id)
        found = search(model, encoder_out, lengths, options, joint=True)
        # ESPnet's search without batches offers the end only if it is among the likeliest tokens
        exactly = setting.startswith("Batch") or options.ctc_weight == 0
        for hypotheses, wanted in zip(found, utterances, strict=True):
            assert_agrees_with_espnet(hypotheses, wanted, options, exactly=exactly)


def test_attention_search_agrees_with_firered(golden):
    model, io, folder = golden("firered_tiny")
    results = json.loads((folder / "results.json").read_text())["search"]
    lengths = io["encoder_out_lengths"]
    pattern = r"beam(\d+)_nbest\d+_maxlen(\d+)_smooth([\d.]+)_lp([\d.]+)_eos([\d.]+)"
    for setting, utterances in results.items():
        match = re.fullmatch(pattern, setting)
        assert match
        options = SearchOptions(
            model.config.eos_id,
            beam_size=int(match[1]),
            max_tokens=int(match[2]) or int(lengths.max()),
            finish="compete",
            temperature=float(match[3]),
            length_penalty=float(match[4]),
            length_offset=6.0,  # FireRed's ((5 + length) / 6), its length counts the start token
            eos_scale=float(match[5]),
            max_repeats=0,
        )
        found = search(model, io["encoder_out"], lengths, options)
        for hypotheses, wanted in zip(found, utterances, strict=True):
            assert [list(h.tokens) for h in hypotheses] == [w["tokens"] for w in wanted]
            assert [h.score for h in hypotheses] == pytest.approx(
                [w["score"] for w in wanted], abs=1e-3
            )


@pytest.mark.parametrize("weight", [0.0, 0.3])
def test_a_padded_batch_equals_its_items_over_real_weights(golden, weight):
    model, io, _ = golden("wenet_u2pp")
    options = SearchOptions(model.config.eos_id, 4, ctc_weight=weight)
    encoder_out, lengths = io["encoder_out"], io["encoder_out_lengths"]
    together = search(model, encoder_out, lengths, options, joint=True)
    for b, n in enumerate(lengths.tolist()):
        (alone,) = search(
            model, encoder_out[b : b + 1, :n], lengths[b : b + 1], options, joint=True
        )
        assert [h.tokens for h in alone] == [h.tokens for h in together[b]]
        assert [h.score for h in alone] == pytest.approx([h.score for h in together[b]], abs=1e-3)
