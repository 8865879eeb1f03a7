"""The bundled engine with an exported encoder."""

from __future__ import annotations

from asr_core.engines.conformer import ConformerEngine, engine_of
from asr_core.engines.folders import folder_of
from asr_core.engines.onnx.encoder import OnnxEncoder
from asr_core.engines.onnx.folder import read_exported
from asr_core.model.growth import load_bundled
from asr_core.quantize.placing import placed
from asr_core.settings import Settings


def load(settings: Settings) -> ConformerEngine:
    """The engine for an exported folder: its encoder in onnxruntime, the rest as in the bundled.

    Precision and device of `settings` are the decoder's; the encoder's precision was chosen when it
    was exported, and its device is that of `settings` where onnxruntime knows it.

    Raises:
        ModelError: the folder is damaged or of another version, or the bundled weights are missing.
        AsrError: there is no such device, or this precision is not for it.
    """
    folder = folder_of(settings.engine)
    precision = read_exported(folder).precision
    encoder = OnnxEncoder(folder, settings.device)
    model = load_bundled()
    model.add_module("encoder", encoder)
    placement = placed(model, settings.on_torch.device, settings.precision)
    placement.encoder = f"onnxruntime {encoder.provider} {precision}"
    placement.notes += encoder.notes
    return engine_of(placement, folder.name)
