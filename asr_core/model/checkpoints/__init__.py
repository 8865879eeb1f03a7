"""Public checkpoints -> our model: which of their weights is which of ours.

They come in the files their makers publish; or all settings in the YAML file and all weights in
`model.safetensors`.

A family is chosen by the caller, never guessed from names: "rel_pos" means absolute positions in
WeNet and relative ones in ESPnet, and the wrong reading gives plausible garbage.

    folder   what all families share: reading files, refusing what does not fit, filling our model
    wenet, espnet, firered   a family each
"""

from asr_core.model.checkpoints.espnet import espnet_frontend, load_espnet
from asr_core.model.checkpoints.firered import load_firered
from asr_core.model.checkpoints.folder import Checkpoint, refusing
from asr_core.model.checkpoints.wenet import load_wenet

__all__ = [
    "Checkpoint",
    "espnet_frontend",
    "load_espnet",
    "load_firered",
    "load_wenet",
    "refusing",
]
