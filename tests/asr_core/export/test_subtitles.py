"""Subtitles: in order, apart, readable, and every word in them."""

import random
import re

import pytest

from asr_core.export import render
from asr_core.export.cues import LINE, LONGEST_MS, SHORTEST_MS
from asr_core.export.typography import width
from asr_core.result import Language, Segment, Transcript, Word

VOCABULARY = [
    *"我们今天在会议室讨论新的模型结果，非常好。",
    *["the", "meeting,", "starts", "at", "o'clock.", "review", "results!", "yes?", "okay"],
    "GPT-4",
    "a<b>c",
    "-->",
    "&amp;",
    "https://example.org/a-very-long-address/that-does-not-fit/on-one-line/of-a-subtitle",
]


def transcript(segments):
    return Transcript(
        "talk.wav", 3600.0, tuple(segments), Language(0.5, 0.5, 0.0, "mixed"), "test", "joint"
    )


def random_segment(rng, start):
    words, now = [], start
    for _ in range(rng.randint(1, 60)):
        end = now + rng.choice([0.0, 0.05, 0.2, 0.4, 9.0 if rng.random() < 0.02 else 0.3])
        words.append(Word(rng.choice(VOCABULARY), now, end, 0.9))
        now = end + rng.choice([0.0, 0.0, 0.02, 0.5])
    text = "".join(word.text + rng.choice([" ", " ", " ", "\n"]) for word in words)
    return Segment(start, now, "zh", text, 0.9, tuple(words) if rng.random() < 0.7 else ())


def random_transcript(seed):
    rng = random.Random(seed)
    segments, now = [], rng.random()
    for _ in range(rng.randint(1, 12)):
        segments.append(random_segment(rng, now))
        now = segments[-1].end + rng.choice([0.0, 0.001, 0.3, 4.0])
    return transcript(segments)


def milliseconds(time):
    hours, minutes, seconds = time.replace(",", ".").split(":")
    return round((int(hours) * 3600 + int(minutes) * 60 + float(seconds)) * 1000)


def read(text):
    """(start, end, lines) of each cue, as a player would read them."""
    cues = []
    for block in text.removeprefix("WEBVTT\n\n").split("\n\n"):
        lines = block.split("\n")
        at = next((i for i, line in enumerate(lines) if " --> " in line), None)
        if at is not None:
            start, end = lines[at].split(" --> ")
            cues.append((milliseconds(start), milliseconds(end), lines[at + 1 :]))
    return cues


def unescaped(text):
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("format", ["srt", "vtt"])
def test_cues_are_in_order_apart_readable_and_complete(seed, format):
    told = random_transcript(seed)
    cues = read(render(told, format))
    free_from = 0
    for start, end, lines in cues:
        assert start >= free_from
        assert 1000 == SHORTEST_MS <= end - start <= LONGEST_MS == 7000
        assert 1 <= len(lines) <= 2
        plain = [unescaped(line).replace("\u2060", "") for line in lines]
        assert all(0 < width(line) <= LINE for line in plain)
        free_from = end
    said = "".join("".join(lines) for _, _, lines in cues)
    said = unescaped(said) if format == "vtt" else said.replace("\u2060", "").replace("→", "-->")
    assert re.sub(r"\s", "", said) == re.sub(r"\s", "", told.text)


def test_a_cue_breaks_after_the_sentence_rather_than_in_the_middle():
    first = "This is the first sentence of a rather long talk."
    text = first + " And here the second one begins, it is as long as that."
    words = [Word(w, i * 0.3, i * 0.3 + 0.3, 1.0) for i, w in enumerate(text.split())]
    told = transcript([Segment(0.0, words[-1].end, "en", text, 1.0, tuple(words))])
    cues = read(render(told, "srt"))
    assert cues[0][2][-1].endswith("talk.")
    assert cues[0][1] == 3000


def test_chinese_lines_hold_sixteen_characters():
    text = "今天我们讨论新的语音识别模型在会议录音上的结果并且比较三种解码方法的速度和准确率"
    cues = read(render(transcript([Segment(0.0, 9.0, "zh", text, 1.0)]), "srt"))
    assert "".join(line for _, _, lines in cues for line in lines) == text
    assert all(len(line) <= 16 for _, _, lines in cues for line in lines)


def test_a_line_of_sixteen_chinese_or_forty_two_latin_letters_is_full():
    assert width("字" * 16) == width("x" * 42) == LINE
    assert width("字" * 8 + "x" * 21) == LINE


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("你好，\n再见。", ["你好，再见。"]),
        ("Good morning,\n\n  everybody\u2028here", ["Good morning, everybody here"]),
        ("用\nGPT 写", ["用 GPT 写"]),
    ],
)
@pytest.mark.parametrize("has_words", [True, False])
def test_line_breaks_that_a_person_typed_do_not_break_a_cue(text, said, has_words):
    texts = text.split() if has_words else []
    words = tuple(Word(word, i / 4, (i + 1) / 4, 1.0) for i, word in enumerate(texts))
    segment = Segment(0.0, 2.0, "zh", text, 1.0, words, edited=True)
    assert [lines for _, _, lines in read(render(transcript([segment]), "srt"))] == [said]


def test_a_line_never_begins_with_chinese_punctuation():
    text = "好的，" * 14
    cues = read(render(transcript([Segment(0.0, 20.0, "zh", text, 1.0)]), "srt"))
    assert not any(line.startswith("，") for _, _, lines in cues for line in lines)


def test_a_short_cue_stays_long_enough_and_the_next_one_waits():
    told = transcript([Segment(1.0, 1.1, "en", "Yes.", 1.0), Segment(1.2, 2.5, "en", "No.", 1.0)])
    assert [(start, end) for start, end, _ in read(render(told, "vtt"))] == [
        (1000, 2000),
        (2000, 3000),
    ]


def test_srt_numbers_from_one_and_writes_commas():
    told = transcript([Segment(3661.5, 3663.0, "en", "Late.", 1.0)])
    assert render(told, "srt") == "1\n01:01:01,500 --> 01:01:03,000\nLate.\n\n"


def test_text_that_looks_like_markup_stays_text():
    told = transcript([Segment(0.0, 2.0, "en", "a --> b <i>x</i> & 1 < 2", 1.0)])
    assert "a --&gt; b &lt;i&gt;x&lt;/i&gt; &amp; 1 &lt; 2\n" in render(told, "vtt")
    srt = render(told, "srt")
    assert srt.count("-->") == 1
    assert not re.search(r"<[A-Za-z/]", srt)


def test_no_speech_gives_a_valid_empty_file():
    assert render(transcript([]), "srt") == ""
    assert render(transcript([]), "vtt") == "WEBVTT\n\n"
