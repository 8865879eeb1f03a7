"""What may be typed behind `sottovoce`: every command with its options."""

from __future__ import annotations

import argparse
from typing import get_args

from asr_core.export import FORMATS
from asr_core.settings import DecodeMode, FloatPrecision, Precision, Punctuation, Script
from asr_core.training.recipe import PRESET_NAMES, Begin


def command_parser() -> argparse.ArgumentParser:
    """The parser of the whole command."""
    found = argparse.ArgumentParser(
        prog="sottovoce",
        description="Private transcription: nothing you say leaves this computer unasked.",
    )
    commands = found.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_transcribe(commands.add_parser("transcribe", help="write down what recordings say"))
    _add_batch(commands.add_parser("batch", help="write down a whole folder of recordings"))
    _add_serve(commands.add_parser("serve", help="let other programs use the model, over HTTP"))
    app = commands.add_parser("app", help="open the page in the browser")
    app.add_argument(
        "--port", type=_port, metavar="N", help="the page's port; any free one if not given"
    )
    app.add_argument("--no-browser", action="store_true", help="only print the page's address")
    _add_models(commands.add_parser("models", help="the models here: list, add, verify, export"))
    _add_train(commands.add_parser("train", help="teach the model from recordings with text"))
    _add_bench(commands.add_parser("bench", help="measure models on recordings with their text"))
    commands.add_parser("doctor", help="look for what may be wrong on this computer")
    return found


def _add_transcribe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help='a recording; "-" is standard input'
    )
    where = parser.add_argument_group("the text")
    where.add_argument("--format", choices=FORMATS, help="txt, or what --output ends in")
    where.add_argument(
        "--output", metavar="PATH", help="a file, or a folder that gets one file a recording"
    )
    where.add_argument("--copy", action="store_true", help="to the clipboard, too")
    where.add_argument("--json-stats", action="store_true", help="a line of figures to stderr")
    part = parser.add_argument_group("a part only (times like 90, 1:30 or 1:02:03)")
    part.add_argument("--start", default="", metavar="TIME", help="hear nothing before it")
    part.add_argument("--stop", default="", metavar="TIME", help="hear nothing after it")
    _add_choices(parser)


def _add_batch(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Every recording in a folder and the folders in it. Stopped, it goes on with what is "
        "missing when it is given again."
    )
    parser.add_argument("folder", metavar="FOLDER", help="of recordings")
    parser.add_argument("--out", required=True, metavar="PATH", help="folder of the transcripts")
    parser.add_argument("--format", choices=FORMATS, default="txt")
    parser.add_argument(
        "--jobs", type=_count, metavar="N", help="recordings side by side; as many as fit"
    )
    parser.add_argument(
        "--cluster",
        metavar="HOST:PORT",
        help="on the machines of this Ray cluster: the recordings leave this computer, after a yes",
    )
    parser.add_argument(
        "--yes", action="store_true", help="with --cluster: do not ask before they leave"
    )
    _add_choices(parser)


def _add_serve(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Answers POST /v1/audio/transcriptions as OpenAI's API does, one recording at a time, on "
        "this computer alone unless --host says otherwise. The token that clients must show is in "
        "SOTTOVOCE_SERVER_TOKEN."
    )
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="NUMBER", help="an address of this computer"
    )
    parser.add_argument("--port", type=_port, default=8000, metavar="N", help="8000")
    parser.add_argument("--certificate", metavar="FILE", help="for https, in PEM")
    parser.add_argument("--key", metavar="FILE", help="of the certificate, if it is not in it")
    parser.add_argument(
        "--queue", type=_count, default=8, metavar="N", help="requests that may wait; 8"
    )
    parser.add_argument(
        "--most-mb", type=_count, default=100, metavar="N", help="of a request, in MB; 100"
    )
    _add_choices(parser)


def _add_choices(parser: argparse.ArgumentParser) -> None:
    how = parser.add_argument_group("how it is recognized (as saved in the app, if not given)")
    how.add_argument("--language", metavar="CODE", help="zh, en, ... or auto")
    how.add_argument(
        "--languages", type=_codes, metavar="CODES", help="what auto chooses from: zh,en,ja"
    )
    how.add_argument("--decode", choices=get_args(DecodeMode))
    how.add_argument("--beam-size", type=int, metavar="N")
    how.add_argument(
        "--vocabulary",
        metavar="FILE",
        help="names and terms to get right, a line each: right form | heard as | heard as",
    )
    how.add_argument(
        "--model",
        dest="engine",
        metavar="NAME",
        help="an installed model, the folder of one, or the address of a server that was allowed",
    )
    how.add_argument(
        "--device",
        metavar="DEVICE",
        help="auto, cpu, cuda, cuda:1 or mps; of an exported model directml or coreml, too, and "
        "of a GGUF file vulkan",
    )
    how.add_argument("--precision", choices=get_args(Precision))
    how.add_argument(
        "--second-model",
        dest="second_engine",
        type=_model_or_none,
        metavar="NAME",
        help="reads again what the first is not sure of; none: nobody does",
    )
    how.add_argument("--second-precision", choices=get_args(Precision))
    how.add_argument(
        "--second-below",
        type=float,
        metavar="SHARE",
        help="confidence under which a segment is read again, 0 to 1",
    )
    written = parser.add_argument_group("how it is written (as saved in the app, if not given)")
    written.add_argument("--script", choices=get_args(Script), help="of Chinese text")
    written.add_argument(
        "--punctuation", choices=get_args(Punctuation), help="full-width beside Chinese, or half"
    )
    for name, help in (
        ("spacing", "a space between Chinese and Latin words"),
        ("case", "English sentence starts, I, known names, nothing all in capitals"),
        ("numbers", "in figures, where nothing else can be meant"),
        ("verbatim", "as it was heard: none of these"),
    ):
        written.add_argument(f"--{name}", action=argparse.BooleanOptionalAction, help=help)
    parser.set_defaults(refuse=parser.error)


def _add_models(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    parser.set_defaults(action="list")
    actions.add_parser("list", help="what is here, and what can be added")
    info = actions.add_parser("info", help="all that is known of a model")
    info.add_argument("model", nargs="?", metavar="NAME", help="the bundled one if not given")
    add = actions.add_parser(
        "add",
        help="bring a model here",
        description="A NAME is fetched from the network, after a yes; a FOLDER is not. The ADDRESS "
        "of a server (https://asr.example.org:8000) goes on the list of those that sound leaves "
        "this computer for, whenever one of them is chosen.",
    )
    add.add_argument(
        "model",
        metavar="NAME|FOLDER|ARCHIVE|FILE.gguf|ADDRESS",
        help="of the list; or what was carried here; or of a server",
    )
    add.add_argument("--name", metavar="NAME", help="what a folder or archive is to be called")
    add.add_argument("--yes", action="store_true", help="do not ask before fetching")
    add.add_argument(
        "--unchecked",
        action="store_true",
        help="take a folder although its bytes are not those that were published",
    )
    verify = actions.add_parser("verify", help="check every byte")
    verify.add_argument("model", nargs="?", metavar="NAME", help="all models if not given")
    convert = actions.add_parser(
        "convert",
        help="make 8 bits of a Qwen3-ASR that ModelOpt quantized",
        description="Reads its safetensors files only; the pickle beside them stays closed.",
    )
    convert.add_argument("folder", metavar="FOLDER")
    convert.add_argument("--output", required=True, metavar="FOLDER", help="a new one")
    remove = actions.add_parser("remove", help="delete a model, or forget a server, that was added")
    remove.add_argument("model", metavar="NAME|ADDRESS")
    export = actions.add_parser(
        "export",
        help="write the bundled model for another program to compute it",
        description="Its encoder and CTC head; searches and decoder stay here. The folder is a "
        "model: transcribe --model FOLDER, or add it.",
    )
    export.add_argument("--onnx", action="store_true", required=True, help="for ONNX Runtime")
    export.add_argument(
        "--int8",
        action="store_true",
        help="the encoder in 8 bits: half the size and time, and now and then another word",
    )
    export.add_argument("--output", required=True, metavar="FOLDER", help="a new one")


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "manifests",
        nargs="+",
        metavar="MANIFEST",
        help="a JSON object a line: id, file, duration_s, text, language",
    )
    parser.add_argument(
        "--folder", required=True, metavar="PATH", help="of the run; one in it goes on"
    )
    parser.add_argument("--preset", choices=PRESET_NAMES, default=PRESET_NAMES[0])
    parser.add_argument(
        "--begin",
        choices=get_args(Begin),
        default="whisper",
        help="with Whisper's weights, or go on with the trained ones of the bundled model",
    )
    parser.add_argument(
        "--model",
        metavar="NAME",
        help="what a preset qad-... makes good at few bits: the bundled one, or a Qwen3-ASR",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=NUMBER",
        help="change a number of the preset: steps=2000, ctc_weight=0.5, ...",
    )
    parser.add_argument("--pack", metavar="PATH", help="write the best weights there, to be used")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps")
    parser.add_argument("--precision", choices=get_args(FloatPrecision), default="auto")


def _add_bench(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Error rates and speed on your recordings. What it writes holds their text, and lies in "
        "--output alone. Stopped, it goes on with the rows that are missing."
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--manifest",
        metavar="FILE",
        help="a JSON object a line: id, file, text, language, category",
    )
    source.add_argument("--folder", metavar="PATH", help="of recordings with a .txt beside each")
    parser.add_argument(
        "--output", default="sottovoce-bench", metavar="PATH", help="folder of the report"
    )
    rows = parser.add_argument_group("what is compared; the others with the first")
    rows.add_argument(
        "--models", nargs="*", default=["sottovoce-base"], metavar="NAME", help="none: only others"
    )
    rows.add_argument(
        "--precisions", nargs="+", choices=get_args(Precision), default=["auto"], metavar="NAME"
    )
    rows.add_argument("--modes", nargs="+", choices=get_args(DecodeMode), help="joint and ctc")
    rows.add_argument(
        "--peers",
        nargs="+",
        choices=["faster-whisper", "openai-whisper"],
        default=[],
        help="of the extra bench",
    )
    rows.add_argument(
        "--command",
        dest="commands",
        action="append",
        default=[],
        metavar="NAME=PROGRAM",
        help="any program that prints the text of {file}; it is not of ours, nor held by its rules",
    )
    how = parser.add_argument_group("how it is measured")
    how.add_argument("--quick", action="store_true", help="a taste: 12 short recordings, one run")
    how.add_argument("--only", default="", metavar="TEXT", help="recordings with this in their id")
    how.add_argument("--runs", type=_count, metavar="N", help="timed runs, whose median counts; 3")
    how.add_argument("--threads", type=_count, default=2, metavar="N")
    how.add_argument(
        "--concurrency", nargs="+", type=_count, metavar="N", help="streams side by side; 1 2"
    )
    how.add_argument(
        "--hour", action="store_true", help="also the time that an hour of sound in one go takes"
    )
    how.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps")
    how.add_argument("--vocabulary", metavar="FILE", help="names and terms for ours")


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("it is a number from 1 up")
    return number


def _model_or_none(text: str) -> str:
    return "" if text == "none" else text


def _codes(text: str) -> tuple[str, ...]:
    return tuple(code.strip() for code in text.split(",") if code.strip())


def _port(text: str) -> int:
    port = int(text)
    if not 1 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return port
