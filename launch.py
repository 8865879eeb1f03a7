"""Set Sottovoce up once, then hand every argument to the `sottovoce` command.

Needs nothing but Python. The first start makes `.venv` beside this file and installs the exact
versions of `requirements.txt`; later starts see from one small file that all is there. `test` as
the first argument runs the test suite; no argument opens the app in the browser.
"""

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import BinaryIO, Iterator

OLDEST, NEWEST = (3, 11), (3, 14)  # the Pythons for which every locked package has a wheel

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
RECORD = VENV / "sottovoce.json"  # what has been installed, and by whom
LOCK = ROOT / "requirements.txt"
TEST_LOCK = ROOT / "tests" / "requirements.txt"

LOCK_GB = 0.5  # to download; torch comes on top
TORCH_GB = 2.7 if sys.platform == "linux" else 0.12  # from the ordinary index, CUDA parts included
SPACE_GB = 4  # what .venv takes without CUDA parts, and the downloads on their way

# Left in the environment, these would lead Python or pip away from .venv.
LEADING_AWAY = {"PYTHONPATH", "PYTHONHOME", "__PYVENV_LAUNCHER__"}
LEADING_AWAY |= {"PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER"}

# What pip says when it fails, and the sentence for it; the first that fits is taken.
FAILURES = [
    (
        r"no space left|not enough space|errno 28",
        "The disk is full. Free some space and start again: it goes on from here.",
    ),
    (
        r"do not match the hashes",
        "A downloaded package is not the one that requirements.txt names, so it was not installed."
        " Try another network or package index.",
    ),
    (
        r"name resolution|getaddrinfo|nodename nor servname|name or service not known|unreachable"
        r"|connection refused|connection reset|connection broken|connection aborted|timed out"
        r"|proxyerror|sslerror",
        "The packages could not be fetched: there is no way to the package index. The first start"
        " needs the internet, later ones do not. Connect, or set pip's proxy, and start again.",
    ),
    (
        r"long path",
        "The path of this folder is too long for Windows. Move Sottovoce to a shorter one, such as"
        " C:\\Sottovoce, and start again.",
    ),
    (
        r"permission denied|access is denied",
        "A file in .venv could not be written. Close what uses it and start again.",
    ),
    (
        r"no matching distribution",
        "The package index could not be reached, or a package has no build for this computer."
        " Sottovoce runs on Windows (x64), on macOS 14 or newer with Apple silicon, and on Linux"
        " (x64 or ARM), with a 64-bit Python.",
    ),
]


class SetupError(Exception):
    """Something a person can act on; `str(error)` is shown as it is."""


def python_problem(version: tuple) -> str:
    """Why a Python of this `version` will not do, in a sentence; empty when it will."""
    if OLDEST <= tuple(version[:2]) <= NEWEST:
        return ""
    return (
        "This is Python {}.{}, and Sottovoce needs {}.{} to {}.{}. Install one of these beside it,"
        " then start launch.sh (Windows: launch.bat), which finds it.".format(
            *version[:2], *OLDEST, *NEWEST
        )
    )


# Here and not at the end: an older Python would stumble over what follows.
if python_problem(sys.version_info):
    sys.exit("Error: " + python_problem(sys.version_info))


def main(arguments: list[str]) -> int:
    """Install what is missing, then become the program; returns an exit code if that fails."""
    tests = arguments[:1] == ["test"]
    try:
        wanted = fingerprints(tests)
        if not is_complete(read_record(), wanted):
            with only_launch():
                set_up(wanted)
    except SetupError as error:
        say(f"Error: {error}")
        return 1
    except OSError as error:
        say(f"Error: {explain(str(error), 'Sottovoce')}")
        return 1
    except KeyboardInterrupt:
        say("Stopped. The next start begins the set-up again.")
        return 130
    if tests:
        os.chdir(str(ROOT))
        return become(["-m", "pytest", *arguments[1:]])
    return become(["-P", "-m", "asr_core", *(arguments or ["app"])])


def set_up(wanted: dict[str, str]) -> None:
    """Bring `.venv` to what `wanted` names, step by step, each noted when it is done."""
    record = read_record()
    if not is_whole(record):
        check_space()
        record = make_venv()
    if record.get("app") != wanted["app"]:
        torch = torch_requirement()
        if "app" in record:
            say("Updating what has changed since the last start.")
        else:
            size = f"about {LOCK_GB + TORCH_GB:.1f} GB to download"
            if sys.platform == "linux":
                size += f" ({LOCK_GB + 0.2:.1f} GB if pip finds a CPU build of {torch})"
            say(f"Installing, once: {size}. This takes some minutes.")
        # The lock is complete, so pip need not (and must not) add to it. torch comes after it:
        # what torch needs is then already there, in the locked versions.
        with unfinished(record, "app", wanted):
            pip(count(LOCK), "--no-deps", "-r", str(LOCK))
            pip(torch, torch)
            pip("Sottovoce", "--no-deps", "--no-build-isolation", "-e", str(ROOT))
    if record.get("test") != wanted.get("test", record.get("test")):
        with unfinished(record, "test", wanted):
            pip(f"{count(TEST_LOCK)} for the tests", "--no-deps", "-r", str(TEST_LOCK))


def fingerprints(tests: bool) -> dict[str, str]:
    """For every step, a hash of the files that say what it installs."""
    files = {"app": [LOCK, ROOT / "pyproject.toml"]}
    if tests:
        files["test"] = [TEST_LOCK]
    return {
        step: hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()
        for step, paths in files.items()
    }


def read_record() -> dict:
    """What the last set-up noted; empty when there is none that can be read."""
    try:
        record = json.loads(RECORD.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def write_record(record: dict) -> None:
    """Note `record`, wholly or not at all."""
    draft = RECORD.with_suffix(".tmp")
    draft.write_text(json.dumps(record), encoding="utf-8")
    os.replace(str(draft), str(RECORD))


def is_complete(record: dict, wanted: dict[str, str]) -> bool:
    """Whether nothing is left to install."""
    return is_whole(record) and all(record.get(step) == found for step, found in wanted.items())


def is_whole(record: dict) -> bool:
    """Whether `.venv` can be used: made here, its Python still there, no step cut off half-way."""
    return (
        record.get("root") == str(ROOT)
        and record.get("python") == base_python()
        and record.get("unfinished") is None
        and PYTHON.exists()
    )


def base_python() -> str:
    """The Python that `.venv` was made from; "gone" when it has been removed since."""
    try:
        lines = (VENV / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "gone"
    settings = dict(line.split(" = ", 1) for line in lines if " = " in line)
    # The folder of `home` outlives a patch release; the file's name holds the minor version.
    python = Path(settings.get("home", ""), Path(settings.get("executable", "python")).name)
    return str(python) if python.exists() else "gone"


def make_venv() -> dict:
    """A fresh `.venv` in place of any half-made one; returns its record."""
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        raise SetupError(
            "This Python came without its venv module. On Debian and Ubuntu install it with:"
            " sudo apt install python3-venv"
        )
    try:
        if VENV.is_symlink():
            VENV.unlink()
        elif VENV.exists():
            say("The last set-up was cut off or made elsewhere; .venv is made anew.")
            shutil.rmtree(str(VENV))
    except OSError as error:
        raise SetupError(
            f"{VENV} is of no use and cannot be removed ({error.strerror}). Close what uses it,"
            " remove it by hand and start again."
        ) from error
    made = subprocess.run(
        [getattr(sys, "_base_executable", sys.executable), "-m", "venv", str(VENV)],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        close_fds=False,
    )
    if made.returncode:
        raise SetupError(explain(made.stdout.decode("utf-8", "replace"), str(VENV)))
    record = {"root": str(ROOT), "python": base_python(), "unfinished": None}
    write_record(record)
    return record


def check_space() -> None:
    """Refuse before the first byte what cannot end well; warn where it depends on the build."""
    free_gb = shutil.disk_usage(str(ROOT)).free / 1e9
    if free_gb < SPACE_GB:
        raise SetupError(
            f"Setting up takes about {SPACE_GB} GB, and the disk of {ROOT} has {free_gb:.1f} GB"
            " free. Free some space, or move the folder to another disk, and start again."
        )
    if sys.platform == "linux" and free_gb < SPACE_GB + 3 * TORCH_GB:
        say(f"The disk has {free_gb:.0f} GB free: too little if torch comes with CUDA parts.")


@contextlib.contextmanager
def unfinished(record: dict, step: str, wanted: dict[str, str]) -> Iterator[None]:
    """Mark `record` while `step` is under way, so that a kill in the middle is seen afterwards.

    A failure that pip itself reports leaves a sound `.venv`: the next start goes on from there.
    """
    write_record(dict(record, unfinished=step))
    try:
        yield
    except SetupError:
        write_record(record)
        raise
    record[step] = wanted[step]
    write_record(record)


@contextlib.contextmanager
def only_launch() -> Iterator[None]:
    """Be the only launch that sets up; a second one waits here until the first is done.

    The system drops the lock when its holders end. pip inherits it, so a pip that outlives a
    killed launch is waited for as well.
    """
    try:
        handle = (ROOT / ".venv.lock").open("a+b")
    except OSError as error:
        raise SetupError(
            f"The folder {ROOT} cannot be written to ({error.strerror}). Move Sottovoce to a folder"
            " of yours and start again."
        ) from error
    with handle:
        os.set_inheritable(handle.fileno(), True)
        if not try_lock(handle):
            say("Another launch is setting Sottovoce up; waiting for it.")
            while not try_lock(handle):
                time.sleep(0.2)
        yield


def try_lock(handle: BinaryIO) -> bool:
    """Take the lock on `handle` if nobody holds it; never wait."""
    try:
        if os.name == "nt":
            import msvcrt

            handle.seek(0)
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def torch_requirement() -> str:
    """The torch that pyproject.toml names, such as "torch==2.13.0"."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return re.findall(r'"(torch==[^"]+)"', text)[0]


def count(lock: Path) -> str:
    """How many packages a lock file names, as "1 package" or "95 packages"."""
    n_packages = len(re.findall(r"(?m)^[\w.-]+==", lock.read_text(encoding="utf-8")))
    return f"{n_packages} package{'s' if n_packages != 1 else ''}"


def pip(what: str, *arguments: str) -> None:
    """Run `pip install` in `.venv`, showing one line of progress.

    Raises:
        SetupError: pip failed; the sentence says why, or quotes pip's last lines.
    """
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    started = time.monotonic()
    process = subprocess.Popen(
        [*command, *arguments],
        cwd=str(ROOT),
        env=dict(environment(), PIP_USER="0", PYTHONIOENCODING="utf-8"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        close_fds=False,  # the lock goes with it
    )
    output = []
    with process, Progress(what) as progress:
        for line in process.stdout or ():
            output.append(line)
            progress.read(line)
    if process.returncode:
        raise SetupError(explain("".join(output), what))
    say(f"  {what}: done in {time.monotonic() - started:.0f} s")


def explain(output: str, what: str) -> str:
    """One sentence for what a failed command printed."""
    for pattern, sentence in FAILURES:
        if re.search(pattern, output, re.IGNORECASE):
            return sentence
    tail = "\n  ".join(output.strip().splitlines()[-8:])
    return f"Installing {what} failed. The last lines say why:\n  {tail}"


class Progress:
    """One line on the terminal: what is installed, where it has got to, for how long."""

    def __init__(self, what: str) -> None:
        self._what, self._news, self._n_collected = what, "", 0
        self._started, self._done = time.monotonic(), threading.Event()
        self._ticker = threading.Thread(target=self._tick)

    def __enter__(self) -> "Progress":
        if sys.stderr.isatty():
            self._ticker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        if self._ticker.is_alive():
            self._ticker.join()
            self._write("")

    def read(self, line: str) -> None:
        """Take one line of pip's output."""
        words = line.split()
        if words[:1] == ["Collecting"]:
            self._n_collected += 1
            self._news = f"{self._n_collected}, {words[1].split('=')[0]}"
        elif words[:1] == ["Downloading"]:
            self._news = f"{self._n_collected}, {' '.join(words[1:])}"
        elif words[:1] == ["Installing"]:
            self._news = "unpacking"

    def _tick(self) -> None:
        while not self._done.wait(0.5):
            seconds = time.monotonic() - self._started
            self._write(f"  {self._what} ({seconds:.0f} s): {self._news}")

    def _write(self, line: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        sys.stderr.write(f"\r{line[:width]:<{width}}\r")
        sys.stderr.flush()


def environment() -> dict[str, str]:
    """The environment for everything that runs in `.venv`."""
    kept = {name: value for name, value in os.environ.items() if name not in LEADING_AWAY}
    if os.name == "nt":
        kept.setdefault("PYTHONUTF8", "1")  # redirected text is UTF-8, whatever the code page
    return kept


def become(arguments: list[str]) -> int:
    """Run `.venv`'s Python with `arguments` in place of this process."""
    command = [str(PYTHON), *arguments]
    if os.name == "nt":  # no exec there: wait for it and pass its exit code on
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches the child as well
        return subprocess.call(command, env=environment())
    return os.execve(command[0], command, environment())


def say(text: str) -> None:
    """Tell the person something; standard output is left to the program."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
