"""Error rates equal those of the field's scorers; intervals tell chance from progress."""

import random
import runpy
from pathlib import Path

import jiwer
import pytest

from asr_core.bench.accuracy import difference, grouped, interval, rate, resampled, scored, tokens
from asr_core.bench.manifest import Recording

TEXTS = [
    ("en", "It's 21% of 1,250 – the 3rd 'time' in 2019!"),
    ("zh", "2019年，他花了３.５元，佔12%。"),
    ("mix", "我们的 KPI 是20%，meeting at 9:30 o'clock"),
    ("mix", "OK，那我2024年 don’t know"),
]


def heard(said, text, language="en", id="a", category="real"):
    return scored(Recording(id, Path("a.wav"), said, language, category, 1.0, 1), text)


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("en", "It's the 3rd 'time', 21%!", "it's the third time twenty one percent"),
        ("zh", "他花了３.５元，佔12%。OK", "他 花 了 三 点 五 元 占 百 分 之 十 二 o k"),
        ("mix", "我们的 KPI 是 don’t know", "我 们 的 kpi 是 don't know"),
    ],
)
def test_words_count_in_english_characters_in_chinese_and_both_in_mixed_text(language, text, found):
    assert tokens(text, language) == found.split()


@pytest.mark.parametrize(("language", "text"), TEXTS)
@pytest.mark.parametrize("figures", ["zh", "en", None])
def test_tokens_are_those_of_the_shared_scorer(shared_folder, language, text, figures):
    scorer = runpy.run_path(str(shared_folder / "tools" / "score.py"), run_name="score")
    figures = None if language in ("en", "zh") else figures
    assert tokens(text, language, figures) == scorer["tokens"](text, language, figures)


@pytest.mark.parametrize(
    ("said", "text", "language", "counts", "errors"),
    [
        ("one two three four", "One, too three.", "en", (1, 1, 0), 0.5),
        ("one two", "one and two and", "en", (0, 0, 2), 1.0),
        ("五六七八", "", "zh", (0, 4, 0), 1.0),
        ("在开会", "再开个会", "zh", (1, 0, 1), 2 / 3),
        ("five 十", "Five 10", "mix", (0, 0, 0), 0.0),
        ("我有20个 KPI", "我有twenty个KPIs", "mix", (1, 0, 0), 0.2),
        ("", "um", "en", (0, 0, 1), 1.0),
        ("", "", "en", (0, 0, 0), 0.0),
    ],
)
def test_errors_by_hand(said, text, language, counts, errors):
    found = heard(said, text, language)
    assert (found.substitutions, found.deletions, found.insertions) == counts
    assert found.rate == pytest.approx(errors)


def test_rates_are_those_of_jiwer():
    rng = random.Random(0)
    for language, words in (("en", ["a", "b", "c"]), ("zh", ["一", "人", "有"])):
        items = [
            heard(*(" ".join(rng.choices(words, k=rng.randrange(1, 9))) for _ in "rh"), language)
            for _ in range(200)
        ]
        theirs = jiwer.process_words(
            [" ".join(item.reference) for item in items],
            [" ".join(item.hypothesis) for item in items],
        )
        assert rate(items) == pytest.approx(theirs.wer, abs=1e-12)
        assert sum(item.substitutions for item in items) == theirs.substitutions
        assert sum(item.deletions for item in items) == theirs.deletions
        assert sum(item.insertions for item in items) == theirs.insertions


def test_errors_are_counted_by_language_and_category():
    items = [
        heard("one two three four", "one two", id="a"),
        heard("one two", "one two", id="b", category="calls"),
        heard("五六七八", "五六七", "zh", id="c"),
    ]
    assert {name: rate(members) for name, members in grouped(items).items()} == {
        "en": pytest.approx(1 / 3),
        "en calls": 0.0,
        "en real": 0.5,
        "zh": 0.25,
        "zh real": 0.25,
        "all": 0.3,
    }


def test_a_single_recording_says_nothing_of_others():
    (item,) = [heard("a b", "a")]
    assert resampled([item]).tolist() == [0.5] * 2000
    assert interval([item]) is None
    assert difference([item], [item]) is None


def test_only_what_is_more_than_chance_is_a_difference():
    bad = [heard("a b c d", "a b x y") for _ in range(40)]
    good = [heard("a b c d", "a b c" if i % 4 == 0 else "a b c d") for i in range(40)]
    found = difference(good, bad)
    assert found.rate == pytest.approx(-0.4375)
    assert found.low <= found.rate <= found.high < 0
    assert found.is_sure
    assert not difference(good[:9], bad[:9]).is_sure  # too few to be sure of anything
    assert found.p == pytest.approx(0.001)
    other = [heard("a b c d", "a b c" if i % 4 == 1 else "a b c d") for i in range(40)]
    chance = difference(good, other)
    assert not chance.is_sure
    assert chance.p > 0.5
    assert interval(good) == pytest.approx((0.025, 0.1), abs=0.02)
