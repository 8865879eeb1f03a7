"""`sottovoce transcribe`: recordings to text, one model for all of them."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, BinaryIO

from asr_core.audio.clip import Clip, clip_between
from asr_core.cli.console import Console, told
from asr_core.errors import AsrError
from asr_core.export import FORMATS, TEXT_FORMATS, Stream, as_file, render, stream
from asr_core.export.markdown import escaped
from asr_core.export.names import distinct_paths
from asr_core.jobs import stopped
from asr_core.pace import Pace, clock
from asr_core.result import Segment, Transcript
from asr_core.saving import save_bytes
from asr_core.settings import Settings
from asr_core.text.tidy import tidied, tidied_segment

STDIN = "-"


def transcribe_files(arguments: argparse.Namespace, console: Console) -> int:
    """Transcribe every file; what is wrong with one does not stop the others."""
    settings = arguments.settings
    clip = _clip(arguments)
    format = arguments.format or _format_of(arguments.output) or "txt"
    _check_usage(arguments, format)
    targets = _targets(arguments.files, arguments.output, format)
    engine = _Engine(settings)
    texts, exit_code = [], 0
    for file, target in zip(arguments.files, targets, strict=True):
        run = _Run(file, target, format, settings, clip, console, heading=len(targets) > 1)
        try:
            transcript = run.transcribe(engine)
        except KeyboardInterrupt:
            run.rescue()
            console.say("Stopped.")
            return 130
        except BrokenPipeError:
            raise
        except Exception as error:  # the next file may be fine
            run.rescue()
            console.say(f"Error: {told(error)}")
            exit_code = 1
            continue
        texts.append(render(transcript, "txt"))
        if arguments.json_stats:
            console.say(_stats_line(transcript))
    if arguments.copy and texts:
        _copy("\n".join(texts))
    return exit_code


@dataclass
class _Engine:
    """Loads the model when the first recording is open: a wrong file name is told at once."""

    settings: Settings
    loaded: Any = None

    def get(self) -> tuple[Any, float]:
        """The engine, and the seconds that loading it took just now."""
        if self.loaded is not None:
            return self.loaded, 0.0
        began = perf_counter()
        from asr_core.engines import load_engine

        self.loaded = load_engine(self.settings)
        return self.loaded, perf_counter() - began


@dataclass
class _Run:
    """One recording on its way to stdout or to its file."""

    file: str
    target: Path | None
    format: str
    settings: Settings
    clip: Clip
    console: Console
    heading: bool
    name: str = ""
    segments: list[Segment] = field(default_factory=list)
    out: Stream | None = None

    def __post_init__(self) -> None:
        self.pace = Pace(begin=self.clip.start, stop=self.clip.stop)

    def transcribe(self, engine: _Engine) -> Transcript:
        """The whole transcript; its text has then been written."""
        from asr_core.sandbox import Sandbox
        from asr_core.transcribe import Progress, transcribe

        def report(progress: Progress) -> None:
            if progress.draft:  # text is printed once it is settled
                return
            self.pace.report(progress.position, progress.duration)
            self._write(progress.segments)
            self.console.progress(self.name, self.pace)

        source = _stdin() if self.file == STDIN else Path(self.file)
        shown = "stdin" if self.file == STDIN else Path(self.file).name
        with Sandbox().open(source, shown, self.clip) as recording:
            self.name = recording.name
            model, init = engine.get()
            if self.target is None:
                self._begin()
            self.pace.start()
            heard = transcribe(recording, model, self.settings, report, init)
            transcript = tidied(heard, self.settings.tidy)
        for note in transcript.notes:
            self.console.say(f"{self.name}: {note}")
        if self.out is not None:
            self.console.text(self.out.end(transcript))
        if self.target is not None:
            self._save(self.target, transcript)
            self.console.say(f"{self.name}: saved as {self.target}.")
        return transcript

    def rescue(self) -> None:
        """After an early end: what was recognized is printed already, or is saved now."""
        self.console.end_text()
        if not self.segments or (self.out is not None and self.format != "json"):
            return
        from asr_core.text.language import language_shares

        found = tuple(self.segments)
        position = self.pace.position
        part = stopped(self.name, position, found, language_shares(found), self.settings)
        part = tidied(part, self.settings.tidy)
        if self.out is not None:
            self.console.text(self.out.end(part))
        if self.target is not None:
            try:
                self._save(self.target, part)
                self.console.say(f"The text up to {clock(position)} is in {self.target}.")
            except AsrError as error:
                self.console.say(f"Error: {error}")

    def _save(self, target: Path, transcript: Transcript) -> None:
        """Save it; where that fails its text goes to stdout instead, so that it is not lost."""
        try:
            save_bytes(target, as_file(transcript, self.format))
        except AsrError:
            self.segments.clear()  # nothing is left to be rescued
            printable = self.format if self.format in TEXT_FORMATS else "txt"
            self.console.text(render(transcript, printable))
            self.console.say(f"{self.name}: the text is on standard output instead.")
            raise

    def _begin(self) -> None:
        self.out = stream(self.format)
        if self.heading and self.format == "txt":
            self.console.text(f"==> {self.name} <==\n")
        elif self.heading and self.format == "md":
            self.console.text(f"# {escaped(self.name)}\n\n")

    def _write(self, segments: tuple[Segment, ...]) -> None:
        for segment in segments:
            before = self.segments[-1] if self.segments else None
            self.segments.append(segment)
            if self.out is not None:
                self.console.text(self.out.add(tidied_segment(segment, self.settings.tidy, before)))


def _clip(arguments: argparse.Namespace) -> Clip:
    """The part of every recording that is to be heard."""
    try:
        return clip_between(arguments.start, arguments.stop)
    except AsrError as error:
        refuse: Callable[[str], Any] = arguments.refuse
        return refuse(str(error))


def _check_usage(arguments: argparse.Namespace, format: str) -> None:
    if arguments.files.count(STDIN) > 1:
        arguments.refuse("standard input can be given once only")
    subtitles = arguments.format in ("srt", "vtt")
    if subtitles and len(arguments.files) > 1 and arguments.output in (None, STDIN):
        arguments.refuse("subtitles of several recordings need --output FOLDER")
    if format not in TEXT_FORMATS and arguments.output in (None, STDIN):
        arguments.refuse(f"{format} is no text to print: it needs --output")


def _format_of(output: str | None) -> str | None:
    """The format that the name of the output file asks for."""
    ending = Path(output).suffix.lower().lstrip(".") if output else ""
    return ending if ending in FORMATS else None


def _targets(files: list[str], output: str | None, format: str) -> list[Path | None]:
    """Where each transcript goes, None for stdout."""
    if output is None or output == STDIN:
        return [None] * len(files)
    path = Path(output)
    recordings = [Path(file) for file in files if file != STDIN]
    if len(files) == 1 and not path.is_dir() and not output.endswith(("/", os.sep)):
        if any(path.resolve() == recording.resolve() for recording in recordings):
            raise AsrError(
                f"--output would overwrite the recording {path.name!r}. Name another file."
            )
        return [path]
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise AsrError(
            f"{path.name!r} is a file. For several recordings --output is a folder."
        ) from None
    except OSError as error:
        raise AsrError(f"Cannot make the folder {path}: {error.strerror}.") from None
    names = ["stdin" if file == STDIN else Path(file).name for file in files]
    return [*distinct_paths(path, names, format, recordings)]


def _stdin() -> BinaryIO:
    if sys.stdin is None or sys.stdin.isatty():
        raise AsrError('"-" reads a recording from a pipe. Give a file, or use: ... | sottovoce')
    return sys.stdin.buffer


def _stats_line(transcript: Transcript) -> str:
    line = {
        "file": transcript.name,
        "duration": round(transcript.duration, 3),
        "engine": transcript.engine,
        "decode": transcript.decode,
        **transcript.stats,
    }
    return json.dumps(line, ensure_ascii=False, default=str)


def _copy(text: str) -> None:
    import pyperclip

    try:
        pyperclip.copy(text)
    except (pyperclip.PyperclipException, OSError):
        advice = " Install xclip or wl-clipboard." if sys.platform == "linux" else ""
        raise AsrError(f"The text could not be copied: there is no clipboard.{advice}") from None
