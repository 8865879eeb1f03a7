"""Markdown: what was said is shown as it is, whatever signs it holds."""

from asr_core.export import Layout, render
from asr_core.export.markdown import escaped
from asr_core.result import Language, Segment, Transcript


def told(*segments):
    return Transcript("a.wav", 60.0, segments, Language(0, 1, 0, "en"), "test", "joint")


def test_labels_are_bold_and_paragraphs_apart():
    whole = told(
        Segment(0, 1, "en", "One.", 1.0, speaker="Ann"),
        Segment(5, 6, "zh", "二。", 1.0, speaker="林"),
    )
    assert render(whole, "md", Layout(times=True)) == (
        "**\\[0:00\\] Ann:** One.\n\n**\\[0:05\\] 林：** 二。\n"
    )
    assert render(whole, "md", Layout("sentences", speakers=False)) == "One.\n\n二。\n"
    assert render(told(), "md") == ""


def test_a_line_break_in_a_paragraph_is_a_hard_one():
    assert render(told(Segment(0, 1, "en", "One\ntwo.", 1.0)), "md") == "One\\\ntwo.\n"


def test_signs_stay_signs():
    assert escaped("*a* _b_ <i> [x](y) a|b `c` ~d~ $e$ \\") == (
        r"\*a\* \_b\_ \<i\> \[x\](y) a\|b \`c\` \~d\~ \$e\$ \\"
    )
    assert escaped("# a\n- b\n1. c\n2) d\n+ e") == "\\# a\n\\- b\n1\\. c\n2\\) d\n\\+ e"
    assert escaped("1.5 AT&T &amp;") == "1.5 AT&T \\&amp;"
