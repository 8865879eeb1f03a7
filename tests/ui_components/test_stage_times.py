"""The folded box with the times of a run's stages."""

from streamlit.testing.v1 import AppTest

STATS = {
    "real_time_factor": 0.0417,
    "stages": {"sound": 0.31, "encoder": 2.04, "search": 5.0, "align": 0.2},
    "tokens_per_second": {"search": 84.6},
}


def page(stats):
    from ui_components.stage_times import stage_times

    stage_times(stats)


def test_every_stage_has_its_line_and_the_last_compares_with_the_sound():
    at = AppTest.from_function(page, args=(STATS,)).run()
    assert not at.exception
    assert at.expander[0].label == "Where the time went"
    assert at.markdown[0].value.splitlines() == [
        "- Reading the recording and finding speech: 0.3 s",
        "- Encoder: 2.0 s",
        "- Writing the text: 5.0 s, 85 tokens a second",
        "- Times of the words: 0.2 s",
        "- In all 0.042 seconds for a second of the recording",
    ]


def test_nothing_is_shown_of_a_transcript_without_times():
    for stats in ({}, {"stages": {"sound": 0.1}, "real_time_factor": None}):
        at = AppTest.from_function(page, args=(stats,)).run()
        assert not at.exception
        assert not at.expander
