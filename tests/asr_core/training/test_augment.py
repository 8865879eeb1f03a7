"""Augmentation changes what it says and nothing else."""

import numpy as np
import pytest
import torch

from asr_core.training import augment

RATE = 16_000


def tone(hertz=440.0, seconds=1.0):
    return (0.3 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * RATE)) / RATE)).astype(
        np.float32
    )


def test_the_same_numbers_give_the_same_sound():
    first, second = (augment.augmented(tone(), augment.seeded(1, 2)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, augment.augmented(tone(), augment.seeded(1, 3)))


def test_without_strength_nothing_changes():
    np.testing.assert_allclose(augment.augmented(tone(), augment.seeded(0), 0.0), tone(), rtol=1e-6)


@pytest.mark.parametrize("seed", range(12))
def test_sound_stays_within_what_a_recording_holds(seed):
    loud = tone() / 0.3
    found = augment.augmented(loud, augment.seeded(seed))
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert np.abs(found).max() <= 1.0


def test_faster_is_shorter_and_higher():
    found = augment.at_speed(tone(400.0, 2.0), 1.1)
    assert len(found) == pytest.approx(2 * RATE / 1.1, abs=2)
    peak = np.abs(np.fft.rfft(found)).argmax() * RATE / len(found)
    assert peak == pytest.approx(440.0, abs=1.0)


def test_noise_has_the_power_that_was_asked_for():
    noisy = augment.with_noise(tone(), augment.seeded(5), snr_db=10.0)
    ratio = np.square(tone()).mean() / np.square(noisy - tone()).mean()
    assert 10 * np.log10(ratio) == pytest.approx(10.0, abs=0.1)


def test_a_room_sounds_on_after_the_speech():
    click = np.zeros(RATE, np.float32)
    click[100] = 1.0
    heard = augment.in_room(click, augment.seeded(3))
    assert len(heard) == RATE
    assert heard[100] == pytest.approx(1.0, abs=1e-4)
    assert np.abs(heard[:100]).max() < 1e-4
    assert np.abs(heard[300:1500]).max() > 1e-4


def test_a_telephone_takes_the_high_band_away():
    spectrum = np.abs(np.fft.rfft(augment.over_telephone(tone(6000.0) + tone(500.0))))
    assert spectrum[6000] < 0.01 * spectrum[500]


def test_spec_augment_hides_stripes_and_keeps_the_rest():
    features = torch.randn(400, 80)
    found = augment.spec_augment(features, augment.seeded(1))
    assert found.shape == features.shape
    changed = found != features
    assert 0 < changed.float().mean() < 0.7
    assert torch.equal(found[changed], features.mean().expand(int(changed.sum())))
