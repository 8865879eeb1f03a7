"""Where a Qwen3-ASR model runs and in which precision; what is 16-bit and what stays float32.

As in the Conformer, matrix products and convolutions are 16-bit under autocast, while norms,
softmax and the sums between layers are float32.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import psutil
import torch
from torch import Tensor, nn

from asr_core.errors import AsrError
from asr_core.model.precision import NO_HALF_ON_CPU, chosen_device, chosen_dtype
from asr_core.settings import Settings

_SPARE_SHARE = 0.15  # of free memory, left to what is computed there


class Placement:
    """What accelerate is to be told, and the precision that goes with it.

    Raises:
        AsrError: there is no such device, or this precision is not for it or for this model.
    """

    def __init__(self, settings: Settings) -> None:
        self.device = chosen_device(settings.device)
        self.dtype = chosen_dtype(self.device, settings.precision)
        if self.device.type == "cpu" and self.dtype == torch.float16:
            raise AsrError(NO_HALF_ON_CPU)

    @property
    def room(self) -> dict[int | str, int]:
        """Bytes that the weights may take, by device as accelerate names it."""
        cpu = int(psutil.virtual_memory().available * (1 - _SPARE_SHARE))
        if self.device.type == "cuda":
            free, _ = torch.cuda.mem_get_info(self.device)
            return {self.device.index or 0: int(free * (1 - _SPARE_SHARE)), "cpu": cpu}
        if self.device.type == "mps":
            free = torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
            return {"mps": int(free * (1 - _SPARE_SHARE)), "cpu": cpu}
        return {"cpu": cpu}


class Placed:
    """A model on its device.

    Attributes:
        dtype: of matrix products; float32 once an answer did not fit into 16 bits.
        notes: sentences for the user about what had to be done otherwise.
    """

    def __init__(self, model: Any, dtype: torch.dtype) -> None:
        self.model = model.eval()
        self.dtype = dtype
        self.notes: list[str] = []
        if dtype != torch.float32:
            _keep_sums_float32(model)

    @property
    def device(self) -> torch.device:
        """Where its inputs belong."""
        return self.model.device

    @property
    def ends(self) -> tuple[int, ...]:
        """The tokens that end an answer."""
        end = self.model.generation_config.eos_token_id or self.model.config.eos_token_id
        return (end,) if isinstance(end, int) else tuple(end)

    @property
    def precision(self) -> str:
        """The name of `dtype`."""
        return str(self.dtype).removeprefix("torch.")

    def autocast(self) -> AbstractContextManager[Any]:
        """What is computed in 16 bits is, inside this."""
        enabled = self.dtype != torch.float32
        return torch.autocast(
            self.device.type, dtype=self.dtype if enabled else None, enabled=enabled
        )

    def run(self, **inputs: Any) -> Any:
        """What the model gives; values that do not fit into 16 bits make it float32."""
        with self.autocast():
            found = self.model(**inputs)
        is_first = inputs.get("past_key_values") is None  # later ones live in the same cache
        if is_first and self.dtype != torch.float32 and not bool(found.logits.isfinite().all()):
            self.notes.append(f"{self.precision} overflowed; going on in float32.")
            self.dtype = torch.float32
            self.model.float()
            with self.autocast():
                return self.model(**inputs)
        return found


def _keep_sums_float32(model: nn.Module) -> None:
    """Let what the layers add up begin in float32; then it stays so."""
    for module in model.modules():
        if isinstance(module, nn.LayerNorm):  # on a CPU its weights must be what it is given
            module.float()
    parts: Any = model.model  # type: ignore[attr-defined]
    parts.language_model.embed_tokens.register_forward_hook(_in_float32)
    parts.audio_tower.conv_out.register_forward_hook(_in_float32)


def _in_float32(module: nn.Module, inputs: Any, output: Tensor) -> Tensor:
    return output.float()
