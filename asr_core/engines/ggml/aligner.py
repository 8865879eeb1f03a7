"""When the words of a text were said, by a Qwen3-ForcedAligner in a GGUF file, run by crispasr.

Of the library two functions are used: one takes a file, a text and sound, and keeps the model that
it loaded; one gives that up. Those that fetch models are never called.
"""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from asr_core.audio import SAMPLE_RATE
from asr_core.audio.segment import Window
from asr_core.engines.ggml.file import aligner_files, value_in
from asr_core.engines.qwen3_asr.spoken import spoken_times
from asr_core.engines.times import Span, Times
from asr_core.errors import AsrError, ModelError

_FAMILY = "qwen3asr"  # as CrispASR writes it, which does not look whether it is
_LONGEST = 120.0  # seconds; longer sound is cut, and each part given its share of the words


class Piece(NamedTuple):
    """A word as the library splits text: at spaces, and around each Chinese or Korean sign."""

    text: str
    start: float  # seconds from the start of the sound
    end: float


def gguf_aligner(folder: Path) -> GgufAligner | None:
    """The first forced aligner that lies in `folder` or in one of the folders there, loaded.

    Raises:
        AsrError: it cannot be used.
    """
    found = [file for place in (folder, *folder.glob("*/")) for file in aligner_files(place)]
    return GgufAligner(min(found)) if found else None


class GgufAligner:
    """A forced aligner of crispasr, warm.

    Raises:
        ModelError: it is another kind of model, or the library cannot run it.
        AsrError: the package is not installed, or cannot be loaded here.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        if (family := value_in(file, "general.architecture")) != _FAMILY:
            raise ModelError(
                f"{file.name!r} says it is {family!r}, and a forced aligner in a GGUF file has to "
                f"be one that was made for CrispASR ({_FAMILY}). Choose another file."
            )
        self._library = _library(file.name)
        weakref.finalize(self, self._library.free_aligner_cache)
        # It loads when it is first asked. Later its memory would count as that of a run.
        self._spans(np.zeros(SAMPLE_RATE, np.float32), ["a"])

    def times(self, window: Window, words: Sequence[str], language: str) -> Times | None:
        """When each of the words was said; None for a language or a length it does not know."""
        spans = partial(self._spans, window.waveform)
        return spoken_times(window, words, language, _LONGEST, spans)

    def _spans(self, sound: NDArray[np.float32], spoken: Sequence[str]) -> list[Span] | None:
        found = self._library.align_words(
            str(self._file.resolve()),
            " ".join(spoken),
            np.ascontiguousarray(sound),
            n_threads=torch.get_num_threads(),
        )
        if not found:
            raise ModelError(
                f"crispasr cannot time words with the forced aligner {self._file.name!r}. Get it "
                "again, in the form that was made for CrispASR."
            )
        return whole_words(spoken, [Piece(f.text.strip(), f.start, f.end) for f in found])


def whole_words(words: Sequence[str], pieces: Sequence[Piece]) -> list[Span] | None:
    """When words were said that were timed in pieces; None if the pieces are not theirs."""
    found, at = [], 0
    for word in words:
        begun, text = at, ""
        while at < len(pieces) and len(text) < len(word):
            text += pieces[at].text
            at += 1
        if text != word:
            return None
        found.append((pieces[begun].start, pieces[at - 1].end))
    return found if at == len(pieces) else None


def _library(name: str) -> Any:
    """crispasr, in an environment in which it reads text as it stands and gives nothing away."""
    if sys.platform == "win32" and "transcribe_cpp" in sys.modules:
        # A program has one ggml.dll: the other library would get that of the first.
        raise AsrError(
            f"On Windows the forced aligner {name!r} cannot be used where transcribe-cpp was: each "
            "brings a ggml.dll of its own. Start Sottovoce anew, with another model."
        )
    for setting in [each for each in os.environ if each.startswith("CRISP")]:
        del os.environ[setting]  # some have it write down what it hears, or load other code
    os.environ["CRISPASR_ALIGN_NO_ROMANIZE"] = "1"  # Russian would be timed in Latin letters
    os.environ["GGML_NO_BACKTRACE"] = "1"  # of a debugger, which would look into this process
    try:
        import crispasr  # pyright: ignore[reportMissingImports]
    except ImportError:
        raise AsrError(
            f"The forced aligner {name!r} needs the package crispasr, which is not installed. The "
            "extra `aligner` brings it: pip install -e .[aligner]"
        ) from None
    try:
        crispasr.c_api_version()
    except (OSError, RuntimeError) as error:
        raise AsrError(
            f"crispasr does not start on this computer ({type(error).__name__}). Install it anew: "
            "pip install --force-reinstall crispasr"
        ) from error
    return crispasr
