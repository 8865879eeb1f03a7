"""Whether a text only repeats the list of names and terms it was told to listen for."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

from asr_core.text.score import scored_tokens
from asr_core.text.vocabulary import Vocabulary

_ALMOST = 0.8  # of the words
_IN_A_ROW = 3  # terms one behind the other as in the list


def is_of_terms(text: str, vocabulary: Vocabulary) -> bool:
    """Whether (almost) all words of a text belong to listed terms."""
    words = scored_tokens(text)
    covered = sum(end - start for start, end, _ in _said(words, vocabulary))
    return bool(words) and covered >= _ALMOST * len(words)


def is_recited(text: str, vocabulary: Vocabulary) -> bool:
    """Whether a text names three or more terms in the order of the list."""
    places = [place for *_, place in _said(scored_tokens(text), vocabulary)]
    run = 1
    for before, after in pairwise(places):
        run = run + 1 if after == before + 1 else 1
        if run == _IN_A_ROW:
            return True
    return False


def is_echo(text: str, untold: str, vocabulary: Vocabulary) -> bool:
    """Whether a text is the list it was read with rather than what was said.

    Args:
        untold: the same sound, read without the list.
    """
    return is_of_terms(text, vocabulary) and (is_recited(text, vocabulary) or not untold.strip())


def _said(words: list[str], vocabulary: Vocabulary) -> list[tuple[int, int, int]]:
    """Start, end and place in the list of the terms in a text, the longer before the shorter."""
    terms = _longest_first(vocabulary)
    found, at = [], 0
    while at < len(words):
        for term, place in terms:
            if term and words[at : at + len(term)] == term:
                found.append((at, at + len(term), place))
                at += len(term)
                break
        else:
            at += 1
    return found


@lru_cache(maxsize=1)  # every passage of a recording asks for those of one list
def _longest_first(vocabulary: Vocabulary) -> list[tuple[list[str], int]]:
    """The words of every term and its place in the list."""
    terms = [(scored_tokens(term.text), place) for place, term in enumerate(vocabulary.terms)]
    return sorted(terms, key=lambda term: -len(term[0]))
