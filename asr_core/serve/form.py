"""A recording and what is asked of it, out of a request; it stays in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

UPLOAD_S = 600.0  # seconds that a recording may be on its way
_FIELDS = 20


class FormError(Exception):
    """The request is not one for a transcription.

    Attributes:
        status: of the answer; the text is its message.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Form:
    """What was sent."""

    recording: bytes
    fields: dict[str, str]


async def read_form(request: Request, most: int) -> Form:
    """The form of a request.

    Args:
        most: bytes that it may have in all.

    Raises:
        FormError: it is too large, too slow, or no such form.
    """
    too_large = FormError(413, f"The request is larger than {most / 1e6:.0f} MB.")

    async def stream() -> AsyncGenerator[bytes]:
        n_bytes = 0
        async for chunk in request.stream():
            n_bytes += len(chunk)
            if n_bytes > most:
                raise too_large
            yield chunk

    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise FormError(400, "Send a form: multipart/form-data with the recording as `file`.")
    if int(request.headers.get("content-length", "0")) > most:
        raise too_large
    parser = MultiPartParser(request.headers, stream(), max_files=1, max_fields=_FIELDS)
    parser.spool_max_size = most + 1  # a larger part would go into a temporary file
    try:
        async with asyncio.timeout(UPLOAD_S):
            form = await parser.parse()
    except MultiPartException as error:
        raise FormError(400, error.message) from None
    except TimeoutError:
        raise FormError(408, "The recording did not come to its end in time.") from None
    try:
        upload = form.get("file")
        if not isinstance(upload, UploadFile):
            raise FormError(422, "The recording is missing: send it as the file `file`.")
        recording = await upload.read()
    finally:
        await form.close()
    return Form(recording, {k: v for k, v in form.multi_items() if isinstance(v, str)})
