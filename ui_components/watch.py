"""A part of the page that changes by itself, and the end of that, which changes the rest."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import streamlit as st


def watch(
    draw: Callable[[], None], every: float, has_ended: Callable[[], bool], *, ended: bool
) -> None:
    """Draw this part again and again; once what it shows has ended, draw the whole page.

    It has to be called, at the same place, when all has ended, too: who still looks then gets the
    page once more. Streamlit may lose the page of a run that ends in the moment in which the
    browser asks for another look.

    Args:
        draw: called at every look, after the end as well.
        every: seconds between two looks.
        has_ended: whether the rest of the page would be another now.
        ended: the same as the rest of this very page has it, for it may end at any time.
    """
    looks = count()

    def look() -> None:
        is_first = next(looks) == 0
        if has_ended() and not is_first:
            st.rerun()
        draw()

    st.fragment(look, run_every=None if ended else every)()
