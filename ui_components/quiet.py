"""Quiet logs: what this process prints names places in the code, never a file or a spoken word."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from types import TracebackType
from typing import Any


def quiet_logs() -> None:
    """Make log records, uncaught exceptions and dying threads say only what kind and where."""
    make_record = logging.getLogRecordFactory()

    def make_quiet_record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make_record(*args, **kwargs)
        if record.exc_info and record.exc_info[1] is not None:
            record.msg = f"Internal error: {describe(record.exc_info[1])}."
            record.args = ()
            record.exc_info = None
        return record

    logging.setLogRecordFactory(make_quiet_record)
    sys.excepthook = _say
    threading.excepthook = lambda args: _say(args.exc_type, args.exc_value, args.exc_traceback)


def describe(error: BaseException) -> str:
    """The kind of an error and the line it came from, without its message.

    >>> describe(ValueError("secret.wav"))
    'ValueError'
    """
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


def _say(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    if error is not None:
        print(f"Internal error: {describe(error.with_traceback(trace))}.", file=sys.stderr)
