"""What CTC thinks of the next tokens, when a token may be no, one or several CTC units."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

import torch
from torch import Tensor

from asr_core.search.posteriors import Posteriors
from asr_core.search.prefix_scorer import END, SAME, PrefixScorer
from asr_core.search.types import SearchOptions, Units


class TokenScorer:
    """CTC prefix probabilities of token sequences, one a row.

    Without `units` a token is its own CTC unit. With them a token that completes no unit (a comma,
    the first bytes of a character) keeps the score of its prefix, and one that completes several
    is scored by the first of them, the others counting with whatever follows once it is chosen: a
    candidate then costs no recursion, and whole sentences have their exact score.
    """

    def __init__(
        self,
        posteriors: Posteriors,
        eos_id: int,
        units: Units | None = None,
        utterances: Tensor | None = None,
    ) -> None:
        """Begin with nothing said, as `PrefixScorer` does; `units` as in `SearchOptions`."""
        self._prefixes = PrefixScorer(posteriors, utterances)
        self._eos_id, self._units = eos_id, units
        n_rows = len(posteriors.lengths if utterances is None else utterances)
        self._open: list[tuple[int, ...]] = [()] * n_rows  # tokens since a unit was complete

    def score(self, tokens: Tensor) -> Tensor:
        """log psi of every row's prefix with each of (R, S) tokens appended: (R, S) on the CPU."""
        if self._units is None:
            return self._prefixes.score(tokens.masked_fill(tokens == self._eos_id, END)).cpu()
        units = [
            [self._completed(row, token) for token in candidates]
            for row, candidates in enumerate(tokens.tolist())
        ]
        first = [[found[0] if found else SAME for found in row] for row in units]
        return self._prefixes.score(torch.tensor(first)).cpu()

    def select(self, rows: Sequence[int], tokens: Sequence[int | None]) -> None:
        """Make row i what row `rows[i]` was, with `tokens[i]` appended unless that is None."""
        if self._units is None:
            added = [SAME if token is None else token for token in tokens]
            self._prefixes.select(torch.tensor(rows), torch.tensor(added))
            return
        chosen = list(zip(rows, tokens, strict=True))
        units = [[] if token is None else self._completed(row, token) for row, token in chosen]
        self._open = [
            () if found else self._open[row] + (() if token is None else (token,))
            for (row, token), found in zip(chosen, units, strict=True)
        ]
        sources = torch.tensor(rows)
        for i in range(max(1, *map(len, units))):
            added = [found[i] if i < len(found) else SAME for found in units]
            self._prefixes.select(sources, torch.tensor(added))
            sources = torch.arange(len(rows))

    def fork(self, rows: Sequence[int]) -> TokenScorer:
        """A scorer of its own whose row i is what row `rows[i]` is here."""
        twin = copy(self)
        twin._prefixes = self._prefixes.fork(torch.tensor(rows))
        twin._open = [self._open[row] for row in rows]
        return twin

    def _completed(self, row: int, token: int) -> list[int]:
        assert self._units is not None
        return [END] if token == self._eos_id else self._units((*self._open[row], token))[-1]


def token_scorer(
    ctc: Posteriors | None, options: SearchOptions, rows: Tensor
) -> TokenScorer | None:
    """The scorer a search with `options` needs, a row for each of the utterances `rows`."""
    if options.ctc_weight == 0:
        return None
    if ctc is None:
        raise ValueError(f"ctc_weight is {options.ctc_weight}, but no CTC posteriors were given")
    return TokenScorer(ctc, options.eos_id, options.units, rows)
