"""The models on the page: read about, fetched after a yes from a hub on loopback, removed again."""

from __future__ import annotations

import sys
import time

import pytest
from model_hub import ModelHub
from modelopt_folders import STATE, pretend_installed, trap
from streamlit.testing.v1 import AppTest

from asr_core.store import model_folder, shelf
from ui_components import models_panel, phrases, told

NAME, REPOSITORY = "firered-asr-aed-l", "FireRedTeam/FireRedASR-AED-L"
FILES = {  # made-up bytes under the names that this model's files have
    "model.pth.tar": bytes(200_000),
    "cmvn.ark": b"cmvn",
    "dict.txt": b"a 0\n",
    "train_bpe1000.model": b"pieces",
}

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="gives the test a home by XDG")


def script():
    from ui_components.models_panel import models_panel

    models_panel()


@pytest.fixture
def hub(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    served = ModelHub()
    served.models[REPOSITORY] = dict(FILES)
    monkeypatch.setenv("HF_ENDPOINT", served.address)
    models_panel._comings.clear()
    yield served
    for coming in models_panel._comings():
        coming.stop()
    models_panel._comings.clear()
    served.close()


@pytest.fixture
def panel(hub, monkeypatch):
    """The box, opened, with a model chosen."""

    def panel(name=NAME, language="en"):
        monkeypatch.setattr(phrases, "page_language", lambda: language)
        monkeypatch.setattr(models_panel, "page_language", lambda: language)
        at = AppTest.from_function(script, default_timeout=60)
        at.session_state["models"] = True
        at.session_state["shelf_choice"] = name
        return run(at)

    return panel


def run(at):
    at.run()
    assert not at.exception
    return at


def said(at):
    parts = [*at.markdown, *at.caption, *at.code, *at.error, *at.success]
    return "\n".join(element.value for element in parts).replace("\\", "")


def ended(at):
    """The page once what was on its way has come, as the fragment would draw it."""
    for coming in models_panel._comings():
        assert coming.wait(60)
    return run(at)


def test_folded_it_reads_nothing_and_asks_nothing(hub):
    at = run(AppTest.from_function(script))
    assert not at.selectbox
    assert hub.asked == []


def test_a_model_is_fetched_after_a_yes_that_says_what_from_where(panel, hub):
    at = panel()
    for term in (hub.address + "/" + REPOSITORY, "4.4 GB", "Apache-2.0", "No version of it is"):
        assert term in said(at)
    assert "cannot run it yet" not in said(at)
    assert hub.asked == []
    hub.pause = 1.0
    at.button(key="model_yes").click()
    run(at)
    assert [coming.name for coming in models_panel._comings()] == [NAME]
    assert "On its way" in said(at)
    assert at.button(key=f"stop-{NAME}").label == "Stop; keep what has come"
    at = ended(at)
    assert f"{NAME} is here, and every byte was checked." in said(at)
    assert model_folder(NAME) is not None
    assert "is here, and" not in said(run(at))  # said once


def test_it_can_be_stopped(panel, hub):
    hub.pause = 5.0
    at = panel()
    at.button(key="model_yes").click()
    run(at)
    began = time.monotonic()
    while not hub.large_sent():
        assert time.monotonic() < began + 30
        time.sleep(0.05)
    at.button(key=f"stop-{NAME}").click()
    run(at)
    assert models_panel._comings() == []
    assert not at.error
    assert model_folder(NAME) is None


def test_what_goes_wrong_is_said_once(panel, hub):
    hub.failure = (503, "")
    at = panel()
    at.button(key="model_yes").click()
    at = ended(run(at))
    assert "answered with error 503" in said(at)
    assert "503" not in said(run(at))


def test_a_carried_folder_is_copied_checked_and_removed(panel, hub, tmp_path):
    stick = tmp_path / "stick" / NAME
    stick.mkdir(parents=True)
    for name, data in FILES.items():
        (stick / name).write_bytes(data)
    at = panel()
    at.text_input(key="model_path").set_value(str(stick))
    at.button(key="FormSubmitter:carried_model-Copy it here").click()
    at = ended(run(at))
    assert "its bytes were compared with nothing" in said(at)
    assert hub.asked == []
    at.button(key="model_verify").click()
    assert "Whole: every byte" in said(run(at))
    (shelf.find(NAME).folder / "dict.txt").write_bytes(b"b 0\n")
    at.button(key="model_verify").click()
    assert "Damaged: dict.txt was changed." in said(run(at))
    at.button(key="model_remove_yes").click()
    run(at)
    assert model_folder(NAME) is None
    at.text_input(key="model_path").set_value(str(tmp_path / "gone"))
    at.button(key="FormSubmitter:carried_model-Copy it here").click()
    assert "'gone' is no folder, no ZIP or TAR archive and no GGUF file" in said(ended(run(at)))


def test_a_pickle_is_not_agreed_to_on_the_page(panel, hub, monkeypatch, tmp_path):
    pretend_installed(monkeypatch, tmp_path / "site")
    stick = tmp_path / "stick" / NAME
    stick.mkdir(parents=True)
    for name, data in (FILES | {STATE: trap(tmp_path / "trapped")}).items():
        (stick / name).write_bytes(data)
    at = panel()
    at.text_input(key="model_path").set_value(str(stick))
    at.button(key="FormSubmitter:carried_model-Copy it here").click()
    assert "say yes to the file on the command line" in said(ended(run(at)))
    assert model_folder(NAME) is None
    assert not (tmp_path / "trapped").exists()


def test_the_bundled_model_and_one_without_a_hub_have_no_button(panel):
    for name in ("sottovoce-base", "wenet-aishell-u2pp"):
        at = panel(name)
        assert "model_yes" not in [button.key for button in at.button]
    assert "no place to fetch it from" in said(at)


def test_it_speaks_chinese(panel, hub):
    at = panel("qwen3-asr-0.6b", "zh")
    assert "普通电脑上识别 30 种语言和 22 种汉语方言" in said(at)
    assert "从以下地址联网下载 1.6 GB？许可证：Apache-2.0。" in said(at)
    assert "LibriSpeech clean / other 错误率" in said(at)


def test_an_error_is_chinese_on_a_chinese_page(panel, hub, monkeypatch):
    monkeypatch.setattr(told, "page_language", lambda: "zh")
    hub.failure = (503, "")
    at = panel(language="zh")
    at.button(key="model_yes").click()
    assert "127.0.0.1 返回错误 503。请稍后再试。" in said(ended(run(at)))
