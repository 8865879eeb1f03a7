"""A folder of recordings on a real Ray cluster of two machines, both of them this computer.

Ray is in no lock: `pip install -e .[cluster]`, then `-m soak`.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from voice import conversation

from asr_core.batch import LEDGER, recordings_in
from asr_core.batch.cluster import ClusterBatch
from asr_core.batch.desk import ATTEMPTS
from asr_core.batch.plan import Address
from asr_core.errors import AsrError
from asr_core.settings import Settings

PROJECT = Path(__file__).resolve().parents[3]
WORKER = "ray::MapWorker"
PATIENCE_S = 300.0

pytestmark = [
    pytest.mark.soak,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),  # Ray's own
]


@contextmanager
def two_machines():
    """One CPU each; workers find the program and the light engine where we do."""
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join([str(PROJECT), str(PROJECT / "tests/light")]))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        node = {"num_cpus": 1, "object_store_memory": 200_000_000}
        cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
        cluster.add_node(**node)
        yield cluster
        cluster.shutdown()


@pytest.fixture(scope="module")
def cluster():
    with two_machines() as cluster:
        yield cluster


def workers():
    """The processes that hear recordings."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if "".join(process.cmdline()[:1]).startswith(WORKER):
                found.append(process)
    return found


def lines_of(path):
    try:
        return [json.loads(line) for line in path.read_text().splitlines() if line]
    except (FileNotFoundError, ValueError):  # not yet, or just being written
        return []


def command(folder, out, address):
    line = ["batch", str(folder), "--out", str(out), "--cluster", address, "--yes"]
    return [sys.executable, "-m", "asr_core", *line]


def run(folder, out, address, engine="light"):
    """The errors by name, and the batch."""
    settings, inputs = Settings(engine=engine), recordings_in(folder, out)
    batch = ClusterBatch(
        inputs, out, settings, "txt", Address.parse(address), loader="light_engine:load"
    )
    with closing(batch.outcomes()) as outcomes:
        return {one.name: outcome.error for one, outcome in outcomes}, batch


def test_with_all_workers_killed_nothing_is_lost_nothing_twice_and_every_text_the_same(
    cluster, tmp_path, shared_folder, monkeypatch
):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(PROJECT)
    folder, out, alone = tmp_path / "recordings", tmp_path / "texts", tmp_path / "alone"
    folder.mkdir()
    for recording in sorted((shared_folder / "eval" / "audio").glob("synth-*.flac"))[:12]:
        shutil.copy(recording, folder)
    recordings = sorted(folder.iterdir())
    (folder / "broken.mp3").write_bytes(b"no sound")
    (folder / "\udcff.wav").write_bytes(conversation(1))  # a name that is no text
    running = subprocess.Popen(
        command(folder, out, cluster.address), stderr=subprocess.PIPE, encoding="utf-8"
    )
    killed, begun, deadline = [], [], time.monotonic() + PATIENCE_S
    while running.poll() is None:
        assert time.monotonic() < deadline
        begun = lines_of(out / ATTEMPTS) or begun
        if not killed and len(lines_of(out / LEDGER)) >= 2:
            killed = workers()
            for process in killed:
                process.send_signal(signal.SIGKILL)
        time.sleep(0.02)
    _, said = running.communicate()
    assert running.returncode == 1, said
    assert "13 transcribed, 0 done before, 1 failed" in said
    assert killed
    assert max(Counter(map(tuple, begun)).values()) == 2  # what was being heard began once more
    assert len(lines_of(out / LEDGER)) == len(folder_names(folder))
    assert {line["name"] for line in lines_of(out / LEDGER)} == folder_names(folder)
    assert not (out / ATTEMPTS).exists()

    line = ["transcribe", *map(str, recordings), "--format", "txt", "--output", str(alone)]
    subprocess.run([sys.executable, "-m", "asr_core", *line], check=True, capture_output=True)
    for recording in recordings:
        text = (out / f"{recording.name}.txt").read_bytes()
        assert text == (alone / f"{recording.stem}.txt").read_bytes() != b""

    session = Path(cluster.head_node.get_session_dir_path())
    written = [path.read_bytes() for path in session.rglob("*") if path.is_file()]
    assert len(written) > 10  # Ray's logs
    for recording in recordings:
        words = (out / f"{recording.name}.txt").read_bytes().strip()[:30]
        assert not any(needle in log for log in written for needle in (words, os.fsencode(folder)))

    again = subprocess.run(
        command(folder, out, cluster.address), stderr=subprocess.PIPE, encoding="utf-8"
    )
    assert "0 transcribed, 13 done before, 1 failed" in again.stderr


def folder_names(folder):
    return {path.name for path in folder.iterdir()}


def test_one_that_kills_its_worker_each_time_is_left_out_and_a_later_run_tries_again(
    cluster, tmp_path
):
    folder, out = tmp_path / "recordings", tmp_path / "texts"
    folder.mkdir()
    (folder / "long.wav").write_bytes(conversation(3))
    for n in range(3):
        (folder / f"{n}.wav").write_bytes(conversation(1))
    errors, _ = run(folder, out, cluster.address, "light-kills-starter")
    assert "2 workers ended while they heard it" in errors.pop("long.wav")
    assert errors == {"0.wav": None, "1.wav": None, "2.wav": None}
    errors, batch = run(folder, out, cluster.address)
    assert set(errors.values()) == {None}
    assert batch.before == 0  # another model is another text
    assert run(folder, out, cluster.address)[1].before == 4


def test_a_model_that_cannot_be_used_ends_it_and_leaves_no_worker(cluster, tmp_path):
    folder, out = tmp_path / "recordings", tmp_path / "texts"
    folder.mkdir()
    (folder / "talk.wav").write_bytes(conversation(1))
    with pytest.raises(AsrError, match="model file is damaged"):
        run(folder, out, cluster.address, "light-damaged")
    deadline = time.monotonic() + PATIENCE_S
    while workers():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert not (out / ATTEMPTS).exists()


def test_a_cluster_that_is_busy_is_said_at_once(cluster, tmp_path):
    import ray

    folder, out = tmp_path / "recordings", tmp_path / "texts"
    folder.mkdir()
    (folder / "talk.wav").write_bytes(conversation(1))
    busy = (
        "import ray, sys, time; ray.init(sys.argv[1], log_to_driver=False)\n"
        "sleep = ray.remote(lambda s: time.sleep(s)); [sleep.remote(600) for _ in range(2)]\n"
        "while ray.available_resources().get('CPU', 0) >= 1: time.sleep(0.1)\n"
        "print('busy', flush=True); time.sleep(600)"
    )
    program = [sys.executable, "-W", "ignore", "-c", busy, cluster.address]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"busy\n"
        with pytest.raises(AsrError, match="no free CPU"):
            run(folder, out, cluster.address)
        other.kill()
    assert not ray.is_initialized()
    assert not out.exists()


def test_a_head_that_goes_away_is_said_and_the_next_one_goes_on(
    tmp_path, shared_folder, monkeypatch
):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(PROJECT)
    folder, out = tmp_path / "recordings", tmp_path / "texts"
    folder.mkdir()
    for recording in sorted((shared_folder / "eval" / "audio").glob("synth-*.flac"))[:12]:
        shutil.copy(recording, folder)
    with two_machines() as cluster:
        line = command(folder, out, cluster.address)
        running = subprocess.Popen(line, stderr=subprocess.PIPE, encoding="utf-8")
        while not lines_of(out / LEDGER):
            assert running.poll() is None
            time.sleep(0.02)
        for process in psutil.Process().children(recursive=True):
            if process.name() == "gcs_server":
                process.kill()
        _, said = running.communicate(timeout=PATIENCE_S)
        assert running.returncode == 1
        assert f"The cluster at {cluster.address} does not answer any more" in said
        n_done = len(lines_of(out / LEDGER))
        assert lines_of(out / ATTEMPTS)  # perhaps a recording was the reason
    with two_machines() as cluster:
        line = command(folder, out, cluster.address)
        again = subprocess.run(line, stderr=subprocess.PIPE, encoding="utf-8")
    assert f"{12 - n_done} transcribed, {n_done} done before, 0 failed" in again.stderr
    assert {line["name"] for line in lines_of(out / LEDGER)} == folder_names(folder)
