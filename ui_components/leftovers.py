"""What Streamlit holds of recordings in memory: taken out of its stores, counted, removed.

Streamlit keeps an upload and the player's copy until its page runs again or the next visitor comes,
which on a private computer may be never.
"""

from __future__ import annotations

import gc

from streamlit.runtime import exists, get_instance
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from asr_core.heap import give_back

_SOUND = ("audio/", "video/")
_PLAYER = "player"  # where the media belong on the page, as Streamlit's manager sees it


def take(upload: UploadedFile) -> bytes:
    """The bytes of an upload, removed from Streamlit's store."""
    audio = upload.getvalue()
    context = get_script_run_ctx()
    assert context is not None, "only the page's script has uploads"
    context.uploaded_file_mgr.remove_file(context.session_id, upload.file_id)  # type: ignore
    return audio


def playable(audio: bytes, mime: str) -> str:
    """The address at which this page's player finds a recording; the bytes are not copied."""
    return get_instance().media_file_mgr.add(audio, mime, _PLAYER)


def close_player() -> None:
    """Drop the player's copy now instead of after the next run of the page."""
    media = get_instance().media_file_mgr
    media.clear_session_refs()
    media.remove_orphaned_files()


def uploaded_bytes() -> int:
    """Bytes of recordings in the upload store, all pages together."""
    if not exists():
        return 0
    stats = get_instance().uploaded_file_mgr.get_stats()
    return sum(stat.byte_length for family in stats.values() for stat in family)  # type: ignore


def played_bytes() -> int:
    """Bytes of sound that this page's player can play."""
    context = get_script_run_ctx()
    assert context is not None, "only the page's script has a player"
    media = get_instance().media_file_mgr
    ids = set(media._files_by_session_and_coord.get(context.session_id, {}).values())
    files = media._storage._files_by_id  # type: ignore[attr-defined]
    sounds = [files[id] for id in ids if id in files]
    return sum(len(file.content) for file in sounds if file.mimetype.startswith(_SOUND))


def sweep() -> None:
    """Remove what pages that are no longer open have left in Streamlit's stores.

    Memory that was freed is given back to the system: bytes of a recording in it would stay until
    something else is written there.
    """
    runtime = get_instance()
    uploads, media = runtime.uploaded_file_mgr, runtime.media_file_mgr
    for session_id in list(uploads.file_storage):  # type: ignore[attr-defined]
        if not runtime.is_active_session(session_id):
            uploads.remove_session_files(session_id)
    for session_id in list(media._files_by_session_and_coord):
        if not runtime.is_active_session(session_id):
            media.clear_session_refs(session_id)
    media.remove_orphaned_files()
    # What its widgets held, and its text, Streamlit keeps until the next visitor comes.
    sessions = runtime._session_mgr
    with sessions._storage_lock:  # type: ignore[attr-defined]
        has_forgotten = bool(sessions._session_storage._cache.expire())  # type: ignore[attr-defined]
    if has_forgotten:
        gc.collect()  # pages hold themselves in circles
    give_back()
