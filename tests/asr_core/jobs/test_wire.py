"""Frames: what is sent arrives, and nothing else is believed."""

import io
import random

import pytest

from asr_core.jobs import wire
from asr_core.result import Language, Segment, Transcript, Word

SEGMENTS = (Segment(0.5, 2.0, "zh", "你好 \ud800", 0.9, (Word("你", 0.5, 1.0, 0.8),)),)
TRANSCRIPT = Transcript(
    "a.wav", 2.5, SEGMENTS, Language(1.0, 0.0, 0.0, "zh"), "light", "joint", ("A note.",), {"n": 1}
)


def frames(data):
    return list(wire.read_frames(io.BytesIO(data)))


def test_messages_and_audio_arrive_in_order():
    pipe = io.BytesIO()
    wire.write_message(pipe, {"kind": "a", "text": "你好"})
    wire.write_audio(pipe, memoryview(b"\x00\x01"))
    wire.write_message(pipe, {"kind": "b"})
    assert frames(pipe.getvalue()) == [{"kind": "a", "text": "你好"}, b"\x00\x01", {"kind": "b"}]


def test_live_sound_is_told_from_a_recording():
    pipe = io.BytesIO()
    wire.write_spoken(pipe, b"\x00\x01")
    wire.write_audio(pipe, memoryview(b"\x00\x01"))
    wire.write_spoken(pipe, b"")
    assert [type(frame) for frame in frames(pipe.getvalue())] == [wire.Spoken, bytes, wire.Spoken]
    assert frames(pipe.getvalue()) == [b"\x00\x01", b"\x00\x01", b""]


def test_a_transcript_arrives_as_it_was():
    pipe = io.BytesIO()
    wire.write_message(pipe, {"kind": "done", "t": wire.pack_transcript(TRANSCRIPT)})
    assert wire.transcript(frames(pipe.getvalue())[0]["t"]) == TRANSCRIPT


@pytest.mark.parametrize(
    "data",
    [
        b"J",
        b"hello, I am a library that prints",
        b"J\x00\x00\x00\x05{}",
        b"J\x00\x00\x00\x02[]",
        b"J\x00\x00\x00\x02{}",
        b"J\x00\x00\x00\x03{a}",
        b"J\xff\xff\xff\xff",
        b"A\x7f\x00\x00\x00",
        b"J\x00\x00\x27\x10" + b"[" * 10_000,
    ],
)
def test_nonsense_is_refused(data):
    with pytest.raises(wire.WireError):
        frames(data)


def test_any_bytes_are_frames_or_refused():
    pipe = io.BytesIO()
    wire.write_message(pipe, {"kind": "done", "transcript": wire.pack_transcript(TRANSCRIPT)})
    good = pipe.getvalue()
    rng = random.Random(5)
    for _ in range(2000):
        data = bytearray(good)
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        try:
            for frame in frames(bytes(data)):
                wire.transcript(frame.get("transcript"))
        except wire.WireError:
            continue


@pytest.mark.parametrize(
    "bad",
    [
        None,
        {},
        [1],
        [{}],
        [{"start": "0", "end": 1, "language": "en", "text": "a", "confidence": 1, "words": []}],
        [{"start": 0, "end": float("nan"), "language": "en", "text": "a", "confidence": 1}],
        [{"start": 0, "end": 1, "language": "en", "text": None, "confidence": 1, "words": []}],
        [{"start": 0, "end": 1, "language": "en", "text": "a", "confidence": 1, "words": None}],
        [{"start": -1, "end": 1, "language": "en", "text": "a", "confidence": 1, "words": []}],
        [{"start": True, "end": 1, "language": "en", "text": "a", "confidence": 1, "words": []}],
    ],
)
def test_segments_that_are_none_are_refused(bad):
    with pytest.raises(wire.WireError):
        wire.segments(bad)


def test_a_language_that_is_none_is_refused():
    good = wire.pack_language(TRANSCRIPT.language)
    assert wire.language(good) == TRANSCRIPT.language
    for bad in (None, {}, good | {"label": "fr"}, good | {"zh": "1"}):
        with pytest.raises(wire.WireError):
            wire.language(bad)
