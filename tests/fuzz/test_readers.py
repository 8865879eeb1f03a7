"""Our own readers on damaged data: what they should give, or the one error they promise."""

import io
import json
import os
import random
import struct
from contextlib import suppress
from dataclasses import asdict, replace
from hashlib import sha256
from itertools import pairwise

import numpy as np
import public_conformers
import pytest
import yaml
from mutations import changed, damaged

from asr_core.audio.blocks import Chunk
from asr_core.errors import ModelError
from asr_core.export import stream
from asr_core.jobs import wire
from asr_core.journal import Journal, JournalError, Key
from asr_core.journal import read as read_journal
from asr_core.model import checkpoints, trained, whisper
from asr_core.passphrase import Lock
from asr_core.project import Project
from asr_core.result import Language, Segment, Transcript, Word
from asr_core.sandbox import frames
from asr_core.settings import Settings

SEGMENT = Segment(0.5, 2.0, "en", "hello there", 0.9, (Word("hello", 0.5, 1.0, 0.9, ("hallo",)),))
LANGUAGE = Language(0.25, 0.75, 0.0, "mixed")
TRANSCRIPT = Transcript("a.wav", 3.0, (SEGMENT,), LANGUAGE, "sottovoce-base", "joint", ("note",))

QUICK, LONG = 500, int(os.environ.get("SOAK_CASES", "20000"))
MANY = [pytest.param(QUICK, id="quick"), pytest.param(LONG, id="soak", marks=pytest.mark.soak)]


@pytest.mark.parametrize("n_cases", MANY)
def test_worker_messages(n_cases):
    rng = random.Random(n_cases)
    out = io.BytesIO()
    message = {"kind": "progress", "segments": wire.pack_segments((SEGMENT,))}
    wire.write_message(out, message)
    wire.write_audio(out, memoryview(bytes(100)))
    wire.write_message(out, {"kind": "done", "transcript": wire.pack_transcript(TRANSCRIPT)})
    for _ in range(n_cases):
        try:
            for frame in wire.read_frames(io.BytesIO(damaged(out.getvalue(), [b"J" * 99], rng))):
                assert isinstance(frame, dict | bytes)
        except wire.WireError:
            pass


@pytest.mark.parametrize("n_cases", MANY)
@pytest.mark.parametrize("kind", ["transcript", "segments", "language"])
def test_values_in_worker_messages(n_cases, kind):
    rng = random.Random(n_cases)
    valid = {
        "transcript": wire.pack_transcript(TRANSCRIPT),
        "segments": wire.pack_segments((SEGMENT,)),
        "language": wire.pack_language(LANGUAGE),
    }[kind]
    valid = json.loads(json.dumps(valid))
    n_refused = 0
    for _ in range(n_cases):
        try:
            getattr(wire, kind)(json.loads(json.dumps(changed(valid, rng))))
        except wire.WireError:
            n_refused += 1
    assert 0 < n_refused < n_cases


@pytest.mark.parametrize("n_cases", MANY)
def test_what_the_decoder_says(n_cases):
    rng = random.Random(n_cases)
    chunk = Chunk(np.full((1600, 1), 0.5, np.float32), 16_000)
    out = io.BytesIO()
    frames.write_frame(out, frames.READY)
    frames.write_frame(out, frames.QUESTION, frames.question(0, 1000))
    frames.write_frame(out, frames.OPENED, frames.opening(16_000, 3.0))
    frames.write_frame(out, frames.SOUND, frames.sound(chunk))
    frames.write_frame(out, frames.END, frames.saying(["The file ends early, at 0:03."]))
    readers = {
        frames.QUESTION: frames.asked,
        frames.OPENED: frames.opened,
        frames.SOUND: frames.heard,
        frames.END: frames.said,
        frames.REFUSAL: frames.refused,
    }
    for _ in range(n_cases):
        stream = io.BytesIO(damaged(out.getvalue(), [b"x" * 99], rng))
        try:
            while (frame := frames.read_frame(stream)) is not None:
                found = readers.get(frame.kind, bytes)(frame.body)
                if isinstance(found, Chunk):
                    assert np.abs(found.samples).max() <= 1
                    assert 0 < len(found.samples) <= found.sample_rate
        except frames.FrameError:
            pass


@pytest.mark.parametrize("n_cases", MANY)
def test_settings_files(n_cases, tmp_path):
    rng = random.Random(n_cases)
    valid = json.loads(json.dumps(asdict(Settings())))
    path = tmp_path / "settings.json"
    for number in range(n_cases):
        if number % 2:
            data = json.dumps(changed(valid, rng)).encode("ascii")
        else:
            data = damaged(json.dumps(valid).encode(), [b'[{"\\ud800": 1e999}]'], rng)
        path.write_bytes(data)
        assert isinstance(Settings.load(path, notes := []), Settings)
        assert all(isinstance(note, str) for note in notes)
    path.write_bytes(b"[" * 100_000)
    assert Settings.load(path, notes) == Settings()


@pytest.mark.parametrize("n_cases", MANY)
def test_journals(n_cases, monkeypatch):
    """Whatever was done to one, it holds what was there after one of its records, or is refused."""

    def hashed(lock, passphrase):
        """In place of scrypt, which would take days, and damage may ask it for more."""
        return sha256(lock.pack() + passphrase.encode()).digest()

    monkeypatch.setattr(Lock, "key", hashed)
    rng, passphrase = random.Random(n_cases), "four words of mine"
    journal, data, states = Journal(Key.of(passphrase)), b"", []
    for n_segments in (1, 2, 5, 3, 9):
        states.append((replace(SEGMENT, text=f"{n_segments}"),) * n_segments)
        data += journal.record(Project(replace(TRANSCRIPT, segments=states[-1])))
        journal.written()
    n_refused = 0
    for _ in range(n_cases):
        try:
            found = read_journal(damaged(data, [data, bytes(200)], rng), passphrase)
            assert found.transcript.segments in states
        except JournalError:
            n_refused += 1
    assert 0 < n_refused < n_cases


LOADERS = {
    "wenet_u2pp": (checkpoints.load_wenet, "train.yaml"),
    "espnet_conformer": (checkpoints.load_espnet, "config.yaml"),
    "firered_tiny": (checkpoints.load_firered, "config.yaml"),
}


@pytest.mark.parametrize("n_cases", [pytest.param(60, id="quick"), MANY[1]])
@pytest.mark.parametrize("name", LOADERS)
def test_configurations_of_public_checkpoints(shared_folder, tmp_path, name, n_cases):
    rng = random.Random(n_cases)
    load, settings = LOADERS[name]
    folder = shared_folder / "golden" / name
    (tmp_path / "model.safetensors").symlink_to(folder / "model.safetensors")
    text = (folder / settings).read_text(encoding="utf-8")
    valid = yaml.safe_load(text)
    n_refused = 0
    for number in range(n_cases):
        data = damaged(text.encode(), [b"&a [*a, *a]\n- !!python/object:os.x {}\n"], rng)
        if number % 2:
            data = yaml.safe_dump(changed(valid, rng)).encode("utf-8", "surrogatepass")
        (tmp_path / settings).write_bytes(data)
        try:
            load(tmp_path)
        except ModelError:
            n_refused += 1
    assert n_refused


@pytest.mark.parametrize("n_cases", [pytest.param(40, id="quick"), MANY[1]])
def test_files_of_pytorch(tmp_path, n_cases):
    rng = random.Random(n_cases)
    folder = public_conformers.firered(tmp_path / "model")
    whole = (folder / "model.pth.tar").read_bytes()
    n_refused = 0
    for _ in range(n_cases):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 8)):  # where the pickle is, or the list of files
            at = rng.choice([rng.randrange(6_000), len(data) - rng.randrange(1, 12_000)])
            data[at] = rng.randrange(256)
        (folder / "model.pth.tar").write_bytes(data)
        try:
            checkpoints.load_firered(folder)
        except ModelError:
            n_refused += 1
    assert n_refused


HOSTILE = {
    "deep": "[" * 50_000,
    "huge": "encoder_conf: " + "a" * 3_000_000,
    "layers without end": "num_blocks: 1000000000\n",
    "a list": "- 1\n",
    "nothing": "",
    "laughs": "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    "an object": "encoder_conf: !!python/object/apply:os.system ['true']\n",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_configuration_is_refused(shared_folder, tmp_path, text):
    folder = shared_folder / "golden" / "wenet_u2pp"
    (tmp_path / "model.safetensors").symlink_to(folder / "model.safetensors")
    (tmp_path / "train.yaml").write_text(text)
    with pytest.raises(ModelError):
        checkpoints.load_wenet(tmp_path)


def test_a_million_layers_are_refused_before_they_are_made(shared_folder, tmp_path):
    folder = shared_folder / "golden" / "wenet_u2pp"
    (tmp_path / "model.safetensors").symlink_to(folder / "model.safetensors")
    config = yaml.safe_load((folder / "train.yaml").read_text())
    config["encoder_conf"]["num_blocks"] = 10**9
    (tmp_path / "train.yaml").write_text(yaml.safe_dump(config))
    with pytest.raises(ModelError, match="more layers"):
        checkpoints.load_wenet(tmp_path)


@pytest.mark.parametrize("n_cases", MANY)
def test_the_configuration_of_the_bundled_model(n_cases, tmp_path):
    rng = random.Random(n_cases)
    text = (trained.FOLDER / trained.CONFIG).read_text(encoding="utf-8")
    for number in range(n_cases):
        data = damaged(text.encode(), [b"[{}]"], rng)
        if number % 2:
            data = json.dumps(changed(json.loads(text), rng)).encode("ascii")
        (tmp_path / trained.CONFIG).write_bytes(data)
        with suppress(ModelError):
            trained.load_config(tmp_path)


def ctranslate2_file() -> bytes:
    """A small file in CTranslate2's format, with weights of each kind."""

    def string(text):
        return struct.pack("<H", len(text) + 1) + text.encode() + b"\0"

    weights = {
        "encoder/conv1/weight": np.zeros((2, 3, 3), np.float32),
        "encoder/layer_0/self_attention/linear_0/weight": np.zeros((6, 2), np.float16),
        "decoder/layer_norm/gamma": np.zeros(4, np.float32),
        "encoder/num_heads": np.zeros((), np.int16),
    }
    codes = {"float32": 0, "int16": 2, "float16": 4}
    data = struct.pack("<I", 6) + string("WhisperSpec") + struct.pack("<II", 3, len(weights))
    for name, value in weights.items():
        data += string(name) + struct.pack("<B", value.ndim)
        data += struct.pack(f"<{value.ndim}I", *value.shape)
        data += struct.pack("<BI", codes[value.dtype.name], value.nbytes) + value.tobytes()
    return data


@pytest.mark.parametrize("n_cases", MANY)
def test_weights_of_ctranslate2(n_cases):
    rng = random.Random(n_cases)
    data = ctranslate2_file()
    assert len(whisper.parsed((data[:50], data[50:]))) == 5
    for _ in range(n_cases):
        found = damaged(data, [data], rng)
        cut = rng.randrange(len(found) + 1)
        assert isinstance(whisper.parsed((found[:cut], found[cut:])), dict)


SIGNS = "ab ,.!?。，你好世界\n\r\t<>&-–…\u200d\u202e\0\ud800😀é1:" + "-->"


@pytest.mark.parametrize("n_cases", MANY)
@pytest.mark.parametrize("format", ["srt", "vtt"])
def test_subtitles_of_any_text_and_times(n_cases, format):
    rng = random.Random(n_cases)
    for _ in range(n_cases // 5):
        written, at = stream(format), 0.0
        text = ""
        for _ in range(rng.randrange(6)):
            start = at + rng.choice((0.0, 0.0, 0.3, 5.0, 4000.0))
            words = []
            at = start
            for _ in range(rng.randrange(40)):
                end = at + rng.choice((0.0, 0.001, 0.2, 0.2, 1.0, 40.0))
                said = "".join(rng.choices(SIGNS, k=rng.choice((0, 1, 3, 3, 3, 60))))
                words.append(Word(said, at, end, rng.random()))
                at = end
            whole = " ".join(word.text for word in words)
            text += written.add(Segment(start, at, "zh", whole, 0.5, tuple(words)))
        text += written.end(TRANSCRIPT)
        lines = text.split("\n")
        times = [line.split(" --> ") for line in lines if " --> " in line]
        assert all(start < end for start, end in times)
        assert all(a[1] <= b[0] for a, b in pairwise(times))
