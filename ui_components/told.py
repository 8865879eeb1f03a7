"""Sentences of the core in the language of the page."""

from __future__ import annotations

import os
import re
from functools import cache
from string import Formatter

from ui_components.chinese import KINDS, OWN_WORDS, SYSTEM_REASONS, TEMPLATES
from ui_components.phrases import page_language
from ui_components.plain import plain

_BETWEEN = "; "  # several findings in one hole


def told(sentence: object) -> str:
    """What the core says, in the page's language, for a place that reads Markdown.

    Args:
        sentence: an AsrError, or a sentence that the core made; where there is no Chinese for it,
            it stays as it is.
    """
    text = str(sentence)
    return plain((_chinese(text) or text) if page_language() == "zh" else text)


def _chinese(text: str) -> str | None:
    """`text` by the first template that fits."""
    for pattern, template in _templates():
        found = pattern.fullmatch(text)
        if found is not None:
            holes = found.groupdict()
            return template.format(**{name: _filling(name, holes[name]) for name in holes})
    return None


def _filling(name: str, text: str) -> str:
    """What stands in a hole; only words of ours are said in Chinese."""
    if name not in OWN_WORDS:
        return text
    findings = [_chinese(finding) for finding in text.split(_BETWEEN)]
    if None in findings:
        return _chinese(text) or text
    return "；".join(filter(None, findings))


@cache
def _templates() -> list[tuple[re.Pattern[str], str]]:
    """What the core may say, and the Chinese for it; the more words of its own, the earlier."""
    reasons = {os.strerror(code): reason for code, reason in SYSTEM_REASONS.items()}
    chinese = TEMPLATES | reasons
    ordered = sorted(chinese, key=_n_fixed, reverse=True)
    return [(_pattern(english), chinese[english]) for english in ordered]


def _n_fixed(english: str) -> int:
    """Characters outside the holes."""
    return sum(len(fixed) for fixed, *_ in Formatter().parse(english))


def _pattern(english: str) -> re.Pattern[str]:
    """What fits a template.

    Words of ours end as soon as they may, anything else as late as it may: a file's name can hold
    whatever stands behind it in the sentence.
    """
    pattern, names = "", set()
    for fixed, name, _, conversion in Formatter().parse(english):
        pattern += re.escape(fixed)
        if name is None:
            continue
        kind = KINDS.get(name, ".+?" if name in OWN_WORDS else ".*")
        hole = f"(?P={name})" if name in names else f"(?P<{name}>{kind})"
        pattern += f"['\"]{hole}['\"]" if conversion == "r" else hole
        names.add(name)
    return re.compile(pattern, re.DOTALL)
