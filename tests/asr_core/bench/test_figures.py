"""Figures in words, as the field's scorer has them."""

import random

import cn2an
import num2words
import pytest

from asr_core.bench.figures import chinese_figures, english_figures


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ("0", "zero"),
        ("21%", "twenty one percent"),
        ("1,250", "one thousand two hundred and fifty"),
        ("3rd", "third"),
        ("20th", "twentieth"),
        ("112th", "one hundred and twelfth"),
        ("1001", "one thousand and one"),
        ("2000000", "two million"),
        ("1" * 22, " ".join(["one"] * 22)),
    ],
)
def test_english(figures, words):
    assert english_figures(figures).split() == words.split()


@pytest.mark.parametrize(
    ("figures", "characters"),
    [
        ("0", "零"),
        ("12", "十二"),
        ("110", "一百一十"),
        ("1005", "一千零五"),
        ("120000", "十二万"),
        ("10203", "一万零二百零三"),
        ("100000001", "一亿零一"),
        ("3.50", "三点五零"),
        ("2019年", "二零一九年"),
        ("12%", "百分之十二"),
        ("123456789012", "123456789012"),
    ],
)
def test_chinese(figures, characters):
    assert chinese_figures(figures) == characters


def test_any_number_reads_like_in_the_libraries_of_the_field():
    rng = random.Random(0)
    for n in [*range(130), *(rng.randrange(10 ** rng.randrange(1, 12)) for _ in range(2000))]:
        assert chinese_figures(str(n)) == cn2an.an2cn(str(n))
        for figures, words in (
            (f"{n}", num2words.num2words(n)),
            (f"{n}th", num2words.num2words(n, to="ordinal")),
        ):
            plain = words.replace(",", "").replace("-", " ")
            assert english_figures(figures).split() == plain.split()
