"""Segments cut into subtitle cues that fit a screen and stay long enough to be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from asr_core.export.sentences import Spoken, spread, words
from asr_core.export.typography import LINE, SENTENCE_ENDS, WIDE, is_wide, space_between, width
from asr_core.result import Segment

SHORTEST_MS = 1_000
LONGEST_MS = 7_000

_PAUSES = tuple(",;:，；：、—)）")
_PAUSE_S = 0.3  # silence between two words that reads as a place to cut


@dataclass(frozen=True, slots=True)
class Cue:
    """What stands on the screen from `start_ms` to `end_ms`, one or two lines."""

    start_ms: int
    end_ms: int
    lines: tuple[str, ...]


class Cutter:
    """Cuts one segment after the other; remembers where the last cue ended, so none overlap."""

    def __init__(self) -> None:
        self._free_from_ms = 0

    def cut(self, segment: Segment) -> list[Cue]:
        """The cues of `segment`, in order, none before the end of the segment before.

        A cue shorter than `SHORTEST_MS` stays longer and lets the next begin later; the next
        pause lets them catch up.
        """
        pieces = _fitting(_in_one_line(words(segment)))
        cues = []
        for group in _groups(pieces) if pieces else []:
            start_ms = max(self._free_from_ms, round(group[0].start * 1000))
            end_ms = min(round(group[-1].end * 1000), start_ms + LONGEST_MS)
            end_ms = max(end_ms, start_ms + SHORTEST_MS)
            lines = _lines(group)
            if lines and lines[0]:
                cues.append(Cue(start_ms, end_ms, lines))
                self._free_from_ms = end_ms
        return cues


def _in_one_line(pieces: list[Spoken]) -> list[Spoken]:
    """The pieces without the line breaks of whoever wrote the text: a cue has lines of its own."""
    joined: list[Spoken] = []
    for piece in pieces:
        if "\n" in piece.text:
            text = " ".join(piece.text.split())
            space = space_between(joined[-1].text[-1], text[0]) if joined and text else ""
            piece = replace(piece, text=space + text)
        if piece.text:
            joined.append(piece)
    return joined


def _fitting(pieces: list[Spoken]) -> list[Spoken]:
    """Pieces wider than a line (an address, a word repeated without spaces) are chopped."""
    fitting = []
    for piece in pieces:
        if width(piece.text.strip()) <= LINE:
            fitting.append(piece)
            continue
        step = int(LINE / WIDE)
        texts = [piece.text[i : i + step] for i in range(0, len(piece.text), step)]
        fitting.extend(spread(texts, piece.start, piece.end))
    return fitting


def _groups(pieces: list[Spoken]) -> Iterator[list[Spoken]]:
    """Halve until each part fits a cue, at the place that reads best."""
    long_enough = pieces[-1].end - pieces[0].start <= LONGEST_MS / 1000
    if len(pieces) == 1 or (long_enough and _lines(pieces)):
        yield pieces
        return
    cut = min(range(1, len(pieces)), key=lambda place: _cost(pieces, place))
    yield from _groups(pieces[:cut])
    yield from _groups(pieces[cut:])


def _cost(pieces: list[Spoken], place: int) -> float:
    """How badly a cut before `pieces[place]` reads: far from the middle, inside a phrase."""
    start, end = pieces[0].start, pieces[-1].end
    left, right = pieces[place - 1], pieces[place]
    whole = sum(width(piece.text) for piece in pieces)
    part = sum(width(piece.text) for piece in pieces[:place])
    cost = abs(2.0 * part / whole - 1.0)  # 0 in the middle, 1 at the edges
    if left.text.endswith(SENTENCE_ENDS):
        cost -= 0.6
    elif left.text.endswith(_PAUSES):
        cost -= 0.4
    if right.start - left.end >= _PAUSE_S:
        cost -= 0.4
    if min(left.end - start, end - right.start) < SHORTEST_MS / 1000:
        cost += 1.0
    return cost


def _lines(pieces: list[Spoken]) -> tuple[str, ...] | None:
    """The pieces as one line, or as two of like length; None when two do not hold them."""
    whole = "".join(piece.text for piece in pieces).strip()
    if width(whole) <= LINE:
        return (whole,)
    best, best_cost = None, float("inf")
    for place in range(1, len(pieces)):
        upper = "".join(piece.text for piece in pieces[:place]).strip()
        lower = "".join(piece.text for piece in pieces[place:]).strip()
        if max(width(upper), width(lower)) > LINE or not upper or not lower:
            continue
        cost = abs(width(upper) - width(lower))
        if upper.endswith(SENTENCE_ENDS + _PAUSES):
            cost -= LINE / 4
        if is_wide(lower[0]) and not lower[0].isalnum():
            cost += LINE  # a line does not begin with a comma
        if cost < best_cost:
            best, best_cost = (upper, lower), cost
    return best
