"""The routes: recordings come in as forms and go through the one worker, in turn.

Nothing is written down: neither names nor texts, and no request is logged. A recording is in memory
until its job has ended.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from asr_core.errors import AsrError
from asr_core.heap import give_back
from asr_core.jobs import Job, Recognizer
from asr_core.serve.answers import FORMATS, Deltas, answer, event
from asr_core.serve.form import FormError, read_form
from asr_core.serve.gate import Gate, error, refusal
from asr_core.settings import Settings
from asr_core.text.vocabulary import Vocabulary

MOST_BYTES = 100_000_000  # of a request; what is larger is a case for `sottovoce batch`
QUEUE = 8  # requests that may wait behind the one at work

_SIGN_S = 1.0  # between two looks at whether the client is still there
_RETRY_S = 5
_BETWEEN_TERMS = re.compile(r"[,;\n，、；|]")
_LONGEST_TERM = 60  # characters; what is longer is a sentence, and no term


@dataclass(frozen=True, slots=True)
class Served:
    """What is served, and its limits.

    Attributes:
        token: that must be shown; empty on loopback.
        queue: requests that may wait.
    """

    recognizer: Recognizer
    settings: Settings
    token: str = field(default="", repr=False)
    most_bytes: int = MOST_BYTES
    queue: int = QUEUE

    @property
    def name(self) -> str:
        """What clients call the model."""
        return Path(self.settings.engine).name


def app(served: Served) -> Starlette:
    """The server's program."""
    desk = _Desk(served)
    routes = [
        Route("/health", desk.health),
        Route("/v1/models", desk.models),
        Route("/v1/audio/transcriptions", desk.transcriptions, methods=["POST"]),
    ]
    return Starlette(routes=routes, middleware=[Middleware(Gate, token=served.token)])


class _Desk:
    """Takes requests as long as there is room in the line."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._n_reading = 0  # requests whose recording is on its way
        self._jobs: list[Job] = []

    async def health(self, request: Request) -> Response:
        """Whether recordings can be given."""
        readiness = self._served.recognizer.readiness
        if readiness.stage == "failed":
            return refusal(503, readiness.error)
        return JSONResponse({"status": readiness.stage})

    async def models(self, request: Request) -> Response:
        """The one model."""
        model = {"id": self._served.name, "object": "model", "created": 0, "owned_by": "sottovoce"}
        return JSONResponse({"object": "list", "data": [model]})

    async def transcriptions(self, request: Request) -> Response:
        """A recording's text, whole or as it comes."""
        recognizer = self._served.recognizer
        if recognizer.readiness.stage == "failed":
            failed = refusal(503, recognizer.readiness.error, _RETRY_S)
            recognizer.prepare(self._served.settings)  # whoever comes again may find it well
            return failed
        self._jobs = [job for job in self._jobs if job.running]
        if self._n_reading + len(self._jobs) > self._served.queue:
            return refusal(429, "Too many requests wait. Try again later.", _RETRY_S)
        self._n_reading += 1
        try:
            form = await read_form(request, self._served.most_bytes)
            settings = self._settings_of(form.fields)
            job = recognizer.submit(form.recording, "recording", settings)
        except FormError as fault:
            return refusal(fault.status, str(fault))
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        finally:
            self._n_reading -= 1
        self._jobs.append(job)
        fields = form.fields
        del form  # of the recording only the job is left, which lets go of it by itself
        if fields.get("stream", "").lower() == "true":
            return StreamingResponse(_events(job, recognizer), media_type="text/event-stream")
        async for _ in _turns(job, recognizer):
            if await request.is_disconnected():
                job.cancel()
        give_back()
        if job.stage != "done" or job.transcript is None:
            return refusal(*_why(job, recognizer))
        return answer(job.transcript, fields.get("response_format") or "json", settings.tidy)

    def _settings_of(self, fields: Mapping[str, str]) -> Settings:
        """What a request asks for, with what was chosen here for all else.

        Raises:
            FormError: it cannot be had.
        """
        if fields.get("model", "") not in ("", self._served.name):
            raise FormError(404, f"There is no such model here, only {self._served.name}.")
        if (fields.get("response_format") or "json") not in FORMATS:
            raise FormError(400, f"The response_format is one of {', '.join(FORMATS)}.")
        settings = self._served.settings
        try:
            if language := fields.get("language", ""):
                settings = replace(settings, language=language)
            terms = [term.strip() for term in _BETWEEN_TERMS.split(fields.get("prompt", ""))]
            if terms := tuple(term for term in terms if term and len(term) <= _LONGEST_TERM):
                settings = replace(settings, vocabulary=terms)
                Vocabulary.parse(terms)
        except AsrError as fault:
            raise FormError(400, str(fault)) from None
        return settings


async def _events(job: Job, recognizer: Recognizer) -> AsyncIterator[str]:
    """The stream of a job; who stops reading it stops the job."""
    deltas = Deltas(job.settings.tidy)
    try:
        async for _ in _turns(job, recognizer):
            news = "".join(deltas.news(job))
            yield news or ": still here\n\n"  # keeps the line open, and finds out if it is not
        yield "".join(deltas.news(job))
        if job.stage == "done" and job.transcript is not None:
            yield deltas.end(job.transcript)
        else:
            yield event({"error": error(*_why(job, recognizer))})
    finally:
        job.cancel()  # without effect on one that has ended
        give_back()


def _why(job: Job, recognizer: Recognizer) -> tuple[int, str]:
    """Status and sentence of a job that came to no good end."""
    if recognizer.readiness.stage == "failed":
        return 503, recognizer.readiness.error
    return 400 if job.unreadable else 500, job.error or "The transcription was stopped."


async def _turns(job: Job, recognizer: Recognizer) -> AsyncIterator[None]:
    """Comes round at each news of a job and once a second, until it has ended.

    One that no worker can take is ended here.
    """
    news, loop = asyncio.Event(), asyncio.get_running_loop()

    def tell() -> None:  # in the recognizer's thread, perhaps when the loop is gone
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(news.set)

    job.on_news = tell
    try:
        while job.running:
            with suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), _SIGN_S)
            news.clear()
            if recognizer.readiness.stage == "failed":
                job.cancel()
            yield
    finally:
        job.on_news = lambda: None
