"""The language of every passage: windows cut where it changes, each piece asked for its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import torch
from torch import Tensor

from asr_core.audio.segment import Window
from asr_core.engines.hearing import Ear, Heard, of_like_length
from asr_core.engines.passages import Passage
from asr_core.model.hybrid import LANGUAGES, HybridModel
from asr_core.text.language import Choice, Evidence, LanguageChooser
from asr_core.text.tokenizer import Tokenizer

# Accented English sounds Chinese to Whisper's decoder by this much, natural log, measured on 64
# English and 50 Chinese recordings of the training audio.
_LEANING = {"zh": 2.0}


class LanguageSplitter:
    """Cuts windows into passages of one language each."""

    def __init__(self, ear: Ear, model: HybridModel, tokenizer: Tokenizer) -> None:
        self._ear = ear
        self._model = model
        self._tokenizer = tokenizer

    def passages(self, windows: Sequence[Window], chooser: LanguageChooser) -> list[Heard]:
        """The windows, heard, and cut where the language changes.

        A window is cut wherever its encoder states leave a change possible. The pieces, encoded by
        themselves, then tell their languages far better, and those that agree are joined again.
        """
        states = self._ear.states([window.waveform for window in windows])
        whole = [
            Heard(i, Passage.whole(window), state)
            for i, (window, state) in enumerate(zip(windows, states, strict=True))
        ]
        spans = [
            (heard, heard.passage.frames(span)) for heard in whole for span in heard.passage.spans
        ]
        sounds = self._sounds_like([heard.encoder_out[at] for heard, at in spans], chooser)
        proposed: dict[int, list[Choice]] = defaultdict(list)
        for (heard, _), log_probs in zip(spans, sounds, strict=True):
            proposed[heard.window].append(Choice(chooser.guess(log_probs)))
        cuts = [heard.passage.cut(proposed[heard.window]) for heard in whole]
        return self._settled(cuts, whole, chooser)

    def _settled(
        self, cuts: list[list[Passage]], whole: list[Heard], chooser: LanguageChooser
    ) -> list[Heard]:
        """The language of every piece of every window, and the pieces of one language joined."""
        pieces = self._heard(cuts, whole)
        log_probs = iter(self._sounds_like([piece.encoder_out for piece in pieces], chooser))
        joined = []
        for passages, heard in zip(cuts, whole, strict=True):
            evidence = [Evidence(p.spans[0][0], p.spans[-1][1], next(log_probs)) for p in passages]
            named = [
                choice
                for choice, passage in zip(chooser.choose(evidence), passages, strict=True)
                for _ in passage.spans
            ]
            joined.append(heard.passage.cut(named))
        return self._heard(joined, whole + pieces)

    def _heard(self, cuts: list[list[Passage]], known: list[Heard]) -> list[Heard]:
        """The pieces of the windows with their encoder states; encodes those not known yet."""
        states = {(h.passage.start, h.passage.end): h.encoder_out for h in known}
        pieces = [(i, passage) for i, passages in enumerate(cuts) for passage in passages]
        new = [p for _, p in pieces if (p.start, p.end) not in states]
        encoded = self._ear.states([passage.waveform for passage in new])
        states |= {(p.start, p.end): state for p, state in zip(new, encoded, strict=True)}
        return [Heard(i, passage, states[passage.start, passage.end]) for i, passage in pieces]

    def _sounds_like(
        self, states: Sequence[Tensor], chooser: LanguageChooser
    ) -> list[tuple[float, ...]]:
        """Log probabilities of the candidate languages for pieces of (T', D) encoder states."""
        if len(chooser.candidates) == 1:
            return [(0.0,)] * len(states)
        has_learned = self._model.language is not None and set(chooser.candidates) <= {*LANGUAGES}
        ask = self._ask_head if has_learned else self._ask_decoder
        found: dict[int, tuple[float, ...]] = {}
        for members in of_like_length([len(state) for state in states]):
            lengths = torch.tensor([len(states[i]) for i in members])
            encoder_out = torch.nn.utils.rnn.pad_sequence(
                [states[i] for i in members], batch_first=True
            )
            log_probs = ask(encoder_out, lengths, chooser.candidates).log_softmax(-1)
            found.update(zip(members, map(tuple, log_probs.tolist()), strict=True))
        return [found[i] for i in range(len(states))]

    def _ask_head(self, encoder_out: Tensor, lengths: Tensor, candidates: Sequence[str]) -> Tensor:
        """The language head was trained for Chinese and English."""
        log_probs = self._model.language_log_probs(encoder_out, lengths)
        return log_probs[:, [LANGUAGES.index(language) for language in candidates]]

    def _ask_decoder(
        self, encoder_out: Tensor, lengths: Tensor, candidates: Sequence[str]
    ) -> Tensor:
        """The decoder names the language with its first token."""
        cache = self._model.decoder.start(encoder_out, lengths)
        start = torch.full((len(encoder_out), 1), self._tokenizer.start_id)
        ids = [self._tokenizer.languages[language] for language in candidates]
        leaning = torch.tensor([_LEANING.get(language, 0.0) for language in candidates])
        return self._model.decoder.step(start, cache)[:, -1, ids].cpu() - leaning
