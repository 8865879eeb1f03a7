"""What a GGUF file says of itself, read without loading it."""

from __future__ import annotations

import struct

import pytest
import tiny_gguf

from asr_core.engines.ggml.file import gguf_files, precision_of, the_gguf, value_in
from asr_core.errors import ModelError


@pytest.fixture
def file(tmp_path):
    return tiny_gguf.write_qwen(tmp_path / "tiny" / "model.gguf")


def test_a_folder_with_one_file_is_that_file(file):
    assert the_gguf(file.parent) == the_gguf(file) == file


def test_other_files_and_folders_hold_none(tmp_path):
    (tmp_path / "model.safetensors").touch()
    assert gguf_files(tmp_path) == gguf_files(tmp_path / "model.safetensors") == []
    assert gguf_files(tmp_path / "gone") == []


def test_values_are_found_before_and_behind_long_lists(file):
    assert value_in(file, "general.architecture") == "qwen3_asr"
    assert value_in(file, "stt.qwen3_asr.decoder.rope_mrope_interleaved") is True
    assert value_in(file, "stt.frontend.f_max") == 8000.0
    assert value_in(file, "stt.qwen3_asr.decoder.vocab_size") == len(tiny_gguf.TOKENS)
    assert value_in(file, "nothing") is None


def test_the_kind_of_most_weights_is_the_precision(file, tmp_path):
    assert precision_of(file) == "Q8_0"
    silent = tmp_path / "silent.gguf"
    tiny_gguf.write_gguf(silent, {"general.architecture": "qwen3_asr"}, {})
    assert precision_of(silent) == "gguf"


def test_which_of_several_is_meant_has_to_be_said(file):
    other = tiny_gguf.write_qwen(file.with_name("second.gguf"))
    with pytest.raises(ModelError, match=r"files in 'tiny': model\.gguf, second\.gguf\. Give"):
        the_gguf(file.parent)
    assert the_gguf(other) == other


def test_a_file_of_another_program_is_named(tmp_path):
    file = tmp_path / "talk.gguf"
    tiny_gguf.write_gguf(file, {"general.architecture": "qwen3vl"}, {})
    with pytest.raises(ModelError, match=r"'talk\.gguf' says it is 'qwen3vl', and"):
        the_gguf(file)
    tiny_gguf.write_gguf(file, {"general.name": "nothing"}, {})
    with pytest.raises(ModelError, match="says it is None"):
        the_gguf(file)


def head(n_pairs, rest, version=3):
    return b"GGUF" + struct.pack("<IQQ", version, 0, n_pairs) + rest


KEY = struct.pack("<Q", 1) + b"a"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04 no such file",
        head(0, b"", version=1),
        head(1, b""),
        head(1, struct.pack("<Q", 2**63) + b"a"),
        head(1, KEY + struct.pack("<I", 13)),
        head(1, KEY + struct.pack("<IIQ", 9, 4, 2**62)),
        head(2, KEY + struct.pack("<IIQ", 9, 8, 2**20)),
        head(1, KEY + struct.pack("<IIQ", 9, 9, 1)),
        head(1, struct.pack("<Q", 1) + b"\xff"),
    ],
    ids=[
        *("empty", "other", "version", "no pair", "long key", "kind", "long list", "few entries"),
        *("nested", "no text"),
    ],
)
def test_what_is_damaged_or_hostile_is_refused_at_once(tmp_path, data):
    file = tmp_path / "bad.gguf"
    file.write_bytes(data)
    with pytest.raises(ModelError, match=r"'bad\.gguf' is no GGUF file, or is damaged \("):
        the_gguf(file)


def test_a_file_that_was_cut_off_in_its_head_is_damaged(file):
    whole = file.read_bytes()
    for n_bytes in range(40, 5000, 241):
        file.write_bytes(whole[:n_bytes])
        with pytest.raises(ModelError, match="is damaged"):
            value_in(file, "general.file_type")
