"""What a person changes in a transcript."""

from dataclasses import replace

from asr_core.editing.corrections import correction, speaker_named, with_passages
from asr_core.result import Language, Segment, Transcript

HELLO = Segment(0.0, 1.0, "en", "Hello.", 0.9)
NIHAO = Segment(1.5, 2.0, "zh", "你好", 0.9)
TALK = Transcript("talk", 2.0, (HELLO, NIHAO), Language(0.5, 0.5, 0.0, "mixed"), "base", "joint")


def by(*names):
    return [replace(HELLO, speaker=name) for name in names]


def test_a_correction_is_the_new_text_without_spaces_around_it():
    corrected = correction(HELLO, "  Hello you. \n")
    assert corrected is not None
    assert corrected.text == "Hello you."


def test_the_same_text_and_no_text_correct_nothing():
    assert correction(HELLO, " Hello. ") is None
    assert correction(HELLO, " \n ") is None


def test_a_name_reaches_as_far_as_the_speaker_goes_on():
    assert set(speaker_named(by("", "", "Bo", ""), 0, "Ann")) == {0, 1}
    assert set(speaker_named(by("Bo", "Bo", "", "Bo"), 1, "Ann")) == {1}
    named = speaker_named(by("", ""), 0, "  Ann \n Lee ")
    assert [segment.speaker for segment in named.values()] == ["Ann Lee", "Ann Lee"]


def test_the_name_somebody_has_changes_nothing_and_no_name_takes_it_away():
    assert speaker_named(by("Ann"), 0, "Ann ") == {}
    assert speaker_named(by("Ann"), 0, " ")[0].speaker == ""


def test_the_languages_are_counted_anew_where_the_text_changed():
    chinese = with_passages(TALK, {0: replace(HELLO, text="你们好")})
    assert (chinese.language.zh, chinese.language.label) == (1.0, "zh")
    assert chinese.segments[1] is NIHAO


def test_a_name_leaves_the_languages_as_they_were():
    assert with_passages(TALK, {0: replace(HELLO, speaker="Ann")}).language is TALK.language
