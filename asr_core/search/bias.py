"""Contextual biasing: a bonus for every token of a listed term that a hypothesis says in full."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache


@dataclass(frozen=True, slots=True)
class Walk:
    """Where a hypothesis stands among the terms; bit i of a mask is about its i-th last token."""

    node: int = 0  # of the longest end of its tokens that begins a term
    covered: int = 0  # mask: the token belongs to a term said in full
    in_word: int = 0  # mask: the token ends with a Latin letter or a figure
    n_said: int = 0  # tokens of terms said in full
    n_open: int = 0  # tokens since that may yet become a term


@dataclass(slots=True)
class _Node:
    """A beginning of some terms."""

    depth: int = 0
    children: dict[int, int] = field(default_factory=dict)
    shorter: int = 0  # the longest true end of this beginning that begins a term, too
    is_term: bool = False
    inside: bool = False  # begins in the middle of a word, unless something else stands before it
    letter: bool = False  # ends with a letter, so that a word may go on behind it


class Bias:
    """A prefix tree of the terms' tokens, with the automaton that finds them in running text.

    A hypothesis has `bonus` for each of its tokens that is part of a term, whole words only and
    each token once. The tokens of a term count as soon as they come, so that the beam keeps what
    may become one; where a hypothesis leaves a term before its end, they no longer count. So an
    unfinished term never has a bonus in the end, whatever the way the search took.

    Source: Zhao et al. 2019, Shallow-Fusion End-to-End Contextual Biasing, section 3 (bonus for
    every token, taken back on failure); Aho and Corasick 1975, Efficient String Matching, for the
    links that find terms which overlap.
    """

    def __init__(
        self,
        terms: Iterable[Sequence[int]],
        bonus: float,
        text_of: Callable[[int], str] = lambda token: "",
    ) -> None:
        """Make the tree.

        Args:
            terms: tokens of each term, all ways in which it may be written.
            bonus: natural log, for each token.
            text_of: the text of a token, by which words are told apart; empty if it has none.
        """
        self.bonus = bonus
        self._begins_inside = cache(lambda token: _is_latin(text_of(token)[:1]))
        self._ends_inside = cache(lambda token: _is_latin(text_of(token)[-1:]))
        self._nodes = [_Node()]
        for tokens in terms:
            self._plant(tokens)
        self._link()
        self._reach = (1 << (max(node.depth for node in self._nodes) + 1)) - 1

    @property
    def first(self) -> list[int]:
        """The tokens a term may begin with."""
        return list(self._nodes[0].children)

    def step(self, walk: Walk, token: int) -> Walk:
        """Where a hypothesis stands with one token more; the end token is one, too."""
        covered, n_said = walk.covered, walk.n_said
        node = self._nodes[walk.node]
        if walk.n_open and not (node.letter and self._begins_inside(token)):
            n_tokens = self._longest_term(walk)
            new = ((1 << n_tokens) - 1) & ~covered
            covered |= new
            n_said += new.bit_count()
        covered = covered << 1 & self._reach
        in_word = (walk.in_word << 1 | self._ends_inside(token)) & self._reach
        place = self._followed(walk.node, token, in_word)
        depth = self._nodes[place].depth
        n_open = depth - (covered & ((1 << depth) - 1)).bit_count()
        return Walk(place, covered, in_word, n_said, n_open)

    def end(self, walk: Walk) -> Walk:
        """Where a hypothesis stands that breaks off: what is said in full counts, no more."""
        n_tokens = self._longest_term(walk)
        new = ((1 << n_tokens) - 1) & ~walk.covered
        return Walk(n_said=walk.n_said + new.bit_count())

    def score(self, walk: Walk) -> float:
        """The bonus so far, natural log."""
        return self.bonus * (walk.n_said + walk.n_open)

    def next(self, walk: Walk) -> dict[int, float]:
        """Tokens that go on with a term begun, and how much more they have than others have."""
        if not walk.node:
            return {}
        tokens: set[int] = set()
        place = walk.node
        while place:
            tokens.update(self._nodes[place].children)
            place = self._nodes[place].shorter
        left = self.score(self.end(walk))
        return {token: self.score(self.step(walk, token)) - left for token in tokens}

    def _plant(self, tokens: Sequence[int]) -> None:
        place = 0
        for depth, token in enumerate(tokens, start=1):
            children = self._nodes[place].children
            if token not in children:
                children[token] = len(self._nodes)
                inside = self._begins_inside(tokens[0])
                self._nodes.append(_Node(depth, inside=inside, letter=self._ends_inside(token)))
            place = children[token]
        self._nodes[place].is_term = place != 0

    def _link(self) -> None:
        """Give every beginning its link, the short ones first."""
        waiting = deque(self._nodes[0].children.values())
        while waiting:
            place = waiting.popleft()
            for token, child in self._nodes[place].children.items():
                shorter = self._nodes[place].shorter
                while shorter and token not in self._nodes[shorter].children:
                    shorter = self._nodes[shorter].shorter
                self._nodes[child].shorter = self._nodes[shorter].children.get(token, 0)
                waiting.append(child)

    def _followed(self, place: int, token: int, in_word: int) -> int:
        """The longest beginning of a term that ends with `token`, none in the middle of a word."""
        while token not in self._nodes[place].children:
            if place == 0:
                return 0
            place = self._nodes[place].shorter
        place = self._nodes[place].children[token]
        while place and not self._stands_free(place, in_word):
            place = self._nodes[place].shorter
        return place

    def _longest_term(self, walk: Walk) -> int:
        """Tokens of the longest term that a walk has just come to the end of; 0 if of none."""
        place = walk.node
        while place:
            node = self._nodes[place]
            if node.is_term and self._stands_free(place, walk.in_word):
                return node.depth
            place = node.shorter
        return 0

    def _stands_free(self, place: int, in_word: int) -> bool:
        node = self._nodes[place]
        return not (node.inside and in_word >> node.depth & 1)


def _is_latin(character: str) -> bool:
    return character.isalnum() and character < "\u0250"
