"""What is made sure of before a cluster gets anything."""

import socket

import pytest

from asr_core import preflight
from asr_core.batch.plan import Address, Plan, Version, check_versions, disclosure, plan
from asr_core.errors import AsrError

ROOM = {"CPU": 8.0, "memory": 100.0 * preflight.RUN}
OURS = Version("", "1.0", "2.60.0")


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("10.0.0.5:6379", "10.0.0.5"),
        ("head.local:6379", "head.local"),
        ("[fd00::5]:6379", "fd00::5"),
    ],
)
def test_an_address_is_a_host_and_a_port(text, host):
    address = Address.parse(text)
    assert address == Address(host, 6379)
    assert str(address) == text


@pytest.mark.parametrize(
    "text", ["ray://head:10001", "auto", "local", "head", "head:0", "head:65536", "a b:1", ""]
)
def test_anything_else_is_no_address(text):
    with pytest.raises(AsrError, match="is no address of a cluster"):
        Address.parse(text)


def test_nobody_answers_where_nothing_listens():
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = Address("127.0.0.1", server.getsockname()[1])
        address.knock()
    with pytest.raises(AsrError, match=f"The cluster at {address} does not answer"):
        address.knock()


def test_a_person_is_told_who_gets_it_and_that_it_is_not_encrypted():
    told = disclosure(Address("10.0.0.5", 6379))
    for word in ("10.0.0.5:6379", "leave this computer", "encrypts neither", "all network"):
        assert word in told


@pytest.mark.parametrize(
    ("free", "device", "most", "expected"),
    [
        ({}, "auto", 100, Plan(8, 0)),
        ({}, "auto", 3, Plan(3, 0)),
        ({"CPU": 2.7}, "auto", 100, Plan(2, 0)),
        ({"memory": 4.5 * preflight.RUN}, "auto", 100, Plan(4, 0)),
        ({"GPU": 2.0}, "auto", 100, Plan(2, 1)),
        ({"GPU": 2.0}, "cuda", 100, Plan(2, 1)),
        ({"GPU": 2.0}, "cpu", 100, Plan(8, 0)),
        ({"GPU": 16.0}, "auto", 100, Plan(8, 1)),  # each needs a CPU, too
    ],
)
def test_there_are_as_many_workers_as_there_is_room_for(free, device, most, expected):
    assert plan(ROOM | free, device, most) == expected


@pytest.mark.parametrize(
    ("free", "device", "found"),
    [
        ({"CPU": 0.5}, "auto", "no free CPU"),
        ({"CPU": 0.0, "GPU": 1.0}, "auto", "no free CPU"),
        ({}, "cuda", "no free GPU"),
        ({"memory": preflight.RUN - 1.0}, "auto", "of memory free"),
    ],
)
def test_a_cluster_without_room_is_said_and_not_waited_for(free, device, found):
    with pytest.raises(AsrError, match=found):
        plan(ROOM | free, device, 100)


def test_machines_with_the_same_versions_pass():
    check_versions(OURS, [Version("one", "1.0", "2.60.0"), Version("two", "1.0", "2.60.0")])


@pytest.mark.parametrize(
    ("there", "found"),
    [
        (Version("two", "0.9", "2.60.0"), "two of the cluster has Sottovoce 0.9, .* has 1.0"),
        (Version("two", "", "2.60.0"), "two of the cluster cannot load Sottovoce"),
        (Version("two", "1.0", "2.59.1"), "two of the cluster has Ray 2.59.1, .* has 2.60.0"),
    ],
)
def test_a_machine_with_another_version_is_named(there, found):
    with pytest.raises(AsrError, match=found):
        check_versions(OURS, [Version("one", "1.0", "2.60.0"), there])
