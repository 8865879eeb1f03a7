"""Listed terms in the tokens a decoder may write them with."""

from __future__ import annotations

import re
from collections.abc import Iterator

from asr_core.search.bias import Bias
from asr_core.text.chinese import in_script
from asr_core.text.score import HAN
from asr_core.text.tokenizer import Tokenizer
from asr_core.text.vocabulary import Vocabulary

BONUS = 1.5  # natural log a token; chosen on training audio

_HAN = re.compile(HAN)


def bias_of(vocabulary: Vocabulary, tokenizer: Tokenizer, bonus: float = BONUS) -> Bias | None:
    """The bonus of the right forms of a list; None for an empty list."""
    if not vocabulary.terms:
        return None
    tokens = {spelling for t in vocabulary.terms for spelling in _spellings(t.text, tokenizer)}
    return Bias(sorted(tokens), bonus, lambda token: tokenizer.decode([token]))


def _spellings(term: str, tokenizer: Tokenizer) -> Iterator[tuple[int, ...]]:
    """The tokens of a term: usual cases, behind a space and not, characters one by one."""
    term = in_script(term, "simplified")
    for form in {term, term.lower(), term.title(), term.upper()}:
        for text in (form, f" {form}"):
            if not (text.startswith(" ") and _HAN.match(form)):
                yield tuple(tokenizer.encode(text))
    if _HAN.search(term):
        parts = re.findall(rf"{HAN}|(?:(?!{HAN}).)+", term)
        yield tuple(token for part in parts for token in tokenizer.encode(part))
