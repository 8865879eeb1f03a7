"""How numbers are said, also by two independent readers where they are installed."""

import random
import re

import cn2an
import pytest
from num2words import num2words

from asr_core.training import english_numbers, mandarin_numbers
from asr_core.training.numerals import (
    decimal_en,
    decimal_zh,
    ordinal_en,
    say_en,
    say_zh,
    spell_en,
    spell_zh,
    year_en,
)


@pytest.mark.parametrize(
    ("n", "zh", "en"),
    [
        (0, "零", "zero"),
        (10, "十", "ten"),
        (15, "十五", "fifteen"),
        (20, "二十", "twenty"),
        (105, "一百零五", "one hundred and five"),
        (212, "两百一十二", "two hundred and twelve"),
        (2_030, "两千零三十", "two thousand and thirty"),
        (20_500, "两万零五百", "twenty thousand five hundred"),
        (100_010, "十万零一十", "one hundred thousand and ten"),
        (230_000_000, "两亿三千万", "two hundred and thirty million"),
    ],
)
def test_whole_numbers(n, zh, en):
    assert (say_zh(n), say_en(n)) == (zh, en)


def test_years_ordinals_decimals_and_digits():
    years = [year_en(year) for year in (1900, 1905, 1998, 2000, 2008, 2024)]
    assert years[:3] == ["nineteen hundred", "nineteen oh five", "nineteen ninety-eight"]
    assert years[3:] == ["two thousand", "two thousand and eight", "twenty twenty-four"]
    ordinals = [ordinal_en(n) for n in (1, 3, 12, 20, 22, 101)]
    assert ordinals[:3] == ["first", "third", "twelfth"]
    assert ordinals[3:] == ["twentieth", "twenty-second", "one hundred and first"]
    assert (decimal_zh("12.05"), decimal_en("12.05")) == ("十二点零五", "twelve point oh five")
    assert (spell_zh("102"), spell_en("102")) == ("幺零二", "one oh two")


def test_mandarin_is_what_cn2an_says():
    rng = random.Random(1)
    for n in [*range(1200), *(rng.randrange(10 ** rng.randint(4, 8)) for _ in range(1000))]:
        said = re.sub("^一(?=十)", "", cn2an.an2cn(str(n)))
        assert say_zh(n) == re.sub("^二(?=[百千万亿])", "两", said)


def test_english_is_what_num2words_says():
    rng = random.Random(1)
    for n in [*range(1200), *(rng.randrange(10 ** rng.randint(4, 12)) for _ in range(1000))]:
        assert say_en(n) == num2words(n).replace(",", "")
    assert [ordinal_en(n) for n in range(1, 130)] == [
        num2words(n, to="ordinal") for n in range(1, 130)
    ]


@pytest.mark.parametrize("readings", [mandarin_numbers.READINGS, english_numbers.READINGS])
def test_what_is_drawn_is_written_in_figures_and_said_without(readings):
    rng = random.Random(1)
    for name, draw in readings.items():
        for _ in range(300):
            written, said = draw(rng)
            assert re.search(r"\d", written), (name, written)
            assert not re.search(r"[\d%:/$£€¥°]", said), (name, said)
