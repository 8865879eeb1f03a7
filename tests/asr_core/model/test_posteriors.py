"""Posteriors computed when they are asked for are those of the whole table."""

import pytest
import torch

from asr_core.model.conformer import EncoderConfig
from asr_core.model.decoder import DecoderConfig
from asr_core.model.hybrid import HybridModel, ModelConfig
from asr_core.model.posteriors import CtcPosteriors
from asr_core.search.ctc import greedy_search, merged


@pytest.mark.parametrize("pooling", [1, 2])
@torch.inference_mode()
def test_every_unit_of_every_passage_is_as_in_the_table(pooling):
    torch.manual_seed(0)
    encoder = EncoderConfig(d_model=16, n_heads=2, n_layers=1, d_ff=32)
    decoder = DecoderConfig(vocab_size=6, d_model=16, n_heads=2, n_layers=1, d_ff=32)
    config = ModelConfig(encoder, decoder, n_units=9, ctc_pooling=pooling)
    model = HybridModel(config).eval()
    states, lengths = torch.randn(3, 300, 16), torch.tensor([300, 7, 41])
    sounds = [2, 0, 1, 0]  # the first sound is read in two languages
    log_probs, n_frames = model.ctc_log_probs(states, lengths)
    log_probs, n_frames = log_probs[sounds], n_frames[sounds]

    found = CtcPosteriors(model, states, lengths, sounds)
    assert found.lengths.tolist() == n_frames.tolist()
    assert (found.n_frames, found.n_units) == tuple(log_probs.shape[1:])
    for whole, expected, n in zip(found.table(), log_probs, n_frames.tolist(), strict=True):
        torch.testing.assert_close(whole[:n], expected[:n])
    utterances, units = torch.tensor([3, 1, 0, 2, 0]), torch.tensor([8, 0, 4, 1, 4])
    for row, u, unit in zip(found.of(utterances, units), utterances, units, strict=True):
        n = int(n_frames[u])
        torch.testing.assert_close(row[:n], log_probs[u, :n, unit])
    wanted = greedy_search(log_probs, n_frames)
    path = merged(found.best_log_probs, found.best, found.lengths)
    assert [[t.id for t in p] for p in path] == [[t.id for t in w] for w in wanted]
