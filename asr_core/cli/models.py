"""`sottovoce models`: what models there are, their cards, whether they are what they should be."""

from __future__ import annotations

from asr_core.cli.console import Console
from asr_core.errors import ModelError
from asr_core.store import CARD, MODELS, Condition, Model, condition


def models(action: str, console: Console) -> int:
    """List the models; with "info" their cards, with "verify" a proof that growing lost nothing."""
    exit_code = 0
    for model in MODELS:
        try:
            found = condition(model)
        except ModelError as error:
            console.text(f"{model.name}\n  {error}\n")
            exit_code = 1
            continue
        console.text("\n  ".join([model.name, *_described(model, found)]) + "\n")
        if action == "info":
            console.text("\n" + (model.folder / CARD).read_text(encoding="utf-8"))
        exit_code = exit_code if found.is_whole and found.is_trained_whole else 1
        if action == "verify" and found.is_whole and not _verified(console):
            exit_code = 1
    return exit_code


def _described(model: Model, found: Condition) -> list[str]:
    packages = zip(model.packages, found.versions, strict=True)
    verdict = "whole" if found.is_whole else "DAMAGED: install the packages again"
    trained = "whole" if found.is_trained_whole else "DAMAGED: get Sottovoce again"
    return [
        model.about,
        f"license   {model.license}",
        f"packages  {', '.join(f'{package} {version}' for package, version in packages)}",
        f"source    {model.public_source}",
        f"size      {found.n_bytes:,} bytes",
        f"SHA-256   {model.sha256} ({verdict})",
        f"trained   {found.n_trained_bytes:,} bytes, {found.trained_sha256[:16]}… ({trained})",
    ]


def _verified(console: Console) -> bool:
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
