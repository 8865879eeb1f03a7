"""Parts whose output is added to what is there; they cost nothing while that output is zero."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import Tensor, nn


class Addition(nn.Module):
    """A part that a grown model adds with a zero last layer, so that its function stays the same.

    `silent` says that the part adds exactly nothing and may be left out. It is decided when the
    model enters evaluation (`eval()`) or loads weights in it, never during training.
    """

    silent = False

    def __init__(self) -> None:
        super().__init__()
        self.register_load_state_dict_post_hook(_decide)

    def last_layer(self) -> Iterable[Tensor]:
        """The weights that make the output zero when they all are."""
        raise NotImplementedError

    def train(self, mode: bool = True) -> Any:
        super().train(mode)
        weights = list(self.last_layer())
        self.silent = not mode and not any(w.is_meta or bool(w.any()) for w in weights)
        return self


def _decide(module: nn.Module, _: Any) -> None:
    module.train(module.training)
