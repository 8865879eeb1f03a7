"""When the words of an answer were said, by the forced aligner in transformers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from transformers import Qwen3ASRProcessor

from asr_core.audio.segment import Window
from asr_core.engines.qwen3_asr.placing import Placed
from asr_core.engines.qwen3_asr.prompt import timing_question
from asr_core.engines.qwen3_asr.spoken import spoken_times
from asr_core.engines.times import Span, Times

_LONGEST = 180.0  # seconds that the forced aligner takes at once


class ForcedAligner:
    """A Qwen3-ForcedAligner, warm."""

    def __init__(self, placed: Placed, processor: Qwen3ASRProcessor) -> None:
        self._placed = placed
        self._processor = processor

    def times(self, window: Window, words: Sequence[str], language: str) -> Times | None:
        """When each of the words was said; None for a language or a length it does not know."""
        return spoken_times(window, words, language, _LONGEST, partial(self._spans, window))

    @torch.inference_mode()
    def _spans(self, window: Window, spoken: Sequence[str]) -> list[Span]:
        asked = self._processor(text=[timing_question(spoken)], audio=[window.waveform])
        asked = asked.to(self._placed.device)
        logits = self._placed.run(**asked).logits
        model: Any = self._placed.model
        (found,) = self._processor.decode_forced_alignment(
            logits, asked["input_ids"], [[*spoken]], model.config.timestamp_token_id
        )
        return [(item["start_time"], item["end_time"]) for item in found]
