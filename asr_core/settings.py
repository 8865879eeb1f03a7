"""What a user may choose, saved as JSON and shared by the page and the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DecodeMode = Literal["ctc", "attention", "rescore", "joint", "draft"]
Precision = Literal["auto", "float32", "bfloat16", "float16"]
Script = Literal["simplified", "traditional"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Choices for one run.

    Attributes:
        language: "auto", or the ISO code every segment is decoded in.
        languages: among these "auto" chooses, segment by segment.
        device: "auto", "cpu", "cuda", "cuda:1", "mps".
    """

    engine: str = "sottovoce-base"
    language: str = "auto"
    languages: tuple[str, ...] = ("zh", "en")
    decode: DecodeMode = "joint"
    beam_size: int = 5
    script: Script = "simplified"
    device: str = "auto"
    precision: Precision = "auto"
