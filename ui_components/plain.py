"""Text of a person's own, for a place that reads Markdown."""

from __future__ import annotations

_SIGNS = r"\`*_{}[]()<>#+-.!|~$:"  # what Markdown reads as more than itself


def plain(text: str) -> str:
    """`text` for a place that reads Markdown, with its signs shown as they are."""
    return "".join(f"\\{sign}" if sign in _SIGNS else sign for sign in text)
