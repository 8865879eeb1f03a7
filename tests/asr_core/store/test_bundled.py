"""The bundled model: its bytes, in packages and in the assets."""

import hashlib

import pytest

from asr_core.cli import main
from asr_core.errors import ModelError
from asr_core.model import whisper
from asr_core.store import bundled


def test_the_bundled_model_is_whole(capsys):
    found = bundled.condition(bundled.MODELS[0])
    assert found.is_whole
    assert found.is_trained_whole
    assert found.n_bytes == 145_217_532


def test_a_damaged_one_is_said_to_be(monkeypatch, capsys, tmp_path):
    damaged = tmp_path / "part"
    damaged.write_bytes(b"damaged")
    monkeypatch.setattr(whisper, "data_file", lambda name, package: damaged)
    found = bundled.condition(bundled.MODELS[0])
    assert (found.n_bytes, found.is_whole) == (14, False)
    assert main(["models", "verify", "sottovoce-base"]) == 1
    assert "DAMAGED" in capsys.readouterr().out
    whole = bundled.Model(
        "m", "", "", ("numpy", "numpy"), hashlib.sha256(b"damaged" * 2).hexdigest(), ""
    )
    assert bundled.condition(whole).is_whole


def test_a_missing_package_is_a_sentence(monkeypatch, capsys):
    gone = bundled.Model("m", "", "", ("no-such-package-here",), "", "")
    with pytest.raises(ModelError, match="no-such-package-here is not installed"):
        bundled.condition(gone)
    monkeypatch.setattr(bundled, "MODELS", (gone,))
    assert main(["models", "verify"]) == 1
    assert "no-such-package-here is not installed" in capsys.readouterr().out
