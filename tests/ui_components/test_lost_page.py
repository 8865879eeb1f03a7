"""Streamlit may lose the page of a run; whoever looks again gets it.

It does when a run ends in the very moment in which the browser asks for another: what the first has
drawn is then thrown away, as of a run that nobody wants any more (AppSession, "non-current").
"""

from __future__ import annotations

import pytest
from page_client import PageClient
from page_server import PageServer, launch_with
from voice import conversation

JOB_ENDS = """
from asr_core.jobs.job import Job

end = Job.end

def ends(job, *rest, **more):
    state["ended"] = True  # first: the page may see the end before the next line is reached
    end(job, *rest, **more)

Job.end = ends
"""
IS_READY = """
from asr_core.jobs import recognizer

readiness = recognizer.Readiness

def says(stage="unknown", *rest):
    state["ended"] |= stage == "ready"
    return readiness(stage, *rest)

recognizer.Readiness = says
"""
# The first page that is drawn whole after something has ended is lost.
LOSES = """
from inspect import signature

from streamlit.runtime.app_session import AppSession

state = {"ended": False, "losing": False, "lost": 0}
handle = AppSession._handle_scriptrunner_event_on_event_loop

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

AppSession._handle_scriptrunner_event_on_event_loop = handles
"""


@pytest.fixture
def serve(tmp_path):
    """Serve a page that is lost once, when what `ends` looks for has come."""
    servers = []

    def serve(ends):
        server = PageServer(tmp_path, launch_with(before=LOSES + ends))
        servers.append(server)
        server.listen()
        return server

    yield serve
    for server in servers:
        server.kill()


def test_a_finished_page_that_was_lost_comes_all_the_same(serve):
    server = serve(JOB_ENDS)
    with PageClient(server.host, server.cookie) as page:
        page.drop("talk.wav", conversation(3))
        page.until(lambda: "save_as" in page.widgets, 60.0)
    _, said = server.end()
    assert "lost" in said  # or it proves nothing


def test_the_news_that_all_is_ready_comes_all_the_same(serve):
    server = serve(IS_READY)
    with PageClient(server.host, server.cookie) as page:
        page.until_shown("Getting ready.")
        page.until(lambda: page.is_still, 60.0)
        assert not page.shows("Getting ready.")
    _, said = server.end()
    assert "lost" in said
