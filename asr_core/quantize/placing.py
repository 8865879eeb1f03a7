"""A model where it runs best, in any precision a person may choose: 8 and 4 bits, too."""

from __future__ import annotations

from typing import cast

import torch

from asr_core.errors import AsrError
from asr_core.model.hybrid import HybridModel
from asr_core.model.precision import NO_HALF_ON_CPU, Placement, chosen_device, place
from asr_core.quantize.fp8 import has_fp8, use_fp8
from asr_core.quantize.parts import Forms, quantize
from asr_core.settings import FloatPrecision, Precision

FORMS = {  # on the processor, which multiplies 8 bits
    "int8": Forms("int8", "int8", "int8"),
    "int4": Forms("int4_weights", "int4_weights", "int4"),
}
_WEIGHTS_ONLY = {
    "int8": Forms("int8_weights", "int8_weights", "int8_weights"),
    "int4": Forms("int4_weights", "int4_weights", "int4_weights"),
}
FEW_BITS: tuple[Precision, ...] = ("int8", "int4", "fp8")


def check_precision(precision: Precision, device: torch.device) -> None:
    """Nothing, if a model can be in this precision there.

    Raises:
        AsrError: it cannot.
    """
    if precision == "float16" and device.type == "cpu":
        raise AsrError(NO_HALF_ON_CPU)
    if precision == "fp8" and not has_fp8(device):
        raise AsrError(
            "fp8 is computed by NVIDIA cards with a compute capability of 8.9 or more (RTX 40, L4, "
            f"H100 and newer), not by {device}. Choose auto as precision."
        )


def placed(model: HybridModel, device: str, precision: Precision) -> Placement:
    """The model itself, in evaluation mode, in the precision asked for.

    What is not quantized is as "auto" has it. Off the processor "int8" and "int4" are weights only:
    they spare memory, and products are 16-bit.

    Raises:
        AsrError: there is no such device, or this precision is not for it or for this model.
    """
    target = chosen_device(device)
    check_precision(precision, target)
    if precision not in FEW_BITS:
        return place(model, device, cast("FloatPrecision", precision))
    forms = FORMS if target.type == "cpu" else _WEIGHTS_ONLY
    if precision in forms:
        try:
            with torch.inference_mode():
                quantize(model, forms[precision])
        except ValueError:
            raise misfit(precision) from None
    placement = place(model, device)
    if precision in forms:
        placement.weights = precision
    elif placement.device.type == "cuda":  # the card's memory may have been too small
        with torch.inference_mode():
            for part in (model.encoder, model.decoder, model.decoder_r2l):
                use_fp8(part)
        placement.weights = precision
    return placement


def misfit(precision: Precision) -> AsrError:
    """That groups of 4 bits do not fit a layer."""
    return AsrError(
        f"The layers of this model do not fit {precision}. Choose auto or int8 as precision."
    )
