"""Engines: what turns windows of speech into segments, and the table of them.

Adding an engine is one module with a `load(settings)` and one row of `TABLE`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from asr_core.audio.segment import Window
from asr_core.engines.folders import BUNDLED_FOLDER, folder_of, installed
from asr_core.engines.ggml.file import gguf_files
from asr_core.engines.qwen3_asr.forms import is_recognizer
from asr_core.engines.sherpa.kinds import is_published
from asr_core.errors import AsrError, ModelError
from asr_core.result import Segment
from asr_core.servers import is_address
from asr_core.settings import Settings
from asr_core.speed import Speed
from asr_core.text.pieces import VOCABULARY


@dataclass(frozen=True, slots=True)
class Recognized:
    """The segments of one window and how far into the recording it reaches.

    An engine that writes word by word also gives what it has so far, as a draft without segments;
    and of a window that is open every engine gives a draft.
    """

    end: float  # seconds that are done
    segments: tuple[Segment, ...]
    draft: str = ""  # text of what comes next, which may still change

    @classmethod
    def drafted(cls, window: Window, segments: Iterable[Segment]) -> Recognized:
        """What an open window would give if nothing more were said."""
        return cls(window.start, (), " ".join(segment.text for segment in segments))


class Engine(Protocol):
    """A loaded model, warm, used for one recording after another."""

    name: str

    def recognize(self, windows: Iterable[Window], settings: Settings) -> Generator[Recognized]:
        """Segments window by window, in order; reads ahead only as far as a batch needs.

        Beside drafts there is one `Recognized` for every window, a silent one included. A window
        that is open gives a draft, if it has spans, and leaves no trace in what follows; when it
        comes, all windows before it have been answered.
        """
        ...

    def align(self, window: Window, text: str, language: str) -> Segment | None:
        """The words of `text` with the times they were said at in `window`; None if it cannot."""
        ...

    def decode(self, settings: Settings) -> str:
        """The way it decodes with these settings, for the transcript."""
        ...

    def speed(self, settings: Settings) -> Speed:
        """How fast it is on this computer with these settings, measured in a second or two."""
        ...

    def stats(self) -> dict[str, Any]:
        """Device, precision and counts of the last run."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """An engine in the table.

    Attributes:
        loader: "module:function", which makes the engine of the settings.
        runs: whether it can run the model in a folder, told without loading it.
        searches: whether the choice among ways to decode means anything to it.
    """

    loader: str
    runs: Callable[[Path], bool]
    searches: bool = True


def _has(*files: str) -> Callable[[Path], bool]:
    """Whether a folder has one of these files."""
    return lambda folder: any((folder / file).is_file() for file in files)


def _is_grown(folder: Path) -> bool:
    """The bundled model, or other changes of the same: what `train --pack` wrote."""
    return folder == BUNDLED_FOLDER or (
        (folder / "SHA256").is_file() and not (folder / VOCABULARY).is_file()
    )


TABLE = [
    Row("asr_core.engines.conformer:load", _is_grown),
    Row("asr_core.engines.families:plain", _has(VOCABULARY)),
    Row("asr_core.engines.qwen3_asr.loading:load", is_recognizer, searches=False),
    Row("asr_core.engines.onnx.loading:load", _has("sottovoce-onnx.json")),
    Row("asr_core.engines.families:firered", _has("model.pth.tar")),
    Row("asr_core.engines.families:wenet", _has("train.yaml")),
    Row("asr_core.engines.families:espnet", _has("config.yaml", "meta.yaml")),
    Row("asr_core.engines.sherpa.engine:load", is_published, searches=False),
    Row("asr_core.engines.ggml.engine:load", lambda path: bool(gguf_files(path)), searches=False),
]


def models() -> list[str]:
    """The names of the installed models that an engine here can run; the bundled one first."""
    return [name for name, folder in installed().items() if _row(folder) is not None]


def searches(model: str) -> bool:
    """Whether the choice among ways to decode means anything to the model's engine."""
    if is_address(model):
        return False
    row = _row(installed().get(model, Path(model)))
    return row is None or row.searches


def load_engine(settings: Settings) -> Engine:
    """The engine for the model that `settings` name, its weights in memory.

    A second model is looked for at once, and loaded when it is first needed.

    Raises:
        ModelError: no such model, one that no engine can run, or it is damaged.
        AsrError: the second model is the first.
    """
    load = _loader(settings.of_first)
    if not settings.second_engine:
        return load()
    if settings.of_second == settings.of_first:
        raise AsrError(
            "The second model is the first one, in the same precision. Choose another model or "
            "another precision for one of them."
        )
    from asr_core.engines.tiers import TieredEngine

    load_second = _loader(settings.of_second)
    return TieredEngine(load(), load_second)


def _loader(settings: Settings) -> Callable[[], Engine]:
    """What loads the engine for a model, or for the server of an address."""
    if is_address(settings.engine):
        from asr_core.engines.server.engine import load

        return partial(load, settings)
    folder = folder_of(settings.engine)
    row = _row(folder)
    if row is None:
        raise ModelError(
            f"No engine here can run the model in {folder.name!r}. It takes Qwen3-ASR folders with "
            "config.json and safetensors files, Conformers of FireRedASR, WeNet and ESPnet with "
            "all their files, what `sottovoce train --pack` and `sottovoce models export --onnx` "
            "wrote, models as sherpa-onnx publishes them, and GGUF files of Qwen3-ASR for "
            "transcribe.cpp; a forced aligner is used when it lies beside a Qwen3-ASR."
        )
    module, function = row.loader.split(":")
    loader: Callable[[Settings], Engine] = getattr(import_module(module), function)
    return partial(loader, settings)


def _row(folder: Path) -> Row | None:
    return next((row for row in TABLE if row.runs(folder)), None)
