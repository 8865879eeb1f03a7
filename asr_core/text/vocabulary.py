"""Names and terms a person lists so that they are written right, a line each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from asr_core.errors import AsrError

MOST_TERMS = 1000
_LONGEST = 60  # characters of one form
_BARS = re.compile(r"[|｜]")
_SAYS_SOMETHING = re.compile(r"[^\W_]")


@dataclass(frozen=True, slots=True)
class Term:
    """A name or term in its right form."""

    text: str
    heard_as: tuple[str, ...] = ()  # forms in which it comes out wrong


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names and terms of one list, in its order."""

    terms: tuple[Term, ...] = ()

    @classmethod
    def parse(cls, lines: Iterable[str]) -> Vocabulary:
        """Read lines `right form | heard as | heard as`.

        Empty lines and those that begin with # say nothing. A term that comes again adds its forms
        to the first.

        Raises:
            AsrError: a line cannot be used; the sentence names it.
        """
        found: dict[str, tuple[str, ...]] = {}
        for number, line in enumerate(lines, start=1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            right, *others = [" ".join(form.split()) for form in _BARS.split(line)]
            for form in (right, *others):
                _check(form, number)
            new = (form for form in others if form != right)
            found[right] = tuple(dict.fromkeys((*found.get(right, ()), *new)))
            if len(found) > MOST_TERMS:
                raise AsrError(
                    f"The list has more than {MOST_TERMS} names and terms. Keep those that matter "
                    "for this recording."
                )
        return cls(tuple(Term(text, forms) for text, forms in found.items()))


def read_lines(path: Path) -> tuple[str, ...]:
    """The lines of a list in a text file.

    Raises:
        AsrError: it cannot be read, or a line of it cannot be used.
    """
    try:
        lines = tuple(path.read_text(encoding="utf-8-sig").splitlines())
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise AsrError(f"Cannot read the names and terms in {path.name!r}: {reason}.") from None
    Vocabulary.parse(lines)
    return lines


def _check(form: str, number: int) -> None:
    if not _SAYS_SOMETHING.search(form):
        raise AsrError(
            f"Line {number} of the names and terms has a form without letters or figures. "
            "Write: right form | heard as | heard as."
        )
    if len(form) > _LONGEST:
        raise AsrError(
            f"Line {number} of the names and terms is too long: a form has {len(form)} characters. "
            f"Shorten it to {_LONGEST}; sentences are not names."
        )
