"""The errors a person may meet: whole sentences that say what was found and what to do."""

from __future__ import annotations


class AsrError(Exception):
    """Something a person can act on; `str(error)` is shown as it is."""


class AudioDecodeError(AsrError):
    """The bytes could not be read as a recording."""


class ModelError(AsrError):
    """The model is missing, damaged or not one we can run."""
