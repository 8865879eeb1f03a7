"""launch.py, run for real on a tiny project whose packages are made here."""

import ast
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

import launch

PROJECT = Path(launch.__file__).parent

# The real launch.py runs `python -m asr_core`; this one says what it was given.
ECHO = """
import json, sys
print(json.dumps({"arguments": sys.argv[1:], "prefix": sys.prefix, "path": sys.path}))
sys.exit(sys.argv.count("fail") and 7)
"""

# Builds the project for pip without setuptools, and slowly when asked to.
BACKEND = """
import os, pathlib, sys, time, zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    pathlib.Path("building").touch()
    time.sleep(float(os.environ.get("SLOW", 0)))
    name = "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as wheel:
        wheel.writestr("tiny.pth", os.getcwd())
        info = "tiny-1.0.dist-info/"
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
    return name
"""

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "tiny"
dependencies = ["torch==2.13.0"]
"""


class TinyProject:
    """A folder with the real launch.py and everything else made up, and its own wheel folder."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "录音 and notes"
        self.wheels = folder / "wheels"
        self.home = folder / "home"
        for path in (self.root / "asr_core", self.root / "tests", self.wheels, self.home):
            path.mkdir(parents=True)
        for name in ("launch.py", "launch.sh"):
            shutil.copy(PROJECT / name, self.root)
        self.write("pyproject.toml", PYPROJECT)
        self.write("backend.py", BACKEND)
        self.write("requirements.txt", "locked==1.0\n")
        self.write("tests/requirements.txt", "pytest==1.0\n")
        self.write("asr_core/__main__.py", ECHO)
        self.add_wheel("locked", "1.0", {"locked.py": ""})
        self.add_wheel("torch", "2.13.0", {"torch.py": ""})
        self.add_wheel("pytest", "1.0", {"pytest/__main__.py": ECHO})

    def write(self, name: str, text: str) -> None:
        (self.root / name).write_text(text, encoding="utf-8")

    def add_wheel(self, name: str, version: str, files: dict[str, str]) -> None:
        info = f"{name}-{version}.dist-info"
        files = files | {
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{info}/RECORD": "",
        }
        path = self.wheels / f"{name}-{version}-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as wheel:
            for file, text in files.items():
                wheel.writestr(file, text)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(self.root / "launch.py"), *arguments]

    def environment(self, **extra: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON"))}
        pip = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels), "PIP_NO_CACHE_DIR": "1"}
        return kept | pip | {"HOME": str(self.home), "PIP_CONFIG_FILE": os.devnull} | extra

    def start(self, *arguments: str, cwd: Path | None = None, **extra: str):
        return subprocess.run(
            self.command(*arguments),
            env=self.environment(**extra),
            cwd=cwd or self.home,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )

    def record(self) -> dict:
        return json.loads((self.root / ".venv" / "sottovoce.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A tiny project after its first start."""
    project = TinyProject(tmp_path_factory.mktemp("launch"))
    first = project.start("transcribe", "a b.wav", "汉字.mp3")
    assert first.returncode == 0, first.stderr
    project.first = first
    return project


def test_the_first_start_says_the_size_installs_and_hands_every_argument_over(installed):
    told = json.loads(installed.first.stdout)
    assert told["arguments"] == ["transcribe", "a b.wav", "汉字.mp3"]
    assert Path(told["prefix"]) == installed.root / ".venv"
    assert "GB to download" in installed.first.stderr
    assert "torch==2.13.0: done" in installed.first.stderr


def test_the_second_start_installs_nothing_and_says_nothing(installed):
    second = installed.start("models", PIP_FIND_LINKS="nowhere")
    assert json.loads(second.stdout)["arguments"] == ["models"]
    assert second.stderr == ""


def test_no_argument_opens_the_app(installed):
    assert json.loads(installed.start().stdout)["arguments"] == ["app"]


def test_the_exit_code_of_the_program_is_the_exit_code_of_the_launch(installed):
    assert installed.start("fail").returncode == 7


def test_neither_the_current_folder_nor_pythonpath_can_slip_a_module_in(installed, tmp_path):
    (tmp_path / "asr_core.py").write_text("raise SystemExit('the wrong one')", encoding="utf-8")
    told = json.loads(installed.start("x", cwd=tmp_path, PYTHONPATH=str(tmp_path)).stdout)
    assert str(tmp_path) not in told["path"]


def test_test_installs_its_lock_once_and_runs_pytest_in_the_project(installed):
    first = installed.start("test", "-k", "two words")
    assert json.loads(first.stdout)["arguments"] == ["-k", "two words"]
    assert "1 package for the tests: done" in first.stderr
    again = installed.start("test", PIP_FIND_LINKS="nowhere")
    assert again.returncode == 0
    assert again.stderr == ""


def test_a_new_lock_without_network_gives_one_sentence_and_costs_nothing(installed):
    before = installed.record()
    installed.write("requirements.txt", "locked==2.0\n")
    try:
        offline = installed.start(
            PIP_NO_INDEX="0", PIP_INDEX_URL="http://127.0.0.1:9", PIP_RETRIES="1"
        )
    finally:
        installed.write("requirements.txt", "locked==1.0\n")
    assert offline.returncode == 1
    assert "there is no way to the package index" in offline.stderr
    assert "Traceback" not in offline.stderr
    assert installed.record() == before
    assert installed.start("models", PIP_FIND_LINKS="nowhere").stderr == ""


def test_a_new_lock_is_installed_into_the_venv_that_is_there(installed):
    installed.add_wheel("locked", "2.0", {"locked.py": ""})
    kept = installed.root / ".venv" / "kept"
    kept.touch()
    installed.write("requirements.txt", "locked==2.0\n")
    updated = installed.start("models")
    assert updated.returncode == 0, updated.stderr
    assert "Updating" in updated.stderr
    assert list((installed.root / ".venv").rglob("locked-2.0.dist-info"))
    assert kept.exists()


@pytest.mark.skipif(os.name == "nt", reason="launch.bat is for Windows")
def test_launch_sh_finds_python_from_any_folder(installed):
    ran = subprocess.run(
        ["sh", str(installed.root / "launch.sh"), "a b", "fail"],
        env=installed.environment(),
        cwd="/",
        capture_output=True,
        encoding="utf-8",
    )
    assert ran.returncode == 7, ran.stderr
    assert json.loads(ran.stdout)["arguments"] == ["a b", "fail"]


@pytest.mark.skipif(os.name == "nt", reason="kills as POSIX does")
def test_a_set_up_killed_half_way_is_waited_for_and_then_made_anew(installed):
    (installed.root / "building").unlink()
    installed.write("requirements.txt", "locked==1.0\n")
    killed = subprocess.Popen(
        installed.command(),
        env=installed.environment(SLOW="3"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not (installed.root / "building").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert installed.record()["unfinished"] == "app"

    second = installed.start("models")  # pip of the first is still at work
    assert second.returncode == 0, second.stderr
    assert "Another launch is setting Sottovoce up" in second.stderr
    assert ".venv is made anew" in second.stderr
    assert not (installed.root / ".venv" / "kept").exists()
    assert json.loads(second.stdout)["arguments"] == ["models"]


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"unfinished": "app"},
        {"root": "elsewhere"},
        {"python": "/removed/python3.11"},
    ],
    ids=["no record", "cut off", "moved", "Python removed"],
)
def test_a_venv_that_is_not_whole_is_not_used(installed, monkeypatch, broken):
    python = launch.PYTHON.relative_to(launch.ROOT)
    monkeypatch.setattr(launch, "ROOT", installed.root)
    monkeypatch.setattr(launch, "VENV", installed.root / ".venv")
    monkeypatch.setattr(launch, "PYTHON", installed.root / python)
    whole = installed.record()
    assert launch.is_whole(whole)
    assert not launch.is_whole(whole | broken if broken else {})


@pytest.mark.parametrize("version", [(2, 7), (3, 6), (3, 10), (3, 15), (4, 0)])
def test_a_wrong_python_is_told_which_ones_will_do(version):
    assert "needs 3.11 to 3.14" in launch.python_problem((*version, 0, "final", 0))


def test_a_right_python_is_not_complained_about():
    assert launch.python_problem((3, 11, 0)) == launch.python_problem((3, 14, 9)) == ""


def test_an_old_python_can_read_far_enough_to_complain():
    source = (PROJECT / "launch.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 7))
    assert "from __future__" not in source  # annotations are unknown to 3.6


def test_too_little_space_is_said_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(launch, "ROOT", tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1.2e9))
    with pytest.raises(launch.SetupError, match=r"1\.2 GB free"):
        launch.check_space()
    assert not list(tmp_path.iterdir())


def test_a_python_without_venv_names_the_package_to_install(monkeypatch):
    monkeypatch.setattr(launch.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(launch.SetupError, match="sudo apt install python3-venv"):
        launch.make_venv()


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(launch, "ROOT", tmp_path)
    (tmp_path / ".venv.lock").mkdir()  # not even an administrator can open this for writing
    with pytest.raises(launch.SetupError, match="cannot be written to"), launch.only_launch():
        pass


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("ERROR: Could not install: [Errno 28] No space left on device", "The disk is full"),
        ("Failed to establish: [Errno 11001] getaddrinfo failed", "no way to the package index"),
        ("Temporary failure in name resolution", "no way to the package index"),
        ("WARNING: Retrying after connection broken by 'X'", "no way to the package index"),
        ("ERROR: No matching distribution found for torch==2.13.0", "no build for this computer"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "not the one that requirements.txt"),
        ("HINT: Windows Long Path support is not enabled", "too long for Windows"),
        ("[WinError 5] Access is denied: 'x.pyd'", "could not be written"),
        ("something new", "The last lines say why:\n  something new"),
    ],
)
def test_every_failure_of_pip_becomes_a_sentence(said, sentence):
    assert sentence in launch.explain(said, "torch")
