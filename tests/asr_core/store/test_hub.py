"""Fetching a model from a hub on loopback, by the real client in the real program."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import psutil
import pytest
import waiting

from asr_core.cli import main
from asr_core.errors import ModelError
from asr_core.store import adding, entry, model_folder, shelf, shelved

until = partial(waiting.until, seconds=30.0, pause=0.05)

ROOT = Path(__file__).resolve().parents[3]
NAME = "firered-asr-aed-l"
ADD = ["models", "add", NAME, "--yes"]
CHUNK = 10 << 20  # bytes that the client writes at once
COMMIT = "0123456789abcdef0123456789abcdef01234567"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="gives the test a home by XDG")


def read(folder):
    return {path.name: path.read_bytes() for path in shelf.files_in(folder)}


def run(program, **options):
    """A program of the test's own in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT, capture_output=True, text=True, timeout=60, **options,
    )  # fmt: skip


def test_the_unchanged_client_of_the_hub_is_served(hub, tmp_path, files):
    """So what the other tests see is what a real hub would give."""
    program = f"""
from huggingface_hub import snapshot_download
snapshot_download("FireRedTeam/FireRedASR-AED-L", local_dir={str(tmp_path / "copy")!r})
"""
    done = run(program, env=os.environ | {"HF_HUB_DISABLE_XET": "1", "HF_HUB_OFFLINE": "0"})
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "copy" / "model.pth.tar").read_bytes() == files["model.pth.tar"]
    assert (tmp_path / "copy" / "dict.txt").read_bytes() == files["dict.txt"]


def test_a_model_is_fetched_whole_and_nothing_that_does_not_belong_to_it(
    hub, files, models_folder, capsys, monkeypatch
):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert main(ADD) == 0
    said = capsys.readouterr()
    assert f"from      {hub.address}/FireRedTeam/FireRedASR-AED-L {COMMIT}" in said.out
    assert "with the digests the hub itself gives" in said.out
    assert "not pinned" in said.err
    folder = model_folder(NAME)
    assert folder == models_folder / NAME
    found = read(folder)
    assert found.pop(shelf.MANIFEST)
    assert found == files
    assert not [path for _, path, _, _ in hub.asked if path.endswith((".py", ".sh"))]
    assert {token for *_, token in hub.asked} == {None}
    assert all(re.fullmatch(r"unknown/None; hf_hub/\S+; python/\S+", one) for one in hub.agents)
    assert shelf.begun() == {}
    assert shelf.faults(shelf.find(NAME)) == []


def test_nothing_is_asked_of_the_network_before_a_yes(hub, capsys, monkeypatch, tmp_path):
    answer = tmp_path / "answer"
    for text in ("", "no\n", "maybe yes\n"):
        answer.write_text(text)
        with answer.open() as stdin:
            monkeypatch.setattr(sys, "stdin", stdin)
            assert main(ADD[:-1]) == 1
        said = capsys.readouterr().err
        for told in (hub.address, "4.4 GB", "Apache-2.0", "Nothing was fetched."):
            assert told in said
    assert hub.asked == []
    answer.write_text("yes\n")
    with answer.open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert main(ADD[:-1]) == 0
    assert hub.asked


def test_a_cut_connection_is_taken_up_where_it_broke(hub, files):
    hub.cuts = [12_000_000, 11_000_000]
    assert main(ADD) == 0
    assert hub.large_sent() == [None, f"bytes={CHUNK}-", f"bytes={2 * CHUNK}-"]
    assert read(model_folder(NAME))["model.pth.tar"] == files["model.pth.tar"]


def test_a_hub_that_sends_all_again_does_no_harm(hub, files):
    hub.cuts, hub.ranges = [12_000_000], False
    assert main(ADD) == 0
    assert read(model_folder(NAME))["model.pth.tar"] == files["model.pth.tar"]


def test_a_connection_that_stays_cut_is_a_sentence_and_the_rest_comes_another_day(
    hub, capsys, files
):
    hub.cuts = [12_000_000] + [0] * 20
    assert main(ADD) == 1
    assert "broke off. What has come is kept" in capsys.readouterr().err
    assert (shelved(), model_folder(NAME)) == ([], None)
    assert main(["models"]) == 0
    assert re.search(rf"{NAME} +10\.5 MB of 4\.4 GB here", capsys.readouterr().out)
    hub.cuts, before = [], len(hub.large_sent())
    assert main(ADD) == 0
    assert "10.5 MB of it are here already" in capsys.readouterr().err
    assert hub.large_sent()[before:] == [f"bytes={CHUNK}-"]
    assert read(model_folder(NAME))["model.pth.tar"] == files["model.pth.tar"]


def test_of_a_newer_model_nothing_of_the_older_is_kept(hub, files, models_folder):
    older = models_folder / ".adding" / NAME / COMMIT
    older.mkdir(parents=True)
    (older / "model.pth.tar.part").write_bytes(bytes(1000))
    hub.commit = "f" * 40
    hub.models["FireRedTeam/FireRedASR-AED-L"] = files | {"dict.txt": b"new"}
    assert main(ADD) == 0
    assert hub.large_sent()[-1] is None
    assert shelf.find(NAME).revision == "f" * 40
    assert read(model_folder(NAME))["dict.txt"] == b"new"


@pytest.mark.parametrize("name", ["model.pth.tar", "dict.txt"])
def test_wrong_bytes_are_thrown_away_and_said(hub, capsys, name):
    hub.lies = {name}
    assert main(ADD) == 1
    assert f"{name} came with other bytes than it should have" in capsys.readouterr().err
    assert shelved() == []
    hub.lies = set()
    assert main(ADD) == 0
    assert shelf.faults(shelf.find(NAME)) == []


def started(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "asr_core", *arguments],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_a_killed_download_is_no_model_and_is_gone_on_with(hub, files, capsys):
    hub.pause = 0.05
    program = started(*ADD)
    until(lambda: shelf.begun().get(NAME, 0) >= CHUNK)
    hub.pause = 3.0  # the rest takes longer than this test
    helpers = psutil.Process(program.pid).children(recursive=True)
    program.send_signal(signal.SIGKILL)
    program.communicate()
    assert helpers
    psutil.wait_procs(helpers, timeout=10)
    assert not any(helper.is_running() for helper in helpers)  # nobody goes on behind one's back
    assert (shelved(), model_folder(NAME)) == ([], None)
    assert main(["models"]) == 0
    assert re.search(rf"{NAME} +[\d.]+ MB of 4\.4 GB here", capsys.readouterr().out)
    hub.pause = 0
    assert main(ADD) == 0
    assert re.fullmatch(r"bytes=\d{8}-", hub.large_sent()[-1])
    assert read(model_folder(NAME))["model.pth.tar"] == files["model.pth.tar"]


def test_a_second_start_is_told_of_the_first_and_an_interrupt_ends_it(hub, capsys):
    hub.pause = 0.05
    program = started(*ADD)
    until(lambda: shelf.begun().get(NAME, 0) >= CHUNK)
    hub.pause = 3.0  # the rest takes longer than this test
    assert main(ADD) == 1
    assert "is being added or removed already" in capsys.readouterr().err
    assert main(["models", "remove", NAME]) == 1
    assert "is being added or removed already" in capsys.readouterr().err
    program.send_signal(signal.SIGINT)
    _, said = program.communicate(timeout=20)
    assert (program.returncode, "Stopped." in said, "Traceback" in said) == (130, True, False)
    assert main(["models", "remove", NAME]) == 0
    assert shelf.begun() == {}


def test_a_program_that_dies_is_a_sentence(hub):
    hub.pause = 3.0
    model = adding.Adding.from_hub(entry(NAME))
    until(hub.large_sent)
    model._popen.kill()
    assert model.wait(10)
    assert "stopped unexpectedly" in str(model.error)


def test_what_is_here_already_is_not_fetched_again(hub, capsys):
    assert main(ADD) == 0
    n_asked = len(hub.asked)
    assert main(ADD) == 1
    assert "is here already" in capsys.readouterr().err
    assert len(hub.asked) == n_asked


def test_a_disk_that_takes_no_more_is_a_sentence(hub, capsys):
    """A limit of the kernel stands for the disk; `allow_files` cannot lift a hard one."""
    program = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (11_000_000, 11_000_000))
from asr_core.cli import main
sys.exit(main({ADD!r}))
"""
    done = run(program)
    assert done.returncode == 1
    assert "is full. Make room and add the model again" in done.stderr
    assert shelved() == []
    assert main(ADD) == 0
    assert hub.large_sent()[-1] == "bytes=11000000-"


IN_A_SMALL_DISK = """
import subprocess, sys
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", sys.argv[1]], check=True)
from asr_core.errors import AsrError
from asr_core.store import entry, hub, program
import os
os.environ.update(hub.environment())
program.SPARE = int(sys.argv[2])
try:
    program.bring_from_hub(entry("firered-asr-aed-l"), program.News(sys.stderr))
except AsrError as error:
    print(error)
except OSError as error:
    print(program._of_the_disk(error))
"""


@pytest.mark.parametrize(
    ("spare", "sentence"),
    [
        (-(10**9), "is full. Make room and add the model again"),
        (0, "The model needs 0.0 GB more on the disk"),
    ],
)
def test_a_real_disk_that_is_too_small_is_a_sentence(hub, models_folder, spare, sentence):
    """A disk of 12 MB for 24: seen at the start, and when it fills up in the middle."""
    models_folder.mkdir(parents=True)
    alone = ["unshare", "-rm", sys.executable]
    if sys.platform != "linux" or subprocess.run([*alone, "-c", ""]).returncode:
        pytest.skip("this system gives programs no mounts of their own")
    done = subprocess.run(
        [*alone, "-c", IN_A_SMALL_DISK, models_folder, str(spare)],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert sentence in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        ((401, "RepoNotFound"), "has no model FireRedTeam/FireRedASR-AED-L"),
        ((403, "GatedRepo"), "only to people who sign in"),
        ((404, "RevisionNotFound"), "as it was pinned"),
        ((503, ""), "answered with error 503"),
    ],
)
def test_a_hub_that_refuses_is_a_sentence(hub, capsys, failure, sentence):
    hub.failure = failure
    assert main(ADD) == 1
    assert sentence in capsys.readouterr().err
    assert shelved() == []


def test_no_network_is_a_sentence(hub, capsys, monkeypatch):
    hub.close()
    assert main(ADD) == 1
    assert "127.0.0.1 cannot be reached. Is this computer online?" in capsys.readouterr().err


def test_a_hub_that_talks_nonsense_is_a_sentence(hub, capsys):
    hub.models["FireRedTeam/FireRedASR-AED-L"] = {"../../model.pth.tar": b"x"}
    for commit in ("", "../x"):
        hub.commit = commit
        assert main(ADD) == 1
        assert "what makes no sense" in capsys.readouterr().err


def test_the_program_goes_nowhere_but_where_it_was_let_out_to(hub, capsys):
    hub.storage = "http://192.0.2.1"
    assert main(ADD) == 1
    assert "sends us on to another place, where Sottovoce does not go" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["http://example.org", "ftp://example.org", "example.org"])
def test_a_hub_without_encryption_is_refused(hub, capsys, monkeypatch, address):
    monkeypatch.setenv("HF_ENDPOINT", address)
    assert main(ADD) == 1
    assert "It must begin with https://" in capsys.readouterr().err


def test_an_unknown_name_is_a_sentence(hub, capsys):
    assert main(["models", "add", "whisper-huge", "--yes"]) == 1
    assert "no folder, no archive and no model called 'whisper-huge'" in capsys.readouterr().err
    assert main(["models", "add", "wenet-aishell-u2pp", "--yes"]) == 1
    assert "Get its folder from the project that made it" in capsys.readouterr().err
    assert main([*ADD, "--name", "mine"]) == 1
    assert "--name and --unchecked are for folders" in capsys.readouterr().err
    with pytest.raises(ModelError, match="There is no model 'x'"):
        entry("x")
    assert hub.asked == []


def test_a_hub_whose_digest_is_not_the_published_one_is_not_trusted(hub, files, capsys):
    """The pinned revision is asked for, and the digest compared before a byte has come."""
    qwen = entry("qwen3-asr-0.6b")
    hub.commit = qwen.revision
    hub.models[qwen.hub] = {"model.safetensors": files["model.pth.tar"], "config.json": b"{}"}
    assert main(["models", "add", "qwen3-asr-0.6b", "--yes"]) == 1
    assert "another model.safetensors than was published" in capsys.readouterr().err
    assert hub.asked[0][1] == f"/api/models/{qwen.hub}/revision/{qwen.revision}"
    assert hub.large_sent() == []


PINNED = """
import hashlib, os, sys
from dataclasses import replace
from asr_core.store import entry, hub, program, shelf
os.environ.update(hub.environment())
made = replace(
    entry("firered-asr-aed-l"), revision=sys.argv[1], sha256={"model.pth.tar": sys.argv[2]},
    disk=int(sys.argv[3]),
)
try:
    print(program.bring_from_hub(made, program.News(sys.stderr)).checked)
except Exception as error:
    print(error)
"""


def test_a_published_digest_is_what_counts_and_much_more_than_was_told_is_refused(hub, files):
    import hashlib

    digest = hashlib.sha256(files["model.pth.tar"]).hexdigest()
    for disk, outcome in [(1_000_000, "instead of 0.0 GB"), (24_000_000, "catalogue")]:
        done = subprocess.run(
            [sys.executable, "-c", PINNED, COMMIT, digest, str(disk)],
            cwd=ROOT, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert outcome in done.stdout, done.stderr
