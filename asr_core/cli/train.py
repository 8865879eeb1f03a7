"""`sottovoce train`: teach the bundled model from recordings with their text."""

from __future__ import annotations

import argparse
from dataclasses import fields, replace
from pathlib import Path

from asr_core.cli.console import Console
from asr_core.errors import AsrError
from asr_core.training.recipe import PRESETS, Recipe


def train(arguments: argparse.Namespace, console: Console) -> int:
    """Run a recipe to its end, going on where an earlier run in the folder stopped."""
    from asr_core.training.base import base_run, pack_run  # imports torch
    from asr_core.training.loop import LOG
    from asr_core.training.plain import pack_plain, plain_run
    from asr_core.training.plot import plot

    folder = Path(arguments.folder)
    recipe = adjusted(PRESETS[arguments.preset], arguments.set)
    given = ([Path(path) for path in arguments.manifests], folder, recipe)
    where = (arguments.device, arguments.precision)
    if arguments.preset == "plain":
        run = plain_run(*given, *where)
    else:
        run = base_run(*given, *where, arguments.begin)
    if run.step:
        console.say(f"Going on from step {run.step} of {recipe.steps}.")
    for step in run.steps():
        console.status(
            f"Step {step.number} of {recipe.steps}: CTC loss {step.losses['ctc']:.3f}, "
            f"{step.hours:.1f} h heard, {step.speed:.0f} times as fast as it was spoken"
        )
    plot(folder / LOG, folder / "plot.svg")
    if arguments.pack:
        destination = Path(arguments.pack)
        is_plain = arguments.preset == "plain"
        digest = pack_plain(run, destination) if is_plain else pack_run(folder, destination)
        console.say(f"The trained weights are in {arguments.pack} (SHA-256 {digest[:12]}…).")
    return 0


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
