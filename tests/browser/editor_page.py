"""A page with nothing but the editor, and below it what lies on the desk.

Served in place of app.py with a scripted recognizer: `?words=20000` makes a long transcript,
`?busy` one of a job that still runs.
"""

from __future__ import annotations

import io
import json
import wave

import numpy as np
import streamlit as st

from asr_core.result import Segment, Word
from asr_core.settings import Settings
from ui_components import state
from ui_components.editor import editor
from ui_components.run import Run, Source

RATE = 8000


def tone(seconds: float) -> bytes:
    """A recording of a quiet tone."""
    second = (128 + 20 * np.sin(np.arange(RATE) / 6)).astype(np.uint8).tobytes()
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(1)
        out.setframerate(RATE)
        out.writeframes(second * int(seconds))
    return file.getvalue()


def passage(start: float, language: str, text: str, doubts: dict[int, tuple[str, ...]]) -> Segment:
    """A passage whose words take a quarter of a second each."""
    cut = text.split() if language == "en" else list(text)
    words = tuple(
        Word(
            word,
            start + 0.25 * i,
            start + 0.25 * (i + 1),
            0.2 if i in doubts else 0.9,
            doubts.get(i, ()),
        )
        for i, word in enumerate(cut)
    )
    return Segment(start, words[-1].end, language, text, 0.8, words)


def short_talk() -> tuple[Segment, ...]:
    """Six passages in two languages, five doubtful words, three of them the same."""
    return (
        passage(0.5, "en", "We flew to Perris last night.", {2: (), 3: ("Paris", "Harris")}),
        passage(4.0, "zh", "我们侧试职业道德", {2: ("测",)}),
        passage(8.0, "en", "The office in Perris is large. It opens at nine.", {3: ("Paris",)}),
        passage(12.0, "en", "Nobody asked me about it.", {}),
        passage(16.0, "zh", "谢谢大家", {}),
        passage(20.0, "en", "Goodbye from Perris!", {2: ("Paris",)}),
    )


def long_talk(n_words: int) -> tuple[Segment, ...]:
    """Passages of twenty words, every twentieth word doubtful."""
    text = (
        "so the people of this town have said again that they want the old market where it is now"
    )
    made = []
    for i in range(n_words // 20):
        words = " ".join([f"{i}", *text.split()[:19]])
        made.append(passage(8.0 * i, "en", words, {5: ("down", "tone")} if i % 2 else {}))
    return tuple(made)


def opened() -> Run:
    """The run of this page, as the query asks for it."""
    n_words = int(st.query_params.get("words", 0))
    segments = long_talk(n_words) if n_words else short_talk()
    audio = tone(segments[-1].end + 2.0)
    source = Source("talk.wav", audio, "audio/wav")
    run = state.runs().add(source, Settings(), state.session_id())
    run.job.segments = segments
    if "busy" not in st.query_params:
        run.job.end("done", segments)
    return run


st.set_page_config(page_title="Editor")
if "run" not in st.session_state:
    st.session_state.run, st.session_state.asked = opened(), []
run: Run = st.session_state.run
asked: list = st.session_state.asked
shown = run.desk.current if run.desk else run.job.partial()
editor(
    run,
    shown,
    on_rerun=lambda index, language: asked.append([index, language]) if run.desk else None,
    on_corrected=lambda index: asked.append(index),
)
if run.desk and len(shown.segments) < 100:
    desk = {
        "texts": [segment.text for segment in shown.segments],
        "speakers": [segment.speaker for segment in shown.segments],
        "quotes": [[quote.text, quote.start, quote.end] for quote in run.desk.quotes],
        "asked": asked,
    }
    st.code(json.dumps(desk, ensure_ascii=False), language=None)
