"""How long each stage of a run took, and how many tokens a second it made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from time import perf_counter
from typing import Any, Literal, TypeVar

Stage = Literal["sound", "encoder", "prefill", "search", "align"]

T = TypeVar("T")


class Stages:
    """Seconds and tokens by stage, since they were cleared.

    "sound" reads the recording and finds its speech, "encoder" is from sound to states, "prefill"
    reads the question to a language model, "search" writes the tokens, "align" finds out when they
    were said. An accelerator that is still at work is waited for in the stage behind. Stages may
    work at the same time, each in one thread: their seconds can be more than those of the run.
    """

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._tokens: Counter[str] = Counter()

    def clear(self) -> None:
        """Begin a run."""
        self._seconds.clear()
        self._tokens.clear()

    @contextmanager
    def at(self, stage: Stage) -> Iterator[None]:
        """What is done inside belongs to `stage`."""
        began = perf_counter()
        try:
            yield
        finally:
            self._seconds[stage] = self._seconds.get(stage, 0.0) + perf_counter() - began

    def each(self, stage: Stage, items: Iterable[T]) -> Generator[T]:
        """The items; making them belongs to `stage`."""
        waiting = iter(items)
        while True:
            with self.at(stage):
                found = [*islice(waiting, 1)]
            if not found:
                return
            yield found.pop()

    def made(self, stage: Stage, n_tokens: int) -> None:
        """So many tokens came out of it, or went into it."""
        self._tokens[stage] += n_tokens

    def told(self) -> dict[str, Any]:
        """For the stats of a run: "stages" in seconds, "tokens_per_second" where there are any."""
        return {
            "stages": {stage: round(seconds, 3) for stage, seconds in self._seconds.items()},
            "tokens_per_second": {
                stage: round(n_tokens / self._seconds[stage], 1)
                for stage, n_tokens in self._tokens.items()
                if self._seconds.get(stage)
            },
        }
