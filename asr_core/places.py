"""Where this user's models lie."""

from __future__ import annotations

from pathlib import Path


def models_folder() -> Path:
    """The folder of the models that were added; it need not exist yet."""
    import platformdirs  # here, since whoever only passes settings on does not need it

    return platformdirs.user_data_path("sottovoce", appauthor=False) / "models"
