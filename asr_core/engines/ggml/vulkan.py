"""Whose graphics cards the Vulkan driver offers, asked before ggml is loaded.

Source: the Vulkan specification, VkInstanceCreateInfo and VkPhysicalDeviceProperties.
"""

from __future__ import annotations

import ctypes
import sys
from ctypes import byref, c_uint32, c_void_p
from typing import Any

INTEL = 0x8086  # as PCI numbers makers
_NAMES = {"linux": "libvulkan.so.1", "win32": "vulkan-1.dll"}  # a Mac has Metal
_PROPERTIES = 1024  # bytes; they take 824
_VENDOR = 2  # which of their words of 32 bits


class _InstanceCreateInfo(ctypes.Structure):
    _fields_ = (
        ("kind", c_uint32),
        ("next", c_void_p),
        ("flags", c_uint32),
        ("application", c_void_p),
        ("n_layers", c_uint32),
        ("layers", c_void_p),
        ("n_extensions", c_uint32),
        ("extensions", c_void_p),
    )


def makers() -> set[int]:
    """The makers' numbers of all that Vulkan could compute on; none where it is not installed."""
    library = _library()
    if library is None:
        return set()
    instance = c_void_p()
    if library.vkCreateInstance(byref(_InstanceCreateInfo(kind=1)), None, byref(instance)):
        return set()
    try:
        return {_maker(library, device) for device in _devices(library, instance)}
    finally:
        library.vkDestroyInstance(instance, None)


def _library() -> Any:
    name = _NAMES.get(sys.platform)
    try:
        return ctypes.CDLL(name) if name else None
    except OSError:
        return None


def _devices(library: Any, instance: c_void_p) -> list[int]:
    n = c_uint32()
    library.vkEnumeratePhysicalDevices(instance, byref(n), None)
    devices = (c_void_p * n.value)()
    library.vkEnumeratePhysicalDevices(instance, byref(n), devices)
    return [device for device in devices if device]


def _maker(library: Any, device: int) -> int:
    properties = (c_uint32 * (_PROPERTIES // 4))()
    library.vkGetPhysicalDeviceProperties(c_void_p(device), properties)
    return properties[_VENDOR]
