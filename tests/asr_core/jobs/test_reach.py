"""What the worker may reach: nothing, or the one server that is chosen."""

from __future__ import annotations

import socket
from contextlib import closing
from dataclasses import replace

import pytest
from voice import conversation
from waiting import PATIENCE, finished, until

from asr_core.audio.clip import Clip
from asr_core.errors import AsrError
from asr_core.jobs import Recognizer
from asr_core.privacy import offline
from asr_core.settings import Settings


@pytest.fixture
def ports():
    """Two that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as b:
        yield str(one.getsockname()[1]), str(b.getsockname()[1])


@pytest.fixture(scope="module")
def recording():
    return conversation(2)


@pytest.fixture
def recognizer():
    with closing(Recognizer(loader="reaching_engine:load")) as recognizer:
        yield recognizer


def server_at(port):
    address = f"http://127.0.0.1:{port}"
    return Settings(servers=(address,), engine=address)


def test_it_reaches_the_server_that_is_chosen_and_what_was_not_meant_for_it_goes_nowhere(
    recognizer, recording, ports
):
    chosen = replace(server_at(ports[1]), vocabulary=ports)
    local = replace(chosen, engine="light")  # the list alone lets nothing out
    passage = Clip(0.0, 2.0)

    job = recognizer.submit(conversation(60), "talk.wav", chosen)
    until(lambda: job.segments)
    assert {segment.text for segment in job.segments} == {"reached server"}
    look = recognizer.look()
    assert (look.kept_in, look.network_left) == (True, False)
    assert look.let_out == f"127.0.0.1:{ports[1]}"
    assert look.refused.keys() == {"connect", "look up"}
    said = [offline.said(line) for line in offline.lines({"recognizer": look})]
    assert any(f"may reach 127.0.0.1:{ports[1]} and nothing else" in line for line in said)
    assert not any("no network at all" in line for line in said)

    asked = recognizer.hear_again(recording, "talk.wav", local, passage)
    with pytest.raises(AsrError, match="Try again when that is done"):
        asked.result(PATIENCE)
    assert job.running
    job.cancel()
    finished(job)

    heard = recognizer.hear_again(recording, "talk.wav", local, passage).result(PATIENCE)
    look = recognizer.look()
    assert look.let_out == ""
    if look.network_left:  # the kernel's doing, on Linux; elsewhere loopback stays open
        assert [segment.text for segment in heard.segments] == ["reached nobody"]
