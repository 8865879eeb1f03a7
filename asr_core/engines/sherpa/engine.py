"""The engine of a folder as sherpa-onnx publishes it."""

from __future__ import annotations

from functools import partial

from asr_core.engines.folders import folder_of
from asr_core.engines.ggml.aligner import gguf_aligner
from asr_core.engines.piecewise import PiecewiseEngine
from asr_core.engines.sherpa.kinds import kind_of
from asr_core.engines.sherpa.reader import SherpaReader
from asr_core.engines.times import bundled_alignment
from asr_core.settings import Settings


def load(settings: Settings) -> PiecewiseEngine:
    """The engine for the folder that `settings` name, its weights in memory.

    Raises:
        ModelError: its files cannot be loaded, or are of no family the library runs.
        AsrError: the package sherpa-onnx is not installed.
    """
    folder = folder_of(settings.engine)
    reader = SherpaReader(folder.name, *kind_of(folder), settings.device)
    aligner = partial(gguf_aligner, folder.resolve().parent)
    return PiecewiseEngine(folder.name, reader, bundled_alignment(settings), aligner)
