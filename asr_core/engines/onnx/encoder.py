"""The exported graph in the place of the torch encoder: the same in, the same out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from asr_core.engines.onnx.folder import GRAPH, INPUTS, OUTPUTS, damaged

# What a build of onnxruntime may bring, by the device it computes on.
_PROVIDERS = {
    "cuda": "CUDAExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
}
_CPU = "CPUExecutionProvider"


class OnnxEncoder(nn.Module):
    """An exported encoder, warm.

    Attributes:
        provider: what computes it.
        notes: sentences for the user about what had to be done otherwise.

    Args:
        folder: as `write_exported` wrote it.
        device: "cuda", "directml" and "coreml" where the installed onnxruntime has them; else the
            processor.

    Raises:
        ModelError: onnxruntime cannot read the graph.
    """

    device = torch.device("cpu")  # of what it takes and gives

    def __init__(self, folder: Path, device: str) -> None:
        super().__init__()
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # as in audio/voice.py
        import onnxruntime

        wanted = _PROVIDERS.get(device.partition(":")[0], _CPU)
        has_it = wanted in onnxruntime.get_available_providers()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        # Threads that wait for more to do would take the processor from the decoder.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.enable_mem_pattern = False  # every window has its own length; nor has DirectML any
        options.enable_cpu_mem_arena = False
        providers = [wanted, _CPU] if has_it and wanted != _CPU else [_CPU]
        try:
            self._session = onnxruntime.InferenceSession(
                str(folder / GRAPH), sess_options=options, providers=providers
            )
        except Exception as error:  # each of its many kinds is an Exception of its own
            raise damaged(folder, type(error).__name__) from None
        self._options = onnxruntime.RunOptions()
        self._options.only_execute_path_to_fetches = True  # not all that CTC could say, as well
        self.provider = self._session.get_providers()[0]
        self.notes: list[str] = []
        if self.provider != wanted:
            self.notes.append(f"onnxruntime has no {wanted} here; the processor computes.")

    def forward(self, features: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """As `Conformer.forward`, whole utterances only."""
        n_frames = int(lengths.max()) if len(lengths) else 0
        if n_frames == 0:
            return features.new_zeros(len(features), 0, self._n_states), lengths.clone()
        given = (features[:, :n_frames].float().contiguous(), lengths)
        found: Any = self._session.run(
            OUTPUTS[:2],
            {name: x.numpy() for name, x in zip(INPUTS, given, strict=True)},
            self._options,
        )
        states, out_lengths = found
        return torch.from_numpy(states), torch.from_numpy(out_lengths)

    @property
    def _n_states(self) -> int:
        return self._session.get_outputs()[0].shape[2]
