"""Error rates equal those of the field's scorer; intervals tell chance from progress."""

import json
import runpy

import pytest

from asr_core.bench.report import grouped, main, rate, read_items, resampled, tokens

pytest.importorskip("cn2an", reason="the extra `bench` is not installed")
pytest.importorskip("num2words", reason="the extra `bench` is not installed")

TEXTS = [
    ("en", "It's 21% of 1,250 – the 3rd 'time' in 2019!"),
    ("zh", "2019年，他花了３.５元，佔12%。"),
    ("mix", "我们的 KPI 是20%，meeting at 9:30 o'clock"),
    ("mix", "OK，那我2024年 don’t know"),
]


@pytest.mark.parametrize(("language", "text"), TEXTS)
@pytest.mark.parametrize("figures", ["zh", "en", None])
def test_tokens_are_those_of_the_shared_scorer(shared_folder, language, text, figures):
    scorer = runpy.run_path(str(shared_folder / "tools" / "score.py"), run_name="score")
    figures = None if language in ("en", "zh") else figures
    assert tokens(text, language, figures) == scorer["tokens"](text, language, figures)


def write(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return path


@pytest.fixture
def corpus(tmp_path):
    said = [("a", "one two three four", "en"), ("b", "五六七八", "zh"), ("c", "five 十", "mix")]
    rows = [{"id": i, "text": text, "language": language} for i, text, language in said]
    rows.append({"id": "d", "text": "x", "language": "en", "format_test": True})
    return write(tmp_path / "manifest.jsonl", rows)


def test_errors_are_counted_by_group(tmp_path, corpus):
    heard = [{"id": "a", "text": "One, too three."}, {"id": "c", "text": "Five 10"}]
    groups = grouped(read_items(corpus, write(tmp_path / "ours.jsonl", heard)))
    assert {name: rate(items) for name, items in groups.items()} == {
        "en all": 0.5,
        "en real": 0.5,
        "mix all": 0.0,
        "mix real": 0.0,
        "zh all": 1.0,
        "zh real": 1.0,
    }
    assert resampled(groups["en all"]).tolist() == [0.5] * 2000


def test_the_report_says_what_is_more_than_chance(tmp_path, capsys):
    rows = [{"id": str(i), "text": "a b c d", "language": "en"} for i in range(40)]
    manifest = write(tmp_path / "m.jsonl", rows)
    bad = write(tmp_path / "bad.jsonl", [{"id": r["id"], "text": "a b x y"} for r in rows])
    good = [{"id": r["id"], "text": "a b c d" if i % 4 else "a b c"} for i, r in enumerate(rows)]
    good = write(tmp_path / "good.jsonl", good)
    assert main([str(manifest), str(bad), str(good)]) == 0
    printed = capsys.readouterr().out
    assert "-43.75" in printed
    assert " *" in printed
    assert main([str(manifest), str(tmp_path / "none.jsonl")]) == 1
    assert "cannot be compared" in capsys.readouterr().err
