"""One cell of the grid in a process of its own, so that its peak of memory is its own.

It gets an order, a line of JSON, and answers in lines of JSON:

    {"load_s"}                                   the model is in memory
    {"at", "run", "text", "seconds", "first_s", "duration", "label"}   a recording, heard once
    {"at", "prefix_s", "label"}                  the language heard in its first seconds of speech
    {"ready"}, then waits for a line             where several start together
    {"peak_bytes", "gpu_bytes", "stats", "hour_s"}   the end
    {"error"}                                    a sentence, and the end

Every recording is decoded once, in the sandbox, and measured from then on.
"""

from __future__ import annotations

import io
import json
import signal
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch

from asr_core import limits
from asr_core.audio import SAMPLE_RATE
from asr_core.audio.blocks import Chunk
from asr_core.audio.recording import Recording
from asr_core.bench.grid import OPENAI
from asr_core.bench.machine import peak_memory
from asr_core.bench.peers import Heard, Recognize, Waveform, faster_whisper, openai_whisper
from asr_core.children import take_pipes
from asr_core.engines import load_engine
from asr_core.errors import AsrError
from asr_core.sandbox import Sandbox
from asr_core.settings import Settings
from asr_core.text.score import SCORED
from asr_core.text.tidy import tidied
from asr_core.transcribe import Progress, transcribe

_PAUSE_S = 0.5  # between the recordings of an hour


def main() -> None:
    """Carry out the order on standard input."""
    limits.leave_network()  # first, since it must be before any thread
    limits.end_with_parent()
    limits.hide_memory()
    limits.forbid_files()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    inbound, outbound = (io.TextIOWrapper(pipe, "utf-8") for pipe in take_pipes())

    def say(**answer: Any) -> None:
        outbound.write(json.dumps(answer) + "\n")
        outbound.flush()

    try:
        _carry_out(json.loads(inbound.readline()), inbound, say)
    except AsrError as error:
        say(error=str(error))
    except MemoryError:
        say(error="There is not enough memory. Close other programs and try again.")


def _carry_out(order: dict[str, Any], inbound: IO[str], say: Callable[..., None]) -> None:
    torch.set_num_threads(order["threads"])
    began = time.perf_counter()
    stats: Callable[[], dict[str, Any]] = dict
    if order["peer"] is None:
        settings = Settings.from_mapping(order["settings"])
        engine = load_engine(settings)
        recognize, stats = _ours(engine, settings), engine.stats
    elif order["peer"] == OPENAI:
        recognize = openai_whisper()
    else:
        recognize = faster_whisper(order["folder"], order["threads"])
    say(load_s=time.perf_counter() - began)
    files = [Path(file) for file in order["files"]]
    sounds = map(_sound_of, files)
    if files:
        shortest = min(range(len(files)), key=lambda at: files[at].stat().st_size)
        warm = _sound_of(files[shortest])
        recognize(warm)
        sounds = (warm if at == shortest else _sound_of(file) for at, file in enumerate(files))
    if order["together"]:
        sounds = iter(list(sounds))
        say(ready=True)
        inbound.readline()
    n_passes = 0
    gaps: list[float] = []
    for at, sound in enumerate(sounds):
        speech_from = 0.0
        for run in range(order["runs"]):
            began = time.perf_counter()
            heard = recognize(sound)
            seconds, speech_from = time.perf_counter() - began, heard.start
            say(
                at=at, run=run, text=heard.text, seconds=seconds, first_s=heard.first_s,
                duration=len(sound) / SAMPLE_RATE, label=heard.label,
            )  # fmt: skip
        about = stats()
        n_passes += about.get("decoder_passes", 0)
        gaps += [about["inter_token_s"]] if "inter_token_s" in about else []
        for prefix_s in order["prefixes_s"]:
            label = _label(recognize, sound, speech_from, prefix_s)
            say(at=at, prefix_s=prefix_s, label=label)
    gpu = torch.cuda.max_memory_allocated() if torch.cuda.is_available() else None
    peak = peak_memory()
    hour_s = _seconds_for_an_hour(recognize, files) if order["hour"] and files else None
    known = {name: stats().get(name) for name in ("device", "precision")}
    known |= {"decoder_passes": n_passes}
    known |= {"inter_token_s": statistics.median(gaps)} if gaps else {}
    say(peak_bytes=peak, gpu_bytes=gpu, stats=known, hour_s=hour_s)


def _seconds_for_an_hour(recognize: Recognize, files: Sequence[Path]) -> float:
    """How long the recordings take, one behind the other again and again, as one of an hour."""
    hour = np.zeros(3600 * SAMPLE_RATE, np.float32)
    n = 0
    for sound in map(_sound_of, files):
        part = sound[: len(hour) - n]
        hour[n : n + len(part)] = part
        n = min(len(hour), n + len(part) + round(_PAUSE_S * SAMPLE_RATE))
        if n == len(hour):
            break
    hour = np.resize(hour[:n], len(hour))  # which repeats it
    began = time.perf_counter()
    recognize(hour)
    return time.perf_counter() - began


def _label(recognize: Recognize, sound: Waveform, start: float, seconds: float) -> str | None:
    """The language heard in so many seconds from where speech begins; None if it is shorter."""
    first = round(start * SAMPLE_RATE)
    part = sound[first : first + round(seconds * SAMPLE_RATE)]
    return recognize(part).label if len(part) == round(seconds * SAMPLE_RATE) else None


def _sound_of(path: Path) -> Waveform:
    """(N,), 16 kHz."""
    with Sandbox().open(path, path.name) as recording:
        return np.concatenate([np.zeros(0, np.float32), *recording])


class _Decoded:
    """Sound that is in memory; a `Sound`."""

    sample_rate = SAMPLE_RATE

    def __init__(self, waveform: Waveform) -> None:
        self._waveform = waveform
        self.duration: float | None = len(waveform) / SAMPLE_RATE
        self.notes: list[str] = []

    def chunks(self) -> Iterator[Chunk]:
        for start in range(0, len(self._waveform), SAMPLE_RATE):
            yield Chunk(self._waveform[start : start + SAMPLE_RATE, None], SAMPLE_RATE)

    def close(self) -> None:
        pass


def _ours(engine: Any, settings: Settings) -> Recognize:
    def recognize(waveform: Waveform) -> Heard:
        began = time.perf_counter()
        first_s: float | None = None

        def report(progress: Progress) -> None:
            nonlocal first_s
            has_text = progress.draft or any(segment.text for segment in progress.segments)
            if first_s is None and has_text:
                first_s = time.perf_counter() - began

        with Recording(_Decoded(waveform), "recording") as recording:
            found = tidied(transcribe(recording, engine, settings, report), SCORED)
        start = found.segments[0].start if found.segments else 0.0
        return Heard(found.text, first_s, found.language.label, start)

    return recognize
