"""The measurer's own recordings, decoded in this process; all others go through the sandbox."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asr_core.audio.decode import AnySource, open_recording
from asr_core.engines import Engine
from asr_core.result import Transcript
from asr_core.settings import Settings
from asr_core.transcribe import transcribe

DEFAULTS = Settings()


def transcript(
    source: AnySource, name: str, engine: Engine, settings: Settings = DEFAULTS
) -> Transcript:
    """What an engine hears.

    Raises:
        AudioDecodeError: not a recording.
    """
    with open_recording(source, name) as recording:
        return transcribe(recording, engine, settings)


def waveform(path: Path) -> NDArray[np.float32]:
    """(N,) of 16 kHz.

    Raises:
        AudioDecodeError: not a recording.
    """
    with open_recording(path, path.name) as recording:
        return np.concatenate([np.zeros(0, np.float32), *recording])
