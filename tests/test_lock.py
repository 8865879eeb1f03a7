"""The locks name everything that is installed, and nothing that is not ours to pin."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = {
    path: (PROJECT / path).read_text(encoding="utf-8")
    for path in ("requirements.txt", "tests/requirements.txt")
}


def pins(path: str) -> dict[str, str]:
    """Name to version of all that a lock names, for any platform and Python."""
    return dict(re.findall(r"(?m)^([\w.-]+)==(\S+)", LOCKS[path]))


def allows(requirement: Requirement, version: str) -> bool:
    return requirement.specifier.contains(version, prereleases=True)


@pytest.mark.parametrize(
    ("path", "requirements"),
    [
        ("requirements.txt", PYPROJECT["project"]["dependencies"]),
        ("tests/requirements.txt", PYPROJECT["dependency-groups"]["test"]),
        ("tests/requirements.txt", PYPROJECT["dependency-groups"]["dev"]),
    ],
    ids=["dependencies", "test", "dev"],
)
def test_every_declared_requirement_is_locked_at_an_allowed_version(path, requirements):
    for requirement in map(Requirement, requirements):
        if requirement.name != "torch":  # has a step of its own in launch.py
            assert allows(requirement, pins(path)[canonicalize_name(requirement.name)])


def test_what_the_locked_packages_need_is_locked_too():
    locked = pins("tests/requirements.txt") | pins("requirements.txt")
    asked = [Requirement(f"{name}=={version}") for name, version in locked.items()]
    asked = [requirement for requirement in asked if is_for_here(requirement.name)]
    met = set()
    while asked:
        parent = asked.pop()
        for requirement in map(Requirement, requires(parent.name) or ()):
            extras = parent.extras or {""}
            marker = requirement.marker
            if marker and not any(marker.evaluate({"extra": extra}) for extra in extras):
                continue
            name = canonicalize_name(requirement.name)
            if name == "torch":
                continue
            assert name in locked, f"{parent.name} needs {requirement}"
            assert allows(requirement, locked[name]), f"{parent.name} needs {requirement}"
            if requirement.extras and str(requirement) not in met:
                met.add(str(requirement))
                asked.append(requirement)


def is_for_here(name: str) -> bool:
    """Whether the locks have `name` for this platform and Python."""
    lines = re.findall(rf"(?m)^{name}==[^;\n]*?(?:; (.*?))? *\\?$", "\n".join(LOCKS.values()))
    return any(not marker or Requirement(f"x; {marker}").marker.evaluate() for marker in lines)


def test_every_package_the_program_imports_is_declared():
    extras = PYPROJECT["project"]["optional-dependencies"].values()
    requirements = sum(extras, start=PYPROJECT["project"]["dependencies"])
    declared = {canonicalize_name(Requirement(requirement).name) for requirement in requirements}
    brought_by = packages_distributions()
    for path in [*PROJECT.glob("asr_core/**/*.py"), *PROJECT.glob("ui_components/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for package in {name.split(".")[0] for name in names}:
                if package in sys.stdlib_module_names or package in ("asr_core", "ui_components"):
                    continue
                bringers = {canonicalize_name(name) for name in brought_by.get(package, [package])}
                is_declared = bringers & declared or package.replace("_", "-") in declared
                assert is_declared, f"{path.name} imports {package}"


def test_a_package_in_both_locks_has_one_version():
    app, tests = pins("requirements.txt"), pins("tests/requirements.txt")
    assert {name: app[name] for name in app.keys() & tests} == {
        name: tests[name] for name in app.keys() & tests
    }


@pytest.mark.parametrize("path", LOCKS)
def test_no_lock_names_torch_cuda_or_an_address(path):
    assert not [n for n in pins(path) if re.match(r"torch|nvidia|cuda|triton", n)]
    assert "://" not in LOCKS[path]
    assert not re.search(r"(?m)^-", LOCKS[path])


@pytest.mark.parametrize("path", LOCKS)
def test_every_locked_package_is_tied_to_its_bytes(path):
    entries = re.split(r"(?m)^(?=[\w.-]+==)", LOCKS[path])[1:]
    assert len(entries) == len(pins(path))
    assert all("--hash=sha256:" in entry for entry in entries)


def test_the_license_of_every_locked_package_is_listed():
    listed = (PROJECT / "assets" / "LICENSES.md").read_text(encoding="utf-8")
    packages = {name for path in LOCKS for name in pins(path)} | {"torch"}
    assert [name for name in sorted(packages) if f"| {name} |" not in listed] == []
