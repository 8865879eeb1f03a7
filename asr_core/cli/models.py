"""`sottovoce models`: what there is, add one, check every byte of it, remove it, export it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from asr_core.cli.console import Console
from asr_core.errors import AsrError, ModelError
from asr_core.servers import Server, is_address
from asr_core.settings import Settings
from asr_core.store import Entry, Shelved, adding, catalogue, entry, hub, shelf
from asr_core.store.catalogue import BUNDLED, known
from asr_core.store.pickled import MODELOPT_STATE
from asr_core.store.shelf import Content

if TYPE_CHECKING:
    from asr_core.store import bundled


def models(arguments: argparse.Namespace, console: Console) -> int:
    """Do what `arguments.action` says; 0 when all is well, 1 when not.

    Raises:
        AsrError: it could not be done.
    """
    actions: dict[str, Callable[[argparse.Namespace, Console], int]] = {
        "list": _list,
        "info": _info,
        "add": _add,
        "verify": _verify,
        "remove": _remove,
        "export": _export,
        "convert": _convert,
    }
    return actions[arguments.action](arguments, console)


def _list(arguments: argparse.Namespace, console: Console) -> int:
    """A line a model: what is here, then what could be."""
    here = {model.id: model for model in shelf.shelved()}
    parts = shelf.begun()
    rows = [(each.id, _state(each, here, parts), each.good_for["en"]) for each in catalogue()]
    for model in here.values():
        if model.id not in [row[0] for row in rows]:
            rows.append((model.id, f"here, {_size(model.n_bytes)}", f"from {model.source}"))
    for server in map(Server.parse, Settings.load().servers):
        rows.append((server.address, "a server, allowed", "sound leaves this computer for it"))
    for name, state, about in rows:
        console.text(f"{name:<26} {state:<24} {about}\n")
    return 0


def _state(entry: Entry, here: dict[str, Shelved], parts: dict[str, int]) -> str:
    if entry.id == BUNDLED:
        return "here, comes with it"
    if entry.id in here:
        return f"here, {_size(here[entry.id].n_bytes)}"
    if entry.id in parts:
        return f"{_size(parts[entry.id])} of {_size(entry.disk)} here"
    return f"not here, {_size(entry.disk)}"


def _info(arguments: argparse.Namespace, console: Console) -> int:
    """All that is known of a model; without a name, of the bundled one."""
    name = arguments.model or BUNDLED
    here = {model.id: model for model in shelf.shelved()}
    if name in here and name not in [each.id for each in catalogue()]:
        console.text("\n  ".join([name, *_origin(here[name])]) + "\n")
        return 0
    found = entry(name)
    lines = [found.id, *_known(found)]
    if found.id in here:
        lines += _origin(here[found.id])
    console.text("\n  ".join(lines) + "\n")
    if found.id == BUNDLED:
        from asr_core.store.bundled import CARD, MODELS

        console.text("\n" + (MODELS[0].folder / CARD).read_text(encoding="utf-8"))
    return 0


def _known(entry: Entry) -> list[str]:
    pinned = entry.revision or "not pinned: the newest is fetched"
    lines = [
        entry.good_for["en"],
        f"languages {' '.join(entry.languages)}",
        f"engine    {_engine(entry)}",
        f"license   {entry.license}",
        f"disk      {_size(entry.disk)}",
        f"memory    {_size(entry.memory)} ({entry.memory_about['en']})",
    ]
    if entry.hub is not None:
        lines += [f"hub       {hub.address_of(entry)}", f"revision  {pinned}"]
        lines += [f"SHA-256   {digest} {file}" for file, digest in entry.sha256.items()]
        lines += [f"          as of {entry.pinned_by}"] if entry.pinned_by else []
    elif entry.id != BUNDLED:
        lines.append("hub       none: get its folder from the project that made it")
    lines += [f"{each.what['en']}: {each.value} ({each.source})" for each in entry.figures]
    return lines


def _engine(entry: Entry) -> str:
    if not entry.runs:
        return "none: this version can keep it and not run it"
    return "yes" if entry.kind == "recognizer" else "yes: it gives other models the times of words"


def _origin(model: Shelved) -> list[str]:
    compared = {
        "catalogue": "with digests that were published",
        "hub": "with the digests the hub itself gives",
        "manifest": "with the manifest that came with it",
        "nothing": "with nothing: none were published",
    }[model.checked]
    return [
        f"here      {model.folder}, {_size(model.n_bytes)}, {len(model.files)} files",
        f"from      {model.source}{' ' + model.revision if model.revision else ''}",
        f"compared  {compared}",
        *([f"agreed    {MODELOPT_STATE}, {model.agreed}"] if model.agreed else []),
    ]


def _add(arguments: argparse.Namespace, console: Console) -> int:
    """Bring a model: from a folder or an archive where there is one so called, else by name."""
    if is_address(arguments.model):
        return _allow(Server.parse(arguments.model), arguments, console)
    path = Path(arguments.model)
    if path.exists():
        return _carried(path, arguments, console)
    if known(arguments.model) is None:
        names = ", ".join(each.id for each in catalogue() if each.hub)
        raise ModelError(
            f"There is no folder, no archive and no model called {arguments.model!r}. "
            f"Models: {names}."
        )
    if arguments.name or arguments.unchecked:
        raise ModelError("--name and --unchecked are for folders and archives. Leave them out.")
    wanted = entry(arguments.model)
    console.say(_offer(wanted))
    if not arguments.yes and not console.agrees("Fetch it over the network?"):
        console.say("Nothing was fetched.")
        return 1
    return _followed(adding.Adding.from_hub(wanted), console)


def _carried(path: Path, arguments: argparse.Namespace, console: Console) -> int:
    """Copy a model; one with a pickle in it after a yes to that file, which --yes is not."""
    model = adding.Adding.carried(path, arguments.name, arguments.unchecked)
    _await(model, console)
    if model.asked is not None:
        console.say(_warning(path, model.asked))
        if not console.agrees(f"Take it as it is, and have {MODELOPT_STATE} read?"):
            console.say("Nothing was added.")
            return 1
        agreed = model.asked.sha256
        model = adding.Adding.carried(path, arguments.name, arguments.unchecked, agreed)
    return _followed(model, console)


def _warning(path: Path, file: Content) -> str:
    """What a person is told before a pickle is taken."""
    return (
        f"{path.name} was quantized by ModelOpt, and what it did is in a pickle:\n"
        f"  file      {MODELOPT_STATE}, {_size(file.size)}\n"
        f"  SHA-256   {file.sha256}\n"
        "A pickle may hold a program, which would run with your rights. Whenever the model is "
        "loaded, torch reads this one as data and refuses programs, behind the guard that keeps "
        "the recognizer off the network; what it says is then done by ModelOpt's own code. Say yes "
        "only if you trust who made it.\n"
        "The model is no smaller and no faster for its few bits: ModelOpt simulates them. Better, "
        "and without opening that file: sottovoce models convert FOLDER --output NEW_FOLDER"
    )


def _offer(entry: Entry) -> str:
    """What a person is told before anything is fetched."""
    lines = [
        f"{entry.id}: {entry.good_for['en']}",
        f"  from      {hub.address_of(entry)}",
        f"  size      {_size(entry.disk)} on the disk, {_size(entry.memory)} in memory "
        f"({entry.memory_about['en']})",
        f"  license   {entry.license}",
        f"  engine    {_engine(entry)}",
        f"  to        {shelf.models_folder() / entry.id}",
        f"  revision  {entry.revision or 'not pinned: the newest'}",
        "That site sees this computer's address, which model is asked for, and the versions of "
        "Python and of the program that asks. Nothing else is sent.",
    ]
    if entry.id in (parts := shelf.begun()):
        lines.append(f"{_size(parts[entry.id])} of it are here already.")
    return "\n".join(lines)


def _followed(model: adding.Adding, console: Console) -> int:
    """Wait for a model to come, and say what came."""
    _await(model, console)
    if model.error is not None:
        raise model.error
    added = shelf.find(model.id or "")
    console.text("\n  ".join([added.id, *_origin(added)]) + "\n")
    return 0


def _await(model: adding.Adding, console: Console) -> None:
    """Wait for a model to come, saying how far it is; an interrupt ends it."""
    try:
        while not model.wait(0.2):
            if model.total:
                done, total = _size(model.done), _size(model.total)
                console.status(f"{model.name}: {model.fraction:.0%}, {done} of {total}")
    except KeyboardInterrupt:
        model.stop()
        raise


def _verify(arguments: argparse.Namespace, console: Console) -> int:
    """Read every byte of one model, or of all that are here."""
    exit_code = 0
    if arguments.model in (None, BUNDLED):
        exit_code = _verify_bundled(console)
    if arguments.model == BUNDLED:
        return exit_code
    for model in [shelf.find(arguments.model)] if arguments.model else shelf.shelved():
        said = shelf.faults(model, lambda n, model=model: console.status(f"{model.id}: {_size(n)}"))
        console.text(f"{model.id}\n  {_size(model.n_bytes)}, {len(model.files)} files: ")
        if said:
            console.text(f"DAMAGED: {', '.join(said)}. Remove it and add it again.\n")
            exit_code = 1
        else:
            console.text("whole\n")
    return exit_code


def _allow(server: Server, arguments: argparse.Namespace, console: Console) -> int:
    """Put a server on the list of those that sound may be sent to."""
    console.say(
        f"Whenever the model {server.address} is chosen, the sound of recordings leaves this "
        "computer for it, and whoever runs it can hear and keep them."
    )
    if not arguments.yes and not console.agrees("Allow it?"):
        console.say("Nothing was changed.")
        return 1
    Settings.load().allowing(server).save()
    console.say(f"{server.address} is allowed. To use it: transcribe --model {server.address}")
    return 0


def _forget(address: str, console: Console) -> int:
    settings = Settings.load()
    if address not in [Server.parse(line).address for line in settings.servers]:
        raise AsrError(f"{address!r} is not on the list. See it with: sottovoce models")
    settings.forgetting(address).save()
    console.say(f"{address} is forgotten: no sound goes there.")
    return 0


def _remove(arguments: argparse.Namespace, console: Console) -> int:
    if is_address(arguments.model):
        return _forget(arguments.model, console)
    n_bytes = shelf.remove(arguments.model)
    console.say(f"{arguments.model} is removed: {_size(n_bytes)} are free again.")
    return 0


def _export(arguments: argparse.Namespace, console: Console) -> int:
    """Write the bundled model's encoder and CTC head as an ONNX graph."""
    from asr_core.engines.onnx.export import export

    folder = Path(arguments.output)
    n_bytes = export(folder, int8=arguments.int8)
    console.say(
        f"{folder} holds the model, {_size(n_bytes)}. To use it: transcribe --model {folder}, or "
        f"models add {folder}."
    )
    return 0


def _convert(arguments: argparse.Namespace, console: Console) -> int:
    """Make our 8 bits of what ModelOpt quantized."""
    from asr_core.engines.qwen3_asr.modelopt import convert

    done = convert(Path(arguments.folder), Path(arguments.output))
    console.say(
        f"{done.n_layers} layers are in 8 bits now, {_size(done.n_bytes)}. Use it: "
        f"sottovoce transcribe --model {arguments.output}, or sottovoce models add it."
    )
    return 0


def _verify_bundled(console: Console) -> int:
    """Its bytes, and a proof that growing lost nothing of what they were."""
    from asr_core.store import bundled

    exit_code = 0
    for model in bundled.MODELS:
        try:
            found = bundled.condition(model)
        except ModelError as error:
            console.text(f"{model.name}\n  {error}\n")
            return 1
        console.text("\n  ".join([model.name, *_found(model, found)]) + "\n")
        if not (found.is_whole and found.is_trained_whole and _is_grown_whole(console)):
            exit_code = 1
    return exit_code


def _found(model: bundled.Model, found: bundled.Condition) -> list[str]:
    packages = zip(model.packages, found.versions, strict=True)
    verdict = "whole" if found.is_whole else "DAMAGED: install the packages again"
    trained = "whole" if found.is_trained_whole else "DAMAGED: get Sottovoce again"
    return [
        f"packages  {', '.join(f'{package} {version}' for package, version in packages)}",
        f"source    {model.public_source}",
        f"size      {found.n_bytes:,} bytes",
        f"SHA-256   {model.sha256} ({verdict})",
        f"trained   {found.n_trained_bytes:,} bytes, {found.trained_sha256[:16]}… ({trained})",
    ]


def _is_grown_whole(console: Console) -> bool:
    """Run the grown model and the original side by side on the same sound."""
    import torch

    from asr_core.audio.features import log_mel
    from asr_core.model import growth

    console.say("Comparing the grown model with the original ...")
    noise = torch.randn(1, 30 * 16_000, generator=torch.Generator().manual_seed(0)) * 0.05
    english_transcribe_plain = (growth.START_OF_TRANSCRIPT, 50_259, 50_359, 50_363)
    report = growth.verify_growth(growth.load_grown(), log_mel(noise), english_transcribe_plain)
    difference = max(report.layer_differences)
    tokens = "the same" if report.tokens == report.original_tokens else "OTHER"
    console.text(
        f"  growth    {'equal' if report.equal else 'NOT EQUAL'}: encoder layers differ by at most"
        f" {difference:.1e}, {len(report.tokens)} greedy tokens are {tokens}\n"
    )
    return report.equal


def _size(n_bytes: int) -> str:
    if n_bytes >= 1e9:
        return f"{n_bytes / 1e9:.1f} GB"
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes >= 1e6 else f"{n_bytes / 1e3:.0f} kB"
