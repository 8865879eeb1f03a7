"""The run: steps, rates, averages, checkpoints, and a log that tells how it went."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from asr_core.errors import AsrError
from asr_core.model.growth import is_new
from asr_core.model.hybrid import HybridModel
from asr_core.training.examples import Batch, Examples
from asr_core.training.losses import Objective
from asr_core.training.recipe import Recipe
from asr_core.training.validate import Report

STATE, BEST, LOG = "state.pt", "best.pt", "log.jsonl"

_HEADS = ("ctc.", "language.")
_FROZEN = (".ff1.", "decoder.embed.", "decoder.positions.")
_BIAS = ".relative_bias."
_LONGEST_GRADIENT = 5.0
_TOLERANCE = 0.015  # of an error rate: the validation of a few hundred words is no surer
_EVERY = 10  # steps between two updates of the average and two pulls

ModelT = TypeVar("ModelT", bound=nn.Module)
Autocast = Callable[[], AbstractContextManager[Any]]
Validate = Callable[[float], Report]  # the model as it stands; seconds of silence behind speech


@dataclass(frozen=True, slots=True)
class Part:
    """Weights that share a learning rate."""

    name: str  # "new", "encoder" or "decoder"
    weights: dict[str, nn.Parameter]
    rate: float
    head_rate: float
    is_grown: bool


def parts_of(model: HybridModel, recipe: Recipe, grown: bool) -> list[Part]:
    """What a run trains, and how fast.

    Args:
        grown: the encoder and the decoder have old weights; else all of the model is new.
    """
    found: dict[str, dict[str, nn.Parameter]] = {"new": {}, "encoder": {}, "decoder": {}}
    for name, weight in model.named_parameters():
        if grown and any(part in name for part in _FROZEN):
            continue
        part = "new" if is_new(name) or not grown else name.split(".")[0]
        found[part][name] = weight
    rates = {
        "new": (recipe.new_rate, recipe.head_rate),
        "encoder": (recipe.encoder_rate, 0.0),
        "decoder": (recipe.decoder_rate, 0.0),
    }
    return [
        Part(name, weights, *rates[name], is_grown=name != "new")
        for name, weights in found.items()
        if weights and rates[name][0]
    ]


@dataclass(frozen=True, slots=True)
class Task:
    """What a run makes of a model.

    Attributes:
        parts: what learns, and how fast; all other weights stay bit for bit what they are.
        objective: a batch, and whether the heads learn alone -> what is made small, and the losses
            it is made of by name.
        tail: seconds of silence behind speech that the weights need to begin with.
    """

    parts: Sequence[Part]
    objective: Objective
    validate: Validate
    tail: float


@dataclass(frozen=True, slots=True)
class Step:
    """How one step went."""

    number: int
    hours: float  # of sound heard so far
    losses: dict[str, float]  # and the norm of the gradient
    speed: float  # seconds of sound a second


class Run(Generic[ModelT]):
    """A training run in a folder; one that was stopped goes on where its last checkpoint is.

    The folder holds `log.jsonl`, `state.pt` (everything to go on) and `best.pt` (the averaged
    weights of the best validation).
    """

    def __init__(
        self,
        model: ModelT,
        task: Task,
        examples: Examples,
        recipe: Recipe,
        folder: Path,
        autocast: Autocast,
    ) -> None:
        self.model, self.recipe, self.folder = model, recipe, folder
        self._task, self._examples, self._autocast = task, examples, autocast
        self._parts = task.parts
        model.requires_grad_(False)
        weights: dict[str, nn.Parameter] = {}
        for part in self._parts:
            weights |= part.weights
        self._weights = weights
        self._original = {
            name: weight.detach().clone()
            for part in self._parts
            if part.is_grown and recipe.pull
            for name, weight in part.weights.items()
        }
        self._average = {name: weight.detach().clone() for name, weight in weights.items()}
        self._optimizer = torch.optim.AdamW(
            [
                {
                    "params": list(part.weights.values()),
                    "weight_decay": 0.0 if part.is_grown else recipe.weight_decay,
                }
                for part in self._parts
            ],
            betas=(0.9, 0.98),
            fused=True,
        )
        self.step = 0
        self.hours = 0.0
        self.best = math.inf
        self.first: Report | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self._resume()

    def steps(self) -> Iterator[Step]:
        """Go on until the last step of the recipe."""
        recipe = self.recipe
        if self.first is None:
            self.first = self._report()
        batches = self._examples.batches(self.step * recipe.accumulate)
        self.model.train()
        while self.step < recipe.steps:
            began = time.perf_counter()
            losses, seconds = self._advance(batches)
            self.step += 1
            self.hours += seconds / 3600
            step = Step(self.step, self.hours, losses, seconds / (time.perf_counter() - began))
            self._log(
                step=step.number,
                hours=round(step.hours, 4),
                **{name: round(value, 5) for name, value in losses.items()},
                speed=round(step.speed, 1),
            )
            is_last = self.step == recipe.steps
            if self.step % recipe.validate_every == 0 or is_last:
                self._report()
            if self.step % recipe.save_every == 0 or is_last:
                self._save()
            yield step

    def _advance(self, batches: Iterator[Batch]) -> tuple[dict[str, float], float]:
        recipe = self.recipe
        alone = self.step < recipe.head_steps
        for part in self._parts:
            for weight in part.weights.values():
                weight.requires_grad_(not alone or not part.is_grown)
        if alone:  # convolutions too wait: the encoder then keeps nothing for a backward pass
            for name, weight in self._weights.items():
                weight.requires_grad_(name.startswith(_HEADS))
        if self.step >= recipe.head_steps + recipe.bias_steps:
            for name, weight in self._weights.items():
                if _BIAS in name:
                    weight.requires_grad_(False)
        for part, group in zip(self._parts, self._optimizer.param_groups, strict=True):
            group["lr"] = self._rate(part)
        total: dict[str, float] = {}
        seconds = 0.0
        for _ in range(recipe.accumulate):
            batch = next(batches)
            torch.manual_seed(1_000_003 * recipe.seed + self.step)
            with self._autocast():
                loss, losses = self._task.objective(batch, alone)
            (loss / recipe.accumulate).backward()
            for name, value in losses.items():
                total[name] = total.get(name, 0.0) + value / recipe.accumulate
            seconds += batch.seconds
        norm = nn.utils.clip_grad_norm_(self._weights.values(), _LONGEST_GRADIENT)
        if bool(norm.isfinite()):
            self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        total["norm"] = float(norm)
        if (self.step + 1) % _EVERY == 0:
            self._settle()
        return total, seconds

    def _rate(self, part: Part) -> float:
        """Warm up, then fall as a cosine to zero.

        Source: Loshchilov and Hutter 2017, SGDR, equation 5, without restarts.
        """
        recipe = self.recipe
        if self.step < recipe.head_steps:
            return part.head_rate
        done = self.step - recipe.head_steps
        if done < recipe.warmup:
            return part.rate * (done + 1) / recipe.warmup
        left = (done - recipe.warmup) / max(1, recipe.steps - recipe.head_steps - recipe.warmup)
        return part.rate * 0.5 * (1 + math.cos(math.pi * left))

    @torch.no_grad()
    def _settle(self) -> None:
        """Draw grown weights back to the original a little, and all into their average."""
        for part in self._parts:
            share = 1 - (1 - self._rate(part) * self.recipe.pull) ** _EVERY
            for name, weight in part.weights.items():
                if name in self._original:
                    weight.lerp_(self._original[name], share)
        # Early on the average is of all steps so far, so that it does not hang on the beginning.
        kept = min(self.recipe.average**_EVERY, 1 - _EVERY / (self.step + _EVERY))
        for name, weight in self._weights.items():
            self._average[name].lerp_(weight.detach(), 1 - kept)

    def _report(self) -> Report:
        """Validate the averaged weights; keep them when they are the best that lost nothing."""
        began = time.perf_counter()
        with _Swapped(self._weights, self._average):
            self.model.eval()
            with self._autocast():
                tail = self._task.tail if self.step == 0 else self.recipe.tail
                report = self._task.validate(tail)
            self.model.train()
        loses = self.first is not None and any(
            rate > self.first.attention[group] + _TOLERANCE
            for group, rate in report.attention.items()
            if group.endswith("-real")
        )
        score = sum(sum(rates.values()) for rates in asdict(report).values())
        is_best = score < self.best and not loses and self.step > 0
        if is_best:
            self.best = score
            self._write(
                BEST, {"weights": self._average, "step": self.step, "tail": self.recipe.tail}
            )
        self._log(
            step=self.step,
            hours=round(self.hours, 4),
            validation=report.as_dict(),
            kept=is_best,
            loses=loses,
            took=round(time.perf_counter() - began, 1),
        )
        return report

    def _save(self) -> None:
        state = {
            "recipe": asdict(self.recipe),
            "step": self.step,
            "hours": self.hours,
            "best": self.best,
            "first": None if self.first is None else asdict(self.first),
            "weights": {name: weight.detach() for name, weight in self._weights.items()},
            "average": self._average,
            "original": self._original,
            "optimizer": self._optimizer.state_dict(),
        }
        self._write(STATE, state)

    def _resume(self) -> None:
        path = self.folder / STATE
        if not path.exists():
            return
        state = torch.load(path, weights_only=True)
        if state["recipe"] != asdict(self.recipe):
            raise AsrError(
                f"The run in {self.folder} was begun with another recipe. "
                "Give it another folder, or the recipe it was begun with."
            )
        with torch.no_grad():
            for name, weight in self._weights.items():
                weight.copy_(state["weights"][name])
        self._average, self._original = state["average"], state["original"]
        self._optimizer.load_state_dict(state["optimizer"])
        self.step, self.hours, self.best = state["step"], state["hours"], state["best"]
        self.first = None if state["first"] is None else Report(**state["first"])
        self._cut_log()

    def _cut_log(self) -> None:
        """Forget what the log says of steps behind the checkpoint; they come again."""
        path = self.folder / LOG
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        kept = [line for line in lines if json.loads(line)["step"] <= self.step]
        path.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")

    def _write(self, name: str, state: dict[str, Any]) -> None:
        partial = self.folder / f"{name}.partial"
        torch.save(state, partial)
        partial.replace(self.folder / name)

    def _log(self, **values: Any) -> None:
        with open(self.folder / LOG, "a", encoding="utf-8") as log:
            log.write(json.dumps(values) + "\n")


def best_of(folder: Path) -> dict[str, Any]:
    """What a run kept of its best validation: "weights", "step", "tail".

    Raises:
        AsrError: no validation of the run was good enough to keep.
    """
    path = folder / BEST
    if not path.exists():
        raise AsrError(
            f"The run in {folder} has no weights to pack yet: none that it validated were better "
            "than those it began with. Train for more steps."
        )
    return torch.load(path, weights_only=True, map_location="cpu")


class _Swapped:
    """Other values in the weights for a while."""

    def __init__(self, weights: dict[str, nn.Parameter], values: dict[str, Tensor]) -> None:
        self._weights, self._values = weights, values

    def __enter__(self) -> None:
        self._swap()

    def __exit__(self, *_: object) -> None:
        self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        for name, weight in self._weights.items():
            own = weight.detach().clone()
            weight.copy_(self._values[name])
            self._values[name].copy_(own)
