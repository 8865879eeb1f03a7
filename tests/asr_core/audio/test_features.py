"""Features against independent implementations."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from asr_core.audio.features import kaldi_fbank, log_mel, stft_log_mel


def test_log_mel_equals_transformers_whisper_features():
    from transformers import WhisperFeatureExtractor

    rng = np.random.default_rng(0)
    waveforms = rng.normal(0, 0.1, (2, 48_000)).astype(np.float32)
    waveforms[1, 20_000:] = 0
    extract = WhisperFeatureExtractor(chunk_length=3)
    expected = extract(list(waveforms), sampling_rate=16_000, return_tensors="np").input_features
    found = log_mel(torch.from_numpy(waveforms))
    assert found.shape == (2, 300, 80)
    np.testing.assert_allclose(found.mT.numpy(), expected, atol=1e-4)


@pytest.mark.parametrize("n_samples", [0, 1, 159, 160, 200, 201, 16_001])
def test_any_length_gives_one_frame_for_every_ten_milliseconds(n_samples):
    features = log_mel(torch.full((3, n_samples), 0.1))
    assert features.shape == (3, n_samples // 160, 80)
    assert features.isfinite().all()


def test_each_utterance_is_scaled_by_its_own_loudest_band():
    torch.manual_seed(0)
    loud, quiet = torch.randn(1, 8000), 1e-3 * torch.randn(1, 8000)
    together = log_mel(torch.cat([loud, quiet]))
    torch.testing.assert_close(together, torch.cat([log_mel(loud), log_mel(quiet)]))


def test_kaldi_fbank_equals_the_golden_vectors(shared_folder):
    folder = shared_folder / "golden" / "fbank"
    tensors = load_file(folder / "fbank.safetensors")
    items = json.loads((folder / "fbank.json").read_text())["items"]
    assert len(items) >= 10
    for item in items:
        options = item["options"]
        found = kaldi_fbank(
            tensors[f"wave.{item['wave']}"].float() / 32768,
            n_mels=options["num_mel_bins"],
            sample_rate=item["sample_rate"],
            window=options.get("window_type", "povey"),
            snip_edges=options.get("snip_edges", True),
        )
        assert found.shape == (item["frames"], item["bins"]), item["name"]
        if item["frames"]:
            torch.testing.assert_close(found, tensors[f"knf.{item['name']}"], atol=3e-4, rtol=0)


def test_a_batch_of_waveforms_gives_what_each_gives_alone():
    torch.manual_seed(0)
    waveforms = 0.1 * torch.randn(2, 5, 4000)
    found = kaldi_fbank(waveforms, n_mels=40)
    assert found.shape == (2, 5, 23, 40)
    torch.testing.assert_close(found[1, 3], kaldi_fbank(waveforms[1, 3], n_mels=40))


@pytest.mark.parametrize(("window", "hop"), [(512, 128), (400, 160)])
@pytest.mark.parametrize("n_samples", [16_000, 5_001, 600])
def test_espnets_log_mel_is_librosas(window, hop, n_samples):
    import librosa

    sound = np.random.default_rng(0).normal(0, 0.1, n_samples).astype(np.float32)
    mel = librosa.feature.melspectrogram(
        y=sound, sr=16_000, n_fft=512, win_length=window, hop_length=hop, n_mels=80,
        pad_mode="reflect",
    )  # fmt: skip
    expected = torch.from_numpy(np.log(np.maximum(mel, 1e-10)).T)
    found = stft_log_mel(torch.from_numpy(sound)[None], window=window, hop=hop)[0]
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=0)


@pytest.mark.parametrize(("n_samples", "n_frames"), [(0, 0), (1, 1), (127, 1), (128, 2)])
def test_espnets_frames_of_very_little_sound(n_samples, n_frames):
    assert stft_log_mel(torch.zeros(2, n_samples)).shape == (2, n_frames, 80)
