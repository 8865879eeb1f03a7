"""Whose cards there are, asked of a driver that is made up: it fills in what the real one would."""

from __future__ import annotations

import ctypes

import pytest

from asr_core.engines.ggml import vulkan


class Driver:
    """A Vulkan library with cards of these makers."""

    def __init__(self, *makers: int, refuses: bool = False) -> None:
        self.makers, self.refuses, self.open = makers, refuses, 0

    def vkCreateInstance(self, info, allocator, instance):  # noqa: N802
        assert info._obj.kind == 1
        if self.refuses:
            return -9  # VK_ERROR_INCOMPATIBLE_DRIVER
        self.open += 1
        instance._obj.value = 77
        return 0

    def vkEnumeratePhysicalDevices(self, instance, n, devices):  # noqa: N802
        assert instance.value == 77
        n._obj.value = len(self.makers)
        for i in range(len(self.makers) if devices is not None else 0):
            devices[i] = 1000 + i
        return 0

    def vkGetPhysicalDeviceProperties(self, device, properties):  # noqa: N802
        assert ctypes.sizeof(properties) >= 824
        properties[2] = self.makers[device.value - 1000]

    def vkDestroyInstance(self, instance, allocator):  # noqa: N802
        self.open -= 1


@pytest.mark.parametrize(
    ("driver", "makers"),
    [
        (Driver(vulkan.INTEL, 0x10DE), {vulkan.INTEL, 0x10DE}),
        (Driver(), set()),
        (Driver(vulkan.INTEL, refuses=True), set()),
    ],
)
def test_every_card_says_who_made_it(monkeypatch, driver, makers):
    monkeypatch.setattr(vulkan, "_library", lambda: driver)
    assert vulkan.makers() == makers
    assert driver.open == 0  # nothing is left of the question


@pytest.mark.parametrize("platform", ["linux", "win32", "darwin"])
def test_where_vulkan_is_not_installed_there_are_none(monkeypatch, platform):
    def fail(name):
        raise OSError(name)

    monkeypatch.setattr(vulkan.sys, "platform", platform)
    monkeypatch.setattr(vulkan.ctypes, "CDLL", fail)
    assert vulkan.makers() == set()
