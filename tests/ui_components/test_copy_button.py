"""The second way to copy: the clipboard of the computer this runs on."""

import pyperclip

from ui_components.copy_button import copy_here


def test_the_text_goes_to_this_computers_clipboard(monkeypatch):
    copied = []
    monkeypatch.setattr(pyperclip, "copy", copied.append)
    assert copy_here("你好。") is True
    assert copied == ["你好。"]


def test_a_computer_without_a_clipboard_is_no_crash(monkeypatch):
    def refuse(text):
        raise pyperclip.PyperclipException("no clipboard here")

    monkeypatch.setattr(pyperclip, "copy", refuse)
    assert copy_here("你好。") is False
