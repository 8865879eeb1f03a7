"""The program that brings one model: from the hub or from a folder or archive.

It is the only one of ours that may reach the network, and only the hosts its starter names; that
one has asked the person before. An order comes as a line of JSON on stdin, news go out as lines on
stdout. It ends with its starter: when stdin closes, at once. What has come by then is kept.
"""

from __future__ import annotations

import errno
import fnmatch
import hashlib
import json
import os
import re
import shutil
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from asr_core import limits
from asr_core.errors import AsrError, ModelError
from asr_core.places import models_folder
from asr_core.store import hub
from asr_core.store.carried import Piece, pieces_of
from asr_core.store.catalogue import BUNDLED, Entry, entry, known
from asr_core.store.pickled import UnansweredError, check_carried, check_copied
from asr_core.store.shelf import (
    MANIFEST,
    Content,
    Progress,
    Shelved,
    checked_id,
    files_in,
    locked,
    manifest_in,
    put_up,
)

SPARE = 300_000_000  # bytes that stay free on the disk
_GROWTH = 1.5  # times what a person was told: above it, the hub has something else
_NEWS_S = 0.2  # between two lines about how far it is
_CHUNK = 1 << 20

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class News:
    """What is told to whoever started this program."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._last = 0.0

    def say(self, **message: Any) -> None:
        """A line of JSON."""
        print(json.dumps(message), file=self._out, flush=True)

    def progress(self, done: int, total: int) -> None:
        """How many bytes have come."""
        if (now := time.monotonic()) - self._last > _NEWS_S:
            self._last = now
            self.say(kind="progress", done=done, total=total)


def main() -> None:
    """Read the order, do it, tell how it ended."""
    limits.hide_memory()
    limits.allow_files()
    news = News(sys.stdout)
    order = json.loads(sys.stdin.readline())
    if order["path"] is not None:
        limits.leave_network()  # before the first thread starts
    threading.Thread(target=_end_with_starter, name="starter", daemon=True).start()
    try:
        if order["path"] is None:
            model = bring_from_hub(entry(order["name"]), news)
        else:
            path = Path(order["path"])
            said = order["name"], order["unchecked"], order["agreed"]
            model = bring_carried(path, *said, news)
    except UnansweredError as error:
        news.say(kind="asks", error=str(error), **asdict(error.file))
    except AsrError as error:
        news.say(kind="failed", error=str(error))
    except OSError as error:
        news.say(kind="failed", error=str(_of_the_disk(error)))
    else:
        news.say(kind="done", id=model.id, n_bytes=model.n_bytes, checked=model.checked)


def bring_from_hub(entry: Entry, news: News) -> Shelved:
    """Fetch a model, or the rest of it, and put it up.

    Raises:
        ModelError: it cannot be had, or is not what it should be.
        OSError: the disk refuses it.
    """
    with locked(entry.id) as unfinished:
        _check_absent(entry.id)
        plan = hub.plan(entry)
        _check_needs(entry.needs, [file.path for file in plan.files])
        total = sum(file.size for file in plan.files)
        if total > _GROWTH * entry.disk:
            raise ModelError(
                f"The hub has {total / 1e9:.1f} GB for {entry.id} instead of "
                f"{entry.disk / 1e9:.1f} GB. Nothing was fetched."
            )
        folder = unfinished / plan.commit
        _keep_only(unfinished, folder)
        _check_room(total - sum(file.stat().st_size for file in files_in(folder)))
        contents, done = {}, 0
        for file in plan.files:
            digest = hub.fetch(entry, file, plan.commit, folder, _from(news, done, total))
            contents[file.path] = Content(file.size, digest)
            done += file.size
        _check_parts(contents, folder)
        checked = "catalogue" if set(entry.sha256) & set(contents) else "hub"
        source = hub.address_of(entry)
        return _up(folder, Shelved(entry.id, source, plan.commit, checked, contents))


def bring_carried(
    path: Path, name: str | None, unchecked: bool, agreed: str | None, news: News
) -> Shelved:
    """Copy a model from a folder or an archive, compare its digests, and put it up.

    Args:
        name: what it is to be called; None to take it from its manifest or from the folder's name.
        unchecked: take it although its bytes are not those that were published.
        agreed: SHA-256 of the pickle in it that a person said yes to; None if to none.

    Raises:
        UnansweredError: there is a pickle in it, and `agreed` is None.
        ModelError: it is not taken, or nothing says which model it is.
        OSError: the disk refuses it.
    """
    with pieces_of(path) as pieces:
        manifest = _manifest_among(pieces, path)
        name = _name_of(path, name, manifest)
        entry = known(name)
        wanted = _belonging(pieces, path, manifest, entry)
        _check_needs(entry.needs if entry else (), [piece.path for piece in wanted])
        with locked(name) as unfinished:
            _check_absent(name)
            check_carried(path.name, pieces, agreed)
            _keep_only(unfinished, None)
            try:
                folder = unfinished / "carried"
                contents = _all_copied(wanted, folder, news)
                _check_parts(contents, folder)
                check_copied(path.name, contents, agreed)
                checked = _compared(contents, manifest, entry, unchecked)
                return _up(folder, Shelved(name, path.name, None, checked, contents, agreed))
            except BaseException:
                shutil.rmtree(unfinished, ignore_errors=True)
                raise


def _manifest_among(pieces: list[Piece], path: Path) -> Shelved | None:
    """The manifest of a model that was copied from another computer's models."""
    for piece in pieces:
        if piece.path == MANIFEST:
            try:
                with piece.open() as file:
                    return manifest_in(file.read(piece.size).decode("utf-8"))
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise ModelError(
                    f"The manifest in {path.name!r} cannot be read ({error}). Copy it again."
                ) from None
    return None


def _name_of(path: Path, name: str | None, manifest: Shelved | None) -> str:
    found = known(name or (manifest.id if manifest else _stem(path)))
    if found is not None:
        name = found.id
    elif name is None and manifest is not None:
        name = manifest.id
    if name is None:
        raise ModelError(
            f"Nothing says which model {path.name!r} is. Say it: sottovoce models add "
            "FOLDER --name NAME, with a name of the catalogue or one of your own."
        )
    if name == BUNDLED:
        raise ModelError(f"{BUNDLED} comes with Sottovoce. Choose another name with --name.")
    return checked_id(name)


def _stem(path: Path) -> str:
    """The name of a folder, or of an archive without its endings."""
    return (
        path.name if path.is_dir() else re.sub(r"\.(zip|t(ar|gz|bz2|xz)(\.\w+)?)$", "", path.name)
    )


def _belonging(
    pieces: list[Piece], path: Path, manifest: Shelved | None, entry: Entry | None
) -> list[Piece]:
    """Those files that are the model's: by its manifest, by the catalogue, else all."""
    if manifest is not None:
        if missing := manifest.files.keys() - {piece.path for piece in pieces}:
            raise ModelError(f"{path.name!r} lacks {min(missing)}. Copy it again.")
        return [piece for piece in pieces if piece.path in manifest.files]
    if entry is not None and entry.takes:
        return [piece for piece in pieces if _matches(piece.path, entry.takes)]
    return pieces


def _all_copied(pieces: list[Piece], folder: Path, news: News) -> dict[str, Content]:
    total = sum(piece.size for piece in pieces)
    _check_room(total)
    contents, done = {}, 0
    for piece in pieces:
        contents[piece.path] = _copied(piece, folder, _from(news, done, total))
        done += piece.size
    return contents


def _copied(piece: Piece, folder: Path, progress: Progress) -> Content:
    digest, n_bytes = hashlib.sha256(), 0
    path = folder / piece.path
    path.parent.mkdir(parents=True, exist_ok=True)
    with piece.open() as source, open(path, "xb") as target:
        while chunk := source.read(_CHUNK):
            n_bytes += len(chunk)
            if n_bytes > piece.size:
                break
            target.write(chunk)
            digest.update(chunk)
            progress(n_bytes)
        target.flush()
        os.fsync(target.fileno())
    if n_bytes != piece.size:
        raise ModelError(f"{piece.path} is not as long as it says. Copy the model again.")
    return Content(n_bytes, digest.hexdigest())


def _check_needs(needs: Sequence[str], files: Sequence[str]) -> None:
    """Nothing is missing of what such a model needs."""
    for need in needs:
        if not any(fnmatch.fnmatchcase(file, need) for file in files):
            raise ModelError(f"There is no {need} in it. Get the whole folder of the model.")


def _check_parts(contents: Mapping[str, Content], folder: Path) -> None:
    """Weights in several files: all that their index names are there."""
    for index in [name for name in contents if name.endswith(".safetensors.index.json")]:
        try:
            parts = set(json.loads((folder / index).read_text("utf-8"))["weight_map"].values())
        except (ValueError, KeyError, AttributeError, TypeError):
            raise ModelError(f"{index} cannot be read. Get the model again.") from None
        if missing := parts - contents.keys():
            raise ModelError(f"There is no {min(missing)} in it, which {index} names.")


def _check_absent(name: str) -> None:
    if (models_folder() / name).exists():
        raise ModelError(
            f"The model {name} is here already. To have it anew: sottovoce models remove {name}"
        )


def _check_room(n_bytes: int) -> None:
    free = shutil.disk_usage(models_folder()).free
    if free < n_bytes + SPARE:
        raise ModelError(
            f"The model needs {(n_bytes + SPARE) / 1e9:.1f} GB more on the disk of "
            f"{models_folder()}, and {free / 1e9:.1f} GB are free. Delete what you do not need."
        )


def _keep_only(unfinished: Path, folder: Path | None) -> None:
    """Of what is unfinished, all but `folder` is of no use any more."""
    unfinished.mkdir(parents=True, exist_ok=True)
    for path in unfinished.iterdir():
        if path != folder:
            shutil.rmtree(path)
    if folder is not None:
        folder.mkdir(exist_ok=True)


def _up(folder: Path, model: Shelved) -> Shelved:
    put_up(folder, model)
    shutil.rmtree(folder.parent)
    return model


def _from(news: News, done: int, total: int) -> Progress:
    return lambda n_bytes: news.progress(done + n_bytes, total)


def _matches(path: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)


def _compared(
    contents: Mapping[str, Content], manifest: Shelved | None, entry: Entry | None, unchecked: bool
) -> str:
    """What the digests were compared with, as `Shelved.checked` says; they are as they should be.

    Raises:
        ModelError: they are not.
    """
    for file, content in manifest.files.items() if manifest else ():
        if contents[file] != content:
            raise ModelError(
                f"{file} is not what its manifest says: it was damaged or changed. Copy it again."
            )
    published = entry.sha256 if entry else {}
    known_files = published.keys() & contents.keys()
    wrong = [file for file in known_files if contents[file].sha256 != published[file]]
    if wrong and not unchecked:
        raise ModelError(
            f"{min(wrong)} is not the one that was published for {entry.id if entry else ''}. If "
            "you know why (another form of the model, or one of your own), add it with --unchecked."
        )
    if known_files and not wrong:
        return "catalogue"
    return "nothing" if manifest is None else "manifest"


def _of_the_disk(error: OSError) -> ModelError:
    if error.errno in _FULL:
        return ModelError(
            f"The disk of {models_folder()} is full. Make room and add the model again; what has "
            "come of a download is kept."
        )
    return ModelError(f"Reading or writing failed ({error.strerror}). Try again.")


def _end_with_starter() -> None:
    sys.stdin.read()
    os._exit(1)
