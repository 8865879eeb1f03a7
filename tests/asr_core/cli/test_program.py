"""The program itself, in a process of its own, with the bundled model."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

ROOT = Path(__file__).resolve().parents[3]
COMMAND = [sys.executable, "-m", "asr_core"]
QUICK = ["--decode", "attention", "--beam-size", "1"]


@pytest.fixture
def environment(tmp_path):
    """No settings of whoever runs the tests."""
    return os.environ | {"XDG_CONFIG_HOME": str(tmp_path / "config"), "HOME": str(tmp_path)}


def test_real_speech_becomes_text_silence_none_and_a_missing_file_a_sentence(
    shared_folder, tmp_path, environment
):
    audio = shared_folder / "eval" / "audio"
    files = [audio / "asterisk-agent-incorrect.flac", tmp_path / "gone.wav"]
    files += [audio / "aishell1-BAC009S0150W0410.flac", tmp_path / "hum.wav"]
    hum = np.random.default_rng(3).standard_normal(48_000).astype(np.float32) * 1e-3
    soundfile.write(tmp_path / "hum.wav", hum, 16_000)
    run = subprocess.run(
        [*COMMAND, "transcribe", *files, "--output", tmp_path / "texts", "--json-stats", *QUICK],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert run.returncode == 1, run.stderr
    assert run.stdout == ""
    english = (tmp_path / "texts" / "asterisk-agent-incorrect.txt").read_text("utf-8")
    assert "agent number" in english.lower()
    chinese = (tmp_path / "texts" / "aishell1-BAC009S0150W0410.txt").read_text("utf-8")
    assert len(re.findall(r"[\u4e00-\u9fff]", chinese)) > 4
    assert (tmp_path / "texts" / "hum.txt").read_text("utf-8") == ""
    assert "gone.wav" in run.stderr
    assert "Traceback" not in run.stderr
    figures = [json.loads(line) for line in run.stderr.splitlines() if line.startswith("{")]
    assert len(figures) == 3
    assert {"duration", "seconds", "real_time_factor", "device", "precision"} <= figures[0].keys()


@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
def test_an_interrupt_ends_with_130_and_the_text_so_far(shared_folder, environment):
    recording = shared_folder / "eval" / "audio" / "long_en_libri26.flac"
    command = [*COMMAND, "transcribe", recording, "--language", "en", *QUICK]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as run:
        first = os.read(run.stdout.fileno(), 4096)  # past any buffer `communicate` would not see
        run.send_signal(signal.SIGINT)
        rest, said = run.communicate(timeout=60)
    text, said = (first + rest).decode(), said.decode()
    assert run.returncode == 130
    assert re.search("[A-Za-z]{2}", text)
    assert text.endswith("\n")
    assert "Stopped." in said
    assert "Traceback" not in said


@pytest.mark.skipif(os.name == "nt", reason="Windows closes pipes otherwise")
def test_a_reader_that_leaves_early_ends_the_program_quietly(environment):
    with subprocess.Popen(
        [*COMMAND, "models"],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as run:  # fmt: skip
        run.stdout.close()
        said = run.stderr.read()
    assert run.returncode == 1
    assert "Traceback" not in said
    assert "Exception ignored" not in said
