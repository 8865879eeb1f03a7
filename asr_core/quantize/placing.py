"""A model where it runs best, in any precision a person may choose: 8 and 4 bits, too."""

from __future__ import annotations

from typing import cast

import torch

from asr_core.errors import AsrError
from asr_core.model.hybrid import HybridModel
from asr_core.model.precision import NO_HALF_ON_CPU, Placement, chosen_device, place
from asr_core.quantize.parts import Forms, quantize
from asr_core.settings import FloatPrecision, Precision

FORMS = {
    "int8": Forms("int8", "int8", "int8"),
    "int4": Forms("int4", "int4", "int4"),
}


def placed(model: HybridModel, device: str, precision: Precision) -> Placement:
    """The model itself, in evaluation mode, in the precision asked for.

    What is not quantized is as "auto" has it: bfloat16 where that is faster, else float32.

    Raises:
        AsrError: there is no such device, or this precision is not for it or for this model.
    """
    target = chosen_device(device)
    if precision not in FORMS:
        if precision == "float16" and target.type == "cpu":
            raise AsrError(NO_HALF_ON_CPU)
        return place(model, device, cast("FloatPrecision", precision))
    if target.type != "cpu":
        raise AsrError(
            f"{precision} is computed by the processor only, not by {target}. Choose the device "
            "cpu, or auto or float16 as precision."
        )
    try:
        with torch.inference_mode():
            quantize(model, FORMS[precision])
    except ValueError:
        raise AsrError(
            f"The layers of this model do not fit {precision}. Choose auto or int8 as precision."
        ) from None
    placement = place(model, "cpu")
    placement.weights = precision
    return placement
