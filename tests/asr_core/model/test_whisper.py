"""The bundled weights: read in place, and refused by name when anything is wrong with them."""

import sys
from pathlib import Path

import pytest
import torch

from asr_core.errors import ModelError
from asr_core.model import whisper
from asr_core.model.whisper import PACKAGES, data_file, whisper_state_dict


def assert_names_both_packages(error):
    text = str(error.value)
    assert all(package in text for package in PACKAGES)
    assert "Systran/faster-whisper-base at revision ebe41f70" in text
    assert "Install both again" in text


def test_the_weights_are_complete_and_float32():
    weights = whisper_state_dict()
    assert len(weights) == 246
    assert sum(w.numel() for name, w in weights.items() if name != "proj_out.weight") == 72_593_920
    for name, weight in weights.items():
        assert weight.dtype == torch.float32, name
        assert weight.isfinite().all(), name
    assert weights["model.decoder.layers.2.fc1.weight"].shape == (2048, 512)  # lies in both parts


@pytest.mark.parametrize("package", PACKAGES)
def test_a_missing_package_is_named(monkeypatch, package):
    monkeypatch.setitem(sys.modules, package.replace("-", "_"), None)
    with pytest.raises(ModelError, match=f"the package {package} is not installed") as error:
        whisper_state_dict()
    assert_names_both_packages(error)


def test_a_missing_file_is_named():
    with pytest.raises(ModelError, match=r"lacks its file model\.bin\.part3") as error:
        data_file("model.bin.part3")
    assert_names_both_packages(error)


@pytest.fixture
def copied(monkeypatch, tmp_path):
    """Read copies of the two parts, which the test may change first."""
    parts = [Path(str(data_file(f"model.bin.part{i + 1}", PACKAGES[i]))) for i in range(2)]
    monkeypatch.setattr(whisper, "data_file", lambda name, package=None: tmp_path / name)

    def copy(change):
        for i, part in enumerate(parts):
            (tmp_path / part.name).write_bytes(change(i, part))

    return copy


def test_one_changed_bit_in_the_second_part_is_found(copied):
    def flip(i, part):
        data = bytearray(part.read_bytes())
        data[len(data) // 2] ^= i  # the first part stays as it is
        return data

    copied(flip)
    with pytest.raises(ModelError, match=r"SHA-256 is .*not d01c3014881c") as error:
        whisper_state_dict()
    assert_names_both_packages(error)


@pytest.mark.parametrize(
    "data",
    [b"x", b"\x06\0\0\0", b"\x07\0\0\0" + bytes(1000), b"<html>Not Found</html>" * 100],
)
def test_other_bytes_are_refused_by_their_digest(copied, data):
    copied(lambda i, part: data)
    with pytest.raises(ModelError, match="SHA-256 is") as error:
        whisper_state_dict()
    assert_names_both_packages(error)


def test_a_download_that_broke_off_is_refused(copied):
    def cut(i, part):
        with part.open("rb") as file:
            return file.read(60_000_000)

    copied(cut)
    with pytest.raises(ModelError, match="SHA-256 is"):
        whisper_state_dict()


def test_an_empty_part_is_refused(copied):
    copied(lambda i, part: b"")
    with pytest.raises(ModelError, match="a part of the model is empty") as error:
        whisper_state_dict()
    assert_names_both_packages(error)
