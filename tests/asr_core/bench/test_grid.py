"""The rows of the grid."""

import json

from asr_core.bench.grid import rows_of
from asr_core.engines.folders import BUNDLED_FOLDER
from asr_core.settings import Settings


def test_there_is_a_row_for_every_model_precision_and_mode():
    rows = rows_of(
        Settings(beam_size=3), ["sottovoce-base"], ["float32", "bfloat16"], ["joint", "ctc"]
    )
    assert [(row.name, row.asks_language) for row in rows] == [
        ("sottovoce-base float32 joint", True),
        ("sottovoce-base float32 ctc", False),
        ("sottovoce-base bfloat16 joint", True),
        ("sottovoce-base bfloat16 ctc", False),
    ]
    settings = rows[3].settings
    assert (settings.engine, settings.precision, settings.decode, settings.beam_size) == (
        *("sottovoce-base", "bfloat16", "ctc", 3),
    )


def test_a_model_that_has_one_way_to_decode_gets_one_row(tmp_path):
    folder = tmp_path / "tiny-qwen"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": "qwen3_asr"}))
    models = [str(folder), str(BUNDLED_FOLDER)]
    rows = rows_of(Settings(), models, ["float32"], ["joint", "draft"])
    assert [row.name for row in rows] == [
        "tiny-qwen float32",
        "sottovoce-base float32 joint",
        "sottovoce-base float32 draft",
    ]
