"""Imports point one way: app.py to ui_components to asr_core, and room to room within asr_core."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
FILES = sorted(
    path
    for pattern in ("app.py", "asr_core/**/*.py", "ui_components/**/*.py")
    for path in PROJECT.glob(pattern)
)

# A module imports from its own room and from rooms further up in this table, never sideways: search
# does not know the model, nor audio the text.
LAYERS = [
    {
        *(
            "asr_core.result",
            "asr_core.errors",
            "asr_core.heap",
            "asr_core.packed",
            "asr_core.ahead",
        ),
        *("asr_core.pace", "asr_core.saving", "asr_core.settings", "asr_core.speed"),
        *("asr_core.limits", "asr_core.children", "asr_core.passphrase", "asr_core.scribe"),
        *("asr_core.places", "asr_core.servers", "asr_core.threads"),
    },
    {"asr_core.audio", "asr_core.text", "asr_core.privacy"},
    {"asr_core.model", "asr_core.search"},
    {"asr_core.quantize"},
    {"asr_core.store"},
    {"asr_core.engines"},
    {"asr_core.transcribe"},
    {"asr_core.editing"},
    {"asr_core.export"},
    {"asr_core.sandbox", "asr_core.sbom"},
    {"asr_core.preflight"},
    {"asr_core.jobs", "asr_core.project", "asr_core.training"},
    {"asr_core.batch", "asr_core.bench", "asr_core.journal", "asr_core.serve"},
    {"asr_core.cli"},
    {"asr_core.__main__"},
    {"asr_core"},
    {"ui_components"},
    {"app"},
]
GROUND = LAYERS[0]  # these few may use each other
PLACES = {room: place for place, rooms in enumerate(LAYERS) for room in rooms}

# The command `app` opens the page, so the command line names the page's launcher, once it is asked.
EXCEPTIONS = {("asr_core.cli", "ui_components.launch")}


def module_of(path: Path) -> str:
    parts = path.relative_to(PROJECT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_of(path) for path in FILES}


def room_of(module: str) -> str:
    """The part of a module's name that has a place in the table."""
    parts = module.split(".")
    return ".".join(parts[:2] if parts[0] == "asr_core" else parts[:1])


def imports_of(path: Path) -> Iterator[str]:
    """Every module that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} imports by dots: name the module in full"
            for name in node.names:
                inner = f"{node.module}.{name.name}"
                yield inner if inner in MODULES else node.module or ""


def by_name(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


@pytest.mark.parametrize("path", FILES, ids=by_name)
def test_imports_point_one_way(path):
    importer = module_of(path)
    room = room_of(importer)
    assert room in PLACES, f"give {room} its place in LAYERS"
    for imported in imports_of(path):
        if imported.split(".")[0] not in ("app", "asr_core", "ui_components"):
            continue
        target = room_of(imported)
        is_inside = target == room or {room, target} <= GROUND
        is_excepted = (importer, imported) in EXCEPTIONS
        assert is_inside or is_excepted or PLACES[target] < PLACES[room], (
            f"{importer} imports {imported}, which stands above or beside it"
        )


@pytest.mark.parametrize(
    "path", [path for path in FILES if "asr_core" in by_name(path)], ids=by_name
)
def test_the_core_knows_nothing_of_streamlit(path):
    assert not [name for name in imports_of(path) if name.split(".")[0] == "streamlit"]
