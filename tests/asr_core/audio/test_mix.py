"""Whatever can be heard in any channel can be heard in the mix."""

import numpy as np
import pytest

from asr_core.audio.mix import Cleaner, mix_down

RATE = 16_000


def mixed(channels, piece=4000):
    samples = np.stack(channels, axis=1).astype(np.float32)
    pieces = [samples[start : start + piece] for start in range(0, len(samples), piece)]
    return np.concatenate(list(mix_down(pieces, RATE)))


def level(samples):
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


def test_one_channel_passes_untouched(babble):
    voice = babble(1)
    np.testing.assert_array_equal(mixed([voice]), voice)


@pytest.mark.parametrize("signs", [(1, 1), (1, -1), (-1, 1), (1, -1, 1)])
def test_copies_of_a_voice_are_as_loud_as_one_whatever_their_signs(babble, signs):
    voice = babble(2)
    found = mixed([sign * voice for sign in signs])
    np.testing.assert_allclose(np.abs(found), np.abs(voice), atol=1e-5)


@pytest.mark.parametrize(("n_channels", "speaking"), [(2, 0), (2, 1), (64, 36)])
def test_a_voice_in_one_channel_is_not_thinned_by_the_silent_ones(babble, n_channels, speaking):
    voice = babble(2)
    channels = [voice if i == speaking else 0 * voice for i in range(n_channels)]
    np.testing.assert_allclose(mixed(channels), voice, atol=1e-5)


def test_faint_noise_in_many_channels_does_not_drown_the_one_that_speaks(babble):
    voice = babble(2)
    noise = 1e-3 * np.random.default_rng(1).standard_normal((63, len(voice)))
    found = mixed([voice, *noise])
    assert level(found - voice) < 0.05 * level(voice)


def test_interviewer_and_guest_on_channels_of_their_own_are_both_heard_in_full(babble):
    turns = np.arange(8 * RATE) // (2 * RATE) % 2  # they take turns every two seconds
    left = babble(8, seed=1) * (turns == 0)
    right = 0.1 * babble(8, seed=2) * (turns == 1)  # the guest sits far from the microphone
    found = mixed([left, right])
    for channel, turn in ((left, 0), (right, 1)):
        for start in range(turn * 2 * RATE, 8 * RATE, 4 * RATE):
            inside = slice(start + RATE // 5, start + 2 * RATE - RATE // 5)
            np.testing.assert_allclose(found[inside], channel[inside], atol=1e-5)
            assert level(found[start : start + RATE // 10]) > 0.4 * level(
                channel[start : start + RATE // 10]
            )  # the first syllable of a turn


def test_a_guest_who_speaks_at_the_same_time_stays_audible(babble):
    left, right = babble(4, seed=1), 0.3 * babble(4, seed=2)
    found = mixed([left, right])
    share = found @ right / (right @ right)
    assert share > 0.6


def test_weights_change_without_clicks():
    t = np.arange(4 * RATE) / RATE
    tone = 0.3 * np.sin(2 * np.pi * 100 * t)
    left, right = tone * (t < 2), tone * (t >= 1)  # first left, then both, then right
    steps = np.abs(np.diff(mixed([left, right])))
    assert steps.max() < 2 * np.abs(np.diff(tone)).max()


def test_a_constant_offset_does_not_count_as_sound(babble):
    voice = babble(2)
    found = mixed([voice, np.full_like(voice, 0.5)])
    assert level(found - found.mean() - (voice - voice.mean())) < 0.05 * level(voice)


@pytest.mark.parametrize("piece", [1, 777, 1600, 10**6])
def test_the_mix_does_not_depend_on_the_size_of_the_pieces(babble, piece):
    channels = [babble(1, seed=1), -0.2 * babble(1, seed=2)]
    found = mixed(channels, piece)
    assert len(found) == RATE
    np.testing.assert_array_equal(found, mixed(channels))


def test_clean_samples_are_handed_on_as_they_are():
    samples = np.linspace(-1, 1, 100, dtype=np.float32)
    assert Cleaner()(samples) is samples


def test_peaks_a_little_above_full_scale_are_clipped_and_nothing_else_changes(babble):
    voice = 4 * babble(1)
    np.testing.assert_array_equal(Cleaner()(voice), np.clip(voice, -1, 1))


def test_one_wild_sample_does_not_silence_the_rest(babble):
    voice = babble(1)
    voice[100] = 1e30
    found = Cleaner()(voice)
    np.testing.assert_array_equal(found[101:], voice[101:])


def test_another_scale_is_kept_through_quiet_passages(babble):
    clean = Cleaner()
    loud = clean(30_000 * babble(1))
    quiet = clean(300 * babble(1))
    assert level(quiet) < 0.02 * level(loud)
