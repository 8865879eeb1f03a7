"""Pseudonyms: no listed name is left, in whatever is saved, and nothing else is touched."""

import html
import io
import json
import random
import re
import zipfile

import pytest

from asr_core.editing.quotes import Quote
from asr_core.errors import AsrError
from asr_core.export import FORMATS, Layout, as_file, suggested_name
from asr_core.export.pseudonyms import counts, hidden, hidden_quotes, hide, read, written
from asr_core.export.quotes import SHEET_FORMATS, sheet
from asr_core.result import Language, Segment, Transcript, Word

NAMES = ["Zaphira Quell", "Zaphira", "O'Drell-Vance", "欧阳震华", "震华", "Josée"]
LINES = "\n".join(f"{name} = P{number}" for number, name in enumerate(NAMES, 1))
PSEUDONYMS = read(LINES)

SAID = [
    *["Zaphira Quell", "zaphira quell's", "ZAPHIRA", "Zaphira's,", "Quell", "O’Drell-Vance."],
    *[
        "o'drell vance",
        "欧阳震华",
        "歐陽震華",
        "震华，",
        "Jose\u0301e",
        "and",
        "then",
        "我们",
        "。",
    ],
]


def transcript(*segments, name="talk.m4a", notes=()):
    language = Language(0.5, 0.5, 0.0, "mixed")
    return Transcript(name, 60.0, segments, language, "test", "joint", notes)


def segment(text, *words, start=0.0, speaker=""):
    timed = [
        Word(word, start + i, start + i + 1, 0.9, ("Zaphira",)) for i, word in enumerate(words)
    ]
    return Segment(start, start + 9, "en", text, 0.9, tuple(timed), speaker)


def random_transcript(seed):
    """Names in all their forms, also cut in two by the end of a passage."""
    rng = random.Random(seed)
    parts = []
    for _ in range(rng.randint(5, 40)):
        said = rng.choice(SAID)
        chinese = re.fullmatch(r"[\u4e00-\u9fff，。]+", said)
        parts += list(said) if chinese else said.split()
    segments, start = [], 0.0
    while parts:
        n = rng.randint(1, 8)
        words, parts = parts[:n], parts[n:]
        text = "".join(word + rng.choice(["", "\n"] if len(word) == 1 else [" "]) for word in words)
        known = words if rng.random() < 0.8 else words[:-1]
        segments.append(segment(text, *known, start=start, speaker=rng.choice([*NAMES[:5], ""])))
        start += rng.choice([9.0, 12.0])
    return transcript(*segments, name="Zaphira_Quell-欧阳震华.m4a", notes=("Zaphira left early.",))


def squeezed(text):
    """`text` as somebody looking for names would search it: small, no spaces, simplified."""
    text = html.unescape(text).replace("歐陽震華", "欧阳震华").replace("’", "'").replace("\\", "")
    return re.sub(r"[\s_]", "", text).casefold()


def read_out(data, format):
    if format != "docx":
        return data.decode()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        whole = "\n".join(
            archive.read(name).decode("utf-8", "replace") for name in archive.namelist()
        )
    return whole + re.sub("<[^>]*>", "", whole)


FORBIDDEN = ["zaphira", "o'drell", "欧阳震华", "震华", "josée", "jose\u0301e"]


@pytest.mark.parametrize("seed", range(40))
def test_no_listed_name_is_in_anything_that_is_saved(seed):
    told = hidden(random_transcript(seed), PSEUDONYMS)
    layout = random.Random(seed).choice([Layout("one"), Layout("sentences", True), Layout()])
    files = [(as_file(told, format, layout), format) for format in FORMATS]
    quote = Quote("Zaphira Quell said: 欧阳\n震华", 0, 1, "O'Drell-Vance", True)
    quotes = hidden_quotes([quote], PSEUDONYMS)
    files += [(sheet(quotes, told.name, format), format) for format in SHEET_FORMATS]
    for data, format in files:
        text = squeezed(read_out(data, format))
        assert [name for name in FORBIDDEN if name in text] == []
    for format in FORMATS:
        assert suggested_name(told.name, format) == f"P1-P4.{format}"


@pytest.mark.parametrize("seed", range(40))
def test_the_words_spell_no_name_either_and_still_stand_in_their_text(seed):
    for segment in hidden(random_transcript(seed), PSEUDONYMS).segments:
        spelled = squeezed(" ".join(word.text for word in segment.words))
        assert [name for name in FORBIDDEN if name in spelled] == []
        done = 0
        for word in segment.words:
            assert word.alternatives == ()
            assert word.start <= word.end
            done = segment.text.index(word.text, done) + len(word.text)


def test_words_that_share_a_name_become_one_with_their_times():
    told = segment("So Zaphira Quell's here.", "So", "Zaphira", "Quell's", "here.")
    (found,) = hidden(transcript(told), PSEUDONYMS).segments
    assert found.text == "So P1's here."
    assert [(w.text, w.start, w.end) for w in found.words] == [
        ("So", 0, 1),
        ("P1's", 1, 3),
        ("here.", 3, 4),
    ]


def test_a_name_that_two_passages_share_becomes_one_code():
    first, second = segment("I met Zaphira", "met"), segment("Quell, who", "Quell,", "who", start=9)
    found = hidden(transcript(first, second), PSEUDONYMS).segments
    assert [part.text for part in found] == ["I met P1", ", who"]


@pytest.mark.parametrize(
    "text",
    [
        "Zaphiras and Zaphirax stay, as do Quell and 欧阳 and 华震.",
        "Joséemaria",
        "",
    ],
)
def test_what_is_no_name_stays(text):
    assert hide(text, PSEUDONYMS) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("zaphira", "P2"),
        ("和Zaphira说", "和P2说"),
        ("Zaphira2.mp3", "P22.mp3"),
        ("ZaphiraQuell", "P1"),
        ("Zaphira  quell", "P1"),
        ("Zaphira. Quell", "P2. Quell"),
        ("歐陽震華先生", "P4先生"),
        ("欧阳\n震华", "P4"),
    ],
)
def test_names_are_found_in_every_form(text, told):
    assert hide(text, PSEUDONYMS) == told


def test_without_a_list_the_transcript_is_as_it_was():
    told = random_transcript(1)
    assert hidden(told, read(" \n\n")) is told
    assert hide("e\u0301", read("")) == "e\u0301"


def test_lines_are_read_in_english_and_chinese_and_can_be_written_again():
    names = read(" Ann Lee = Source A \n\n李雷＝甲\n")
    assert names.codes == (("Ann Lee", "Source A"), ("李雷", "甲"))
    assert read(written(names)) == names


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("Ann", "Line 1"),
        ("\nAnn =", "Line 2"),
        ("= P1", "Line 1"),
        ("- = P1", "Line 1"),
        ("Ann = P = Q", "Line 1"),
        ("李 = P1", "one Chinese character"),
        ("Ann = P1\nAnn = P2", "another code"),
        ("Ann = Bob\nBob = P2", "“Bob” holds a name"),
        ("Ann Lee = ann-lee", "“ann-lee” holds a name"),
    ],
)
def test_what_would_hide_nothing_is_a_sentence(lines, why):
    with pytest.raises(AsrError, match=why):
        read(lines)


def test_codes_that_go_on_making_names_are_a_sentence():
    assert hide("甲甲乙乙", read("甲乙 = 乙甲")) == "乙乙甲甲"
    with pytest.raises(AsrError, match="again"):
        hide("甲" * 12 + "乙", read("甲乙 = 乙丙甲"))


def test_the_report_counts_each_name_wherever_it_stands():
    told = transcript(
        segment("Zaphira, zaphira and Zaphira Quell.", speaker="Zaphira"), name="欧阳震华.m4a"
    )
    found = counts(told, PSEUDONYMS)
    assert (found["Zaphira"], found["Zaphira Quell"], found["欧阳震华"]) == (3, 1, 1)
    assert found["Josée"] == 0


def test_the_list_itself_is_in_no_export():
    told = hidden(transcript(segment("Zaphira")), PSEUDONYMS)
    assert "=" not in as_file(told, "txt").decode()
    assert "pseudonyms" not in json.loads(as_file(told, "json"))
