"""A piece of sound -> what transcribe-cpp says of it."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from asr_core.audio.segment import Window
from asr_core.engines.ggml import vulkan
from asr_core.engines.ggml.file import precision_of
from asr_core.engines.piecewise import Said, without_loop
from asr_core.engines.qwen3_asr.prompt import without_control
from asr_core.errors import AsrError, ModelError

# It writes 256 tokens, and more for sound of over 20 s: enough for 12 a second and the language.
_LONGEST = 18.0
_BACKENDS = {"cpu": "cpu", "mps": "metal", "vulkan": "vulkan"}  # by our names for devices


class _Heard(NamedTuple):
    said: Said
    is_loop: bool


class GgmlReader:
    """A model of transcribe-cpp, warm, as `piecewise.Reader` has it.

    A card whose numbers overflow writes one token for ever ("!!!!"): what goes round in circles or
    fails there is read again by the processor.

    Attributes:
        notes: sentences for the user about this computer.

    Raises:
        AsrError: the package is not installed, or Vulkan was asked for and is not there.
        ModelError: the library cannot load the file.
    """

    longest = _LONGEST

    def __init__(self, name: str, file: Path, device: str) -> None:
        self._name, self._file = name, file
        self._precision = precision_of(file)
        self._library = _library(name)
        self.counts: Counter[str] = Counter()
        self.notes: list[str] = []
        self._model = self._loaded(self._backend(device))
        self._device = self._model.device.kind
        self._session = self._opened(self._model)
        self._by_processor = lru_cache(maxsize=1)(self._processors)
        self.languages: Collection[str] = self._model.capabilities.languages
        self._takes_terms = self._model.supports("vocabulary")
        if device != "auto" and self._device != _BACKENDS.get(device):
            self.notes.append(f"{name} runs on {self._device}, not on {device}.")
        elif device == "auto" and sys.platform != "darwin" and not self._has("vulkan"):
            self.notes.append(
                f"{name} is computed by the processor, since there is no Vulkan driver. If this "
                "computer has a graphics card, install its driver."
            )

    def describe(self) -> dict[str, Any]:
        """What runs it, in how many bits it is, and what it lacks."""
        can = {
            "language hint": self.languages,
            "word times": False,
            "terms": self._takes_terms,
            "streaming": False,
            "confidence": False,
        }
        notes = [*self.notes]
        if n := self.counts["read_by_processor"]:
            notes.append(
                f"On {self._device} the model failed or went round in circles {n} times, and the "
                "processor read again. If it happens often, choose cpu as the device."
            )
        return {
            "device": self._device,
            "precision": self._precision,
            "loader": self._model.variant,
            "lacks": [what for what, has in can.items() if not has],
            "notes": notes,
        }

    def said(self, piece: Window, language: str | None, terms: Sequence[str]) -> Said:
        """What is said in a piece."""
        if self._device != "cpu":
            with suppress(AsrError):  # it lost the card, or has too little memory there
                found = self._heard(self._session, piece, language, terms)
                if not found.is_loop:
                    return found.said
            self.counts["read_by_processor"] += 1
        return self._heard(self._by_processor(), piece, language, terms).said

    def _heard(
        self, session: Any, piece: Window, language: str | None, terms: Sequence[str]
    ) -> _Heard:
        asked: dict[str, Any] = {}
        if language in self.languages:
            asked["language"] = language
        if terms and self._takes_terms:
            asked["vocabulary"] = [*map(without_control, terms)]
        is_cut = is_loop = False
        try:
            found = session.run(np.ascontiguousarray(piece.waveform), **asked)
        except self._library.OutputTruncated as error:
            found = error.partial_result
            is_cut, is_loop = True, isinstance(error, self._library.OutputRepetition)
        except self._library.TranscribeError as error:
            raise AsrError(
                f"{self._name} could not read a piece of the sound ({type(error).__name__}). Close "
                "other programs, or choose another model."
            ) from error
        text = without_loop(found.text)
        is_loop = is_loop or text != found.text
        named = found.language or asked.get("language")
        return _Heard(
            Said(piece, text.strip(), named, is_whole=not is_cut and not is_loop), is_loop
        )

    def _backend(self, device: str) -> str:
        """The library's word for a device; it chooses where it has none."""
        if device == "vulkan" and not self._has("vulkan"):
            raise AsrError(
                "There is no Vulkan driver, or no graphics card that it knows. Install the "
                "driver of the card, or choose auto as the device."
            )
        backend = _BACKENDS.get(device, "auto")
        return backend if self._has(backend) else "auto"

    def _has(self, backend: str) -> bool:
        return self._library.backend_available(backend)

    def _loaded(self, backend: str) -> Any:
        try:
            return self._library.Model(self._file, backend=backend)
        except self._library.TranscribeError as error:
            raise ModelError(
                f"transcribe-cpp cannot load the model {self._name!r} ({type(error).__name__}). "
                "Get the model again, or choose cpu as the device."
            ) from error

    def _processors(self) -> Any:
        """What reads on the processor, if it is not what reads anyway."""
        return self._session if self._device == "cpu" else self._opened(self._loaded("cpu"))

    def _opened(self, model: Any) -> Any:
        return model.session(n_threads=torch.get_num_threads())


def _library(name: str) -> Any:
    """transcribe-cpp, in an environment in which it computes rightly and gives nothing away."""
    os.environ["GGML_NO_BACKTRACE"] = "1"  # of a debugger, which would look into this process
    os.environ.pop("TRANSCRIBE_DUMP_DIR", None)  # where it would write down what it hears
    if vulkan.INTEL in vulkan.makers():
        # Theirs add up in float16 and overflow (llama.cpp issue 18969). ggml looks once, when it
        # starts; a Windows library has the environment of the moment it was loaded.
        os.environ["GGML_VK_DISABLE_F16"] = "1"
    if sys.platform == "win32" and "crispasr" in sys.modules:
        raise AsrError(  # a program has one ggml.dll, which would be that of the other library
            f"On Windows the model {name!r} cannot be loaded where a forced aligner of crispasr "
            "was: each brings a ggml.dll of its own. Start Sottovoce anew."
        )
    try:
        import transcribe_cpp
    except ImportError:
        raise AsrError(
            f"The model {name!r} needs the package transcribe-cpp, which is not installed. The "
            "extra `ggml` brings it: pip install -e .[ggml]"
        ) from None
    except (OSError, RuntimeError) as error:  # its own errors are RuntimeErrors
        raise AsrError(
            f"transcribe-cpp does not start on this computer ({type(error).__name__}). Install it "
            "anew: pip install --force-reinstall transcribe-cpp transcribe-cpp-native"
        ) from error
    transcribe_cpp.set_log_callback(None)
    return transcribe_cpp
