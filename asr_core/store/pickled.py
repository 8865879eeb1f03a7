"""The pickle beside what NVIDIA's ModelOpt quantized, which is opened by nobody before a yes.

A pickle may hold a program. The yes is said to the digest of that one file when its folder becomes
a model, and stands in the model's manifest. It holds on this computer: whoever is given the model
is asked again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path

from asr_core.errors import ModelError
from asr_core.store.carried import Piece
from asr_core.store.shelf import Content, sha256, shelved

MODELOPT_STATE = "modelopt_state.pth"  # beside weights that ModelOpt quantized


class UnansweredError(ModelError):
    """There is such a file, and nobody has said yes to it.

    Attributes:
        file: what the yes is to be said to.
    """

    def __init__(self, sentence: str, file: Content) -> None:
        super().__init__(sentence)
        self.file = file


def check_carried(name: str, pieces: Iterable[Piece], agreed: str | None) -> None:
    """Nothing, if there is no such file among what is to be added, or a yes was said to one.

    Args:
        agreed: SHA-256 of the file that a yes was said to; `check_copied` compares it.

    Raises:
        UnansweredError: none was.
        ModelError: the package that could run the model is not installed.
    """
    for piece in pieces:
        if piece.path == MODELOPT_STATE:
            _check_installed(name)
            if agreed is None:
                raise UnansweredError(_unanswered(name), Content(piece.size, _digest(piece)))


def check_copied(name: str, contents: Mapping[str, Content], agreed: str | None) -> None:
    """Nothing, if what was copied holds the file that a yes was said to, or if none was said.

    Raises:
        ModelError: that file is not there.
    """
    copied = contents.get(MODELOPT_STATE)
    if agreed is not None and (copied is None or copied.sha256 != agreed):
        raise ModelError(
            f"{name!r} holds no modelopt_state.pth that was agreed to: it was changed, or does "
            "not belong to the model of that name. Add the folder again, under another name."
        )


def check_agreed(folder: Path) -> None:
    """Nothing, if the file in a model's folder is the one that a yes was said to.

    Raises:
        ModelError: none was, or the file is another one now; or this is not the folder of a model
            that was added, or the package is not installed.
    """
    _check_installed(folder.name)
    agreed = {model.folder.resolve(): model.agreed for model in shelved()}.get(folder.resolve())
    if agreed is None:
        raise ModelError(_unanswered(folder.name))
    if sha256(folder / MODELOPT_STATE) != agreed:
        raise ModelError(
            f"The file modelopt_state.pth of the model {folder.name} is not the one that was "
            "agreed to. Remove the model and add it again."
        )


def _unanswered(name: str) -> str:
    return (
        f"{name!r} was quantized by ModelOpt, and its modelopt_state.pth is a pickle, which may "
        "hold a program. Convert the folder to 8 bits, which leaves that file closed (sottovoce "
        "models convert FOLDER --output NEW_FOLDER), or say yes to the file on the command line: "
        "sottovoce models add FOLDER"
    )


def _digest(piece: Piece) -> str:
    digest = hashlib.sha256()
    with piece.open() as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _check_installed(name: str) -> None:
    if find_spec("modelopt") is None:
        raise ModelError(
            f"{name!r} was quantized by ModelOpt, which simulates few bits (no smaller and slower "
            "than an ordinary model): convert it to 8 bits with sottovoce models convert FOLDER "
            "--output NEW_FOLDER, or install what runs it as it is: pip install -e .[modelopt]"
        )
