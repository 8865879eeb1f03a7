"""What Qwen3-ASR is asked, and what it answers: `language English<asr_text>The text.`

Source: Qwen3-ASR Technical Report (arXiv 2601.21337), and the chat template of the published
folders, which these functions write out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

MARK = "<asr_text>"  # between the language and the text
AUDIO = "<|audio_start|><|audio_pad|><|audio_end|>"  # the pad becomes as many as there are states
TIMESTAMP = "<timestamp>"
BROKEN = "\ufffd"  # what an unfinished character decodes to

# By the names the model was trained with; 22 Chinese dialects come out as Chinese or Cantonese.
LANGUAGES = {
    "zh": "Chinese",
    "en": "English",
    "yue": "Cantonese",
    "ar": "Arabic",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "pt": "Portuguese",
    "id": "Indonesian",
    "it": "Italian",
    "ko": "Korean",
    "ru": "Russian",
    "th": "Thai",
    "vi": "Vietnamese",
    "ja": "Japanese",
    "tr": "Turkish",
    "hi": "Hindi",
    "ms": "Malay",
    "nl": "Dutch",
    "sv": "Swedish",
    "da": "Danish",
    "fi": "Finnish",
    "pl": "Polish",
    "cs": "Czech",
    "fil": "Filipino",
    "fa": "Persian",
    "el": "Greek",
    "hu": "Hungarian",
    "mk": "Macedonian",
    "ro": "Romanian",
}
_CODES = {name.lower(): code for code, name in LANGUAGES.items()}

_CONTROL = re.compile(r"<\|[^<>|]*\|>|</?[a-z_]+\d*>")  # as all added tokens are written
_LANGUAGE = re.compile(r"language\s+(\S+)\s*", re.IGNORECASE)
_LAST_TURN = "assistant\n"


class Answer(NamedTuple):
    """What the model said."""

    language: str | None  # ISO code; None where it named none, or one it does not have
    text: str


def question(context: str = "", language: str | None = None) -> str:
    """The prompt for one recording, up to where the model goes on.

    Args:
        context: names, terms or text that may come up; free of control tokens.
        language: ISO code of the language it must write; None lets it name the one it hears.
    """
    begun = f"language {LANGUAGES[language]}{MARK}" if language else ""
    return (
        f"<|im_start|>system\n{without_control(context)}<|im_end|>\n"
        f"<|im_start|>user\n{AUDIO}<|im_end|>\n"
        f"<|im_start|>assistant\n{begun}"
    )


def timing_question(words: Iterable[str]) -> str:
    """The forced aligner's prompt: two timestamps behind every word, its start and its end."""
    times = TIMESTAMP * 2
    return AUDIO + "".join(without_control(word) + times for word in words)


def without_control(text: str) -> str:
    """`text` without what the tokenizer would read as control tokens, also once some are gone."""
    while (left := _CONTROL.sub("", text)) != text:
        text = left
    return text


def answer(raw: str, asked: str | None = None) -> Answer:
    """What the decoded tokens of an answer say; it may be an unfinished one.

    Args:
        raw: as the tokenizer decodes it, with or without the turns before it.
        asked: the language the answer was begun with, which it then does not name again.
    """
    said = raw.rpartition(_LAST_TURN)[2] if _LAST_TURN in raw.partition(MARK)[0] else raw
    before, mark, text = said.partition(MARK)
    if asked is not None:
        return Answer(asked, _clean(text if mark else said))
    if not mark:  # it has not come to its text, or knows nothing of languages
        named = _LANGUAGE.match(said.strip())
        is_naming = named is not None or "language".startswith(said.strip().lower())
        return Answer(None, "" if is_naming else _clean(said))
    named = _LANGUAGE.search(before)
    return Answer(_CODES.get(named[1].lower()) if named else None, _clean(text))


def _clean(text: str) -> str:
    return without_control(text).rstrip(BROKEN).strip()
