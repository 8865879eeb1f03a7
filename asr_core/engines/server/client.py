"""One stretch of sound to the server, its text back; what goes wrong is one sentence.

Only the standard library's own client: it follows no redirect, asks no proxy, and takes a
certificate only if the system (or `SSL_CERT_FILE`) trusts it and it is the address's own.
"""

from __future__ import annotations

import http.client
import io
import os
import secrets
import socket
import ssl
import time
import wave
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from asr_core.audio import SAMPLE_RATE
from asr_core.engines.server.events import Cut, NoAnswer, Refused, decoded, streamed, whole
from asr_core.errors import AsrError
from asr_core.servers import Server

TOKEN = "SOTTOVOCE_SERVER_TOKEN"  # the environment's, for servers whose line has none

PAUSES_S = (0.5, 2.0, 8.0)  # before the second try and those after it
PATIENCE_S = 60.0  # seconds of silence on the line
ANSWER_S = 600.0  # seconds that one answer may take in all
LARGEST = 1 << 20  # bytes of an answer: half a minute of speech is far less

_BUSY = (408, 425, 429, 500, 502, 503, 504)  # may be better in a moment
_SAID = 200  # characters of a server's own message that are shown


class Client:
    """Talks to one server; holds no connection between two answers."""

    def __init__(self, server: Server) -> None:
        self._server = server
        token = server.token or os.environ.get(TOKEN, "").strip()
        if not (token.isascii() and token.isprintable()):
            raise AsrError(f"The token for {server.address} cannot be sent. Write it in ASCII.")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._tls = ssl.create_default_context() if server.has_tls else None

    def model(self) -> str:
        """What the server calls the first of its models.

        Raises:
            AsrError: it cannot be reached or used.
        """
        for pause in (*PAUSES_S, None):
            with self._sentences(pause), self._asked("GET", "/v1/models") as response:
                models = decoded(_body(response)).get("data")
                if not isinstance(models, list) or not models or not isinstance(models[0], dict):
                    raise NoAnswer
                return str(models[0].get("id", ""))
        raise AssertionError("the last try gives or raises")

    def transcribe(self, waveform: NDArray[np.float32], fields: Mapping[str, str]) -> str:
        """What the server says of a sound, streamed where it can: then a broken line is noticed.

        Args:
            waveform: (N,) 16 kHz mono.
            fields: of the form, beside the sound.

        Raises:
            AsrError: it cannot be reached, or does not answer as such a server does.
        """
        boundary = secrets.token_hex(16)
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        body = _form(boundary, {"response_format": "json", "stream": "true", **fields}, waveform)
        for pause in (*PAUSES_S, None):
            with (
                self._sentences(pause),
                self._asked("POST", "/v1/audio/transcriptions", body, headers) as response,
            ):
                kind = response.getheader("Content-Type", "").partition(";")[0].strip()
                if kind != "text/event-stream":
                    return whole(_body(response))
                return streamed(_lines(response))
        raise AssertionError("the last try gives or raises")

    @contextmanager
    def _asked(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Iterator[http.client.HTTPResponse]:
        """The server's answer to a request, if it is a good one."""
        server = self._server
        if self._tls is None:
            line = http.client.HTTPConnection(server.host, server.port, timeout=PATIENCE_S)
        else:
            line = http.client.HTTPSConnection(
                server.host, server.port, timeout=PATIENCE_S, context=self._tls
            )
        try:
            line.request(method, path, body or None, {**self._headers, **(headers or {})})
            response = line.getresponse()
            if response.status != http.HTTPStatus.OK:
                raise _Status(response.status, _body(response))
            yield response
        finally:
            line.close()

    @contextmanager
    def _sentences(self, pause: float | None) -> Iterator[None]:
        """What goes wrong inside, as a sentence; nothing where it may be better after `pause`."""
        address = self._server.address
        try:
            yield
            return
        except PermissionError:
            sentence, is_final = f"The network is closed here, also for {address}.", True
        except ssl.SSLCertVerificationError as error:
            sentence, is_final = (
                (
                    f"{address} cannot prove that it is what it says ({error.verify_message}), so "
                    "nothing was sent. Ask whoever runs it for a certificate that this computer "
                    "trusts, or name theirs in SSL_CERT_FILE."
                ),
                True,
            )
        except (Cut, http.client.HTTPException, ssl.SSLEOFError, ConnectionError) as error:
            if isinstance(error, ConnectionRefusedError):
                sentence = f"Nobody answers at {address}. Check that the server runs there."
            else:
                sentence = f"The line to {address} broke. Try again."
            is_final = False
        except ssl.SSLError as error:
            reason = (error.reason or type(error).__name__).lower().replace("_", " ")
            sentence, is_final = (
                (f"There is no safe line to {address} ({reason}). Does it speak https there?"),
                True,
            )
        except TimeoutError:
            sentence, is_final = f"{address} does not answer. Try again later.", False
        except (NoAnswer, UnicodeDecodeError):
            sentence, is_final = (
                (
                    f"What {address} answers is no transcription. Is it a server of "
                    "/v1/audio/transcriptions?"
                ),
                True,
            )
        except Refused as error:
            sentence, is_final = _refusal(address, str(error)), True
        except _Status as error:
            sentence, is_final = error.sentence(address), error.status not in _BUSY
        except OSError as error:
            reason = error.strerror or type(error).__name__
            sentence, is_final = (
                (
                    f"{address} cannot be reached ({reason}). Check that the server runs, and its "
                    "address."
                ),
                isinstance(error, socket.gaierror),
            )
        if is_final or pause is None:
            raise AsrError(sentence)
        time.sleep(pause)


class _Status(Exception):  # noqa: N818
    """The server answered with another status than 200."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(status)
        self.status, self._body = status, body

    def sentence(self, address: str) -> str:
        if 300 <= self.status < 400:
            return (
                f"{address} sends us on to another address, which is not followed. Allow the one "
                "that answers itself."
            )
        if self.status in (401, 403):
            return (
                f"{address} does not take the token. Give the right one in {TOKEN}, or behind the "
                "address on the list."
            )
        if self.status in _BUSY:
            return f"{address} is too busy or not well (status {self.status}). Try again later."
        try:
            decoded(self._body)
        except Refused as error:
            return _refusal(address, str(error))
        except NoAnswer:
            pass
        return _refusal(address, f"status {self.status}")


def _refusal(address: str, said: str) -> str:
    shown = "".join(c if c.isprintable() else " " for c in said[:_SAID])
    return f"{address} refuses this: “{shown}”."


def _body(response: http.client.HTTPResponse) -> bytes:
    """An answer that is not streamed, if it is not too long."""
    data = response.read(LARGEST)
    if len(data) == LARGEST:
        raise NoAnswer
    if response.length:
        raise Cut
    return data


def _lines(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """The lines of an answer, as long as it is neither too long nor takes too long."""
    n_bytes, end = 0, time.monotonic() + ANSWER_S
    while line := response.readline(LARGEST):
        n_bytes += len(line)
        if n_bytes > LARGEST:
            raise NoAnswer
        if time.monotonic() > end:
            raise TimeoutError
        yield line


def _form(boundary: str, fields: Mapping[str, str], waveform: NDArray[np.float32]) -> bytes:
    """The form with the sound as a WAV, under a name that says nothing."""
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="sound.wav"\r\n'
        "Content-Type: audio/wav\r\n\r\n"
    )
    return "".join([*parts, head]).encode() + _wav(waveform) + f"\r\n--{boundary}--\r\n".encode()


def _wav(waveform: NDArray[np.float32]) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(SAMPLE_RATE)
        sound.writeframes((np.clip(waveform, -1.0, 1.0) * 32767).astype("<i2").tobytes())
    return file.getvalue()
