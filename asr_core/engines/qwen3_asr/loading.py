"""A Qwen3-ASR engine from a folder, with what tells when words were said."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from asr_core.engines.folders import folder_of
from asr_core.engines.ggml.aligner import gguf_aligner
from asr_core.engines.qwen3_asr.engine import Qwen3AsrEngine
from asr_core.engines.qwen3_asr.folder import load_folder
from asr_core.engines.qwen3_asr.forms import is_aligner
from asr_core.engines.qwen3_asr.placing import Placement
from asr_core.engines.qwen3_asr.timing import ForcedAligner
from asr_core.engines.times import Aligner, WordTimes, bundled_alignment
from asr_core.settings import Settings


def load(settings: Settings) -> Qwen3AsrEngine:
    """The engine for the folder that `settings` name, its weights in memory.

    Raises:
        ModelError: the folder is not whole, or does not fit into memory.
        AsrError: there is no such device, or float16 was asked for on a CPU.
    """
    folder = folder_of(settings.engine)
    placement = Placement(settings)
    placed, processor = load_folder(folder, placement)
    times = WordTimes(partial(_aligner, folder, placement), bundled_alignment(settings))
    return Qwen3AsrEngine(folder.name, placed, processor, times)


def _aligner(folder: Path, placement: Placement) -> Aligner | None:
    """The forced aligner that lies beside a model's folder, in a folder or in a GGUF file."""
    beside = sorted(path for path in folder.resolve().parent.iterdir() if path.is_dir())
    found = next(filter(is_aligner, beside), None)
    if found is not None:
        return ForcedAligner(*load_folder(found, placement))
    return gguf_aligner(folder.resolve().parent)
