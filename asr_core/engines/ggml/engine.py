"""The engine of a Qwen3-ASR in a GGUF file."""

from __future__ import annotations

from functools import partial

from asr_core.engines.folders import folder_of
from asr_core.engines.ggml.aligner import gguf_aligner
from asr_core.engines.ggml.file import the_gguf
from asr_core.engines.ggml.reader import GgmlReader
from asr_core.engines.piecewise import PiecewiseEngine
from asr_core.engines.times import bundled_alignment
from asr_core.settings import Settings


def load(settings: Settings) -> PiecewiseEngine:
    """The engine for the folder or the file that `settings` name, its weights mapped into memory.

    Raises:
        ModelError: the file cannot be loaded, or is of another family.
        AsrError: the package transcribe-cpp is not installed, or Vulkan was asked for in vain.
    """
    path = folder_of(settings.engine)
    reader = GgmlReader(path.name, the_gguf(path), settings.device)
    aligner = partial(gguf_aligner, path.resolve().parent)
    return PiecewiseEngine(path.name, reader, bundled_alignment(settings), aligner)
