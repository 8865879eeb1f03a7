"""What a folder of this family holds, told by its description alone."""

from __future__ import annotations

from pathlib import Path

from asr_core.engines.folders import description


def is_recognizer(folder: Path) -> bool:
    """Whether a folder holds a Qwen3-ASR model, in either form."""
    return description(folder).get("model_type") == "qwen3_asr" and not is_aligner(folder)


def is_aligner(folder: Path) -> bool:
    """Whether a folder holds a Qwen3-ForcedAligner, which tells when words were said, not which.

    The original ones name the class of a recognizer, but have a number of classes.
    """
    config = description(folder)
    if config.get("model_type") != "qwen3_asr":
        return False
    thinker = config.get("thinker_config")
    if isinstance(thinker, dict):
        return "classify_num" in thinker
    return "Qwen3ASRForTokenClassification" in (config.get("architectures") or ())
