"""The thread that forgets recordings whose page is gone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from streamlit.runtime import get_instance

from ui_components.leftovers import sweep
from ui_components.state import runs

SWEEP_EVERY = 2.0  # seconds


@contextmanager
def purging() -> Iterator[None]:
    """Sweep every few seconds while the server runs; at its end forget everything."""
    kept, is_open = runs(), get_instance().is_active_session
    ended = threading.Event()

    def keep_sweeping() -> None:
        while not ended.wait(SWEEP_EVERY):
            kept.sweep(is_open)
            sweep()

    thread = threading.Thread(target=keep_sweeping, name="purge", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        kept.close()
