"""Models that were carried here: in a folder, a ZIP, a TAR, from another computer's models."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from asr_core.cli import main
from asr_core.errors import ModelError
from asr_core.store import model_folder, shelf, shelved
from asr_core.store.carried import pieces_of
from asr_core.store.shelf import checked_path

ROOT = Path(__file__).resolve().parents[3]
NAME = "firered-asr-aed-l"
SMALL = {  # made-up bytes under the names that this model's files have
    "model.pth.tar": b"weights" * 1000,
    "cmvn.ark": b"cmvn",
    "dict.txt": b"a 0\n",
    "train_bpe1000.model": b"pieces",
}


def folder_of(path, files):
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def zip_of(path, files, root=""):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(root + name, data)
    return path


def tar_of(path, files, root="", mode="w:gz"):
    with tarfile.open(path, mode) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(root + name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def contents(name):
    folder = model_folder(name)
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in shelf.files_in(folder)
    }
    del found[shelf.MANIFEST]
    return found


def make(kind, folder):
    path = folder / "FireRedASR-AED-L"
    if kind == "folder":
        return folder_of(path, SMALL)
    if kind == "zip":
        return zip_of(path.with_suffix(".zip"), SMALL, root="model/")
    if kind == "tar":
        return tar_of(path.with_suffix(".tar"), SMALL, mode="w")
    return tar_of(path.with_suffix(".tar.gz"), SMALL, root="./FireRedASR-AED-L/")


@pytest.mark.parametrize("kind", ["folder", "zip", "tar", "tar.gz"])
def test_a_model_is_copied_and_keeps_its_bytes(models_folder, tmp_path, capsys, kind):
    """From the stick it is called as on the hub, or as one says."""
    path = make(kind, tmp_path)
    assert main(["models", "add", str(path), "--name", NAME]) == 0
    assert "with nothing: none were published" in capsys.readouterr().out
    assert contents(NAME) == SMALL
    assert model_folder(NAME) == models_folder / NAME
    assert shelf.begun() == {}
    shelf.remove(NAME)
    assert main(["models", "add", str(path), "--name", "my-own.1"]) == 0
    assert [model.id for model in shelved()] == ["my-own.1"]


def test_a_folder_is_known_by_its_name_on_the_hub(models_folder, tmp_path):
    assert main(["models", "add", str(folder_of(tmp_path / "firered-asr-aed-l", SMALL))]) == 0
    assert shelved()[0].id == NAME


def test_what_no_one_knows_needs_a_name(models_folder, tmp_path, capsys):
    path = folder_of(tmp_path / "something", {"weights.bin": b"x"})
    assert main(["models", "add", str(path)]) == 1
    assert "Nothing says which model 'something' is" in capsys.readouterr().err
    for name in ("../up", "Big Letters", "sottovoce-base", ""):
        assert main(["models", "add", str(path), f"--name={name}"]) == 1
    assert shelved() == []
    assert not (models_folder / "up").exists()


def test_a_gguf_file_is_a_model_by_itself(models_folder, tmp_path, capsys):
    file = tmp_path / "Qwen3-ASR-0.6B-Q8_0.gguf"
    file.write_bytes(b"GGUF and more")
    assert main(["models", "add", str(file), "--name", "qwen"]) == 0
    assert contents("qwen") == {file.name: b"GGUF and more"}
    assert main(["models", "info", "qwen"]) == 0
    assert f"from      {file.name}" in capsys.readouterr().out


def test_the_models_of_another_computer_are_compared_with_their_manifest(
    models_folder, tmp_path, capsys
):
    assert main(["models", "add", str(folder_of(tmp_path / NAME, SMALL))]) == 0
    stick = tmp_path / "stick" / "anything"
    shutil.copytree(models_folder / NAME, stick)
    (stick / "notes.txt").write_text("not of the model")
    shelf.remove(NAME)
    capsys.readouterr()
    assert main(["models", "add", str(stick)]) == 0
    assert "with the manifest that came with it" in capsys.readouterr().out
    assert contents(NAME) == SMALL
    shelf.remove(NAME)
    data = bytearray((stick / "model.pth.tar").read_bytes())
    data[99] ^= 1
    (stick / "model.pth.tar").write_bytes(data)
    assert main(["models", "add", str(stick), "--unchecked"]) == 1
    assert "model.pth.tar is not what its manifest says" in capsys.readouterr().err
    (stick / "model.pth.tar").unlink()
    assert main(["models", "add", str(stick)]) == 1
    assert "lacks model.pth.tar" in capsys.readouterr().err
    (stick / shelf.MANIFEST).write_text('{"format": 1, "files": {"../x": {}}}')
    assert main(["models", "add", str(stick)]) == 1
    assert "The manifest in 'anything' cannot be read" in capsys.readouterr().err
    assert (shelved(), shelf.begun()) == ([], {})


def test_bytes_that_are_not_the_published_ones_need_a_word(models_folder, tmp_path, capsys):
    files = {"config.json": b"{}", "tokenizer_config.json": b"{}", "model.safetensors": b"other"}
    path = folder_of(tmp_path / "Qwen3-ASR-0.6B", files | {"run.py": b"x"})
    add = ["models", "add", str(path), "--name", "qwen3-asr-0.6b"]
    assert main(add) == 1
    assert "not the one that was published for qwen3-asr-0.6b" in capsys.readouterr().err
    assert (shelved(), shelf.begun()) == ([], {})
    assert main([*add, "--unchecked"]) == 0
    assert shelf.find("qwen3-asr-0.6b").checked == "nothing"
    assert contents("qwen3-asr-0.6b") == files
    stick = tmp_path / "with-a-manifest"  # which says so of itself: it does not count for more
    shutil.copytree(models_folder / "qwen3-asr-0.6b", stick)
    shelf.remove("qwen3-asr-0.6b")
    assert main(["models", "add", str(stick)]) == 1
    assert "not the one that was published for qwen3-asr-0.6b" in capsys.readouterr().err


def test_a_folder_that_is_not_whole_is_refused(models_folder, tmp_path, capsys):
    less = {name: data for name, data in SMALL.items() if name != "cmvn.ark"}
    assert main(["models", "add", str(folder_of(tmp_path / NAME, less))]) == 1
    assert "There is no cmvn.ark in it" in capsys.readouterr().err
    index = {"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}
    files = {
        "config.json": b"{}",
        "tokenizer_config.json": b"{}",
        "model-1.safetensors": b"x",
        "model.safetensors.index.json": json.dumps(index).encode(),
    }
    path = folder_of(tmp_path / "sharded", files)
    assert main(["models", "add", str(path), "--name", "qwen3-asr-1.7b"]) == 1
    assert "There is no model-2.safetensors in it" in capsys.readouterr().err
    assert (shelved(), shelf.begun()) == ([], {})


def link(archive_path):
    with tarfile.open(archive_path, "w") as archive:
        member = tarfile.TarInfo("model/config.json")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(member)


def hard_link(archive_path):
    with tarfile.open(archive_path, "w") as archive:
        member = tarfile.TarInfo("model/config.json")
        member.type, member.linkname = tarfile.LNKTYPE, "../../x"
        archive.addfile(member)


def device(archive_path):
    with tarfile.open(archive_path, "w") as archive:
        member = tarfile.TarInfo("null")
        member.type = tarfile.CHRTYPE
        archive.addfile(member)


def zip_link(archive_path):
    with zipfile.ZipFile(archive_path, "w") as archive:
        member = zipfile.ZipInfo("config.json")
        member.external_attr = 0o120777 << 16
        archive.writestr(member, "/etc/passwd")


def many(archive_path):
    with zipfile.ZipFile(archive_path, "w") as archive:
        for number in range(10_001):
            archive.writestr(str(number), "")


HOSTILE = {
    "a link": link,
    "a hard link": hard_link,
    "a device": device,
    "a link in a ZIP": zip_link,
    "far too many": many,
    "up": lambda path: tar_of(path, {"a/../../x": b"x"}),
    "up, alone": lambda path: tar_of(path, {"../x": b"x"}),
    "up, by Windows": lambda path: tar_of(path, {"..\\x": b"x"}),
    "absolute": lambda path: tar_of(path, {"/tmp/x": b"x"}),
    "absolute in a ZIP": lambda path: zip_of(path, {"a/b": b"x", "/tmp/x": b"x"}),
    "a drive": lambda path: tar_of(path, {"C:/x": b"x", "y": b""}),
    "a stream of another name": lambda path: tar_of(path, {"x:y": b"x", "z": b""}),
    "one name twice": lambda path: tar_of(path, {"a": b"x", "A": b"y"}),
    "nothing": lambda path: tar_of(path, {}),
    "no archive": lambda path: path.write_bytes(b"x" * 2000),
    "half an archive": lambda path: path.write_bytes(tar_of(path, SMALL).read_bytes()[:100]),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_would_leave_its_folder_is_refused(tmp_path, kind):
    path = tmp_path / "model.tar"
    HOSTILE[kind](path)
    with pytest.raises(ModelError) as refusal, pieces_of(path):
        pass
    assert str(refusal.value)[-1] in ".)"
    assert os.listdir(tmp_path) == ["model.tar"]


def test_a_link_in_a_folder_is_refused(tmp_path):
    folder = folder_of(tmp_path / "model", SMALL)
    (folder / "config.json").symlink_to("/etc/passwd")
    with pytest.raises(ModelError, match=r"'config\.json' is a link"), pieces_of(folder):
        pass


def test_a_file_longer_than_it_says_is_refused(models_folder, tmp_path, capsys):
    """A ZIP whose directory says 4 bytes of a file of a million."""
    path = zip_of(tmp_path / "bomb.zip", {"a.txt": b"x" * 1_000_000, "b.txt": b""})
    data = path.read_bytes()
    directory = data.rindex(b"PK\x01\x02", 0, data.rindex(b"PK\x01\x02"))
    size = directory + 24
    path.write_bytes(data[:size] + (4).to_bytes(4, "little") + data[size + 4 :])
    assert main(["models", "add", str(path), "--name", "mine"]) == 1
    assert "Error: " in capsys.readouterr().err
    assert shelved() == []
    assert sum(file.stat().st_size for file in shelf.files_in(models_folder)) < 1000


def test_an_encrypted_or_damaged_archive_is_a_sentence(models_folder, tmp_path, capsys):
    path = zip_of(tmp_path / "mine.zip", SMALL)
    data = bytearray(path.read_bytes())
    data[60:90] = bytes(30)
    path.write_bytes(data)
    assert main(["models", "add", str(path), "--name", "mine"]) == 1
    assert "is damaged or encrypted" in capsys.readouterr().err
    flag = bytearray(zip_of(path, SMALL).read_bytes())
    for head, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = flag.index(head)
        flag[at + place] |= 1
    path.write_bytes(flag)
    assert main(["models", "add", str(path), "--name", "mine"]) == 1
    assert "is damaged or encrypted" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_an_archive_with_wrong_bytes_gives_the_files_or_one_sentence(tmp_path, kind):
    """Cut and changed at 150 places each; whatever is read is no longer than it says."""
    path = tmp_path / f"model.{kind}"
    if kind == "zip":
        zip_of(path, SMALL)
    else:
        tar_of(path, SMALL, mode=f"w:{kind[4:]}" if "." in kind else "w")
    whole, chance = path.read_bytes(), random.Random(7)
    outcomes = set()
    for number in range(150):
        data = bytearray(whole[: chance.randrange(len(whole))] if number % 3 == 0 else whole)
        for _ in range(chance.randrange(1, 4)):
            if data:
                data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        path.write_bytes(data)
        try:
            with pieces_of(path) as pieces:
                for piece in pieces:
                    assert checked_path(piece.path)
                    with piece.open() as file:
                        file.read(piece.size + 1)
            outcomes.add("read")
        except ModelError:
            outcomes.add("refused")
    assert "refused" in outcomes


def test_the_digests_in_the_manifest_are_those_of_the_files(models_folder, tmp_path):
    assert main(["models", "add", str(folder_of(tmp_path / NAME, SMALL))]) == 0
    written = json.loads((models_folder / NAME / shelf.MANIFEST).read_text("utf-8"))
    assert written["files"]["dict.txt"] == {
        "size": 4,
        "sha256": hashlib.sha256(SMALL["dict.txt"]).hexdigest(),
    }


COPYING = """
import json, sys
from asr_core import limits
from asr_core.store import program
def bring_carried(*_):
    print(limits.network_left())
    sys.exit()
program.bring_carried = bring_carried
program._end_with_starter = lambda: None  # stdin ends at once here
program.main()
"""


def test_copying_a_model_has_no_network_at_all(may_leave_network, tmp_path):
    if not may_leave_network:
        pytest.skip("this system gives programs no network of their own")
    order = {"name": None, "path": str(tmp_path), "unchecked": False, "agreed": None}
    done = subprocess.run(
        [sys.executable, "-c", COPYING],
        cwd=ROOT, input=json.dumps(order) + "\n", capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stdout == "True\n", done.stderr


AS_THE_PAGE = """
import sys
from pathlib import Path
from asr_core import limits
from asr_core.privacy import guard
guard.stand()
limits.forbid_files()
from asr_core.store import shelf
from asr_core.store.adding import Adding
model = Adding.carried(Path(sys.argv[1]), "mine")
model.wait()
print(model.error, model.id, limits.files_forbidden())
print(shelf.remove("mine") > 1000)
"""


def test_the_page_s_server_can_add_and_remove_though_it_may_not_write(models_folder, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", AS_THE_PAGE, folder_of(tmp_path / "stick", SMALL)],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.split() == ["None", "mine", "True", "True"], done.stderr
