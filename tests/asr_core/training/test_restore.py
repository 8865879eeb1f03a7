"""Bare transcripts get case and punctuation back, and never other words."""

import json
from pathlib import Path

import pytest

from asr_core.errors import AsrError
from asr_core.text.score import scored_tokens
from asr_core.training.corpus import Utterance
from asr_core.training.restore import restore, restored


@pytest.mark.parametrize(
    ("bare", "written", "language", "expected"),
    [
        ("i met john in paris", "I met John in Paris.", "en", "I met John in Paris."),
        ("well it's late", "Well, it's late!", "en", "Well, it's late!"),
        ("HE LIVES IN YORK", "He lives in York", "en", "He lives in York."),
        ("she saw the ship go", "She saw the sheep go.", "en", "She saw the ship go."),
        ("the twenty cats of mary", "The 20 cats of Mary.", "en", "The twenty cats of Mary."),
        ("they came home late", "They came, came home late.", "en", "They came home late."),
        ("one two three four", "Quite other things.", "en", "One two three four."),
        ("他说 今天 很冷", "他說，今天很冷。", "zh", "他说，今天很冷。"),
        ("你去不去", "你去不去？", "zh", "你去不去？"),
        ("他买了一台电脑", "他买了一台 computer", "zh", "他买了一台电脑。"),
    ],
)
def test_a_transcript_is_restored(bare, written, language, expected):
    found = restored(bare, written, language)
    assert found == expected
    assert scored_tokens(found) == scored_tokens(
        bare.replace(" ", "") if language == "zh" else bare
    )


def utterance(name, text):
    return Utterance(name, Path(), 0.0, 2.0, text, "en", "someone", False)


def test_only_bare_sentences_are_restored_and_kept(tmp_path):
    corpus = [
        utterance("bare", "he met mary here"),
        utterance("tidy", "He met Mary here."),
        utterance("word", "mary"),
    ]
    asked = []

    def write(bare):
        asked.extend(u.id for u in bare)
        return [(u, "He met Mary here!") for u in bare]

    path = tmp_path / "texts.json"
    assert [u.text for u in restore(corpus, write, path)] == [
        "He met Mary here!",
        "He met Mary here.",
        "mary",
    ]
    assert asked == ["bare"]
    assert json.loads(path.read_text()) == {"bare": "He met Mary here!"}
    assert restore(corpus, None, path)[0].text == "He met Mary here!"
    path.write_text("{")
    with pytest.raises(AsrError, match="Delete it"):
        restore(corpus, write, path)
