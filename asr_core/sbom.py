"""What Sottovoce is made of, as a CycloneDX document: `python -m asr_core.sbom > sbom.json`.

From what the project itself says: the lock with its hashes, the licenses listed beside the assets,
the digests of the model. The same project gives the same bytes.

Source: CycloneDX 1.6, https://cyclonedx.org/docs/1.6/json/
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

from asr_core.errors import AsrError
from asr_core.model import trained
from asr_core.store.bundled import MODELS

_PROJECT = Path(__file__).resolve().parents[1]
_LOCK = re.compile(r"(?m)^([\w.-]+)==([^\s;]+)(?: ; (.*?))? \\\n((?:    --hash=.*\n?)+)")
_PIN = re.compile(r"([\w.-]+)==([^\s;]+)")

Component = dict[str, Any]


def bill(project: Path = _PROJECT) -> dict[str, Any]:
    """The bill of materials of the project in this folder.

    Raises:
        AsrError: it is not a whole project folder.
    """
    try:
        about = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["project"]
        lock = (project / "requirements.txt").read_text("utf-8")
        licenses = _licenses((project / "assets" / "LICENSES.md").read_text("utf-8"))
    except OSError as error:
        missing = Path(str(error.filename)).name
        raise AsrError(
            f"The bill of materials needs {missing}, which is not here. "
            "Run it in Sottovoce's own folder."
        ) from None
    torch = next(pin for pin in about["dependencies"] if pin.startswith("torch=="))
    packages = [
        _package(name, version, marker, hashes, licenses)
        for name, version, marker, hashes in _LOCK.findall(lock)
    ]
    name, version = _fixed(torch)
    packages.append(_package(name, version, "", "", licenses))
    parts = sorted([*packages, *_models()], key=lambda part: part["bom-ref"])
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": about["name"],
                "name": about["name"],
                "version": about["version"],
                "description": about["description"],
                "licenses": [{"license": {"id": about["license"]}}],
            }
        },
        "components": parts,
        "dependencies": [
            {"ref": about["name"], "dependsOn": [part["bom-ref"] for part in parts]},
        ],
    }


def _fixed(pin: str) -> tuple[str, str]:
    found = _PIN.fullmatch(pin)
    assert found is not None
    return found[1], found[2]


def _package(
    name: str, version: str, marker: str, hashes: str, licenses: dict[str, str]
) -> Component:
    """A package of the lock; its hashes are those of all its files, for any platform."""
    address = f"pkg:pypi/{name}@{version}"
    component: Component = {
        "type": "library",
        "bom-ref": address,
        "name": name,
        "version": version,
        "purl": address,
    }
    if name in licenses:
        component["licenses"] = [{"license": {"name": licenses[name]}}]
    digests = sorted(re.findall(r"--hash=sha256:([0-9a-f]{64})", hashes))
    if digests:
        component["externalReferences"] = [
            {
                "type": "distribution",
                "url": address,
                "hashes": [_sha256(digest) for digest in digests],
            }
        ]
    if marker:
        component["properties"] = [{"name": "sottovoce:only-where", "value": marker}]
    return component


def _models() -> list[Component]:
    """The weights, as they lie in their packages and in the assets."""
    found: list[Component] = []
    for model in MODELS:
        described = {"type": "machine-learning-model", "description": model.about}
        license = [{"license": {"id": model.license}}]
        _, digest, _ = trained.condition(model.folder)
        for name, sha256 in ((model.public_source, model.sha256), (model.name, digest)):
            found.append(
                {
                    **described,
                    "bom-ref": f"model:{name}",
                    "name": name,
                    "hashes": [_sha256(sha256)],
                    "licenses": license,
                }
            )
    return found


def _sha256(digest: str) -> dict[str, str]:
    return {"alg": "SHA-256", "content": digest}


def _licenses(text: str) -> dict[str, str]:
    """Package to license, from tables of two columns, or of four with the version in between."""
    rows = re.findall(r"(?m)^\| ([\w.-]+) \|(?: [^|\n]+ \|(?= [^|\n]+ \|.))? ([^|\n]+) \|", text)
    return dict(rows)


def main() -> None:
    """Print the bill of materials of this project."""
    try:
        print(json.dumps(bill(), indent=2, ensure_ascii=True))
    except AsrError as error:
        sys.exit(f"Error: {error}")


if __name__ == "__main__":
    main()
