"""When the words of an answer were said, by the forced aligner.

Source: Qwen3-ASR Technical Report (arXiv 2601.21337), section on Qwen3-ForcedAligner: one pass
over the sound and the words, two places behind each that are classified into steps of 80 ms.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import Qwen3ASRProcessor

from asr_core.audio.segment import Window
from asr_core.engines.qwen3_asr.placing import Placed
from asr_core.engines.qwen3_asr.prompt import timing_question, without_control
from asr_core.engines.times import Times

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
