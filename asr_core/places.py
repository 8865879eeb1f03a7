"""Where models lie: those that come with Sottovoce, and those that this user added."""

from __future__ import annotations

from pathlib import Path

BUNDLED_MODELS = Path(__file__).resolve().parents[1] / "assets" / "models"


def models_folder() -> Path:
    """The folder of the models that were added; it need not exist yet."""
    import platformdirs  # here, since whoever only passes settings on does not need it

    return platformdirs.user_data_path("sottovoce", appauthor=False) / "models"
