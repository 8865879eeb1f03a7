"""A piece of sound -> what sherpa-onnx says of it."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from asr_core.audio import SAMPLE_RATE
from asr_core.audio.segment import Window
from asr_core.engines.piecewise import Said, without_loop
from asr_core.engines.qwen3_asr.prompt import without_control
from asr_core.engines.sherpa.kinds import Kind, is_in_8_bits
from asr_core.errors import AsrError, ModelError

_TOKENS_PER_SECOND = 12.0  # nobody speaks faster; more is a loop
_FEWEST_TOKENS = 32  # with those that name the language
_SCAFFOLD = 4  # tokens that it takes off again: the language and the mark behind it
# What is left where the library noticed a loop itself: it cuts more than what was said again.
_NOTHING = re.compile(r"(language \w+)?\s*")


class SherpaReader:
    """A model of sherpa-onnx, warm, as `piecewise.Reader` has it.

    Raises:
        AsrError: the package is not installed.
        ModelError: the library cannot load the files.
    """

    def __init__(self, name: str, kind: Kind, files: Mapping[str, Path], device: str) -> None:
        self._name, self._kind, self._files = name, kind, files
        self.languages: Collection[str] = kind.languages
        self.longest = kind.longest
        self.counts: Counter[str] = Counter()
        self.notes: list[str] = []
        if device not in ("auto", "cpu"):
            self.notes.append(f"{name} is computed by the processor, not by {device}.")
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # it brings an onnxruntime of its own
        try:
            import sherpa_onnx
        except ImportError:
            raise AsrError(
                f"The model {name!r} needs the package sherpa-onnx, which is not installed. The "
                "extra `hybrid` brings it: pip install -e .[hybrid]"
            ) from None
        self._library: Any = sherpa_onnx.OfflineRecognizer
        self._recognizer = lru_cache(maxsize=1)(self._loaded)
        self._recognizer("")

    def describe(self) -> dict[str, Any]:
        """What loads it, in how many bits it is, and what it lacks."""
        can = {
            "language hint": self._kind.languages,
            "word times": self._kind.mark,
            "terms": self._kind.answers,
            "streaming": False,
            "confidence": False,
        }
        return {
            "device": "cpu",
            "precision": "int8" if is_in_8_bits(self._files) else "float32",
            "loader": self._kind.loader,
            "lacks": [what for what, has in can.items() if not has],
            "notes": self.notes,
        }

    def said(self, piece: Window, language: str | None, terms: Sequence[str]) -> Said:
        """What is said in a piece."""
        told = self._kind.languages.get(language or "", "")
        recognizer = self._recognizer("" if self._kind.answers else told)
        stream = recognizer.create_stream()
        most = round(_FEWEST_TOKENS + _TOKENS_PER_SECOND * piece.duration)
        if self._kind.answers:
            stream.set_option("max_new_tokens", str(most))
            if told:
                stream.set_option("language", told)
            if terms:
                stream.set_option("hotwords", ",".join(map(without_control, terms)))
        stream.accept_waveform(SAMPLE_RATE, piece.waveform)
        recognizer.decode_stream(stream)
        found = stream.result
        named = found.lang.strip("<|>") or (language if told else None)
        text = without_loop(found.text)
        if not self._kind.answers:
            return Said(piece, text.strip(), named, found.tokens, found.timestamps)
        if _NOTHING.fullmatch(found.text):
            return Said(piece, "", named, is_whole=False)
        is_whole = len(found.tokens) < most - _SCAFFOLD and text == found.text
        return Said(piece, text.strip(), named, found.tokens, is_whole=is_whole)

    def _loaded(self, told: str) -> Any:
        """The model, told to write a language where that is settled when it is loaded."""
        settled = {"language": told} if self._kind.languages and not self._kind.answers else {}
        load = getattr(self._library, f"from_{self._kind.loader}")
        files = {name: str(path) for name, path in self._files.items()}
        try:
            return load(**files, **settled, num_threads=torch.get_num_threads())
        except (RuntimeError, ValueError) as error:
            raise ModelError(
                f"sherpa-onnx cannot load the model {self._name!r} ({type(error).__name__}). Get "
                "the model again, in the form that sherpa-onnx publishes."
            ) from error
