"""How long a recording will take on this computer: by a measurement, refined by what runs took."""

from __future__ import annotations

import json
import math
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from asr_core.errors import AsrError
from asr_core.saving import save_text
from asr_core.settings import DecodeMode, Settings, settings_file

LEAST = 20.0  # seconds of a recording that says something about the speed
_HALF = 300.0  # seconds of a run that says as much as all before it
_FAR = 20.0  # times slower or faster than measured is no experience but an accident

# Decoder steps a second of speech: people say some three words a second, a token or a little more
# each; the modes that only check a draft read it in a few passes.
_STEPS_A_SECOND: dict[DecodeMode, float] = {
    "joint": 4.0,
    "attention": 4.0,
    "draft": 1.0,
    "rescore": 1.0,
    "ctc": 0.0,
}
_HEARINGS = 2.0  # a window, then its pieces where languages change; word times and detection


@dataclass(frozen=True, slots=True)
class Speed:
    """What a moment's work took.

    Attributes:
        encoding: seconds of work for a second of sound, heard once.
        step: seconds of a decoder step with a whole beam.
    """

    encoding: float
    step: float

    @classmethod
    def of_every_mode(cls, real_time_factor: float) -> Speed:
        """Of an engine that takes as long whatever way of decoding was chosen."""
        return cls(real_time_factor / _HEARINGS, 0.0)

    def real_time_factor(self, decode: DecodeMode) -> float:
        """Seconds of work for a second of speech, by this formula:

        hearings * encoding + steps a second of speech * step
        """
        return _HEARINGS * self.encoding + _STEPS_A_SECOND[decode] * self.step


class Experience:
    """How much longer than measured runs took, by engine, device, precision and decoding.

    An exponential average of the ratio, in which a run counts by its length, so that it stays true
    when the computer is another or busier than before. Only these numbers are kept on the disk.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or settings_file().with_name("speed.json")
        self._lock = threading.Lock()
        self._ratios = _read(self._path)

    def ratio(self, settings: Settings) -> float:
        """Seconds a run takes for a second that was measured; 1 before the first run."""
        return self._ratios.get(_key(settings), 1.0)

    def learn(self, settings: Settings, measured: float, real: float, seconds: float) -> None:
        """A run of so many seconds of sound had the real time factor `real`, not `measured`."""
        if not (measured > 0 and 1 / _FAR < real / measured < _FAR):
            return
        with self._lock:
            known = self.ratio(settings)
            weight = seconds / (seconds + _HALF)
            self._ratios[_key(settings)] = round(
                known ** (1 - weight) * (real / measured) ** weight, 4
            )
            with suppress(AsrError, OSError):  # a read-only home: it is only forgotten
                self._path.parent.mkdir(parents=True, exist_ok=True)
                save_text(self._path, json.dumps(self._ratios, indent=2) + "\n")


def _key(settings: Settings) -> str:
    second = (f"{settings.second_below:g}",) if settings.second_engine else ()
    return " ".join((*settings.loaded, *second, settings.decode))


def _read(path: Path) -> dict[str, float]:
    """What was saved, as far as it is usable."""
    try:
        saved = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(saved, dict):
        return {}
    return {
        key: float(ratio)
        for key, ratio in saved.items()
        if type(ratio) in (int, float) and math.isfinite(ratio) and 1 / _FAR < ratio < _FAR
    }
