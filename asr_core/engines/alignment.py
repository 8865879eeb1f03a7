"""When the words of a text that a person corrected were said."""

from __future__ import annotations

import torch

from asr_core.audio.segment import Window
from asr_core.engines.decoding import Decoding
from asr_core.engines.hearing import Ear
from asr_core.engines.passages import Passage
from asr_core.engines.words import passage_segments
from asr_core.model.hybrid import HybridModel
from asr_core.result import Segment
from asr_core.search.types import Hypothesis
from asr_core.text.chinese import in_script
from asr_core.text.tokenizer import Tokenizer

_PROMPT_AND_END = 8  # tokens


class Aligner:
    """A model that is told what was said and finds out when."""

    def __init__(
        self, ear: Ear, model: HybridModel, tokenizer: Tokenizer, decoding: Decoding
    ) -> None:
        self._ear = ear
        self._model = model
        self._tokenizer = tokenizer
        self._decoding = decoding

    def align(self, window: Window, text: str, language: str) -> Segment | None:
        """`text` with the times of its words in `window`; None if it cannot be written in tokens.

        By CTC where it has learned the language, else by where the decoder looks. To be called
        inside the placement's autocast and `torch.inference_mode`.
        """
        if language not in self._tokenizer.languages:
            return None
        plain = text.strip()
        simplified = in_script(plain, "simplified")
        if len(simplified) == len(plain):
            plain = simplified  # what CTC has learned
        tokens = tuple(self._tokenizer.encode(f" {plain}"))  # words begin with a space
        room = self._model.config.decoder.max_tokens
        if not tokens or (room is not None and len(tokens) + _PROMPT_AND_END > room):
            return None
        passage = Passage(window.start, window.waveform, window.spans, language)
        encoder_out = self._ear.states([window.waveform])[0][None]  # (1, T', D)
        lengths = torch.tensor([encoder_out.shape[1]])
        memory = self._model.decoder.hear(encoder_out, lengths)
        ctc = self._decoding.posteriors(encoder_out, lengths, [0], [language])
        certain = (0.0,) * len(tokens)
        said = Hypothesis(tokens, 0.0, certain, ended=True)
        (spans,) = self._decoding.spans(memory, [passage], [said], ctc)
        times = [None if span is None else passage.seconds(span) for span in spans]
        words = self._tokenizer.words(tokens)
        found = [*passage_segments(passage, words, times, certain)]
        timed = tuple(word for segment in found for word in segment.words)
        if not timed:
            return None
        return Segment(timed[0].start, timed[-1].end, language, text, 1.0, timed)
