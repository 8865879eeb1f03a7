"""A piece of sound -> what sherpa-onnx says of it."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import torch

from asr_core.audio import SAMPLE_RATE
from asr_core.audio.segment import Window, speech_windows
from asr_core.engines.qwen3_asr.prompt import without_control
from asr_core.engines.sherpa.kinds import Kind
from asr_core.errors import AsrError, ModelError

_TOKENS_PER_SECOND = 12.0  # nobody speaks faster; more is a loop
_FEWEST_TOKENS = 32  # with those that name the language
_SCAFFOLD = 4  # tokens that it takes off again: the language and the mark behind it
# What is left where the library noticed a loop itself: it cuts more than what was said again.
_NOTHING = re.compile(r"(language \w+)?\s*")
_LOOP = re.compile(r"(.{1,8}?)\1{20,}", re.DOTALL)
_SHORTEST = 4.0  # seconds; what is shorter is not cut again


class Said(NamedTuple):
    """What was read of a piece of sound."""

    window: Window
    text: str
    language: str | None  # ISO code; None where the model names none
    tokens: Sequence[str] = ()
    starts: Sequence[float] = ()  # of the tokens, seconds from the start of the piece


class Reader:
    """A model of sherpa-onnx, warm.

    Args:
        counts: gets what was read again.

    Raises:
        AsrError: the package is not installed.
        ModelError: the library cannot load the files.
    """

    def __init__(
        self, name: str, kind: Kind, files: Mapping[str, Path], counts: Counter[str]
    ) -> None:
        self._name, self._kind, self._files, self._counts = name, kind, files, counts
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

    def read(self, window: Window, language: str | None, terms: Sequence[str]) -> Iterator[Said]:
        """What is said in a window, piece by piece.

        A piece is read in halves where a model that answers went round in circles, came to the end
        of what it may write, or wrote nothing.

        Args:
            language: ISO code of the one to write; None lets the model choose.
            terms: that may come up, where the model takes any.
        """
        for piece in _pieces(window, self._kind.longest):
            said, is_whole = self._said(piece, language, terms)
            if is_whole or piece.duration < 2 * _SHORTEST:
                yield said
                continue
            self._counts["read_in_halves"] += 1
            for half in _pieces(piece, piece.duration / 2):
                yield self._said(half, language, terms)[0]

    def _said(self, piece: Window, language: str | None, terms: Sequence[str]) -> tuple[Said, bool]:
        """What is said in a piece, and whether it is neither cut off nor a loop."""
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
        if not self._kind.answers:
            text = _LOOP.sub(r"\1", found.text).strip()
            return Said(piece, text, named, found.tokens, found.timestamps), True
        if _NOTHING.fullmatch(found.text):
            return Said(piece, "", named), False
        is_whole = len(found.tokens) < most - _SCAFFOLD and _LOOP.search(found.text) is None
        return Said(piece, _LOOP.sub(r"\1", found.text).strip(), named, found.tokens), is_whole

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


def _pieces(window: Window, longest: float) -> list[Window]:
    """A window, or what is said in it in pieces no longer than that."""
    if window.duration <= longest:
        return [window]
    found = [*speech_windows([window.waveform], offset=window.start, max_duration=longest)]
    return found or [window]
