"""The name of the product at the top of the page, drawn in the theme's colors."""

from __future__ import annotations

from pathlib import Path

from streamlit.components.v2 import component

from ui_components.phrases import phrase

ASSETS = Path(__file__).resolve().parents[1] / "assets"

_MASTHEAD = component(
    "sottovoce_masthead",
    html=f"<header>\n{(ASSETS / 'wordmark.svg').read_text('utf-8')}<p></p></header>",
    css=(ASSETS / "masthead.css").read_text("utf-8"),
    js=(ASSETS / "masthead.js").read_text("utf-8"),
)


def masthead() -> None:
    """Show the wordmark and, beside it, what the product promises."""
    _MASTHEAD(key="masthead", data={"tagline": phrase("tagline")})
