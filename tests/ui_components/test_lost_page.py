"""Streamlit may lose the page of a run; whoever looks again gets it.

It does when a run ends in the very moment in which the browser asks for another: what the first has
drawn is then thrown away, as of a run that nobody wants any more (AppSession, "non-current").
"""

from __future__ import annotations

import pytest
from page_client import PageClient
from page_server import PageServer, launch_with
from voice import conversation

# The first page that is drawn whole after a job has ended is lost.
LOSES = """
from inspect import signature

from streamlit.runtime.app_session import AppSession
from asr_core.jobs.job import Job

state = {"ended": False, "losing": False, "lost": 0}
handle, end = AppSession._handle_scriptrunner_event_on_event_loop, Job.end

def ends(job, *rest, **more):
    state["ended"] = True  # first: the page may see the end before the next line is reached
    end(job, *rest, **more)

def handles(session, sender, event, *rest, **more):
    is_start = event.name == "SCRIPT_STARTED"
    given = signature(handle).bind(session, sender, event, *rest, **more).arguments
    is_whole = is_start and not given["fragment_ids_this_run"]
    if is_whole and state["ended"] and not state["lost"]:
        state["losing"], state["lost"] = True, 1
        print("lost", file=sys.stderr, flush=True)
    elif is_start:
        state["losing"] = False
    if not state["losing"]:
        handle(session, sender, event, *rest, **more)

Job.end, AppSession._handle_scriptrunner_event_on_event_loop = ends, handles
"""


@pytest.fixture
def server(tmp_path):
    server = PageServer(tmp_path, launch_with(before=LOSES))
    server.listen()
    yield server
    server.kill()


def test_a_finished_page_that_was_lost_comes_all_the_same(server):
    with PageClient(server.host, server.cookie) as page:
        page.drop("talk.wav", conversation(3))
        page.until(lambda: "save_as" in page.widgets, 60.0)
    _, said = server.end()
    assert "lost" in said  # or it proves nothing
