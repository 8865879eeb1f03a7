"""What must be well before a recording is given: memory, disk, and the whole path from end to end.

Each check gives words for the doctor, and raises a sentence with one next step for everybody else.
"""

from __future__ import annotations

import io
import shutil
import wave
from pathlib import Path
from typing import TYPE_CHECKING

from asr_core.audio import SAMPLE_RATE
from asr_core.errors import AsrError
from asr_core.settings import Settings

if TYPE_CHECKING:
    from asr_core.engines import Engine
    from asr_core.sandbox import Sandbox

RUN = 1_500_000_000  # bytes of memory that the model and a run may need
SPARE = 300_000_000  # bytes that must stay free beside what is known to be needed
_DISK = 100_000_000  # bytes: room for transcripts that are saved


def memory(needed: int = RUN) -> str:
    """How much memory is free.

    Raises:
        AsrError: less than `needed` bytes.
    """
    import psutil

    found = psutil.virtual_memory()
    said = f"{found.available / 1e9:.1f} of {found.total / 1e9:.1f} GB of memory are free"
    if found.available < needed:
        raise AsrError(f"Only {said}, and {needed / 1e9:.1f} GB are needed. Close other programs.")
    return said


def disk() -> str:
    """How much room there is on the disk.

    Raises:
        AsrError: too little to save a text.
    """
    free = shutil.disk_usage(Path.home()).free
    said = f"{free / 1e9:.1f} GB are free in your home folder"
    if free < _DISK:
        raise AsrError(f"Only {said}. Delete what you no longer need.")
    return said


def hearing(engine: Engine, settings: Settings, sandbox: Sandbox) -> None:
    """Half a second of silence goes the way that recordings go, and nothing is heard in it.

    Raises:
        AsrError: something was heard, or what stood in its way.
    """
    from asr_core.transcribe import transcribe

    with sandbox.open(_silence(), "silence.wav") as recording:
        text = transcribe(recording, engine, settings).text
    if text:
        raise AsrError("The recognizer hears words in silence. Install Sottovoce again.")


def room_for(name: str, n_bytes: int, largest: int) -> None:
    """There is memory to transcribe one more recording, whose bytes are in memory already.

    Args:
        largest: bytes of the largest recording that waits: the worker gets a copy of one at a time.

    Raises:
        AsrError: there is not.
    """
    import psutil

    free = psutil.virtual_memory().available
    if free < max(n_bytes, largest) + SPARE:
        raise AsrError(
            f"“{name}” ({n_bytes / 1e6:.0f} MB) does not fit into memory beside what waits already:"
            f" {free / 1e6:.0f} MB are free. Give it again when other recordings are done."
        )


def _silence() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(SAMPLE_RATE)
        sound.writeframes(bytes(SAMPLE_RATE))  # half a second of 16 bits
    return file.getvalue()
