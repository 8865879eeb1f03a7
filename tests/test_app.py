"""The page's states, run by Streamlit's own test harness with a scripted recognizer."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from scripted import MIXED
from shelf import shelve
from streamlit.testing.v1 import AppTest

from asr_core.audio.clip import FIRST_MINUTE, Clip
from asr_core.editing.quotes import Quote
from asr_core.errors import AsrError
from asr_core.jobs import Begun, Readiness
from asr_core.model import trained
from asr_core.privacy.receipt import Receipt
from asr_core.project import Project, sealed
from asr_core.result import Segment, Transcript, Word
from asr_core.settings import Settings
from ui_components import leftovers, state

APP = Path(__file__).resolve().parents[1] / "app.py"

HELLO = Segment(0.0, 1.0, "en", "Hello.", 0.9, (Word("Hello.", 0.0, 1.0, 0.9),))
SAID = Segment(0.0, 2.0, "zh", "我們用Python, 百分之二十.", 0.9)
NIHAO = Segment(1.5, 2.0, "zh", "你好。", 0.9)


@pytest.fixture
def recognizer(scripted_recognizer):
    return scripted_recognizer


@pytest.fixture
def page(recognizer):
    at = AppTest.from_file(str(APP), default_timeout=30).run()
    assert not at.exception
    return at


@pytest.fixture
def page_in(recognizer, monkeypatch):
    """Opens the page in a language."""

    def open_page(language):
        for module in ("phrases", "told"):
            monkeypatch.setattr(f"ui_components.{module}.page_language", lambda: language)
        at = AppTest.from_file(str(APP), default_timeout=30).run()
        assert not at.exception
        return at

    return open_page


def drop(at, name="talk.mp3", audio=b"sound", mime="audio/mpeg"):
    at.file_uploader[0].upload(name, audio, mime).run()
    assert not at.exception


def shown(at):
    """All words on the page that are no component's."""
    parts = [*at.markdown, *at.caption, *at.subheader, *at.header, *at.info, *at.error]
    return "\n".join(element.value for element in parts)


def passages(at, key):
    return json.loads(at.get_by_key(key).proto.json)["passages"]


def playable(at):
    return json.loads(at.get_by_key("transcript").proto.json)["audio"]


def test_the_idle_page_waits_for_a_recording(page, recognizer):
    assert len(page.file_uploader) == 1
    assert [button.label for button in page.button] == ["Check now"]  # that it is offline
    assert recognizer.jobs == []
    assert recognizer.calls == []


def test_a_dropped_file_starts_at_once(page, recognizer):
    drop(page)
    ((audio, name, settings),) = recognizer.given
    assert (bytes(audio), name) == (b"sound", "talk.mp3")
    assert (settings.language, settings.languages, settings.decode) == (
        "auto",
        ("zh", "en"),
        "joint",
    )
    assert page.expander[0].label == "Add recordings"  # there is room for more
    assert [button.label for button in page.button] == ["Check now", "Stop and keep the text"]


def test_a_recording_is_written_while_it_is_spoken_and_then_like_any_other(page, recognizer):
    def handed():
        return json.loads(page.get_by_key("recorder").proto.json)["id"]

    assert handed() == ""
    run = state.runs().record(16_000, Settings(), "test session id")
    run.job.segments, run.job.draft = (HELLO,), "And now"
    page.run()
    assert not page.exception
    assert handed() == run.job.id
    assert page.subheader[0].value.startswith("recording ")
    assert "The text comes as you speak" in shown(page)
    assert "And now …" in shown(page)
    assert "Stop and keep the text" not in [button.label for button in page.button]
    assert passages(page, "partial")[0]["text"] == "Hello."
    run.live.add(b"sound.")
    state.runs().finish(run)
    run.job.draft = ""
    run.job.end("done", [HELLO, NIHAO])
    page.run()
    assert not page.exception
    assert handed() == ""
    assert playable(page)
    assert [passage["text"] for passage in passages(page, "transcript")] == ["Hello.", "你好。"]


def test_the_name_is_shown_without_folders_and_signs_that_steer(page, recognizer):
    drop(page, "..\\..\\etc/\u202epw*d*\u200f.mp3")
    assert recognizer.given[0][1] == "pw*d*.mp3"
    assert page.subheader[0].value == "pw\\*d\\*\\.mp3"


def test_the_upload_store_is_empty_as_soon_as_the_bytes_are_taken(page, monkeypatch):
    left = []
    take = leftovers.take

    def take_and_look(upload):
        audio = take(upload)
        context = leftovers.get_script_run_ctx()
        left.append(context.uploaded_file_mgr.get_stats())
        return audio

    monkeypatch.setattr("ui_components.uploader.take", take_and_look)
    drop(page)
    assert left == [{}]


def test_the_choices_go_into_the_run_and_are_remembered(page, recognizer, tmp_path):
    page.segmented_control(key="language").set_value("more").run()
    page.selectbox(key="one_language").set_value("ja")
    page.selectbox(key="decode").set_value("rescore")
    page.selectbox(key="precision").set_value("int8").run()
    drop(page)
    settings = recognizer.given[0][2]
    assert (settings.language, settings.decode, settings.precision) == ("ja", "rescore", "int8")
    recognizer.jobs[0].end("done", [HELLO])
    page.run()
    page.button(key="new").click().run()
    assert page.segmented_control(key="language").value == "more"
    assert page.selectbox(key="one_language").value == "ja"
    assert page.selectbox(key="decode").value == "rescore"
    assert page.selectbox(key="precision").value == "int8"
    assert json.loads((tmp_path / "settings.json").read_text())["decode"] == "rescore"


def test_a_second_model_for_doubtful_passages_is_chosen_and_remembered(page, recognizer, tmp_path):
    assert "second_below" not in [slider.key for slider in page.slider]
    page.selectbox(key="precision").set_value("int4").run()
    page.selectbox(key="second_model").set_value("sottovoce-base").run()
    page.selectbox(key="second_precision").set_value("float32")
    page.slider(key="second_below").set_value(0.75).run()
    assert not page.exception
    assert recognizer.calls == ["prepare"] * 3  # the threshold needs no other model
    drop(page)
    chosen = recognizer.given[0][2]
    second = (chosen.second_engine, chosen.second_precision, chosen.second_below)
    assert second == ("sottovoce-base", "float32", 0.75)
    saved = json.loads((tmp_path / "settings.json").read_text())
    assert saved["second_engine"] == "sottovoce-base"


@pytest.fixture
def qwen(monkeypatch, tmp_path):
    """An installed model of another kind."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    shelve("qwen3-asr-0.6b", {"config.json": '{"model_type": "qwen3_asr"}'})


def test_a_model_that_was_added_can_be_chosen_and_is_loaded_at_once(
    qwen, page, recognizer, tmp_path
):
    choice = page.selectbox(key="model")
    assert choice.options == ["sottovoce-base", "qwen3-asr-0.6b"]
    assert not page.selectbox(key="decode").disabled
    choice.set_value("qwen3-asr-0.6b").run()
    assert not page.exception
    assert page.selectbox(key="decode").disabled  # it decodes in its own way
    assert recognizer.calls == ["prepare"]
    assert json.loads((tmp_path / "settings.json").read_text())["engine"] == "qwen3-asr-0.6b"
    drop(page)
    assert recognizer.given[0][2].engine == "qwen3-asr-0.6b"


def test_a_model_that_is_named_by_its_folder_stays_chosen(recognizer, tmp_path):
    Settings(engine="/somewhere/my-model").save(tmp_path / "settings.json")
    at = AppTest.from_file(str(APP), default_timeout=30).run()
    assert at.selectbox(key="model").options == ["sottovoce-base", "my-model"]
    drop(at)
    assert recognizer.given[0][2].engine == "/somewhere/my-model"


def test_what_is_being_written_stands_behind_the_text_until_it_is_settled(page, recognizer):
    drop(page)
    recognizer.jobs[0].draft = "Good *mor*"
    page.run()
    assert "Good \\*mor\\* …" in shown(page)
    recognizer.jobs[0].segments = (HELLO,)
    page.run()
    assert "Good \\*mor\\* …" in shown(page)
    recognizer.jobs[0].draft = ""
    page.run()
    assert "Good" not in shown(page)


def test_tidying_shows_at_once_and_verbatim_is_one_click_away(page, recognizer, tmp_path):
    drop(page)
    recognizer.jobs[0].segments = (SAID,)
    page.run()
    assert passages(page, "partial")[0]["text"] == "我们用 Python，20%。"
    recognizer.jobs[0].end("done", [SAID])
    page.run()
    assert copied(page) == "我们用 Python，20%。\n"
    page.segmented_control(key="script").set_value("traditional").run()
    assert copied(page) == "我們用 Python，20%。\n"
    page.toggle(key="numbers").set_value(False).run()
    assert copied(page) == "我們用 Python，百分之二十。\n"
    page.toggle(key="verbatim").set_value(True).run()
    assert copied(page) == f"{SAID.text}\n"
    assert passages(page, "transcript")[0]["text"] == SAID.text
    saved = json.loads((tmp_path / "settings.json").read_text())
    assert (saved["script"], saved["numbers"], saved["verbatim"]) == ("traditional", False, True)
    page.button(key="new").click().run()
    drop(page)
    recognizer.jobs[1].end("done", [SAID])
    page.run()
    assert copied(page) == f"{SAID.text}\n"
    page.toggle(key="verbatim").set_value(False).run()
    assert copied(page) == "我們用 Python，百分之二十。\n"
    assert not page.exception


def copied(at):
    return json.loads(at.get_by_key("copy").proto.json)["text"]


def test_more_languages_can_be_chosen_among(page, recognizer):
    page.multiselect(key="languages").set_value(["zh", "en", "ja"]).run()
    drop(page)
    assert recognizer.given[0][2].languages == ("zh", "en", "ja")


def test_no_language_to_choose_among_means_the_usual_two(page, recognizer):
    page.multiselect(key="languages").set_value([]).run()
    drop(page)
    assert recognizer.given[0][2].languages == ("zh", "en")


def test_text_percent_and_remaining_time_show_while_it_works(page, recognizer):
    drop(page)
    job = recognizer.jobs[0]
    job.segments, job.fraction, job.eta = (HELLO,), 0.42, 190.0
    page.run()
    assert not page.exception
    assert page.get("progress")[0].proto.text == "42% done · about 3 min left"
    assert page.get("progress")[0].proto.value == 42
    assert passages(page, "partial")[0]["text"] == "Hello."


def test_a_recording_in_line_says_its_place(page, recognizer):
    drop(page)
    recognizer.jobs[0].stage = "waiting"
    page.run()
    assert page.get("progress")[0].proto.text == "Waiting in line, 2 before this one"


def test_the_finished_page_has_text_badge_copy_and_downloads(page, recognizer):
    drop(page)
    recognizer.jobs[0].end("done", [HELLO, NIHAO], notes=("The file ends early, at 3:12.",))
    page.run()
    assert not page.exception
    assert [p["language"] for p in passages(page, "transcript")] == ["en", "zh"]
    assert json.loads(page.get_by_key("copy").proto.json)["text"] == "Hello. 你好。\n"
    assert ":violet-badge[" in shown(page)
    assert "中文 50 % · English 50 %" in shown(page)
    assert "3:12" in shown(page)
    assert "The file ends early, at 3\\:12\\." in shown(page)
    labels = [popover.proto.popover.label for popover in page.get("popover")]
    assert labels == ["Tidy up", "Save as", "Quotes", "Pseudonyms", "Keep"]
    assert not page.error


def test_downloads_are_not_made_before_they_are_asked_for(page, recognizer):
    drop(page)
    recognizer.jobs[0].end("done", [HELLO])
    page.run()
    assert not page.get("download_button")
    page.session_state["save_as"] = True
    page.run()
    (button,) = page.get("download_button")
    assert button.proto.deferred_file_id
    assert not button.proto.url


def test_silence_is_said_and_offers_nothing_to_copy(page, recognizer):
    drop(page)
    recognizer.jobs[0].end("done")
    page.run()
    assert "No speech was found in this recording." in shown(page)
    assert not page.get("popover")
    assert "badge[" not in shown(page)


def test_cancel_keeps_the_text_so_far(page, recognizer):
    drop(page)
    recognizer.jobs[0].segments = (HELLO,)
    page.run()
    page.button(key="cancel").click().run()
    assert not page.exception
    page.run()
    assert page.info[0].value == "Stopped at 3:12. The text so far is below."
    assert passages(page, "transcript")[0]["text"] == "Hello."


def test_a_failure_is_one_sentence_and_the_partial_text_stays(page, recognizer):
    drop(page)
    recognizer.jobs[0].end("failed", [HELLO], error="The recognizer stopped [code *9*].")
    page.run()
    (error,) = page.error
    assert error.value == "The recognizer stopped \\[code \\*9\\*\\]\\."
    assert passages(page, "transcript")


def test_a_failure_without_text_promises_none(page, recognizer):
    drop(page)
    recognizer.jobs[0].end("failed", error="Cannot read it.")
    page.run()
    assert page.error[0].value == "Cannot read it\\."
    assert not page.info
    assert "forget" not in [button.key for button in page.button]
    assert "0 bytes of audio." in shown(page)


def test_the_receipt_says_what_was_found(page, recognizer):
    drop(page)
    job = recognizer.jobs[0]
    job.end("done", [HELLO])
    job.receipt = Receipt(
        5_000_000, 7, job.receipt.checked_at, ("A temporary file is still open.",)
    )
    page.run()
    assert "5.0 MB of audio removed after the run, 7 bytes left" in shown(page)
    assert page.warning[0].value == "A temporary file is still open\\."


def test_forgetting_drops_player_bytes_and_the_workers_memory(page, recognizer):
    drop(page)
    recognizer.jobs[0].end("done", [HELLO])
    page.run()
    assert playable(page)
    assert "the text and 5 bytes of audio" in shown(page)
    page.button(key="forget").click().run()
    assert not page.exception
    assert not playable(page)
    assert "0 bytes of audio." in shown(page)
    assert recognizer.calls[-2:] == ["forget", "check"]
    assert passages(page, "transcript")  # the text stays
    assert "forget" not in [button.key for button in page.button]


def test_a_new_recording_starts_from_an_empty_page(page, recognizer):
    drop(page)
    recognizer.jobs[0].end("done", [HELLO])
    page.run()
    page.button(key="new").click().run()
    assert not page.exception
    assert len(page.file_uploader) == 1
    assert "forget" not in [button.key for button in page.button]
    drop(page, "second.wav")
    assert [given[1] for given in recognizer.given] == ["talk.mp3", "second.wav"]


def test_a_kept_project_is_shown_without_a_recording(page, recognizer, monkeypatch):
    text = Transcript("talk.mp3", 9.0, (HELLO,), MIXED, "sottovoce-base", "joint")
    project = Project(text, (Quote("Hello.", 0, 1),), "Ann = P1")
    monkeypatch.setattr("asr_core.passphrase._LOG2_N", 14)
    page.session_state["open-0"] = True
    page.run()
    uploader = page.file_uploader(key="project-file-0")
    uploader.upload("a.sottovoce", sealed(project, "four words of mine"), "")
    page.text_input(key="project-passphrase-0").set_value("wrong words")
    submit = page.button[0]
    submit.click().run()
    assert not page.exception
    assert page.error[0].value == "The passphrase is wrong\\. Try again, minding capitals\\."
    page.text_input(key="project-passphrase-0").set_value("four words of mine")
    page.button[0].click().run()
    assert not page.exception
    assert page.subheader[0].value == "talk\\.mp3"
    assert passages(page, "transcript")[0]["text"] == "Hello."
    assert not page.get("audio")
    assert "and 0 bytes of audio." in shown(page)
    assert recognizer.jobs == []
    page.button(key="new").click().run()
    assert not page.exception
    assert len(page.file_uploader) == 1


def test_the_page_speaks_chinese_to_a_chinese_browser(recognizer, monkeypatch):
    monkeypatch.setattr("ui_components.phrases.page_language", lambda: "zh")
    at = AppTest.from_file(str(APP), default_timeout=30).run()
    assert not at.exception
    assert at.header[0].value == "放入录音，立见文字"


def test_what_the_core_says_is_chinese_on_a_chinese_page(recognizer, monkeypatch):
    for module in ("phrases", "told"):
        monkeypatch.setattr(f"ui_components.{module}.page_language", lambda: "zh")
    page = AppTest.from_file(str(APP), default_timeout=30).run()
    recognizer.readiness = Readiness("failed", "A part of *it* is lost.")
    drop_many(page, "one.mp3", "broken.mp3")
    assert page.error[0].value == "A part of \\*it\\* is lost\\."  # for which there is no Chinese
    recognizer.readiness = Readiness(
        "failed", "The recognizer hears words in silence. Install Sottovoce again."
    )
    first, second = recognizer.jobs
    first.end("done", [HELLO], notes=("The file ends early, at 3:12.",))
    first.receipt = Receipt(
        5, 7, first.receipt.checked_at, ("A temporary file is still open (7 bytes).",)
    )
    second.end("failed", error="Cannot read “broken.mp3”: it is text. Rename it.")
    page.run()
    assert page.error[0].value == "识别器在静音中听出了文字。请重新安装 Sottovoce。"
    assert page.warning[0].value == "有一个临时文件还开着（7 字节）。"
    assert "文件不完整，到 3\\:12 就结束了。" in shown(page)
    assert "无法读取“broken\\.mp3”：这是文本。请改个名字。" in shown(page)
    show(page, second)
    assert page.error[1].value == "无法读取“broken\\.mp3”：这是文本。请改个名字。"
    page.segmented_control(key="part").set_value("part_between").run()
    page.text_input(key="part_start").set_value("soon").run()
    assert "“soon”不是时间。" in shown(page)


def drop_many(at, *names):
    for name in names:
        at.file_uploader[0].upload(name, name.encode(), "audio/mpeg")
    at.run()
    assert not at.exception


def show(at, job):
    at.button(key=f"show-{job.id}").click().run()
    assert not at.exception


def heading(at):
    return at.subheader[0].value


def test_many_files_make_a_list_and_the_first_is_shown(page, recognizer):
    drop_many(page, "one.mp3", "two.mp3", "three.mp3")
    assert [given[1] for given in recognizer.given] == ["one.mp3", "two.mp3", "three.mp3"]
    assert "3 recordings" in shown(page)
    assert "23 bytes of audio in memory" in shown(page)
    labels = [button.label for button in page.button if button.key.startswith("show-")]
    assert labels == ["one\\.mp3", "two\\.mp3", "three\\.mp3"]
    assert heading(page) == "one\\.mp3"
    show(page, recognizer.jobs[2])
    assert heading(page) == "three\\.mp3"


def test_a_finished_recording_stays_in_sight_while_the_next_runs(page, recognizer):
    drop_many(page, "one.mp3", "two.mp3")
    first, second = recognizer.jobs
    first.end("done", [HELLO])
    second.stage, second.fraction, second.eta = "transcribing", 0.5, 120.0
    page.run()
    assert heading(page) == "one\\.mp3"
    assert passages(page, "transcript")
    assert "Done · 3:12" in shown(page)
    assert "50% done · about 2 min left" in shown(page)
    show(page, second)
    assert page.get("progress")[0].proto.value == 50


def test_one_failure_is_a_sentence_in_the_list_and_the_rest_go_on(page, recognizer):
    drop_many(page, "one.mp3", "broken.mp3", "three.mp3")
    recognizer.jobs[1].end("failed", error="Cannot read “broken.mp3”: it is text.")
    page.run()
    assert "Cannot read “broken\\.mp3”\\: it is text\\." in shown(page)
    assert recognizer.jobs[0].running
    assert recognizer.jobs[2].running


def test_more_can_be_added_while_others_run(page, recognizer):
    drop(page, "one.mp3")
    recognizer.jobs[0].segments = (HELLO,)
    drop(page, "two.mp3")
    assert "2 recordings" in shown(page)
    assert heading(page) == "one\\.mp3"
    assert passages(page, "partial")


def test_all_can_be_stopped_at_once(page, recognizer):
    drop_many(page, "one.mp3", "two.mp3")
    recognizer.jobs[0].segments = (HELLO,)
    page.button(key="cancel_all").click().run()
    assert not page.exception
    assert [job.stage for job in recognizer.jobs] == ["cancelled", "cancelled"]
    assert passages(page, "transcript")  # the text so far stays
    assert "cancel_all" not in [button.key for button in page.button]


def test_all_audio_can_be_forgotten_and_the_texts_stay(page, recognizer):
    drop_many(page, "one.mp3", "two.mp3")
    for job in recognizer.jobs:
        job.end("done", [HELLO])
    page.run()
    assert playable(page)
    assert "the text and 14 bytes of audio" in shown(page)
    page.button(key="forget_all").click().run()
    assert not page.exception
    assert not playable(page)
    assert "0 bytes of audio." in shown(page)
    assert passages(page, "transcript")
    assert recognizer.calls[-3:] == ["forget", "check", "check"]


def test_the_list_can_be_cleared(page, recognizer):
    drop_many(page, "one.mp3", "two.mp3")
    page.button(key="clear_queue").click().run()
    assert not page.exception
    assert page.header
    assert not any(job.running for job in recognizer.jobs)


def test_switched_off_recordings_wait_for_their_start(page, recognizer, tmp_path):
    page.toggle(key="start_at_once").set_value(False).run()
    drop(page, "one.mp3")
    job = recognizer.jobs[0]
    assert job.stage == "held"
    job.length, job.eta = 760.0, 180.0
    page.run()
    assert "Not started · 12:40 · about 3 min" in shown(page)
    page.segmented_control(key="language").set_value("en")
    page.segmented_control(key="part").set_value("part_minute").run()
    page.button(key="start_queue").click().run()
    assert not page.exception
    assert (job.stage, job.settings.language, job.clip) == ("waiting", "en", FIRST_MINUTE)
    assert json.loads((tmp_path / "settings.json").read_text())["start_at_once"] is False


def test_the_first_minute_is_tried_and_then_all_of_it(page, recognizer):
    page.segmented_control(key="part").set_value("part_minute").run()
    drop(page)
    job = recognizer.jobs[0]
    assert job.clip == FIRST_MINUTE
    job.end("done", [HELLO])
    page.run()
    page.button(key="whole").click().run()
    assert not page.exception
    assert recognizer.jobs[1].clip.is_whole
    assert recognizer.given[1][:2] == (b"sound", "talk.mp3")
    recognizer.jobs[1].end("done", [HELLO, NIHAO])
    page.run()
    assert len(passages(page, "transcript")) == 2
    assert "recordings" not in shown(page)  # the part was replaced


def test_a_part_is_chosen_by_its_times(page, recognizer):
    page.segmented_control(key="part").set_value("part_between").run()
    page.text_input(key="part_start").set_value("soon").run()
    assert page.error[0].value.startswith("“soon” is no time\\.")
    assert page.file_uploader[0].disabled
    page.text_input(key="part_start").set_value("1:30").run()
    assert not page.error
    page.text_input(key="part_stop").set_value("2:00").run()
    drop(page)
    assert recognizer.jobs[0].clip == Clip(90.0, 120.0)


def test_the_model_is_loaded_when_the_page_has_been_drawn(page, recognizer):
    recognizer.readiness = Readiness("unknown")
    page.run()
    assert "Getting ready." in shown(page)
    assert recognizer.calls == []
    page.run()  # the browser has drawn it and looks again
    assert recognizer.calls == ["prepare"]


def test_a_page_that_is_not_ready_says_why_and_looks_again(page, recognizer):
    recognizer.readiness = Readiness("failed", "The model file is damaged. Get it again.")
    page.run()
    assert page.error[0].value == "The model file is damaged\\. Get it again\\."
    page.button(key="check").click().run()
    assert recognizer.calls == ["prepare"]
    recognizer.readiness = Readiness("preparing")
    page.run()
    assert "Getting ready." in shown(page)
    assert not page.file_uploader[0].disabled  # what is given meanwhile waits in line
    recognizer.readiness = Readiness("ready")
    page.run()
    assert "Getting ready." not in shown(page)
    assert not page.error


def test_the_next_start_says_what_a_killed_one_left_until_it_is_deleted(page, tmp_path):
    left = tmp_path / "sottovoce-999999999-left"
    left.touch()
    state.runs().left_behind = [left]
    page.run()
    assert "sottovoce\\-999999999\\-left" in page.warning[0].value
    left.unlink()
    page.run()
    assert not page.warning


def test_a_passage_that_is_heard_again_is_announced_and_then_shown(page, recognizer):
    drop(page)
    recognizer.jobs[0].end("done", [HELLO])
    page.run()
    (run,) = state.runs()._runs
    state.runs().hear_again(run, 0, "zh")
    page.run()
    assert "Hearing again: 0:00" in shown(page)
    recognizer.asked[0][-1].set_exception(AsrError("The recognizer stopped."))
    page.run()
    assert not page.exception
    assert page.toast[0].value == "The recognizer stopped\\."
    assert "Hearing again" not in shown(page)


def test_a_run_that_stopped_goes_on_where_it_stopped_with_its_corrections(page, recognizer):
    drop(page)
    job = recognizer.jobs[0]
    job.end("failed", [HELLO], error="The recognizer stopped unexpectedly.")
    job.position, job.duration = 192.0, 760.0
    page.run()
    (run,) = state.runs()._runs
    corrected = replace(HELLO, text="Hallo.", edited=True)
    run.desk.put(replace(run.desk.current, segments=(corrected,)))
    run.desk.quotes = (Quote("Hallo.", 0, 1),)
    assert page.button(key="go_on").label == "Continue from 3:12"
    page.button(key="go_on").click().run()
    assert not page.exception
    assert recognizer.begun[1] == Begun((corrected,), 192.0)
    assert recognizer.given[1][:2] == (b"sound", "talk.mp3")
    assert "recordings" not in shown(page)  # it took the place of the other
    assert "renew" not in recognizer.calls  # the sound is still needed
    recognizer.jobs[1].end("done", [corrected, NIHAO])
    page.run()
    assert copied(page) == "Hallo. 你好。\n"
    assert state.runs()._runs[0].desk.quotes == (Quote("Hallo.", 0, 1),)
    assert "go_on" not in [button.key for button in page.button]


@pytest.mark.parametrize(
    ("stage", "position", "forgotten"),
    [("failed", 0.0, False), ("cancelled", 192.0, True), ("cancelled", 759.9, False)],
)
def test_where_nothing_is_left_to_go_on_with_nothing_is_offered(
    page, recognizer, stage, position, forgotten
):
    drop(page)
    job = recognizer.jobs[0]
    job.end(stage, [HELLO], error="The recognizer stopped.")
    job.position, job.duration = position, 760.0
    page.run()
    if forgotten:
        page.button(key="forget").click().run()
    assert "go_on" not in [button.key for button in page.button]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "42% done · waiting for the recognizer, which does not answer just now"),
        ("zh", "已完成 42% · 正在等待识别进程，它暂时没有回应"),
    ],
)
def test_a_worker_that_says_nothing_is_waited_for(recognizer, page_in, language, said):
    page = page_in(language)
    drop(page)
    job = recognizer.jobs[0]
    job.fraction, job.eta, job.is_quiet = 0.42, 190.0, True
    page.run()
    assert page.get("progress")[0].proto.text == said
    assert not page.error


@pytest.mark.parametrize(
    ("language", "said"), [("en", "its text waited here."), ("zh", "文字留在这里等您。")]
)
def test_a_finished_text_that_waited_says_that_its_sound_is_gone(
    recognizer, page_in, language, said
):
    page = page_in(language)
    drop(page)
    recognizer.jobs[0].end("done", [HELLO])
    (run,) = state.runs()._runs
    run.let_go()
    run.has_waited = True
    page.run()
    assert passages(page, "transcript")[0]["text"] == "Hello."
    assert said in shown(page)
    page.button(key="new").click().run()
    assert said not in shown(page)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Last time Sottovoce ended without being closed"),
        ("zh", "上次 Sottovoce 没有正常关闭"),
    ],
)
def test_an_empty_page_says_why_it_is_empty(page_in, monkeypatch, language, said):
    page = page_in(language)
    assert said not in shown(page)
    monkeypatch.setattr("ui_components.welcome.was_cut_off", lambda: True)
    page.run()
    assert not page.exception
    assert said in shown(page)


def test_faults_are_told_in_chinese_on_a_chinese_page(recognizer, page_in):
    page = page_in("zh")
    drop_many(page, "one.mp3", "two.mp3")
    error = "The recognizer stopped unexpectedly. The text up to 3:12 is kept."
    recognizer.jobs[0].end("failed", [HELLO], error=error)
    with pytest.raises(AsrError) as damage:
        trained.load(trained.FOLDER / "gone")
    recognizer.readiness = Readiness("failed", str(damage.value))
    page.run()
    assert not page.exception
    assert page.error[0].value.startswith("无法使用模型“gone”：无法读取权重")
    assert page.error[1].value == "识别进程意外停止了。3\\:12 之前的文字已保留。"
    assert "The recognizer" not in shown(page)
