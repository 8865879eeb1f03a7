"""A stage that works while the one behind it does: a generator in a thread of its own."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Semaphore, Thread
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Ended:
    """What a generator ended with: StopIteration, or an error."""

    error: BaseException


def ahead(items: Generator[T], room: int) -> Generator[T]:
    """What `items` gives, in its order, made while what came before is being used.

    What it raises is raised here, behind what it gave until then. Its maker begins when the first
    item is asked for. `close` waits until the item in the making is done; then `items` is closed,
    too, and nothing goes on.

    Args:
        room: so many items wait to be taken; then their maker waits.
    """
    made: SimpleQueue[T | _Ended] = SimpleQueue()
    places = Semaphore(room)
    is_wanted = True

    def make() -> None:
        with closing(items):
            try:
                while places.acquire() and is_wanted:
                    made.put(next(items))
            except BaseException as error:
                made.put(_Ended(error))

    maker = Thread(target=make, name="ahead", daemon=True)
    maker.start()
    try:
        while not isinstance(item := made.get(), _Ended):
            places.release()
            yield item
        if not isinstance(item.error, StopIteration):
            raise item.error
    finally:
        is_wanted = False
        places.release()
        maker.join()
