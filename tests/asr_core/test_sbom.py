"""The bill of materials names everything that is installed, the same way every time."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from asr_core.errors import AsrError
from asr_core.model import whisper
from asr_core.sbom import bill

PROJECT = Path(__file__).resolve().parents[2]
LOCKED = dict(re.findall(r"(?m)^([\w.-]+)==([^\s;]+)", (PROJECT / "requirements.txt").read_text()))


@pytest.fixture(scope="module")
def parts():
    return {part["name"]: part for part in bill()["components"]}


def test_every_locked_package_is_there_with_version_license_and_hashes(parts):
    for name, version in LOCKED.items():
        part = parts[name]
        assert part["version"] == version
        assert part["purl"] == part["bom-ref"] == f"pkg:pypi/{name}@{version}"
        assert part["licenses"][0]["license"]["name"]
        assert all(
            re.fullmatch("[0-9a-f]{64}", digest["content"]) and digest["alg"] == "SHA-256"
            for digest in part["externalReferences"][0]["hashes"]
        )


def test_a_package_has_the_hashes_of_the_lock(parts):
    entry = re.search(r"(?m)^safetensors==.*\n((?:    --hash.*\n)+)", lock())[1]
    hashes = parts["safetensors"]["externalReferences"][0]["hashes"]
    assert {digest["content"] for digest in hashes} == set(re.findall("[0-9a-f]{64}", entry))


def lock():
    return (PROJECT / "requirements.txt").read_text(encoding="utf-8")


def test_torch_and_the_model_are_there_and_nothing_else_is(parts):
    assert parts["torch"]["version"] == "2.13.0"
    assert parts[whisper.PUBLIC_SOURCE]["hashes"][0]["content"] == whisper.SHA256
    models = {"sottovoce-base", whisper.PUBLIC_SOURCE}
    assert set(parts) == set(LOCKED) | models | {"torch"}


def test_it_has_the_fields_that_cyclonedx_requires():
    document = bill()
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    references = [part["bom-ref"] for part in document["components"]]
    assert len(set(references)) == len(references)
    assert all(part["type"] and part["name"] for part in document["components"])
    assert document["dependencies"][0]["dependsOn"] == references


def test_the_command_prints_the_same_bytes_every_time():
    command = [sys.executable, "-m", "asr_core.sbom"]
    runs = [subprocess.run(command, cwd=PROJECT, capture_output=True) for _ in range(2)]
    assert runs[0].stdout == runs[1].stdout
    assert (runs[0].returncode, runs[0].stderr) == (0, b"")
    assert json.loads(runs[0].stdout) == bill()


def test_outside_the_project_it_says_what_is_missing(tmp_path):
    with pytest.raises(AsrError, match=r"needs pyproject\.toml, which is not here"):
        bill(tmp_path)
