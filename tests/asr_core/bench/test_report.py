"""Figures of speed that only some models have."""

import json

from asr_core.bench import report
from asr_core.bench.grid import Row
from asr_core.bench.manifest import Recording
from asr_core.bench.results import summary
from asr_core.settings import Settings


def test_the_time_between_tokens_and_that_of_an_hour_stand_where_they_were_measured(tmp_path):
    said = Recording("a", tmp_path / "a.wav", "one two", "en", "real", 2.0, 10)
    heard = {"id": "a", "text": "one two", "seconds": [0.5], "first_s": [0.2], "prefixes": {}}
    plain = {"utterances": [heard], "together": [], "load_s": 1.0, "peak_bytes": 2e8}
    cells = {"token by token": {**plain, "stats": {"inter_token_s": 0.0125}, "hour_s": 95.4}}
    cells["at once"] = plain
    rows = [Row(name, Settings()) for name in cells]
    results = {
        "rows": summary(rows, cells, [said]),
        "plan": {"runs": 1, "threads": 1},
        "n_recordings": 1,
        "made": "2026-11-22",
        "command": "bench",
        "machine": {},
    }
    json.dumps(results)  # it is what results.json holds
    report.write(results, tmp_path)
    lines = (tmp_path / "report.md").read_text(encoding="utf-8").splitlines()
    header = next(line for line in lines if "between tokens, ms" in line)
    columns = [cell.strip() for cell in header.split("|")]
    found = {}
    for line in lines[lines.index(header) + 2 :][:2]:
        cells = [cell.strip() for cell in line.split("|")]
        found[cells[1]] = {name: cells[columns.index(name)] for name in columns[2:-1]}
    assert found["token by token"]["between tokens, ms"] == "12.5"
    assert found["token by token"]["an hour, s"] == "95"
    assert found["at once"]["between tokens, ms"] == found["at once"]["an hour, s"] == ""
