"""The model: an encoder, a CTC head, one or two attention decoders, a language head."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from asr_core.errors import ModelError
from asr_core.model.conformer import Conformer, EncoderConfig
from asr_core.model.decoder import AttentionDecoder, DecoderConfig
from asr_core.model.linear import Linear
from asr_core.model.subsampling import within

LANGUAGES = ("zh", "en", "mixed")


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Everything about a model but its weights.

    Attributes:
        n_units: what the CTC head tells apart, the blank included; 0: there is no such head.
        ctc_pooling: encoder frames that make one CTC frame.
        frame_rate: encoder frames per second.
        tail: seconds of silence its weights need behind speech.
        change_share: of what training changed in a part ("encoder", "decoder"), how much is used,
            all of it in one that is not named; the rest stays the original's.
        ctc_unspaced: first letters of the words that CTC learned without the space before them.
        ctc_weights: of CTC in joint decoding, by language; 0 for one that is not named.
        calibration: what the probability of a word stands for: (probability, share of such words
            that were right) from low to high; none: what it says.
    """

    encoder: EncoderConfig
    decoder: DecoderConfig
    n_units: int
    decoder_r2l: DecoderConfig | None = None
    ctc_pooling: int = 1
    frame_rate: float = 25.0
    blank_id: int = 0
    sos_id: int = 1
    eos_id: int = 1
    language_head: bool = False
    tail: float = 0.0
    change_share: dict[str, float] = field(default_factory=dict)
    ctc_unspaced: str = ""
    ctc_weights: dict[str, float] = field(default_factory=dict)
    calibration: tuple[tuple[float, float], ...] = ()

    @property
    def ctc_frame_rate(self) -> float:
        """CTC frames per second."""
        return self.frame_rate / self.ctc_pooling

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2)

    @classmethod
    def from_json(cls, text: str) -> ModelConfig:
        """Read what `to_json` wrote.

        Raises:
            ValueError: a field is missing or unknown.
        """
        values = json.loads(text)
        try:
            values["encoder"] = EncoderConfig(**values["encoder"])
            for name in ("decoder", "decoder_r2l"):
                if values.get(name) is not None:
                    values[name] = DecoderConfig(**values[name])
            share = values.get("change_share", {})
            if isinstance(share, float):  # once all parts had the same
                values["change_share"] = {"encoder": share, "decoder": share}
            values["calibration"] = tuple(map(tuple, values.get("calibration", ())))
            return cls(**values)
        except (KeyError, TypeError) as error:
            known = ", ".join(f.name for f in fields(cls))
            raise ValueError(
                f"not a model's configuration ({error}); its fields: {known}"
            ) from error


class CtcHead(nn.Module):
    """Encoder states -> log posteriors of the units, perhaps of several frames at once."""

    def __init__(self, d_model: int, n_units: int, pooling: int) -> None:
        super().__init__()
        self.pooling = pooling
        self.pool = Linear(pooling * d_model, d_model) if pooling > 1 else None
        self.proj = Linear(d_model, n_units)

    def forward(self, encoder_out: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        states, lengths = self.pooled(encoder_out, lengths)
        return self.proj(states).float().log_softmax(-1), lengths

    def pooled(self, encoder_out: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T'', D) states of CTC frames and (B,) how many they are."""
        if self.pool is not None:
            inside = within(lengths, encoder_out.shape[1])
            if inside is not None:
                encoder_out = encoder_out * inside[..., None]
            missing = -encoder_out.shape[1] % self.pooling
            groups = F.pad(encoder_out, (0, 0, 0, missing)).unflatten(1, (-1, self.pooling))
            encoder_out = self.pool(groups.flatten(2))  # (B, T'', D)
            lengths = (lengths + self.pooling - 1) // self.pooling
        return encoder_out, lengths


class LanguageHead(nn.Module):
    """Mean and deviation of the encoder states -> log probabilities of zh, en, mixed."""

    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.hidden = Linear(2 * d_model, 256)
        self.out = Linear(256, len(LANGUAGES))

    def forward(self, encoder_out: Tensor, lengths: Tensor) -> Tensor:
        x = encoder_out.float()
        at = torch.arange(x.shape[1], device=x.device)
        inside = (at < lengths.to(x.device)[:, None])[..., None]
        n = lengths.to(x.device).clamp_min(1)[:, None]
        mean = (x * inside).sum(1) / n
        deviation = (((x - mean[:, None]) * inside).square().sum(1) / n).sqrt()
        x = F.relu(self.hidden(torch.cat([mean, deviation], dim=-1)))
        return self.out(x).float().log_softmax(-1)


def require_vocabulary(n_pieces: int, config: ModelConfig, name: str) -> None:
    """See to it that a vocabulary which CTC and the decoder share is of their size.

    Raises:
        ModelError: it is not.
    """
    if n_pieces != config.decoder.vocab_size or config.n_units not in (0, n_pieces):
        raise ModelError(
            f"The vocabulary of the model {name!r} has {n_pieces} pieces, its "
            f"configuration {config.n_units} for CTC and {config.decoder.vocab_size} for the "
            "decoder; all must be the same. Copy the model's folder again."
        )


class HybridModel(nn.Module):
    """Joint CTC and attention recognition over one Conformer."""

    decoder_r2l: AttentionDecoder | None
    language: LanguageHead | None

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        d = config.encoder.d_model
        self.encoder = Conformer(config.encoder)
        if config.n_units:
            self.ctc = CtcHead(d, config.n_units, config.ctc_pooling)
        self.decoder = AttentionDecoder(config.decoder)
        r2l = config.decoder_r2l
        self.decoder_r2l = None if r2l is None else AttentionDecoder(r2l)
        self.language = LanguageHead(d) if config.language_head else None

    def encode(self, features: Tensor, lengths: Tensor, **options: Any) -> tuple[Tensor, Tensor]:
        """Listen to a batch.

        Args:
            features: (B, T, F) padded with anything behind (B,) `lengths` frames.
            options: chunk_size, left_chunks, states, as `Conformer.forward` takes them.

        Returns:
            (B, T', D) float32 encoder states, zeros behind the end; (B,) encoder frames.
        """
        device = self.encoder.device
        return self.encoder(features.to(device), lengths.to(device), **options)

    def ctc_log_probs(self, encoder_out: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T'', units) float32 log posteriors of what the encoder heard, and (B,) frames.

        Raises:
            ValueError: the model has no CTC head.
        """
        if not self.config.n_units:
            raise ValueError("this model has no CTC head")
        device = self.ctc.proj.device
        return self.ctc(encoder_out.to(device), lengths.to(device))

    def language_log_probs(self, encoder_out: Tensor, lengths: Tensor) -> Tensor:
        """(B, 3) float32 log probabilities of zh, en and mixed.

        Raises:
            ValueError: the model has no language head.
        """
        if self.language is None:
            raise ValueError("this model has no language head")
        device = self.language.out.device
        return self.language(encoder_out.to(device), lengths.to(device))

    @classmethod
    def empty(cls, config: ModelConfig) -> HybridModel:
        """A model whose weights take no memory until they are loaded with `assign=True`."""
        with torch.device("meta"):
            return cls(config)

    @classmethod
    def filled(cls, config: ModelConfig, state: dict[str, Tensor], name: str) -> HybridModel:
        """A model of exactly these weights, in float32 and evaluation mode.

        Args:
            state: every weight by its name; tensors in float32 are taken over, not copied.
            name: of the model, for messages.

        Raises:
            ModelError: weights are missing, unknown or of another shape than `config` says.
        """
        model = cls.empty(config)
        shapes = {weight: value.shape for weight, value in model.state_dict().items()}
        differing = [
            f"{weight} is {tuple(state[weight].shape)}, not {tuple(shape)}"
            for weight, shape in shapes.items()
            if weight in state and state[weight].shape != shape
        ]
        problems = {
            "are missing": sorted(shapes.keys() - state.keys()),
            "are unknown": sorted(state.keys() - shapes.keys()),
            "have another shape": differing,
        }
        found = [
            f"{len(weights)} {what} (the first: {weights[0]})"
            for what, weights in problems.items()
            if weights
        ]
        if found:
            raise ModelError(
                f"The weights of the model {name!r} do not fit its configuration: "
                f"{'; '.join(found)}. It is damaged or of another kind; copy it again."
            )
        floats = {
            weight: value.float() if value.is_floating_point() else value
            for weight, value in state.items()
        }
        model.load_state_dict(floats, assign=True)
        return model.eval().requires_grad_(False)
