"""What people read: each kind of tidying by itself, and what holds for all of them."""

import re
from dataclasses import fields, replace
from random import Random

import pytest
from spoken import heard

from asr_core.result import Language, Segment, Transcript, Word
from asr_core.settings import VERBATIM, Tidy
from asr_core.text.score import HAN, SCORED, scored_tokens
from asr_core.text.tidy import TidyCopy, joined, tidied, tidied_segment, tidied_segments

EXAMPLES = [
    # script
    ("zh", "請用傳統漢字寫頭髮", "请用传统汉字写头发"),
    # punctuation
    ("zh", "你好, 世界. 你好吗?", "你好，世界。你好吗？"),
    ("zh", "我喜欢 machine learning, 因为很有用", "我喜欢 machine learning，因为很有用"),
    ("en", "Hello，world。", "Hello, world."),
    ("zh", "增长20%, 到CA1305, 然后", "增长20%，到 CA1305，然后"),
    ("zh", "版本 v2.0 发布于 3:30.", "版本 v2.0 发布于3:30."),
    # spacing
    ("zh", "我们用Python写代码", "我们用 Python 写代码"),
    ("zh", "11月买了iPhone 15手机", "11月买了 iPhone 15手机"),
    ("zh", "写信给a@b.com或看https://a.cn/b吧", "写信给 a@b.com 或看 https://a.cn/b 吧"),
    # case
    ("en", "i think i'm late. are you?", "I think I'm late. Are you?"),
    ("en", "THE QUICK BROWN FOX SAW NASA AND ME", "The quick brown fox saw NASA and me"),
    ("en", "NASA FBI CIA", "NASA FBI CIA"),
    ("en", "The api runs on a gpu, not on an iphone.", "The API runs on a GPU, not on an iPhone."),
    ("en", "eBay and LaTeX stay", "eBay and LaTeX stay"),
    ("en", "We met Dr. who came at 3 p.m. today", "We met Dr. who came at 3 p.m. today"),
    ("zh", "第 i 个gpu很快", "第 i 个 GPU 很快"),
    ("zh", "i think 这个 api 不错", "I think 这个 API 不错"),
    # numbers
    ("zh", "二零二六年三月五日开会", "2026年3月5日开会"),
    ("zh", "增长了百分之二十，不到百分之三点五", "增长了20%，不到3.5%"),
    ("zh", "早上八点半到下午三点十五分", "早上8点半到下午3点15分"),
    ("zh", "两千五百块钱买了三十个", "2500块钱买了30个"),
    ("zh", "一万日元和四百万美元", "1万日元和400万美元"),
    ("zh", "请打一三八零零一三八零零零", "请打13800138000"),
    ("zh", "一个人一起三心二意，千万别，万一呢", "一个人一起三心二意，千万别，万一呢"),
    ("zh", "第一次十分好，十几个人，二三十个", "第一次十分好，十几个人，二三十个"),
    ("zh", "這裡有兩百六十位", "这里有260位"),
    ("en", "it grew twenty five percent", "It grew 25%"),
    ("en", "it is three point five in two thousand and twenty six", "It is 3.5 in 2026"),
    ("en", "It cost two hundred and fifty dollars.", "It cost $250."),
    ("en", "One of them, no one, two people and the twenty first", None),
    ("en", "be there at three thirty pm.", "Be there at 3:30 p.m."),
    ("ja", "三十人です", None),
    ("it", "i ragazzi, api", None),
]


@pytest.mark.parametrize(("language", "text", "written"), EXAMPLES)
def test_what_was_heard_is_written_as_people_write_it(language, text, written):
    segment = heard(text, language)
    assert tidied_segment(segment, Tidy()).text == (written or segment.text)


@pytest.mark.parametrize(
    ("tidy", "written"),
    [
        (VERBATIM, "我們用Python, i think百分之二十."),
        (replace(VERBATIM, script="simplified"), "我们用Python, i think百分之二十."),
        (replace(VERBATIM, script="traditional"), "我們用Python, i think百分之二十."),
        (replace(VERBATIM, spacing=True), "我們用 Python, i think 百分之二十."),
        (replace(VERBATIM, punctuation="full"), "我們用Python, i think百分之二十。"),
        (replace(VERBATIM, case=True), "我們用Python, I think百分之二十."),
        (replace(VERBATIM, numbers=True), "我們用Python, i think 20%."),
    ],
)
def test_every_switch_does_its_own_and_no_more(tidy, written):
    assert tidied_segment(heard("我們用Python, i think百分之二十.", "zh"), tidy).text == written


def test_half_width_punctuation_is_half_width_everywhere():
    tidy = Tidy(punctuation="half")
    assert (
        tidied_segment(heard("你好，世界。Hello，you！", "zh"), tidy).text
        == "你好,世界. Hello, you!"
    )


# What made-up speech is made of: every pair of neighbors comes up.
PIECES = """
我 們 头 髮 发 干 一 二 三 十 百 千 万 点 零 年 月 日 号 个 分 之 元 好， 吗? 。 第 百分之
twenty five hundred and point one percent dollars pm I i i'm THE QUICK FOX AND gpu iPhone Mr. end.
3 2026 5% v2.0 a@b.com https://a.cn/b? don't (so “yes” well... first 12:30 é
"""


def made_up(n):
    random = Random(7)
    for _ in range(n):
        words = random.choices(PIECES.split(), k=random.randint(1, 14))
        timed = tuple(Word(word, i, i + 1.0, random.random()) for i, word in enumerate(words))
        language = "zh" if re.search(HAN, "".join(words)) else "en"
        yield Segment(0, len(words), language, joined(words, spacing=False), 0.5, timed)


def tidies():
    """All off, all on, one on, one off."""
    yield from (VERBATIM, Tidy())
    for field in fields(Tidy):
        yield replace(VERBATIM, **{field.name: getattr(Tidy(), field.name)})
        yield replace(Tidy(), **{field.name: getattr(VERBATIM, field.name)})


@pytest.mark.parametrize("tidy", [*tidies(), Tidy(punctuation="half")])
def test_words_stand_in_the_text_in_order_and_keep_their_times(tidy):
    for segment in made_up(300):
        found = tidied_segment(segment, tidy)
        assert found.text == (
            segment.text
            if tidy == VERBATIM
            else joined((word.text for word in found.words), tidy.spacing)
        )
        assert (found.start, found.end) == (segment.start, segment.end)
        starts = {word.start for word in segment.words}
        ends = {word.end for word in segment.words}
        assert all(word.start in starts and word.end in ends for word in found.words)
        assert [w.end for w in found.words[:-1]] == [w.start for w in found.words[1:]]
        assert min(w.confidence for w in found.words) == min(w.confidence for w in segment.words)


@pytest.mark.parametrize("tidy", [*tidies(), Tidy(punctuation="half")])
def test_what_is_tidy_stays_as_it_is(tidy):
    for segment in made_up(300):
        once = tidied_segment(segment, tidy)
        assert tidied_segment(once, tidy) == once, segment.text


def test_no_character_is_lost_but_by_the_switch_that_is_about_it():
    for segment in made_up(400):
        spaced = tidied_segment(segment, replace(VERBATIM, spacing=True)).text
        assert spaced.replace(" ", "") == segment.text.replace(" ", "")
        cased = tidied_segment(segment, replace(VERBATIM, case=True)).text
        assert cased.lower() == segment.text.lower()
        for width in ("full", "half"):
            marked = tidied_segment(segment, replace(VERBATIM, punctuation=width))
            assert len(marked.text.replace(" ", "")) == len(segment.text.replace(" ", ""))
            assert re.sub(r"\W", "", marked.text) == re.sub(r"\W", "", segment.text)


def test_a_score_does_not_depend_on_how_the_text_is_written():
    for segment in made_up(300):
        wanted = scored_tokens(segment.text)
        for tidy in (SCORED, replace(SCORED, punctuation="half", spacing=False, case=True)):
            assert scored_tokens(tidied_segment(segment, tidy).text) == wanted


def test_no_space_comes_into_numbers_and_addresses():
    for segment in made_up(400):
        words = tidied_segment(segment, Tidy()).text
        for address in ("a@b.com", "https://a.cn/b?", "v2.0", "12:30"):
            assert words.count(address[:-1]) == segment.text.count(address[:-1])


def test_several_words_become_one_number_with_their_time_and_the_least_confidence():
    words = (
        Word("涨", 0.0, 0.2, 0.9, ("张",)),
        *(Word(text, i, i + 0.5, 0.9 - 0.1 * i) for i, text in enumerate("百分之八十", 1)),
        Word("了。", 7.0, 7.5, 0.9),
    )  # fmt: skip
    segment = Segment(0.0, 7.5, "zh", "涨百分之八十了。", 0.9, words)
    found = tidied_segment(segment, Tidy())
    assert found.words == (
        words[0],
        Word("80%", 1, 5.5, min(word.confidence for word in words)),
        words[-1],
    )


def test_marks_around_a_number_stay():
    segment = heard("(twenty five percent), he said", "en")
    assert tidied_segment(segment, Tidy()).text == "(25%), he said"


def test_alternatives_are_in_the_same_script():
    word = Word("髮", 0.0, 1.0, 0.5, ("發", "fa"))
    found = tidied_segment(Segment(0.0, 1.0, "zh", "髮", 0.5, (word,)), Tidy())
    assert found.words[0].alternatives == ("发", "fa")


def test_a_segment_without_words_is_tidied_and_gets_none():
    found = tidied_segment(Segment(0.0, 1.0, "zh", "我們用Python, 百分之二十.", 0.5), Tidy())
    assert (found.text, found.words) == ("我们用 Python，20%。", ())


TALK = Transcript(
    "talk.wav",
    9.0,
    (
        heard("we met and", "en"),
        heard("then we left.", "en"),
        heard("it was late", "en"),
        replace(heard("i wrote 這個, myself", "en"), edited=True),
        heard("謝謝", "zh"),
    ),
    Language(0.1, 0.9, 0.0, "en"),
    "engine",
    "joint",
)


def test_a_sentence_that_goes_on_in_the_next_segment_gets_no_capital_there():
    texts = [segment.text for segment in tidied(TALK, Tidy()).segments]
    assert texts[:3] == ["We met and", "then we left.", "It was late"]


def test_what_a_person_wrote_stays():
    assert tidied(TALK, Tidy()).segments[3] is TALK.segments[3]


def test_verbatim_changes_nothing():
    assert tidied(TALK, VERBATIM) == TALK


def test_all_but_the_text_stays():
    found = tidied(TALK, Tidy())
    assert replace(found, segments=TALK.segments) == TALK
    assert len(found.segments) == len(TALK.segments)


def test_a_copy_is_what_tidying_anew_would_give_while_segments_grow_and_change():
    copy, segments = TidyCopy(), TALK.segments
    corrected = (*segments[:1], replace(segments[1], text="ends.", edited=True), *segments[2:])
    for tidy in (Tidy(), Tidy(script="traditional"), VERBATIM):
        for given in (segments[:2], segments, corrected, segments[3:], ()):
            assert copy.of(given, tidy) == tidied_segments(given, tidy)


def test_a_copy_does_only_what_changed_again():
    copy = TidyCopy()
    before = copy.of(TALK.segments, Tidy())
    corrected = (*TALK.segments[:4], heard("謝了", "zh"))
    after = copy.of(corrected, Tidy())
    assert all(a is b for a, b in zip(before[:4], after[:4], strict=True))
    assert after[4].text == "谢了"


@pytest.mark.parametrize(
    ("words", "text", "unspaced"),
    [
        (["Hello,", "world!"], "Hello, world!", "Hello, world!"),
        (["用", "Python", "写", "代", "码。"], "用 Python 写代码。", "用Python写代码。"),
        (["11", "月", "2026", "年"], "11月2026年", "11月2026年"),
        (["好，", "Jason!", "你"], "好，Jason! 你", "好，Jason!你"),
        (["OK", "。"], "OK。", "OK。"),
        (["看", "a.cn/", "路", "径"], "看 a.cn/路径", "看a.cn/路径"),
        (["", "a", "", "b"], "a b", "a b"),
        ([], "", ""),
    ],
)
def test_a_space_stands_between_latin_words_and_beside_chinese_but_not_at_figures(
    words, text, unspaced
):
    assert joined(words) == text
    assert joined(words, spacing=False) == unspaced
