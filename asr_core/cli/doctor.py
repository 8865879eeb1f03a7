"""`sottovoce doctor`: what is here, what works, and what to do about what does not."""

from __future__ import annotations

import io
import platform
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from typing import NamedTuple

from asr_core import preflight
from asr_core.cli.console import Console, told
from asr_core.privacy import offline
from asr_core.privacy.receipt import left_behind
from asr_core.settings import Settings, settings_file

_PACKAGES = (
    "torch", "transformers", "accelerate", "streamlit", "av", "soundfile", "librosa", "silero-vad",
    "onnxruntime", "tokenizers", "safetensors", "opencc", "pyperclip", "platformdirs", "psutil",
)  # fmt: skip

# How to make a short recording of each format: PyAV's container, codec, sample rate.
_ENCODERS = {
    "wav": ("wav", "pcm_s16le", 16_000),
    "flac": ("flac", "flac", 16_000),
    "mp3": ("mp3", "libmp3lame", 16_000),
    "ogg": ("ogg", "libopus", 48_000),
    "opus": ("ogg", "libopus", 48_000),
    "m4a": ("ipod", "aac", 16_000),
    "aac": ("adts", "aac", 16_000),
    "mp4": ("mp4", "aac", 16_000),
    "mov": ("mov", "aac", 16_000),
    "webm": ("webm", "libopus", 48_000),
    "mkv": ("matroska", "aac", 16_000),
    "aiff": ("aiff", "pcm_s16be", 16_000),
    "aif": ("aiff", "pcm_s16be", 16_000),
}


class Finding(NamedTuple):
    """One line: what was looked at, whether it is well, and what there is to say."""

    about: str
    well: bool
    said: str


def doctor(console: Console) -> int:
    """Print every finding; 1 if something is not well."""
    exit_code = 0
    for finding in findings():
        console.text(f"{'ok ' if finding.well else '!! '} {finding.about:<12} {finding.said}\n")
        exit_code = exit_code if finding.well else 1
    return exit_code


def findings() -> Iterator[Finding]:
    """Look at one thing after the other; one that cannot be looked at is a finding, too."""
    looks: dict[str, Callable[[], Finding]] = {
        "Python": _python,
        "packages": _packages,
        "processor": _processor,
        "model": _model,
        "added": _added,
        "formats": _formats,
        "settings": _settings,
        "clipboard": _clipboard,
        "memory": _memory,
        "disk": _disk,
        "leftovers": _leftovers,
    }
    for about, look in looks.items():
        try:
            yield look()
        except Exception as error:  # a doctor does not faint
            yield Finding(about, False, told(error))
    try:
        yield from _offline()
    except Exception as error:
        yield Finding("offline", False, told(error))


def _python() -> Finding:
    # Not platform.platform(), which starts a program to learn the processor's name.
    system = f"{platform.system()} {platform.release()}"
    return Finding("Python", True, f"{platform.python_version()} on {system}")


def _packages() -> Finding:
    versions, missing = [], []
    for package in _PACKAGES:
        try:
            versions.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            missing.append(package)
    if missing:
        return Finding("packages", False, f"not installed: {', '.join(missing)}. Start launch.py.")
    return Finding("packages", True, ", ".join(versions))


def _processor() -> Finding:
    import torch

    features = torch.backends.cpu.get_cpu_capability()
    accelerator = "no accelerator"
    if torch.cuda.is_available():
        accelerator = torch.cuda.get_device_name(0)
    elif torch.backends.mps.is_available():
        accelerator = "Apple's graphics processor"
    said = f"{platform.machine()}, {features}, {torch.get_num_threads()} threads, {accelerator}"
    return Finding("processor", True, said)


def _model() -> Finding:
    """Load the model as a run would, let it hear silence and see where it comes to lie."""
    from asr_core.engines import load_engine
    from asr_core.sandbox import Sandbox

    settings = Settings.load()
    if settings.server is not None:  # this command reaches nobody
        said = f"sound leaves this computer for the server {settings.server.address}; not tried"
        return Finding("model", True, said)
    engine = load_engine(settings)
    preflight.hearing(engine, settings, Sandbox())
    stats = engine.stats()
    said = f"{engine.name} runs on {stats.get('device')} in {stats.get('precision')}"
    return Finding("model", True, said)


def _added() -> Finding:
    """The models that were added, by their sizes; `sottovoce models verify` reads every byte."""
    from asr_core.store import model_folder, shelf

    names = [model.id for model in shelf.shelved()]
    for name in names:
        model_folder(name)  # raises the sentence that says what is wrong with it
    said = f"models that were added: {', '.join(names) or 'none'}"
    if parts := shelf.begun():
        said += f"; not finished: {', '.join(parts)} (add them again, or remove them)"
    return Finding("added", True, said)


def _formats() -> Finding:
    from asr_core.audio import EXTENSIONS

    unread = [extension for extension in EXTENSIONS if not _reads(extension)]
    if unread:
        return Finding("formats", False, f"cannot be read here: {', '.join(unread)}")
    return Finding("formats", True, ", ".join(EXTENSIONS))


def _reads(extension: str) -> bool:
    """Make half a second of sound in this format, in memory, and read it back."""
    from asr_core.audio.decode import SAMPLE_RATE, open_recording
    from asr_core.errors import AsrError

    try:
        with open_recording(_made(*_ENCODERS[extension]), f"doctor.{extension}") as recording:
            n_samples = sum(len(block) for block in recording)
    except AsrError:
        return False
    return abs(n_samples / SAMPLE_RATE - 0.5) < 0.2


def _made(container: str, codec: str, sample_rate: int) -> bytes:
    import av
    import numpy as np

    time = np.arange(sample_rate // 2) / sample_rate
    sound = np.sin(2 * np.pi * 440 * time) * 8000
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=sample_rate)
        assert isinstance(stream, av.AudioStream)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(sound.astype(np.int16)[None], "s16", "mono")
        frame.sample_rate = sample_rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            output.mux(packet)
    return file.getvalue()


def _settings() -> Finding:
    notes: list[str] = []
    Settings.load(notes=notes)
    state = "saved" if settings_file().exists() else "not saved yet, the defaults hold"
    return Finding("settings", not notes, " ".join([f"{settings_file()}, {state}", *notes]))


def _clipboard() -> Finding:
    """Whether `--copy` will work; what is on the clipboard stays there."""
    import pyperclip

    copy, _ = pyperclip.determine_clipboard()
    if not copy:
        advice = (
            "install xclip or wl-clipboard" if sys.platform == "linux" else "log in to a desktop"
        )
        return Finding("clipboard", True, f"none, so --copy does not work; {advice} for that")
    return Finding("clipboard", True, "--copy works")


def _memory() -> Finding:
    return Finding("memory", True, preflight.memory())


def _disk() -> Finding:
    return Finding("disk", True, preflight.disk())


def _leftovers() -> Finding:
    """Temporary files of a run that was killed."""
    paths = [str(path) for path in left_behind()]
    if paths:
        said = f"an earlier run left temporary files: {', '.join(paths)}. Delete them."
        return Finding("leftovers", False, said)
    return Finding("leftovers", True, "no temporary files of earlier runs")


def _offline() -> Iterator[Finding]:
    """The same check as on the page, with a recognizer started for it."""
    from asr_core.jobs.process import WorkerProcess
    from asr_core.jobs.recognizer import DEFAULT_LOADER

    worker = WorkerProcess(DEFAULT_LOADER, Settings.load().place)
    try:
        looks = {"command": offline.look(), "recognizer": worker.look()}
    finally:
        worker.close()
    for line in offline.lines(looks):
        yield Finding("offline", line.state != "broken", offline.said(line))
