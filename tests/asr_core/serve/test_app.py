"""`sottovoce serve`'s routes over real loopback sockets, with the light engine in a real worker."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from contextlib import closing, contextmanager
from functools import partial

import pytest
import uvicorn
from voice import conversation
from waiting import until

from asr_core.engines.server import client, engine
from asr_core.engines.server.events import streamed
from asr_core.jobs import Recognizer
from asr_core.result import Segment
from asr_core.serve.app import Served, app
from asr_core.settings import Settings
from asr_core.text.tokenizer import words_of

LIGHT = Settings(engine="light")
PATH = "/v1/audio/transcriptions"


@contextmanager
def serving(recognizer, **options):
    """A server of ours on a free port of this computer."""
    served = Served(recognizer, options.pop("settings", LIGHT), **options)
    config = uvicorn.Config(app(served), log_config=None, access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
        thread.start()
        try:
            yield partial(ask, door.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join()


def ask(port, method="POST", path=PATH, *, recording=None, headers=None, body=b"", **fields):
    """The server's status, and its text."""
    if recording is not None:
        body, kind = form(recording, **fields)
        headers = {"Content-Type": kind} | (headers or {})
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60.0)) as line:
        line.request(method, path, body or None, headers or {})
        response = line.getresponse()
        return response.status, response.read().decode()


def form(recording, **fields):
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}' for k, v in fields.items()
    ]
    head = '--x\r\nContent-Disposition: form-data; name="file"; filename="secret.wav"\r\n\r\n'
    body = "\r\n".join([*parts, head]).encode() + recording + b"\r\n--x--\r\n"
    return body, "multipart/form-data; boundary=x"


@pytest.fixture(scope="module")
def recording():
    return conversation(3)


@pytest.fixture(scope="module")
def recognizer():
    with closing(Recognizer(loader="light_engine:load")) as recognizer:
        yield recognizer


@pytest.fixture(scope="module")
def asked(recognizer):
    with serving(recognizer) as asked:
        yield asked


def test_the_text_comes_in_every_form(asked, recording):
    status, said = asked(recording=recording, model="light", language="en")
    found = json.loads(said)
    assert status == 200
    assert found["text"].lower().count("loudness 0.5") == 3
    assert found["usage"] == {"type": "duration", "seconds": 14}
    assert asked(recording=recording, response_format="text") == (200, found["text"] + "\n")
    verbose = json.loads(asked(recording=recording, response_format="verbose_json")[1])
    assert verbose["text"] == found["text"]
    assert [segment["id"] for segment in verbose["segments"]] == [0, 1, 2]
    assert asked(recording=recording, response_format="srt")[1].startswith("1\n00:00:0")
    assert asked(recording=recording, response_format="vtt")[1].startswith("WEBVTT")


def test_it_comes_as_a_stream_that_ends_with_all_of_it(asked, recording):
    status, said = asked(recording=recording, stream="true")
    events = [json.loads(line[6:]) for line in said.splitlines() if line.startswith("data: ")]
    deltas = [event["delta"] for event in events[:-1]]
    assert status == 200
    assert [event["type"] for event in events[:-1]] == ["transcript.text.delta"] * 3
    assert events[-1]["type"] == "transcript.text.done"
    assert events[-1]["text"] == "".join(deltas).strip()
    assert events[-1]["text"] == json.loads(asked(recording=recording)[1])["text"]
    assert streamed(said.encode().splitlines()) == events[-1]["text"]  # our own reader


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"model": "other"}, 404, "no such model here, only light"),
        ({"response_format": "docx"}, 400, "one of json"),
        ({"language": "klingon"}, 400, "language"),
        ({"prompt": "!"}, 400, "Line 1 of the names and terms"),
    ],
)
def test_what_cannot_be_had_is_one_sentence(asked, recording, fields, status, said):
    found, answer = asked(recording=recording, **fields)
    assert found == status
    assert said in json.loads(answer)["error"]["message"]


def test_what_is_no_recording_is_one_sentence_that_names_nothing(asked):
    for stream in ("false", "true"):
        _, answer = asked(recording=b"%PDF-1.7 of somebody", stream=stream)
        message = json.loads(answer.strip().splitlines()[-1].removeprefix("data: "))
        assert message["error"]["code"] == 400
        assert "PDF document" in message["error"]["message"]
        assert "secret" not in answer


@pytest.mark.parametrize("engine", ["light-bug", "light-refusal", "light-killed"])
def test_what_goes_wrong_here_is_not_the_recording_s_fault(recognizer, recording, engine):
    with serving(recognizer, settings=Settings(engine=engine)) as asked:
        status, said = asked(recording=recording)
    assert status == 500
    assert json.loads(said)["error"]["type"] == "server_error"


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "application/json"}, b"{}", 400),
        ({"Content-Type": "multipart/form-data"}, b"x", 400),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"nonsense", 400),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x--\r\n", 422),
        (
            {"Content-Type": "multipart/form-data; boundary=x"},
            b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\ntext\r\n--x--\r\n',
            422,
        ),
    ],
)
def test_a_request_that_is_no_form_with_a_recording_is_refused(asked, headers, body, status):
    found, answer = asked(headers=headers, body=body)
    assert found == status, answer
    assert json.loads(answer)["error"]["code"] == status


def test_what_is_here_is_listed(asked):
    assert json.loads(asked("GET", "/v1/models")[1])["data"][0]["id"] == "light"
    assert asked("GET", "/health")[0] == 200
    assert asked("GET", PATH)[0] == 405


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://127.0.0.1:8000"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example.org:8000"}, 403),
        ({"Host": "localhost:8000"}, 200),
        ({"Host": "[::1]:8000"}, 200),
        ({"Host": "127.0.0.1"}, 200),
    ],
)
def test_a_web_page_gets_nothing_wherever_it_leads_its_name(asked, headers, status):
    assert asked("GET", "/v1/models", headers=headers)[0] == status


def test_with_a_token_nobody_gets_anything_without_it(recognizer):
    with serving(recognizer, token="t" * 16) as asked:
        for wrong in ({}, {"Authorization": "Bearer x"}, {"Authorization": "t" * 15}):
            assert asked("GET", "/v1/models", headers=wrong)[0] == 401
            assert asked(recording=b"x", headers=wrong)[0] == 401
        right = {"Authorization": "Bearer " + "t" * 16, "Host": "asr.example.org"}
        assert asked("GET", "/v1/models", headers=right)[0] == 200
        assert asked("GET", "/health")[0] == 200


def test_too_large_a_request_is_refused_told_or_not(recognizer, recording):
    with serving(recognizer, most_bytes=1000) as asked:
        assert asked(recording=recording)[0] == 413
        body, kind = form(recording)
        pieces = iter([body[:700], body[700:1400], body[1400:2100]])  # sent without its length
        assert asked(headers={"Content-Type": kind}, body=pieces)[0] == 413


def test_no_temporary_file_is_made_for_a_recording(recognizer, monkeypatch):
    from tempfile import SpooledTemporaryFile

    monkeypatch.setattr(SpooledTemporaryFile, "rollover", lambda file: pytest.fail("rolled over"))
    with serving(recognizer) as asked:
        assert asked(recording=conversation(20))[0] == 200


def test_who_comes_when_the_line_is_full_comes_again_and_who_hangs_up_is_heard_no_more(
    recognizer, recording, monkeypatch
):
    jobs, submit = [], recognizer.submit

    def noted(*given):
        jobs.append(submit(*given))
        return jobs[-1]

    monkeypatch.setattr(recognizer, "submit", noted)
    body, kind = form(conversation(100), stream="true")
    with serving(recognizer, settings=Settings(engine="light-slow"), queue=1) as asked:
        lines = [http.client.HTTPConnection("127.0.0.1", asked.args[0]) for _ in range(2)]
        answers = []
        for line in lines:
            line.request("POST", PATH, body, {"Content-Type": kind})
            answers.append(line.getresponse())  # its head: it is in line
        status, said = asked(recording=recording)
        assert (status, json.loads(said)["error"]["code"]) == (429, 429)
        while not answers[0].readline().startswith(b"data: "):
            pass
        for line, answer in zip(lines, answers, strict=True):
            answer.close()
            line.close()
        until(lambda: not any(job.running for job in jobs))
        assert [job.stage for job in jobs] == ["cancelled", "cancelled"]
        assert asked(recording=conversation(1))[0] == 200


def test_a_model_that_cannot_be_loaded_is_said_to_whoever_waits_for_it(recording):
    damaged = Settings(engine="light-damaged")
    with (
        closing(Recognizer(loader="light_engine:load")) as recognizer,
        serving(recognizer, settings=damaged) as asked,
    ):
        recognizer.prepare(damaged)
        for stream in ("false", "true"):  # the first waits for the loading, the second comes later
            status, said = asked(recording=recording, stream=stream)
            assert status == 503 or stream == "true"
            assert "The model file is damaged. Get it again." in said
        until(lambda: asked("GET", "/health")[0] == 503)


def test_our_own_engine_hears_by_our_own_server(recognizer, recording, monkeypatch):
    """Both ends of the protocol at once: the engine's windows are the server's recordings."""
    from asr_core.audio.decode import open_recording
    from asr_core.transcribe import transcribe

    def align(window, text, language):
        return None  # equal parts

    monkeypatch.setattr(engine, "bundled_alignment", lambda settings: align)
    monkeypatch.delenv(client.TOKEN, raising=False)
    with serving(recognizer, token="t" * 16) as asked:
        address = f"http://127.0.0.1:{asked.args[0]}"
        settings = Settings(servers=(f"{address} {'t' * 16}",), engine=address)
        loaded = engine.load(settings)
        drafts = []
        with open_recording(recording, "talk.wav") as opened:
            heard = transcribe(opened, loaded, settings, lambda p: drafts.append(p.draft))
    assert loaded.name == f"light ({address})"
    assert heard.text.lower().count("loudness 0.5") == 3
    assert f"The sound left this computer for {address}." in heard.notes
    assert all(isinstance(segment, Segment) and segment.words for segment in heard.segments)
    assert [w.text for s in heard.segments for w in s.words] == words_of(heard.text)
