"""The bundled model -> a folder with its ONNX graph."""

from __future__ import annotations

from pathlib import Path

from asr_core.engines.onnx.folder import write_exported
from asr_core.errors import AsrError
from asr_core.model.growth import load_bundled


def export(folder: Path, *, int8: bool = False) -> int:
    """Write the encoder and the CTC head; gives the graph's bytes.

    Args:
        int8: the encoder's linear layers in 8 bits.

    Raises:
        AsrError: the package onnx is missing, or the folder is not new or cannot be written.
    """
    try:
        from asr_core.engines.onnx.graph import onnx_graph
    except ModuleNotFoundError as error:
        if error.name != "onnx":
            raise
        raise AsrError(
            "ONNX cannot be written: the package onnx is not installed. The extra `hybrid` brings "
            "it: pip install -e .[hybrid]"
        ) from None
    graph = onnx_graph(load_bundled(), int8=int8).SerializeToString()
    write_exported(folder, graph, "int8" if int8 else "float32")
    return len(graph)
