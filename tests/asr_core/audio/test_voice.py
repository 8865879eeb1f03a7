"""Speech is found at any level, and nothing else is taken for it."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from asr_core.audio import voice as voice_module
from asr_core.audio.voice import BATCH, FRAME, speech_probabilities
from asr_core.errors import ModelError

PROJECT = Path(__file__).resolve().parents[3]


def probabilities(samples, piece=10**9):
    pieces = [samples[start : start + piece] for start in range(0, len(samples), piece)]
    heard = list(speech_probabilities(pieces))
    np.testing.assert_array_equal(np.concatenate([part for part, _ in heard]), samples)
    return np.concatenate([values for _, values in heard])


def noise(seconds, db, slope=0.0, seed=0):
    """Noise whose spectrum falls as frequency ** -slope, at a root mean square in dB."""
    n = int(seconds * 16_000)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(n))
    spectrum /= np.maximum(np.arange(len(spectrum)), 20 * seconds) ** slope
    samples = np.fft.irfft(spectrum, n)
    return (samples / samples.std() * 10 ** (db / 20)).astype(np.float32)


@pytest.mark.parametrize("db", [0, -20, -40, -50, -60])
def test_speech_is_found_however_quiet_it_is(babble, db):
    voice = babble(4) * np.float32(10 ** (db / 20))
    assert (probabilities(voice)[5:] > 0.5).mean() > 0.9


def test_a_quiet_voice_above_a_quieter_room_is_found(babble):
    scene = noise(20, -80, slope=0.5)
    scene[10 * 16_000 : 14 * 16_000] += babble(4) * np.float32(10 ** (-50 / 20))
    found = probabilities(scene)
    speaking = slice(10 * 16_000 // FRAME + 3, 14 * 16_000 // FRAME)
    assert (found[speaking] > 0.5).mean() > 0.9
    assert found[: 10 * 16_000 // FRAME - 1].max() < 0.5


@pytest.mark.parametrize("slope", [0, 0.5, 1])
@pytest.mark.parametrize("db", [-20, -34, -50, -70, -90])
def test_noise_is_not_speech(db, slope):
    assert probabilities(noise(6, db, slope)).max() < 0.5


@pytest.mark.parametrize("db", [-10, -40, -70])
def test_tones_and_hum_are_not_speech(db):
    t = np.arange(6 * 16_000) / 16_000
    hum = sum(np.sin(2 * np.pi * 50 * k * t) / k for k in range(1, 8))
    for sound in (np.sin(2 * np.pi * 440 * t), np.sin(2 * np.pi * 1000 * t), hum):
        scaled = (sound * 10 ** (db / 20)).astype(np.float32)
        assert probabilities(scaled)[2:].max() < 0.5


@pytest.mark.parametrize("sound", [np.zeros(100_000), np.full(100_000, 0.5), 1e-7 * np.ones(1)])
def test_nothing_is_not_speech(sound):
    assert probabilities(sound.astype(np.float32)).max() < 0.5


@pytest.mark.parametrize("n_samples", [0, 1, 511, 512, 513, BATCH * FRAME, BATCH * FRAME + 1])
def test_there_is_one_value_for_every_frame_begun(n_samples):
    heard = list(speech_probabilities([np.ones(n_samples, np.float32)]))
    assert sum(len(values) for _, values in heard) == -(-n_samples // FRAME)


@pytest.mark.parametrize("piece", [100, 8000, 50_001])
def test_values_do_not_depend_on_the_callers_blocks(babble, piece):
    voice = babble(4)
    np.testing.assert_array_equal(probabilities(voice, piece), probabilities(voice))


def test_values_equal_those_of_the_network_run_frame_by_frame(babble):
    """The package's streaming form of the network, an export of its own, is the reference."""
    spec = find_spec("silero_vad")
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).parent / "data" / "silero_vad.onnx"
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    voice = np.diff(babble(3), prepend=np.float32(0))  # no offset to remove
    voice *= 0.1 / voice.std()  # loud enough to be left alone
    sound = np.concatenate([np.zeros(64, np.float32), voice, np.zeros(-len(voice) % FRAME)])
    state, expected = np.zeros((2, 1, 128), np.float32), []
    for start in range(0, len(sound) - 64, FRAME):
        frame = sound[None, start : start + 64 + FRAME].astype(np.float32)
        feed = {"input": frame, "state": state, "sr": np.array(16_000)}
        value, state = session.run(None, feed)
        expected.append(value.item())
    np.testing.assert_allclose(probabilities(voice), expected, atol=1e-3)


def test_neither_torch_nor_the_network_package_is_imported():
    code = (
        "import sys, numpy as np\n"
        "from asr_core.audio.voice import speech_probabilities\n"
        "list(speech_probabilities([np.ones(600, np.float32)]))\n"
        "assert not {'torch', 'silero_vad', 'librosa'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=True)


def test_the_network_s_library_reports_to_nobody(tmp_path):
    """Whoever uses the package as a library has not gone through our guard."""
    code = (
        "import numpy as np\n"
        "from asr_core.audio.voice import speech_probabilities\n"
        "list(speech_probabilities([np.ones(600, np.float32)]))\n"
    )
    quiet = ("ORT_DISABLE_TELEMETRY", "CI")  # either of them would keep it quiet
    environment = {name: value for name, value in os.environ.items() if name not in quiet}
    environment |= {"HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-B", "-c", code], cwd=PROJECT, env=environment, check=True)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_network_with_one_changed_bit_is_refused(tmp_path, monkeypatch):
    package = Path(find_spec("silero_vad").origin)
    name = "silero_vad_16k_sequence.onnx"
    data = bytearray((package.parent / "data" / name).read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / name).write_bytes(data)
    found = type("Found", (), {"origin": str(tmp_path / "__init__.py")})
    monkeypatch.setattr(voice_module.importlib.util, "find_spec", lambda name: found)
    with pytest.raises(ModelError, match="is not that of silero-vad"):
        voice_module._session.__wrapped__()
