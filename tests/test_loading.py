"""Nothing the program reads can run code: what its own source says, line by line."""

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
FILES = sorted(
    path
    for pattern in ("*.py", "asr_core/**/*.py", "ui_components/**/*.py")
    for path in PROJECT.glob(pattern)
)

# These run what they read, or may.
FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
HARMLESS_NAMES = {"UnpicklingError"}  # what torch raises, which reads nothing
FORBIDDEN_CALLS = {
    *("eval", "exec", "compile", "os.system", "os.popen", "torch.hub.load", "torch.jit.load"),
    *("yaml.load", "yaml.load_all", "yaml.unsafe_load", "yaml.full_load"),
}

# Recordings of our own, whose makers are known; all others go through the sandbox.
TRUSTED = {
    "asr_core/bench/own.py",
    "asr_core/cli/doctor.py",
    "asr_core/training/corpus.py",
}


def by_name(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def calls(source: str) -> list[tuple[str, dict[str, object]]]:
    """Every call by its dotted name, with the keywords whose values are plain."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            plain = {
                keyword.arg: keyword.value.value
                for keyword in node.keywords
                if keyword.arg and isinstance(keyword.value, ast.Constant)
            }
            found.append((ast.unparse(node.func), plain))
    return found


def faults(source: str) -> list[str]:
    """What in a source could run code that it reads."""
    found = []
    for node in ast.walk(ast.parse(source)):
        names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and {n.name for n in node.names} != HARMLESS_NAMES:
            names.append(node.module or "")
        found += [name for name in names if name.split(".")[0] in FORBIDDEN_MODULES]
    for name, keywords in calls(source):
        if name in FORBIDDEN_CALLS:
            found.append(name)
        if name == "torch.load" and keywords.get("weights_only") is not True:
            found.append(name)
        if keywords.get("allow_pickle") or keywords.get("trust_remote_code"):
            found.append(name)
        if keywords.get("shell"):
            found.append(name)
    return found


@pytest.mark.parametrize("path", FILES, ids=by_name)
def test_no_file_is_read_by_something_that_runs_what_it_reads(path):
    assert faults(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import UnpicklingError, loads",
        "from joblib import load",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "np.load(path, allow_pickle=True)",
        "yaml.load(text, Loader=yaml.Loader)",
        "AutoModel.from_pretrained(path, trust_remote_code=True)",
        "subprocess.run(command, shell=True)",
        "eval(text)",
    ],
)
def test_such_a_line_would_be_found(source):
    assert faults(source)


@pytest.mark.parametrize(
    "source",
    [
        "torch.load(path, weights_only=True)",
        "np.load(path)",
        "from pickle import UnpicklingError",
        "yaml.safe_load(text)",
        "model.eval()",
    ],
)
def test_a_harmless_line_passes(source):
    assert not faults(source)


def test_only_recordings_of_our_own_are_decoded_in_this_process():
    def opens(path):
        return any(
            isinstance(node, ast.ImportFrom)
            and node.module == "asr_core.audio.decode"
            and {name.name for name in node.names} & {"open_recording", "decode"}
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        )

    assert {by_name(path) for path in FILES if opens(path)} == TRUSTED | {
        "asr_core/sandbox/program.py"
    }
