"""The list of servers: which addresses are taken, and that nothing else can be chosen."""

from __future__ import annotations

import json

import pytest

from asr_core.errors import AsrError
from asr_core.jobs import stopped
from asr_core.result import Language
from asr_core.servers import Server
from asr_core.settings import Settings


@pytest.mark.parametrize(
    "address",
    [
        "https://asr.example.org:8000",
        "https://203.0.113.7:443",
        "http://127.0.0.1:8000",
        "http://localhost:8000",
        "http://10.1.2.3:8000",
        "http://192.168.1.20:8000",
        "http://[fd00::1]:8000",
    ],
)
def test_an_address_in_full_is_taken(address):
    server = Server.parse(f"{address} s3cret")
    assert (server.address, server.token, server.line) == (address, "s3cret", f"{address} s3cret")
    assert f"{server.host}:{server.port}" == server.place.replace("[", "").replace("]", "")
    assert "s3cret" not in repr(server)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "not the address of a server in full"),
        ("asr.example.org:8000", "in full"),
        ("https://asr.example.org", "in full"),
        ("https://asr.example.org:8000/", "in full"),
        ("https://asr.example.org:8000/v1", "in full"),
        ("https://ASR.example.org:8000", "in full"),
        ("https://me:pw@asr.example.org:8000", "in full"),
        ("https://asr.example.org:99999", "in full"),
        ("https://asr.example.org:0", "in full"),
        ("https://:8000", "in full"),
        ("https://[fd00::1:8000", "in full"),
        ("ftp://asr.example.org:21", "in full"),
        ("https://ä.example.org:8000", "in full"),
        ("https://a_%41.example.org:8000", "in full"),
        ("http://asr.example.org:8000", "in the clear"),
        ("http://8.8.8.8:8000", "in the clear"),
        ("http://100.64.0.1:8000", "in the clear"),
        ("http://[2001:db8::1]:8000", "in the clear"),
        ("https://asr.example.org:8000 s3cret more", "more than a token"),
    ],
)
def test_any_other_is_refused_without_telling_the_token(line, said):
    with pytest.raises(AsrError, match=said) as error:
        Server.parse(line)
    assert "s3cret" not in str(error.value)
    assert "pw" not in str(error.value)


A, B = "https://a.example.org:8000", "https://b.example.org:8000"


def test_only_what_is_on_the_list_can_be_chosen():
    with pytest.raises(AsrError, match="is not on your list, so nothing is sent to it"):
        Settings(engine=A)
    with pytest.raises(AsrError, match="is not on your list"):
        Settings(servers=(B,), engine=A)
    with pytest.raises(AsrError, match="cannot be the second model"):
        Settings(servers=(A,), second_engine=A)
    assert Settings(servers=(f"{A} s3cret",)).server is None
    chosen = Settings(servers=(B, f"{A} s3cret"), engine=A)
    assert chosen.server == Server(A, "s3cret")
    assert "s3cret" not in repr(chosen)


def test_what_was_stopped_says_where_the_sound_went():
    nothing = Language(0.0, 0.0, 0.0, "none")

    def notes(settings):
        return stopped("talk.wav", 3.0, (), nothing, settings).notes

    stop = "Stopped at 0:03, before the end of the recording."
    assert notes(Settings(servers=(A,))) == (stop,)
    chosen = Settings(servers=(A,), engine=A)
    assert notes(chosen) == (stop, f"The sound left this computer for {A}.")


def test_a_server_that_is_forgotten_is_not_chosen_any_more():
    settings = Settings().allowing(Server(A)).allowing(Server(A, "t")).allowing(Server(B))
    assert settings.servers == (f"{A} t", B)
    chosen = Settings(servers=settings.servers, engine=A)
    assert chosen.forgetting(A) == Settings(servers=(B,))
    assert chosen.forgetting(B).engine == A


def test_saved_settings_keep_it_and_a_list_that_was_spoiled_chooses_nothing(tmp_path):
    path = tmp_path / "settings.json"
    chosen = Settings(servers=(f"{A} s3cret",), engine=A)
    chosen.save(path)
    assert Settings.load(path) == chosen
    assert path.stat().st_mode & 0o077 == 0
    data = json.loads(path.read_text())
    path.write_text(json.dumps(data | {"servers": ["nonsense s3cret"]}))
    notes = []
    assert Settings.load(path, notes) == Settings()
    assert len(notes) == 2
    assert "s3cret" not in "".join(notes)
