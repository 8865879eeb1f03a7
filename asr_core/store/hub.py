"""The way over the network: what files a model on the hub has, and their bytes, resumed if need be.

By huggingface_hub, the hub's own client. Only `program` runs this, in a process that may reach the
hub and nothing else; everywhere else the client is told to stay offline. No name and no token of
the user is sent. HF_ENDPOINT chooses a mirror.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from asr_core.errors import ModelError
from asr_core.privacy import guard
from asr_core.store.catalogue import Entry
from asr_core.store.shelf import Progress, checked_path, sha256

_HUB = "https://huggingface.co"
# Where the hub, and mirrors of it, send whoever asks for a large file.
# Source: huggingface/hub-docs, "Downloading behind a proxy or firewall".
_STORAGE = (".hf.co", ".huggingface.co")
_PATIENCE_S = 30.0  # for the list of files
_PART = ".part"


@dataclass(frozen=True, slots=True)
class Remote:
    """A file on the hub; its digest is one of the two."""

    path: str
    size: int
    sha256: str | None
    git_sha1: str | None  # of "blob SIZE\\0" and the bytes


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be fetched: the files of one commit."""

    commit: str
    files: tuple[Remote, ...]


def endpoint() -> str:
    """The address of the hub.

    Raises:
        ModelError: HF_ENDPOINT is not one that may be used.
    """
    address = os.environ.get("HF_ENDPOINT", "").rstrip("/") or _HUB
    parts = urlsplit(address)
    if parts.scheme == "https" and parts.hostname:
        return address
    if parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1"):
        return address
    raise ModelError(
        f"HF_ENDPOINT is {address!r}. It must begin with https:// (or be on this computer)."
    )


def address_of(entry: Entry) -> str:
    """Where a model is fetched from, as a person may look at it.

    Raises:
        ModelError: it is on no hub.
    """
    if entry.hub is None:
        raise ModelError(
            f"Nobody keeps {entry.id} where Sottovoce could fetch it. Get its folder from the "
            "project that made it, then: sottovoce models add FOLDER --name " + entry.id
        )
    return f"{endpoint()}/{entry.hub}"


def hosts() -> list[str]:
    """The names on the network that fetching needs, as `guard.stand` takes them."""
    return [urlsplit(endpoint()).hostname or "", *_STORAGE]


def environment() -> dict[str, str]:
    """What the program that fetches has in its environment: the client online and anonymous."""
    return guard.offline_environment(os.environ) | {
        "HF_HUB_OFFLINE": "0",
        "TRANSFORMERS_OFFLINE": "0",
        "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
        "HF_HUB_DISABLE_XET": "1",  # compiled code of its own, which the guard could not see
        "HF_ENDPOINT": endpoint(),
        "NO_PROXY": "*",  # one of the system would be another host
    }


def plan(entry: Entry) -> Plan:
    """Ask the hub for the files of a model at the pinned commit, or at the newest if none is.

    Raises:
        ModelError: it cannot be reached, has no such model, or says other digests than were
            published.
    """
    from huggingface_hub import HfApi

    assert entry.hub is not None
    with _told(entry.hub):
        found = HfApi(endpoint=endpoint(), token=False).model_info(
            entry.hub, revision=entry.revision, files_metadata=True, timeout=_PATIENCE_S
        )
    files = []
    for sibling in found.siblings or []:
        if not any(fnmatch.fnmatchcase(sibling.rfilename, pattern) for pattern in entry.takes):
            continue
        announced = sibling.lfs.sha256 if sibling.lfs else None
        published = entry.sha256.get(sibling.rfilename)
        if None not in (announced, published) and announced != published:
            raise ModelError(
                f"The hub has another {sibling.rfilename} than was published for {entry.id}. "
                "Nothing was fetched. Report this to Sottovoce."
            )
        if sibling.size is None or not (announced or published or sibling.blob_id):
            raise ModelError(_strange(entry.hub))
        try:
            path = checked_path(sibling.rfilename)
        except ValueError:
            raise ModelError(_strange(entry.hub)) from None
        files.append(Remote(path, sibling.size, published or announced, sibling.blob_id))
    commit = found.sha or ""
    if not files or len(commit) != 40 or not commit.isalnum():
        raise ModelError(_strange(entry.hub))
    return Plan(commit, tuple(files))


def fetch(entry: Entry, remote: Remote, commit: str, folder: Path, progress: Progress) -> str:
    """Bring one file, or what is missing of it, and compare its digest; gives its SHA-256.

    Raises:
        ModelError: the connection broke off, or its bytes are not what they should be. What has
            come stays for the next time, unless it is wrong.
        OSError: the disk refuses it.
    """
    path = folder / remote.path
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + _PART)
        _fetch(entry, remote, commit, part, progress)
        os.replace(part, path)
    found = sha256(path)
    if not _is_right(path, remote, found):
        path.unlink()
        raise ModelError(
            f"{remote.path} came with other bytes than it should have, so it was thrown away. "
            "Add the model again; if that does not help, the hub or the network changes it."
        )
    progress(remote.size)
    return found


def _fetch(entry: Entry, remote: Remote, commit: str, part: Path, progress: Progress) -> None:
    from huggingface_hub import hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers

    assert entry.hub is not None
    url = hf_hub_url(entry.hub, remote.path, revision=commit, endpoint=endpoint())
    headers = build_hf_headers(token=False) | {"Accept-Encoding": "identity"}
    with open(part, "ab") as file:
        if file.tell() > remote.size:
            file.truncate(0)
        with _told(entry.hub):
            http_get(
                url,
                file,
                resume_size=file.tell(),
                headers=headers,
                expected_size=remote.size,
                tqdm_class=_bar(progress),
            )
        file.flush()
        os.fsync(file.fileno())


def _bar(progress: Progress) -> type:
    """What the client thinks is a progress bar."""

    class Bar:
        def __init__(self, *, initial: int = 0, **_: object) -> None:
            self._done = initial

        def __enter__(self) -> Bar:
            return self

        def __exit__(self, *_: object) -> None:
            return None

        def update(self, n_bytes: int) -> None:
            self._done += n_bytes
            progress(self._done)

    return Bar


def _is_right(path: Path, remote: Remote, found: str) -> bool:
    if remote.sha256 is not None:
        return found == remote.sha256
    blob = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    blob.update(path.read_bytes())  # a small one: large files have a SHA-256
    return blob.hexdigest() == remote.git_sha1


@contextmanager
def _told(repository: str) -> Iterator[None]:
    """What goes wrong between here and the hub, in a sentence."""
    import httpx2
    from huggingface_hub import errors

    host = urlsplit(endpoint()).hostname
    refused_before = guard.refused()
    try:
        yield
    except errors.GatedRepoError:
        raise ModelError(
            f"{host} gives {repository} only to people who sign in. Fetch it in a browser, then "
            "add its folder."
        ) from None
    except errors.RepositoryNotFoundError:
        raise ModelError(f"{host} has no model {repository}. Look whether it moved.") from None
    except (errors.RevisionNotFoundError, errors.RemoteEntryNotFoundError):
        raise ModelError(
            f"{host} no longer has {repository} as it was pinned. A newer Sottovoce may know it."
        ) from None
    except errors.HfHubHTTPError as error:
        code = error.response.status_code
        raise ModelError(f"{host} answered with error {code}. Try again later.") from None
    except httpx2.TransportError as error:
        if _was_refused(refused_before, guard.refused()):
            raise ModelError(
                f"{host} sends us on to another place, where Sottovoce does not go. Fetch the "
                "model in a browser, then add its folder."
            ) from None
        if isinstance(error, httpx2.ConnectError):
            raise ModelError(
                f"{host} cannot be reached. Is this computer online? A model can also be carried "
                "here in a folder: sottovoce models add FOLDER."
            ) from None
        raise ModelError(_broke_off(host)) from None
    except (httpx2.HTTPError, ValueError, TypeError, KeyError):
        raise ModelError(_strange(repository)) from None
    except OSError as error:
        if error.errno is not None:
            raise  # of the disk
        raise ModelError(_broke_off(host)) from None


def _broke_off(host: str | None) -> str:
    return f"The connection to {host} broke off. What has come is kept: add the model again."


def _strange(repository: str) -> str:
    host = urlsplit(endpoint()).hostname
    return f"{host} says of {repository} what makes no sense. Try again later."


def _was_refused(before: Mapping[str, int], now: Mapping[str, int]) -> bool:
    return any(now.get(kind, 0) > before.get(kind, 0) for kind in ("connect", "look up"))
