"""The command `sottovoce`: transcribe, batch, app, models, train, bench, doctor.

Exit codes: 0 done, 1 something could not be done (said in a sentence), 2 wrong usage, 130
interrupted. Nothing heavy is imported before a command needs it, so that `--help` comes at once.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence

from asr_core import limits
from asr_core.cli.console import Console, told
from asr_core.cli.usage import command_parser
from asr_core.errors import AsrError
from asr_core.privacy import guard
from asr_core.settings import Settings

DONE, FAILED, INTERRUPTED = 0, 1, 130
_HEARING = ("transcribe", "batch", "serve")  # commands that recordings are given to


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and give its exit code.

    Args:
        argv: the arguments. None means that this is the program itself, with those of its command
            line: it then closes the network for good and takes over the terminal.
    """
    if argv is None:
        _become_program()
    console = Console()
    arguments = command_parser().parse_args(argv)
    arguments.typed = sys.argv[1:] if argv is None else [*argv]
    try:
        if arguments.command in _HEARING:
            arguments.settings = _chosen(arguments, console)
        if argv is None:
            _shut_in(arguments)
        return _run(arguments, console)
    except KeyboardInterrupt:
        console.say("Stopped.")
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:  # a traceback helps nobody, and its text may hold words of theirs
        console.say(f"Error: {told(error)}")
        return FAILED


def _become_program() -> None:
    guard.stand()
    offline = guard.offline_environment(os.environ)
    os.environ.clear()
    os.environ.update(offline)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a Windows console may have another encoding
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _chosen(arguments: argparse.Namespace, console: Console) -> Settings:
    """The settings of a command that hears; a server that is chosen is told before all else."""
    from asr_core.cli.choices import chosen_settings

    settings = chosen_settings(arguments, console)
    if settings.server is not None:
        console.say(f"The sound leaves this computer for {settings.server.address}.")
    return settings


def _shut_in(arguments: argparse.Namespace) -> None:
    """Give up what this command does not need; the clipboard may be one over the network."""
    server = arguments.settings.server if arguments.command in _HEARING else None
    is_silent = arguments.command == "transcribe" and not arguments.copy
    is_local = arguments.command == "batch" and arguments.cluster is None
    if server is None and (arguments.command == "bench" or is_local or is_silent):
        limits.leave_network()
    if server is not None and arguments.command == "transcribe":  # a batch lets out its workers
        guard.let_out_only(server.place)
    limits.hide_memory()


def _run(arguments: argparse.Namespace, console: Console) -> int:
    if arguments.command == "app":
        return _app(arguments)
    if arguments.command == "models":
        from asr_core.cli.models import models

        return models(arguments, console)
    if arguments.command == "doctor":
        from asr_core.cli.doctor import doctor

        return doctor(console)
    if arguments.command == "train":
        from asr_core.cli.train import train

        return train(arguments, console)
    if arguments.command == "bench":
        from asr_core.cli.bench import bench

        return bench(arguments, console)
    if arguments.command == "serve":
        from asr_core.cli.serve import serve

        return serve(arguments, console)
    if arguments.command == "batch":
        from asr_core.cli.batch import batch

        return batch(arguments, console)
    from asr_core.cli.transcribe import transcribe_files

    return transcribe_files(arguments, console)


def _app(arguments: argparse.Namespace) -> int:
    """The page stands on this package and not the other way round; here it is only called."""
    try:
        from ui_components.launch import main as serve
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in ("ui_components", "streamlit"):
            raise
        raise AsrError("The page is not installed here. Start it with launch.py.") from None
    serve(port=arguments.port, browser=not arguments.no_browser)
    return DONE
