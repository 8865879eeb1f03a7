"""When the words of an answer were said: by the forced aligner, by the bundled CTC, or by length.

Source: Qwen3-ASR Technical Report (arXiv 2601.21337), section on Qwen3-ForcedAligner: one pass
over the sound and the words, two places behind each that are classified into steps of 80 ms.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from transformers import Qwen3ASRProcessor

from asr_core.audio.segment import Window
from asr_core.engines.qwen3_asr.placing import Placed
from asr_core.engines.qwen3_asr.prompt import timing_question, without_control
from asr_core.result import Segment
from asr_core.text.timing import shared_time

Span = tuple[float, float]  # seconds from the start of the recording
Times = Sequence[Span | None]  # of every word; None where nothing of it can be heard

_LONGEST = 180.0  # seconds that the forced aligner takes at once
# The languages it was trained for.
_KNOWN = {"zh", "en", "yue", "fr", "de", "it", "ja", "ko", "pt", "ru", "es"}


class ForcedAligner:
    """A Qwen3-ForcedAligner, warm."""

    def __init__(self, placed: Placed, processor: Qwen3ASRProcessor) -> None:
        self._placed = placed
        self._processor = processor

    @torch.inference_mode()
    def times(self, window: Window, words: Sequence[str], language: str) -> Times | None:
        """When each of the words was said; None for a language or a length it does not know."""
        said = ["".join(c for c in without_control(w) if c.isalnum() or c == "'") for w in words]
        spoken = [word for word in said if word]
        if language not in _KNOWN or window.duration > _LONGEST or not spoken:
            return None
        asked = self._processor(text=[timing_question(spoken)], audio=[window.waveform])
        asked = asked.to(self._placed.device)
        logits = self._placed.run(**asked).logits
        model: Any = self._placed.model
        (found,) = self._processor.decode_forced_alignment(
            logits, asked["input_ids"], [spoken], model.config.timestamp_token_id
        )
        start = window.start
        spans = iter([(start + item["start_time"], start + item["end_time"]) for item in found])
        return [next(spans) if word else None for word in said]


class WordTimes:
    """The best times that can be had for the words of a text.

    Args:
        aligner: a forced aligner, if there is one here.
        bundled: gives the bundled engine's own alignment of a text, loading it when first asked.
    """

    def __init__(
        self,
        aligner: ForcedAligner | None,
        bundled: Callable[[Window, str, str], Segment | None],
    ) -> None:
        self._aligner = aligner
        self._bundled = bundled

    def __call__(self, window: Window, text: str, words: Sequence[str], language: str) -> Times:
        """When each of the words of `text` was said in `window`."""
        if self._aligner is not None:
            found = self._aligner.times(window, words, language)
            if found is not None:
                return found
        aligned = self._bundled(window, text, language)
        if aligned is not None and len(aligned.words) == len(words):
            return [(word.start, word.end) for word in aligned.words]
        return shared_time([len(word) for word in words], window.start, window.end)
