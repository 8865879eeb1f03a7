"""The editor in Chromium: listening, correcting, finding, settling doubts."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.browser

SERVER = Path(__file__).with_name("editor_server.py")
START = [sys.executable, str(SERVER)]


@pytest.fixture(scope="module")
def server(launch_page):
    """Serves the editor alone; it lets one browser in."""
    server = launch_page(command=START)
    return server, server.cookie


@pytest.fixture
def open_editor(browser, server):
    """Opens an editor in a browser profile of its own; none of them may complain."""
    page_server, cookie = server
    name, _, value = cookie.partition("=")
    host = f"http://{page_server.host}"
    contexts, complaints = [], []

    def open_editor(query="", **options):
        options = {"viewport": {"width": 1280, "height": 720}, "locale": "en-US"} | options
        context = browser.new_context(
            permissions=["clipboard-read", "clipboard-write"], base_url=host, **options
        )
        contexts.append(context)
        context.add_cookies([{"name": name, "value": value, "url": host}])
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        page = context.new_page()
        page.goto(f"/?{query}")
        expect(passages(page).first).to_be_visible()
        return page

    yield open_editor
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(open_editor):
    return open_editor()


def passages(page):
    return page.locator(".transcript p")


def word(page, text, nth=0):
    return page.locator(".transcript span", has_text=text).nth(nth)


def do(page, action):
    return page.locator(f"[data-do={action}]")


def desk(page):
    """What Python has; it is asked again until it has what is expected."""
    return page.get_by_test_id("stCode").locator("code")


def on_desk(page):
    return json.loads(desk(page).inner_text())


def has_text(page, index, text):
    """The passage reads so, and Python has it, too."""
    expect(passages(page).nth(index)).to_have_text(text)
    expect(desk(page)).to_contain_text(json.dumps(text, ensure_ascii=False))


def audio(page, expression):
    return page.locator("audio").evaluate(f"audio => {expression}")


def plays(page):
    page.locator(".player.is-playing").wait_for()


# Listening


def test_a_click_on_a_word_plays_from_it_and_marks_it(page):
    word(page, "office").click()
    plays(page)
    assert 8.25 <= audio(page, "audio.currentTime") < 10
    expect(page.locator("span.playing")).to_have_count(1)
    page.keyboard.press(" ")
    expect(page.locator(".player.is-playing")).to_have_count(0)


def test_the_marked_word_is_the_one_that_is_said(page):
    for time, said in [(0.6, "We"), (1.3, "Perris"), (4.1, "我"), (4.6, "侧"), (20.4, "from")]:
        audio(page, f"{{ audio.currentTime = {time} }}")
        expect(page.locator("span.playing")).to_have_text(said)


def test_the_time_of_a_passage_plays_from_its_start(page):
    page.get_by_title("Play from 0:16").click()
    plays(page)
    assert 16.0 <= audio(page, "audio.currentTime") < 17.5


def test_keys_and_buttons_move_five_seconds(page):
    audio(page, "{ audio.currentTime = 12 }")
    page.keyboard.press("ArrowRight")
    assert audio(page, "audio.currentTime") == 17
    do(page, "back").click()
    page.keyboard.press("F2")
    assert audio(page, "audio.currentTime") == 7


def test_speed_goes_from_half_to_double_in_small_steps(page):
    expect(page.locator(".speed output")).to_have_text("1.00×")
    do(page, "faster").click()
    assert audio(page, "[audio.playbackRate, audio.preservesPitch]") == [1.05, True]
    for _ in range(25):
        page.keyboard.press("]")
    expect(page.locator(".speed output")).to_have_text("2.00×")
    for _ in range(40):
        page.keyboard.press("[")
    assert audio(page, "audio.playbackRate") == 0.5


def test_a_looped_passage_starts_again_at_its_end(page):
    word(page, "Goodbye").click()
    plays(page)
    page.keyboard.press("l")
    audio(page, "{ audio.currentTime = 20.6 }")
    page.wait_for_function("() => document.querySelector('audio').currentTime < 20.5")
    assert audio(page, "!audio.paused")


def test_the_player_never_scrolls_away_and_the_text_follows_it(open_editor):
    page = open_editor("words=2000")
    expect(do(page, "play")).to_be_in_viewport()
    passages(page).nth(60).scroll_into_view_if_needed()
    expect(do(page, "play")).to_be_in_viewport()
    audio(page, "{ audio.currentTime = 1 }")
    expect(passages(page).first).to_be_in_viewport()
    page.keyboard.press("f")
    expect(do(page, "follow")).to_have_attribute("aria-pressed", "false")
    audio(page, "{ audio.currentTime = 500 }")
    expect(page.locator("span.playing")).to_have_count(1)
    expect(passages(page).first).to_be_in_viewport()


def test_playing_goes_on_while_python_answers(page):
    word(page, "We").click()
    plays(page)
    passages(page).nth(3).dblclick()
    page.keyboard.type(" More.")
    page.keyboard.press("Enter")
    expect(desk(page)).to_contain_text("More.")
    assert audio(page, "!audio.paused")


# Correcting


def test_a_double_click_corrects_and_enter_goes_on(page):
    word(page, "flew").dblclick()
    page.keyboard.type("drove")
    page.keyboard.press("Enter")
    page.keyboard.type("啊")
    page.keyboard.press("Enter")
    has_text(page, 0, "We drove to Perris last night.")
    has_text(page, 1, "啊我们侧试职业道德")
    assert on_desk(page)["asked"] == [0, 1]


def test_unchanged_words_still_play_from_where_they_were(page):
    word(page, "flew").dblclick()
    page.keyboard.type("drove there and walked")
    page.keyboard.press("Enter")
    has_text(page, 0, "We drove there and walked to Perris last night.")
    word(page, "night.").click()
    assert 1.75 <= audio(page, "audio.currentTime") < 4


def test_escape_leaves_a_passage_as_it_was(page):
    word(page, "flew").dblclick()
    page.keyboard.type("drove")
    page.keyboard.press("Escape")
    expect(passages(page).first).to_have_text("We flew to Perris last night.")
    expect(passages(page).first.locator("span")).to_have_count(6)
    expect(do(page, "undo")).to_be_disabled()


def test_a_passage_left_empty_comes_back(page):
    word(page, "flew").dblclick()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.press("Tab")
    expect(passages(page).first).to_have_text("We flew to Perris last night.")
    expect(do(page, "undo")).to_be_disabled()


def test_shift_enter_breaks_the_line(page):
    word(page, "last").dblclick()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Enter")
    expect(desk(page)).to_contain_text("We flew to Perris \\nlast night.")
    assert "\n" in passages(page).first.inner_text()


def test_tab_and_arrows_cross_passages(page):
    word(page, "flew").dblclick()
    page.keyboard.press("Tab")
    expect(passages(page).nth(1)).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(passages(page).nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(passages(page).nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(passages(page).nth(0)).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(passages(page).nth(1)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(passages(page).nth(0)).to_be_focused()


def test_arrows_stay_within_a_passage_of_several_lines(open_editor):
    page = open_editor(viewport={"width": 420, "height": 720})
    word(page, "office").dblclick()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowDown")
    expect(passages(page).nth(2)).to_be_focused()


def test_leaving_a_passage_saves_it(page):
    word(page, "flew").dblclick()
    page.keyboard.type("drove")
    do(page, "play").focus()
    has_text(page, 0, "We drove to Perris last night.")


def test_while_the_switch_is_on_a_click_puts_the_caret_and_plays(page):
    page.keyboard.press("e")
    expect(do(page, "edit")).to_have_attribute("aria-pressed", "true")
    word(page, "Nobody").click(position={"x": 2, "y": 10})
    plays(page)
    page.keyboard.type("Oh. ")
    page.keyboard.press("Enter")
    has_text(page, 3, "Oh. Nobody asked me about it.")
    do(page, "edit").click()
    expect(passages(page).first).not_to_have_attribute("contenteditable", re.compile(".*"))


def test_a_key_alone_leads_to_the_word_last_heard(page):
    word(page, "Nobody").click()
    plays(page)
    page.keyboard.press("e")
    page.keyboard.type("Oh. ")
    page.keyboard.press("Enter")
    has_text(page, 3, "Oh. Nobody asked me about it.")


def test_no_browser_looks_at_the_spelling(page):
    page.keyboard.press("e")
    for name, value in [("spellcheck", "false"), ("autocorrect", "off"), ("autocapitalize", "off")]:
        expect(passages(page).first).to_have_attribute(name, value)


def test_what_is_pasted_is_plain_text(page):
    page.evaluate(
        """() => navigator.clipboard.write([new ClipboardItem({
            "text/html": new Blob(["<h1>loud</h1>"], {type: "text/html"}),
            "text/plain": new Blob(["loud"], {type: "text/plain"}),
        })])"""
    )
    word(page, "flew").dblclick()
    page.keyboard.press("Control+v")
    page.keyboard.press("Enter")
    has_text(page, 0, "We loud to Perris last night.")
    expect(passages(page).first.locator("h1")).to_have_count(0)


def test_the_enter_of_an_input_method_saves_nothing(page):
    word(page, "谢").dblclick()
    passages(page).nth(4).evaluate(
        """p => p.dispatchEvent(new KeyboardEvent(
            "keydown", {key: "Enter", isComposing: true, bubbles: true, cancelable: true}))"""
    )
    expect(passages(page).nth(4)).to_be_focused()
    keys = page.context.new_cdp_session(page)
    keys.send("Input.imeSetComposition", {"text": "xie", "selectionStart": 3, "selectionEnd": 3})
    keys.send("Input.insertText", {"text": "多谢"})
    page.keyboard.press("Enter")
    expect(desk(page)).to_contain_text("多谢")


def test_keys_are_letters_where_somebody_types(page):
    word(page, "flew").dblclick()
    page.keyboard.type("never quit [l]")
    page.keyboard.press("Enter")
    has_text(page, 0, "We never quit [l] to Perris last night.")
    assert on_desk(page)["quotes"] == []
    do(page, "find").click()
    page.keyboard.type("e n q")
    expect(page.locator("input[name=search]")).to_have_value("e n q")
    expect(do(page, "edit")).to_have_attribute("aria-pressed", "false")


def test_quick_corrections_all_arrive(page):
    passages(page).first.dblclick()
    for i in range(6):
        page.keyboard.press("End")
        page.keyboard.type(f" {i}a")
        page.keyboard.press("Enter")
    passages(page).first.dblclick()
    for i in range(6):
        page.keyboard.press("End")
        page.keyboard.type(f" {i}b")
        page.keyboard.press("Enter")
    expect(desk(page)).to_contain_text(" 5b")
    texts = on_desk(page)["texts"]
    assert [text[-6:] for text in texts] == [f" {i}a {i}b" for i in range(6)]


def test_corrections_are_undone_and_done_again(page):
    word(page, "flew").dblclick()
    page.keyboard.type("drove")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    has_text(page, 0, "We drove to Perris last night.")
    page.keyboard.press("Control+z")
    has_text(page, 0, "We flew to Perris last night.")
    page.keyboard.press("Control+Shift+z")
    has_text(page, 0, "We drove to Perris last night.")
    do(page, "undo").click()
    has_text(page, 0, "We flew to Perris last night.")
    page.keyboard.press("Control+y")
    has_text(page, 0, "We drove to Perris last night.")


# Finding


def test_find_counts_and_walks_and_minds_the_case(page):
    page.keyboard.press("Control+f")
    page.keyboard.type("perris")
    hits = page.locator(".find output")
    expect(hits).to_have_text("1 of 3")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(hits).to_have_text("3 of 3")
    page.keyboard.press("Shift+Enter")
    expect(hits).to_have_text("2 of 3")
    assert page.evaluate("CSS.highlights.get('found').size") == 3
    page.get_by_label("Match case").check()
    expect(hits).to_have_text("0 of 0")
    expect(do(page, "replaceAll")).to_be_disabled()
    page.locator("input[name=search]").press("Escape")
    expect(page.locator(".find")).to_be_hidden()
    assert page.evaluate("CSS.highlights.get('found').size") == 0


def test_one_hit_is_replaced_and_the_next_one_chosen(page):
    do(page, "find").click()
    page.locator("input[name=search]").fill("Perris")
    page.locator("input[name=by]").fill("Paris")
    do(page, "nextHit").click()
    do(page, "replaceOne").click()
    has_text(page, 2, "The office in Paris is large. It opens at nine.")
    expect(page.locator(".find output")).to_have_text("2 of 2")
    expect(passages(page).first).to_contain_text("Perris")


def test_all_hits_are_replaced_told_and_undone_in_one_step(page):
    do(page, "find").click()
    page.locator("input[name=search]").fill("e")
    page.locator("input[name=by]").fill("$&")
    expect(page.locator(".find output")).to_have_text(re.compile("1 of"))
    count = int(page.locator(".find output").inner_text().split()[-1])
    do(page, "replaceAll").click()
    expect(page.locator(".status")).to_have_text(f"Replaced: {count}")
    has_text(page, 0, "W$& fl$&w to P$&rris last night.")
    has_text(page, 5, "Goodby$& from P$&rris!")
    do(page, "undo").click()
    has_text(page, 0, "We flew to Perris last night.")
    has_text(page, 5, "Goodbye from Perris!")


# Doubts


def test_doubtful_words_are_a_list_to_work_through(page):
    expect(page.locator(".unsure")).to_have_text("5 unsure")
    page.keyboard.press("n")
    expect(page.locator(".card")).to_contain_text("Unsure: 20 % certain")
    page.get_by_role("button", name="It is right").click()
    expect(page.locator(".unsure")).to_have_text("4 unsure")
    page.keyboard.press("2")  # the next one was opened: Paris, Harris
    has_text(page, 0, "We flew to Harris last night.")
    expect(page.locator(".unsure")).to_have_text("3 unsure")
    page.keyboard.press("1")
    has_text(page, 1, "我们测试职业道德")
    page.keyboard.press("Escape")
    expect(page.locator(".card")).to_be_hidden()
    page.keyboard.press("p")
    page.keyboard.press("p")
    page.keyboard.press("1")
    expect(page.locator(".unsure")).to_have_text("1 unsure")


def test_the_next_doubt_of_a_passage_stays_open_while_python_answers(page):
    page.keyboard.press("n")
    page.get_by_role("button", name="It is right").click()
    expect(do(page, "undo")).to_be_enabled()
    page.wait_for_timeout(1500)
    page.keyboard.press("2")
    has_text(page, 0, "We flew to Harris last night.")


def test_all_the_same_words_are_settled_at_once(page):
    word(page, "Perris").click()
    page.get_by_text("All the same words (3)").click()
    page.get_by_role("button", name="Paris", exact=True).click()
    expect(page.locator(".unsure")).to_have_text("2 unsure")
    has_text(page, 0, "We flew to Paris last night.")
    has_text(page, 2, "The office in Paris is large. It opens at nine.")
    has_text(page, 5, "Goodbye from Paris!")
    page.keyboard.press("Control+z")
    has_text(page, 5, "Goodbye from Perris!")
    expect(page.locator(".unsure")).to_have_text("5 unsure")


def test_a_doubtful_word_can_be_written_over(page):
    page.keyboard.press("n")
    page.keyboard.press("n")
    page.get_by_role("button", name="Type it").click()
    page.keyboard.type("Lima")
    page.keyboard.press("Enter")
    has_text(page, 0, "We flew to Lima last night.")
    expect(page.locator(".unsure")).to_have_text("3 unsure")  # the passage was read


# Language, speakers, quotes


def test_a_passage_is_listened_to_again_in_another_language(page):
    page.get_by_title("Listen again as…").nth(1).click()
    page.get_by_role("button", name="Again as English").click()
    expect(desk(page)).to_contain_text('"asked": [[1, "en"]]')


def test_a_speaker_gets_a_name_until_another_one_speaks(page):
    page.locator("section").nth(3).hover()
    page.locator(".speaker").nth(3).click()
    page.keyboard.type("Ann Lee")
    page.keyboard.press("Enter")
    names = ["", "", "", "Ann Lee", "Ann Lee", "Ann Lee"]
    expect(desk(page)).to_contain_text(json.dumps(names))
    expect(page.locator(".named:not(.goes-on) .speaker")).to_have_text(["Ann Lee"])
    page.keyboard.press("Control+z")
    expect(page.locator(".named")).to_have_count(0)


def test_what_is_selected_becomes_a_quote(page):
    page.evaluate(
        """() => {
            const host = [...document.querySelectorAll("*")].find(
                one => one.shadowRoot?.querySelector(".editor"))
            const words = host.shadowRoot.querySelectorAll("section")[2].querySelectorAll("span")
            getSelection().setBaseAndExtent(words[1].firstChild, 2, words[3].firstChild, 3)
        }"""
    )
    do(page, "quote").click()
    expect(desk(page)).to_contain_text('"quotes": [["office in Perris", 8.25, 9.0]]')
    expect(page.locator(".status")).to_have_text("Added to the quotes")


def test_without_a_selection_the_sentence_last_heard_is_quoted(page):
    audio(page, "{ audio.currentTime = 9.6 }")
    expect(page.locator("span.playing")).to_have_text("It")
    page.keyboard.press("q")
    expect(desk(page)).to_contain_text('"quotes": [["It opens at nine.", 9.5, 10.5]]')


# States


def test_a_running_job_is_heard_but_not_edited(open_editor):
    page = open_editor("busy")
    word(page, "office").click()
    plays(page)
    expect(do(page, "edit")).to_be_hidden()
    page.keyboard.press("e")
    word(page, "flew").dblclick()
    expect(passages(page).first).not_to_have_attribute("contenteditable", re.compile(".*"))


def test_a_forgotten_recording_leaves_the_text_to_correct(page):
    page.get_by_role("button", name="Forget audio now").click()
    expect(page.locator("audio")).to_have_count(0)
    expect(page.locator(".player")).to_be_hidden()
    word(page, "flew").dblclick()
    page.keyboard.type("drove")
    page.keyboard.press("Enter")
    has_text(page, 0, "We drove to Perris last night.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(open_editor, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = open_editor(color_scheme=scheme)
    do(page, "find").click()
    page.locator("input[name=search]").fill("is")
    word(page, "Perris").click()
    do(page, "edit").click()
    expect(page.locator("[contenteditable]").first).to_be_visible()
    found = axe.run(page, ".stBidiComponent").response["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    assert serious == [], json.dumps(serious, indent=1)[:3000]


def test_twice_as_large_everything_still_fits(open_editor):
    page = open_editor(viewport={"width": 640, "height": 360})
    for action in ("play", "follow", "edit", "nextUnsure"):
        expect(do(page, action)).to_be_in_viewport()
    assert page.evaluate("document.querySelector('.stMain').scrollWidth <= innerWidth")
    assert page.locator(".dock").evaluate("dock => dock.offsetHeight") < 180
