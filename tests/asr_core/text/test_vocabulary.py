"""Names and terms in plain lines, and a sentence for the line that is wrong."""

import pytest

from asr_core.errors import AsrError
from asr_core.text.vocabulary import MOST_TERMS, Term, Vocabulary


def test_a_line_is_a_term_and_the_forms_it_is_heard_as():
    lines = ["# people", "", "Sottovoce | sotto voce | soto  voce", " 周杰伦｜周结论 ", "GitHub"]
    assert Vocabulary.parse(lines).terms == (
        Term("Sottovoce", ("sotto voce", "soto voce")),
        Term("周杰伦", ("周结论",)),
        Term("GitHub"),
    )


def test_a_term_that_comes_again_adds_its_forms():
    assert Vocabulary.parse(["Ann | an", "Bo", "Ann | Anne | an | Ann"]).terms == (
        Term("Ann", ("an", "Anne")),
        Term("Bo"),
    )


@pytest.mark.parametrize(
    ("line", "reason"),
    [("Ann || an", "without letters"), ("| an", "without letters"), ("x" * 61, "too long")],
)
def test_a_line_that_cannot_be_used_is_named(line, reason):
    with pytest.raises(AsrError, match=rf"^Line 2 of the names and terms .*{reason}"):
        Vocabulary.parse(["Bo", line])


def test_a_list_beyond_all_measure_is_refused():
    with pytest.raises(AsrError, match=f"more than {MOST_TERMS}"):
        Vocabulary.parse(f"name {i}" for i in range(MOST_TERMS + 1))
