"""Small random models, and the bundled one, loaded once."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from asr_core.model.growth import load_grown
from asr_core.model.hybrid import HybridModel


@pytest.fixture
def randomized() -> Callable[[nn.Module], nn.Module]:
    """Give a model in evaluation mode in which every weight, zero ones too, is random."""

    def fill(model: nn.Module) -> nn.Module:
        random = torch.Generator().manual_seed(1)
        state = {}
        for name, value in model.state_dict().items():
            if value.is_floating_point():
                scale = 0.1 if value.dim() == 1 else value[0].numel() ** -0.5
                noise = scale * torch.randn(value.shape, generator=random)
                offset = 1.0 if name.endswith(("norm.weight", "running_var")) else 0.0
                value = noise.abs() + 0.5 if name.endswith("running_var") else noise + offset
            state[name] = value
        model.load_state_dict(state)
        return model.eval().requires_grad_(False)

    return fill


@pytest.fixture(scope="session")
def bundled() -> HybridModel:
    """The bundled model in float32; not to be changed."""
    return load_grown()
