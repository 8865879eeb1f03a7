"""A generator in a thread of its own: order, room, errors, and an end."""

import threading
from contextlib import closing

import pytest

from asr_core.ahead import ahead


def test_all_comes_in_order_and_is_made_in_another_thread():
    makers = set()

    def items():
        for i in range(100):
            makers.add(threading.get_ident())
            yield i

    assert [*ahead(items(), 3)] == [*range(100)]
    assert len(makers) == 1
    assert threading.get_ident() not in makers


@pytest.mark.parametrize("room", [1, 3])
def test_no_more_is_made_than_there_is_room_for(room):
    n_made, full = 0, threading.Semaphore(0)

    def items():
        nonlocal n_made
        for i in range(10):
            n_made += 1
            full.release()
            yield i

    with closing(ahead(items(), room)) as found:
        for taken in range(3):
            assert next(found) == taken
        for _ in range(3 + room):  # those taken, and those that wait
            assert full.acquire(timeout=10)
        assert not full.acquire(timeout=0.2)
        assert n_made == 3 + room


def test_an_item_is_made_while_the_last_is_used():
    second = threading.Event()

    def items():
        yield 1
        second.set()
        yield 2

    with closing(ahead(items(), 1)) as found:
        assert next(found) == 1
        assert second.wait(timeout=10)  # nobody has asked for it


def test_an_error_comes_behind_what_was_made_before_it():
    def items():
        yield 1
        yield 2
        raise ValueError("the third")

    found = ahead(items(), 5)
    assert [next(found), next(found)] == [1, 2]
    with pytest.raises(ValueError, match="the third"):
        next(found)


def test_closed_early_it_closes_its_generator_and_leaves_no_thread():
    ended = []

    def items():
        try:
            yield from range(1000)
        finally:
            ended.append(threading.get_ident())

    found = ahead(items(), 2)
    next(found)
    found.close()
    assert len(ended) == 1
    assert "ahead" not in {thread.name for thread in threading.enumerate()}
