"""Where a model runs and in which precision: device map, 16-bit weights, autocast.

In 16-bit precision only matrix products and convolutions are 16-bit. Features, layer norms,
softmax, log-softmax, positions, CTC and the sums between layers stay float32; the modules see to
that themselves, since autocast on the CPU does not.

Compared with float32, encoder states of small public models move by at most 0.01 in float16 and
0.05 in bfloat16, log probabilities by 0.02 and 0.15. In bfloat16 the bundled model's states move
by at most 5 % (root mean square), log probabilities above -10 by at most 0.5.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import lru_cache, partial
from typing import Any

import torch
from accelerate import dispatch_model, infer_auto_device_map
from torch import Tensor, nn

from asr_core.errors import AsrError
from asr_core.model.decoder import AttentionDecoder
from asr_core.model.hybrid import HybridModel
from asr_core.model.linear import Linear, fastest, onednn_is_faster, packed
from asr_core.settings import FloatPrecision, Precision

_HALF = {Linear, nn.Conv1d, nn.Conv2d, nn.Embedding}  # modules whose weights may be 16-bit
_DTYPES = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
# oneDNN compiles a kernel for every new shape, and every step of a search has its own: of the 1,024
# it would keep, a long recording leaves hundreds of megabytes behind.
_KERNELS_KEPT = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "128")
_SPARE_SHARE = 0.15  # of an accelerator's free memory, left to what is computed there
NO_HALF_ON_CPU = (
    "float16 is slow and coarse on a processor. Choose auto, float32 or bfloat16 as precision."
)
_WHOLE = ["Conformer", "CtcHead", "AttentionDecoder", "LanguageHead"]  # never split


class Placement:
    """A model on its device, and how to run it there.

    Attributes:
        device: where the encoder runs.
        dtype: of matrix products; float32 once a batch did not fit into 16 bits.
        device_map: part of the model -> device, as accelerate found it.
        notes: sentences for the user about what had to be done otherwise.
        weights: the name of their form where it is not `dtype`: "int8", "int4".
        encoder: what computes it.
    """

    weights = ""
    encoder = "torch"

    def __init__(
        self,
        model: HybridModel,
        device: torch.device,
        dtype: torch.dtype,
        device_map: dict[str, Any],
    ) -> None:
        self.model = model
        self.device = device
        self.dtype = dtype
        self.device_map = device_map
        self.notes: list[str] = []

    def autocast(self) -> AbstractContextManager[Any]:
        """Everything the model computes, decoder steps too, is to run inside this."""
        enabled = self.dtype != torch.float32
        return torch.autocast(
            self.device.type, dtype=self.dtype if enabled else None, enabled=enabled
        )

    @property
    def precision(self) -> str:
        """What it is called among the choices."""
        return self.weights or _name(self.dtype)

    def describe(self) -> dict[str, Any]:
        """Device and precision for people, and what had to be done otherwise."""
        return {
            "device": str(self.device),
            "precision": self.precision,
            "encoder": self.encoder,
            "notes": self.notes,
        }

    @torch.inference_mode()
    def encode(self, features: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """`HybridModel.encode`; values that do not fit into 16 bits make the model float32."""
        with self.autocast():
            encoder_out, out_lengths = self.model.encode(features, lengths)
        if self.dtype != torch.float32 and not bool(encoder_out.isfinite().all()):
            self.notes.append(f"{_name(self.dtype)} overflowed; going on in float32.")
            self.dtype = torch.float32
            _unpack(self.model)
            self.model.float()
            with self.autocast():  # the caller's own, in 16 bits, may be around this
                return self.model.encode(features, lengths)
        return encoder_out, out_lengths


def place(
    model: HybridModel, device: str = "auto", precision: FloatPrecision = "auto"
) -> Placement:
    """Move a model, in evaluation mode, to where it runs best.

    An accelerator gets the whole model or, when its memory is too small, nothing: the parts hand
    tensors to each other all the time. Nothing is ever offloaded to disk.

    Args:
        device: "auto" takes CUDA, then Apple's MPS, then the CPU; or "cpu", "mps", "cuda:1".
        precision: "auto" is float16 on accelerators; on a CPU bfloat16 where it computes with it
            and was found to be faster, else float32, by the library that was found to be faster.

    Raises:
        AsrError: there is no such device here.
    """
    os.environ.setdefault(*_KERNELS_KEPT)
    target = chosen_device(device)
    device_map = _device_map(model, target)
    notes = []
    if target.type != "cpu" and set(device_map.values()) != {_accelerate_name(target)}:
        notes.append(f"The memory of {target} is too small for the model; using the CPU.")
        target = torch.device("cpu")
        device_map = _device_map(model, target)
    dtype = chosen_dtype(target, precision)
    if dtype != torch.float32:
        for module in model.modules():
            if type(module) in _HALF:
                module.to(dtype)
    if target.type == "cpu" and dtype != torch.float16 and onednn_is_faster(dtype):
        _pack(model)
    if target.type == "cuda":
        torch.backends.cudnn.benchmark = True
    dispatch_model(model, device_map)
    placement = Placement(model, target, dtype, device_map)
    placement.notes += notes
    return placement


def _pack(model: HybridModel) -> None:
    """Have oneDNN compute the linear layers and the tied outputs."""
    for module in model.modules():
        if isinstance(module, Linear):
            module.packed = packed(module.weight)
        elif isinstance(module, AttentionDecoder) and module.out is None:
            module.packed = packed(module.embed.weight)


def _unpack(model: HybridModel) -> None:
    for module in model.modules():
        if isinstance(module, (Linear, AttentionDecoder)):
            module.packed = None


def training_autocast(
    device: str = "auto", precision: FloatPrecision = "auto"
) -> tuple[torch.device, Callable[[], AbstractContextManager[Any]]]:
    """Where to train, and what to train inside of: weights stay float32, products may be 16-bit.

    "auto" is bfloat16 on CUDA and on CPUs where it was found to be faster, else float32: float16
    would need its losses scaled.

    Raises:
        AsrError: there is no such device here.
    """
    target = chosen_device(device)
    if precision == "auto":
        is_fast = target.type == "cuda" or (target.type == "cpu" and _bfloat16_is_faster())
        dtype = torch.bfloat16 if is_fast else torch.float32
    else:
        dtype = _DTYPES[precision]
    enabled = dtype != torch.float32
    return target, partial(
        torch.autocast, target.type, dtype=dtype if enabled else None, enabled=enabled
    )


def chosen_device(name: str) -> torch.device:
    """The device of that name; "auto" takes CUDA, then Apple's MPS, then the CPU.

    Raises:
        AsrError: there is no such device here.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda:0")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise AsrError(f"There is no device {name!r}. Choose auto, cpu, cuda or mps.") from error
    n_cuda = torch.cuda.device_count() if torch.cuda.is_available() else 0
    exists = {
        "cpu": True,
        "cuda": (device.index or 0) < n_cuda,
        "mps": torch.backends.mps.is_available(),
    }
    if not exists.get(device.type, False):
        raise AsrError(f"This computer has no device {name!r}. Choose auto or cpu.")
    return torch.device("cuda:0") if name == "cuda" else device


def _accelerate_name(device: torch.device) -> int | str:
    """A device as accelerate's maps write it."""
    return device.index or 0 if device.type == "cuda" else device.type


def _device_map(model: HybridModel, device: torch.device) -> dict[str, Any]:
    """Part of the model -> device, by memory; the CPU takes what it holds already."""
    room: dict[int | str, int | str] = {
        "cpu": 2 * sum(p.numel() * p.element_size() for p in _tensors(model))
    }
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        room = {_accelerate_name(device): int(free * (1 - _SPARE_SHARE)), **room}
    elif device.type == "mps":
        free = torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
        room = {"mps": int(free * (1 - _SPARE_SHARE)), **room}
    return dict(infer_auto_device_map(model, max_memory=room, no_split_module_classes=_WHOLE))


def _tensors(model: nn.Module) -> list[Tensor]:
    return [*model.parameters(), *model.buffers()]


def chosen_dtype(device: torch.device, precision: Precision) -> torch.dtype:
    """Of matrix products on a device; "auto" takes what was found to be fastest there.

    Raises:
        AsrError: no type of torch has so few bits.
    """
    if precision != "auto":
        if precision not in _DTYPES:
            raise AsrError(
                f"This model is not there in {precision}. Choose auto, float32 or bfloat16 as "
                "precision."
            )
        return _DTYPES[precision]
    if device.type != "cpu":
        return torch.float16
    return torch.bfloat16 if _bfloat16_is_faster() else torch.float32


@lru_cache(maxsize=1)
def _bfloat16_is_faster() -> bool:
    """Whether this CPU multiplies bfloat16 in hardware and was faster at it, measured once."""
    can = torch.cpu.get_capabilities()
    if not any(can.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16")):
        return False
    layer, x = Linear(512, 2048), torch.randn(750, 512)
    with torch.inference_mode():
        slow = fastest(partial(layer, x))
        fast = fastest(partial(layer.bfloat16(), x.bfloat16()))
    return fast < slow


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
