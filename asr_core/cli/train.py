"""`sottovoce train`: teach the bundled model from recordings with their text."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asr_core.cli.console import Console
from asr_core.errors import AsrError
from asr_core.settings import FloatPrecision
from asr_core.training.recipe import PRESETS, Recipe

if TYPE_CHECKING:
    from asr_core.training.loop import Run


def train(arguments: argparse.Namespace, console: Console) -> int:
    """Run a recipe to its end, going on where an earlier run in the folder stopped."""
    from asr_core.training.loop import LOG  # imports torch
    from asr_core.training.plot import plot

    folder = Path(arguments.folder)
    recipe = adjusted(PRESETS[arguments.preset], arguments.set)
    run, pack = _run(arguments, folder, recipe)
    if run.step:
        console.say(f"Going on from step {run.step} of {recipe.steps}.")
    for step in run.steps():
        console.status(
            f"Step {step.number} of {recipe.steps}: {_first(step.losses)}, "
            f"{step.hours:.1f} h heard, {step.speed:.0f} times as fast as it was spoken"
        )
    plot(folder / LOG, folder / "plot.svg")
    if arguments.pack:
        digest = pack(Path(arguments.pack))
        console.say(f"The trained weights are in {arguments.pack} (SHA-256 {digest[:12]}…).")
    return 0


def _run(
    arguments: argparse.Namespace, folder: Path, recipe: Recipe
) -> tuple[Run[Any], Callable[[Path], str]]:
    """The run of a preset, and what writes its best weights into a folder.

    Raises:
        AsrError: the model that was named is none of those that the preset can train.
    """
    given = ([Path(path) for path in arguments.manifests], folder, recipe)
    where = (arguments.device, arguments.precision)
    if recipe.form != "float":
        return _distillation(arguments.model, given, where)
    if arguments.model:
        raise AsrError("--model is for the presets qad-int8 and qad-int4. Leave it out.")
    if arguments.preset == "plain":
        from asr_core.training.plain import pack_plain, plain_run

        run = plain_run(*given, *where)
        return run, partial(pack_plain, run)
    from asr_core.training.base import base_run, pack_run

    return base_run(*given, *where, arguments.begin), partial(pack_run, folder)


def _distillation(
    name: str | None, given: tuple[list[Path], Path, Recipe], where: tuple[str, FloatPrecision]
) -> tuple[Run[Any], Callable[[Path], str]]:
    from asr_core.engines.folders import BUNDLED, folder_of
    from asr_core.engines.qwen3_asr.forms import is_recognizer

    model = folder_of(name or BUNDLED)
    if model == folder_of(BUNDLED):
        from asr_core.training import distill_base

        run = distill_base.distillation(*given, *where)
        return run, partial(distill_base.pack, run)
    if is_recognizer(model):
        from asr_core.training import distill_qwen3

        run = distill_qwen3.distillation(model, *given, *where)
        return run, partial(distill_qwen3.pack, run, model)
    raise AsrError(
        f"The model {name!r} cannot be distilled. Choose {BUNDLED} or a Qwen3-ASR folder."
    )


def _first(losses: Mapping[str, float]) -> str:
    name, value = next(iter(losses.items()))
    return f"{name} loss {value:.3f}"


def adjusted(recipe: Recipe, changes: list[str]) -> Recipe:
    """A recipe with numbers of it set by NAME=VALUE.

    Raises:
        AsrError: there is no such number, or it is none.
    """
    kinds = {f.name: type(getattr(recipe, f.name)) for f in fields(recipe)}
    for change in changes:
        name, _, value = change.partition("=")
        if kinds.get(name) not in (int, float):
            known = ", ".join(name for name, kind in kinds.items() if kind in (int, float))
            raise AsrError(f"A recipe has no number {name!r}. It has {known}.")
        try:
            recipe = replace(recipe, **{name: kinds[name](value)})
        except ValueError as error:
            raise AsrError(f"{value!r} is no value of {name}; write {name}=NUMBER.") from error
    return recipe
