"""`sottovoce serve`: this computer's model for other programs, on this computer unless asked."""

from __future__ import annotations

import argparse
import ipaddress
import logging
import os
import socket
import ssl
import sys
import tempfile
from contextlib import closing

from asr_core import limits
from asr_core.cli.console import Console
from asr_core.engines.server.client import TOKEN
from asr_core.errors import AsrError
from asr_core.jobs import Recognizer
from asr_core.privacy import guard

_SHORTEST = 16  # characters of a token that is shown to a network


def serve(arguments: argparse.Namespace, console: Console) -> int:
    """Serve until it is interrupted; its address is the first line on stdout.

    Raises:
        AsrError: the address cannot be used, or may not without a token.
    """
    import uvicorn

    from asr_core.serve.app import Served, app

    settings, token = arguments.settings, os.environ.get(TOKEN, "").strip()
    if settings.server is not None:
        raise AsrError("A server cannot be served on. Choose a model of this computer: --model")
    if arguments.key and not arguments.certificate:
        arguments.refuse("--key is the key of a --certificate")
    if arguments.certificate:
        _check(arguments.certificate, arguments.key)
    door = _door(arguments, token, console)
    with door, closing(Recognizer()) as recognizer:
        recognizer.prepare(settings)
        most = round(arguments.most_mb * 1e6)
        served = Served(recognizer, settings, token, most, arguments.queue)
        scheme = "https" if arguments.certificate else "http"
        host = f"[{arguments.host}]" if ":" in arguments.host else arguments.host
        console.text(f"{scheme}://{host}:{door.getsockname()[1]}\n")
        tempfile.gettempdir()  # which folder it is, Python finds out by writing there
        sys.dont_write_bytecode = True
        config = uvicorn.Config(
            app(served),
            log_config=None,  # no request is logged, and no error with words of a recording
            log_level="critical",
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=2,
            ssl_certfile=arguments.certificate,
            ssl_keyfile=arguments.key,
        )
        logging.disable()  # what libraries say, too
        limits.forbid_files()
        try:
            uvicorn.Server(config).run(sockets=[door])
        finally:
            limits.allow_files()  # the last line may go into one
    return 0


def _check(certificate: str, key: str | None) -> None:
    """Read both once, before anything else.

    Raises:
        AsrError: they cannot be used.
    """
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)
    except OSError as error:  # of ssl, too
        reason = error.strerror or type(error).__name__
        raise AsrError(f"{certificate!r} and its key cannot be used: {reason}.") from None


def _door(arguments: argparse.Namespace, token: str, console: Console) -> socket.socket:
    """Where requests come in.

    Raises:
        AsrError: others could reach it without a token, or it cannot be opened.
    """
    host, port = arguments.host, arguments.port
    try:
        number = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise AsrError(f"{host!r} is no address of this computer. Give its number.") from None
    if not number.is_loopback:
        if len(token) < _SHORTEST:
            raise AsrError(
                f"Other computers could reach {number}, so it needs a token: put {_SHORTEST} or "
                f"more characters that nobody can guess into {TOKEN}."
            )
        if not arguments.certificate:
            console.say(
                "Note: without --certificate and --key, sound, text and token cross the network in "
                "the clear."
            )
        guard.let_listen(str(number), port)
    family = socket.AF_INET6 if number.version == 6 else socket.AF_INET
    try:
        return socket.create_server((str(number), port), family=family)
    except OSError as error:
        reason = error.strerror or "it is not free"
        raise AsrError(f"Cannot listen on {number}, port {port}: {reason}.") from None
