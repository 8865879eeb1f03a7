"""Parts whose output is added to what is there; they cost nothing while that output is zero."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import Tensor, nn


class Addition(nn.Module):
    """A part that a grown model adds with a zero last layer, so that its function stays the same.

    Attributes:
        adds_nothing: found when the model enters training or evaluation or loads weights.
    """

    adds_nothing = False

    def __init__(self) -> None:
        super().__init__()
        self.register_load_state_dict_post_hook(_decide)

    @property
    def silent(self) -> bool:
        """Whether the part adds exactly nothing and may be left out; one in training may not."""
        return self.adds_nothing and not any(w.requires_grad for w in self.last_layer())

    def last_layer(self) -> Iterable[Tensor]:
        """The weights that make the output zero when they all are."""
        raise NotImplementedError

    def train(self, mode: bool = True) -> Any:
        super().train(mode)
        self.adds_nothing = not any(w.is_meta or bool(w.any()) for w in self.last_layer())
        return self


def _decide(module: nn.Module, _: Any) -> None:
    module.train(module.training)
