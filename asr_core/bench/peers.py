"""Other recognizers that the benchmark measures beside ours, each with the same Whisper base."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from asr_core.errors import AsrError
from asr_core.model.conformer import EncoderConfig
from asr_core.model.decoder import DecoderConfig
from asr_core.model.growth import DECODER, ENCODER
from asr_core.model.whisper import whisper_state_dict

Waveform = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Heard:
    """What a recognizer made of a sound."""

    text: str
    first_s: float | None  # until the first text; None when there was none, or nobody can say
    label: str  # zh, en, mixed, other or none
    start: float  # seconds, where speech began


Recognize = Callable[[Waveform], Heard]

# What openai-whisper calls parts that transformers calls otherwise; all that fit, in this order.
_OPENAI_NAMES = {
    r"^model\.": "",
    r"\.layers\.": ".blocks.",
    r"\.self_attn\.": ".attn.",
    r"\.encoder_attn\.": ".cross_attn.",
    r"\.q_proj\.": ".query.",
    r"\.k_proj\.": ".key.",
    r"\.v_proj\.": ".value.",
    r"\.out_proj\.": ".out.",
    r"\.self_attn_layer_norm\.": ".attn_ln.",
    r"\.encoder_attn_layer_norm\.": ".cross_attn_ln.",
    r"\.final_layer_norm\.": ".mlp_ln.",
    r"\.fc1\.": ".mlp.0.",
    r"\.fc2\.": ".mlp.2.",
    r"^encoder\.layer_norm\.": "encoder.ln_post.",
    r"^decoder\.layer_norm\.": "decoder.ln.",
    r"embed_positions\.weight$": "positional_embedding",
    r"embed_tokens\.": "token_embedding.",
}


def faster_whisper(folder: str, n_threads: int) -> Recognize:
    """As it comes, beam 5, in int8.

    Raises:
        AsrError: it is not installed.
    """
    try:
        from faster_whisper import WhisperModel  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise _missing("faster-whisper") from error
    model = WhisperModel(
        folder, device="cpu", compute_type="int8", cpu_threads=n_threads, local_files_only=True
    )

    def recognize(waveform: Waveform) -> Heard:
        began = time.perf_counter()
        texts: list[str] = []
        first_s: float | None = None
        start = 0.0
        segments, about = model.transcribe(waveform, beam_size=5)
        for segment in segments:
            if first_s is None:
                first_s, start = time.perf_counter() - began, segment.start
            texts.append(segment.text)
        return Heard(" ".join(texts), first_s, _label(about.language), start)

    return recognize


def openai_whisper() -> Recognize:
    """As it comes, beam 5, in float32. It gives no text before the end.

    Raises:
        AsrError: it is not installed.
    """
    try:
        theirs = import_module("whisper.model")  # which the package openai-whisper brings
    except ImportError as error:
        raise _missing("openai-whisper") from error
    model = theirs.Whisper(theirs.ModelDimensions(*_dimensions(ENCODER, DECODER)))
    model.load_state_dict(openai_names(whisper_state_dict()))
    model.eval()

    def recognize(waveform: Waveform) -> Heard:
        found = model.transcribe(waveform, beam_size=5, fp16=False)
        start = found["segments"][0]["start"] if found["segments"] else 0.0
        return Heard(found["text"].strip(), None, _label(found["language"]), start)

    return recognize


def openai_names(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of `whisper_state_dict` as openai-whisper names them; the tied output is gone."""
    found = {}
    for name, weight in weights.items():
        if name != "proj_out.weight":
            for theirs, ours in _OPENAI_NAMES.items():
                name = re.sub(theirs, ours, name)
            found[name] = weight
    return found


def _dimensions(encoder: EncoderConfig, decoder: DecoderConfig) -> tuple[int, ...]:
    """In openai-whisper's order."""
    heard = (encoder.max_frames or 0, encoder.d_model, encoder.n_heads, encoder.n_layers)
    said = (decoder.max_tokens or 0, decoder.d_model, decoder.n_heads, decoder.n_layers)
    return (encoder.n_mels, *heard, decoder.vocab_size, *said)


def _label(language: str) -> str:
    return language if language in ("zh", "en") else "other"


def _missing(package: str) -> AsrError:
    return AsrError(f"{package} is not installed; the extra `bench` brings it.")
