"""Whole visits to the real server, without a browser: what closed tabs and cut uploads leave.

The engine only says how loud it is. What the server holds is counted twice: by the server itself,
and by looking for pieces of the recording in its memory.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from contextlib import suppress
from functools import partial

import psutil
import pytest
import waiting
from page_client import PageClient
from page_server import launch_with
from voice import conversation
from waiting import PATIENCE

until = partial(waiting.until, pause=0.1)

pytestmark = pytest.mark.skipif(os.name == "nt", reason="asks with a POSIX signal")

# The real launcher. Asked by a signal, it says what it holds. A closed page is forgotten sooner.
BEFORE = r"""
import json, os, signal
from ui_components import purge, runs, state
runs.AUDIO_WAITS, purge.SWEEP_EVERY = PATIENCE, 0.5
launch.PRIVATE["server.disconnectedSessionTTL"] = PATIENCE
def say(*_):
    from streamlit.runtime import get_instance
    from ui_components.leftovers import uploaded_bytes
    media = get_instance().media_file_mgr._storage._files_by_id.values()
    held = {
        "uploads": uploaded_bytes(),
        "media": sum(len(f.content) for f in media if f.mimetype.startswith("audio/")),
        "runs": sum(run.n_bytes for run in state.runs()._runs),
        "jobs": sum(len(run.job.source or b"") for run in state.runs()._runs),
        "pages": len(get_instance()._session_mgr._session_storage._cache),
        "worker": state.runs()._recognizer._process.pid,
    }
    os.write(1, json.dumps(held).encode() + b"\n")  # the next signal may come within print
signal.signal(signal.SIGUSR1, say)
signal.signal(signal.SIGUSR2, lambda *_: state.runs()._runs.clear())
"""
WAITS = 6.0  # seconds that what a closed page had is kept


def start(waits=WAITS):
    return launch_with(before=BEFORE.replace("PATIENCE", str(waits)))


@pytest.fixture(scope="module")
def server(launch_page):
    return launch_page(command=start(), settings='{"engine": "light"}')


@pytest.fixture
def tab(server):
    tabs = []

    def open_tab(session="", server=server):
        tabs.append(PageClient(server.host, server.cookie, session))
        return tabs[-1]

    yield open_tab
    for tab in tabs:
        tab.close()
    server.process.send_signal(signal.SIGUSR2)  # the next visitor shall not find their texts


def held(server):
    server.process.send_signal(signal.SIGUSR1)
    return json.loads(server.process.stdout.readline())


def recording(seed):
    """Nine seconds that are like no other."""
    sound = bytearray(conversation(2))
    rng = random.Random(seed)
    for i in range(44, len(sound), 2):
        sound[i] ^= rng.randrange(4)
    return bytes(sound)


def pieces_in_memory(pid, data):
    """How many of 20 pieces of `data` are in the memory of a process; None if nobody may look."""
    pieces = {data[at : at + 24] for at in range(1000, len(data) - 24, len(data) // 20)}
    found = set()
    try:
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for line in maps:
                span, rights, *_ = line.split()
                if not rights.startswith("rw"):
                    continue
                start, end = (int(edge, 16) for edge in span.split("-"))
                with suppress(OSError, ValueError, OverflowError):
                    memory.seek(start)
                    there = memory.read(end - start)
                    found |= {piece for piece in pieces if piece in there}
    except OSError:
        return None
    return len(found)


def test_a_closed_page_leaves_its_text_for_a_while_and_no_sound(server, tab):
    sound = recording(1)
    page = tab()
    page.drop("talk.wav", sound)
    page.until_shown("loudness 0.5")
    page.until_shown("Copy text")
    until(lambda: held(server)["media"] == len(sound))  # the player comes after the text
    before = held(server)
    assert (before["uploads"], before["runs"]) == (0, len(sound))
    assert pieces_in_memory(server.process.pid, sound) in (20, None)
    page.close()
    until(lambda: held(server)["runs"] == 0)
    until(lambda: held(server)["worker"] != before["worker"])
    assert not psutil.pid_exists(before["worker"])
    until(lambda: held(server)["pages"] == 0)
    after = held(server)
    assert (after["uploads"], after["media"], after["jobs"]) == (0, 0, 0)
    # What is freed is given back now and then; a crumb may stay in a page that is in use.
    until(lambda: (pieces_in_memory(server.process.pid, sound) or 0) <= 3)
    later = tab()
    later.until_shown("loudness 0.5")
    assert later.shows("its text waited here")


@pytest.mark.soak  # it takes its time: a busy machine must be back before the sound is gone
def test_a_page_whose_connection_was_lost_for_a_moment_has_all_it_had(launch_page, tab):
    waits = 30.0
    server = launch_page(command=start(waits), settings='{"engine": "light"}')
    sound = recording(2)
    page = tab(server=server)
    page.drop("talk.wav", sound)
    page.until_shown("Copy text")
    page.close()
    until(lambda: held(server)["pages"] == 1)  # the server has noticed
    again = tab(page.session, server)
    again.until_shown("loudness 0.5")
    assert again.session == page.session
    time.sleep(waits + 2.0)
    again.look()
    assert not again.shows("waited here")
    assert held(server)["media"] == len(sound)
    again.close()
    reloaded = tab(server=server)
    reloaded.until_shown("loudness 0.5")
    assert held(server)["runs"] == len(sound)


def test_a_cut_upload_is_as_if_it_had_never_been(server, tab):
    page = tab()
    sound = recording(3)
    page.upload("cut.wav", sound * 40, hold_at=0.5).cut()
    page.look()
    assert not page.shows("cut.wav")
    page.drop("whole.wav", recording(4))  # nobody is in its way
    page.until_shown("loudness 0.5")
    assert not page.shows("cut.wav")
    assert held(server)["uploads"] == 0
    until(lambda: (pieces_in_memory(server.process.pid, sound) or 0) <= 3)


def test_what_the_browser_asked_is_answered_while_the_script_runs_again(tab):
    """Streamlit alone loses about half of these answers, and with each of them an upload."""
    page = tab()
    for i in range(20):
        assert page.place(f"{i}.wav", is_busy=True).file_id


def test_two_tabs_have_their_own_and_one_waits_for_the_other(server, tab):
    first, second = tab(), tab()
    first.drop("first.wav", recording(5))
    second.drop("second.wav", recording(6))
    second.until_shown("loudness 0.5")
    first.until_shown("loudness 0.5")
    assert not first.shows("second.wav")
    assert not second.shows("first.wav")


def test_at_the_end_no_process_is_left(launch_page, tab):
    server = launch_page(command=start(), settings='{"engine": "light-slow"}')
    page = tab(server=server)
    page.drop("talk.wav", conversation(40))
    page.until_shown("loudness 0.5")
    processes = psutil.Process(server.process.pid).children(recursive=True)
    assert len(processes) >= 2  # the worker and its decoder
    page.close()
    assert server.end() == ("", "")
    _, alive = psutil.wait_procs(processes, timeout=PATIENCE)
    assert alive == []
