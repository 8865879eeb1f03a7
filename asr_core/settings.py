"""What a user may choose, saved as JSON and shared by the page and the command line."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

from asr_core.errors import AsrError
from asr_core.saving import save_text
from asr_core.servers import Server, is_address

DecodeMode = Literal["ctc", "attention", "rescore", "joint", "draft"]
FloatPrecision = Literal["auto", "float32", "bfloat16", "float16"]
Precision = Literal[FloatPrecision, "int8", "int4", "fp8"]
Script = Literal["simplified", "traditional", "as_heard"]
Punctuation = Literal["full", "half", "as_heard"]
PageLanguage = Literal["auto", "en", "zh"]
Breaks = Literal["one", "sentences", "pauses"]

MAX_BEAM_SIZE = 20

_NOT_OF_TORCH = ("vulkan", "directml", "coreml")  # devices of other libraries
_CHOICES = {
    "decode": DecodeMode,
    "precision": Precision,
    "second_precision": Precision,
    "script": Script,
    "punctuation": Punctuation,
    "page_language": PageLanguage,
    "breaks": Breaks,
}
_SWITCHES = (
    "spacing",
    "case",
    "numbers",
    "verbatim",
    "keep_vocabulary",
    "start_at_once",
    "autosave",
    "with_times",
    "with_speakers",
)


@dataclass(frozen=True, slots=True)
class Tidy:
    """How what was heard is written; every field is a switch of its own.

    Attributes:
        script: of Chinese text.
        spacing: a space between Chinese and Latin words.
        punctuation: "full" is full-width beside Chinese and half-width in Latin text.
        case: of English: sentence starts, "I", known names, no text all in capitals.
        numbers: in figures, where nothing else can be meant.
    """

    script: Script = "simplified"
    spacing: bool = True
    punctuation: Punctuation = "full"
    case: bool = True
    numbers: bool = True


VERBATIM = Tidy("as_heard", False, "as_heard", False, False)  # as it was heard


@dataclass(frozen=True, slots=True)
class Settings:
    """Choices for one run, checked when they are made.

    Attributes:
        servers: the list of servers that may be chosen, a line each as `Server.parse` reads them;
            they may hold tokens, so they are in no `repr`.
        engine: a model's name, or the address of a server on that list.
        language: "auto", or the ISO code every segment is decoded in.
        languages: among these "auto" chooses, segment by segment.
        device: "auto", "cpu", "cuda", "cuda:1", "mps"; of exported models "directml", "coreml";
            of GGUF files "vulkan".
        second_engine: the model that reads again what the first was not sure of; empty: none.
        second_precision: its precision.
        second_below: a segment with less confidence than this is read again.
        page_language: of the page's own words; "auto" as the browser says.
        script, spacing, punctuation, case, numbers: as `Tidy` has them.
        verbatim: the text as it was heard, whatever these say.
        vocabulary: names and terms, a line each as `text.vocabulary` reads them. They may name
            people, so they are saved only where `keep_vocabulary` says so.
        start_at_once: what is dropped on the page does not wait for a click.
        autosave: the page asks for the passphrase that its encrypted autosave needs.
        breaks: how the page lays out text that is copied or saved: one paragraph, a line a
            sentence, or paragraphs by pauses.
        with_times: whether a paragraph then begins with its time.
        with_speakers: whether it begins with who speaks, where a person named them.

    Raises:
        AsrError: a choice that does not exist.
    """

    # First, since the engine is checked by it when settings are read one by one.
    servers: tuple[str, ...] = dataclasses.field(default=(), repr=False)
    engine: str = "sottovoce-base"
    language: str = "auto"
    languages: tuple[str, ...] = ("zh", "en")
    decode: DecodeMode = "joint"
    beam_size: int = 5
    device: str = "auto"
    precision: Precision = "auto"
    second_engine: str = ""
    second_precision: Precision = "auto"
    second_below: float = 0.9  # where one word of ten is expected to be wrong
    page_language: PageLanguage = "auto"
    script: Script = "simplified"
    spacing: bool = True
    punctuation: Punctuation = "full"
    case: bool = True
    numbers: bool = True
    verbatim: bool = False
    vocabulary: tuple[str, ...] = ()
    keep_vocabulary: bool = False
    start_at_once: bool = True
    autosave: bool = False
    breaks: Breaks = "pauses"
    with_times: bool = False
    with_speakers: bool = True

    def __post_init__(self) -> None:
        for name, choice in _CHOICES.items():
            if getattr(self, name) not in get_args(choice):
                raise _refusal(name, getattr(self, name), _listed(get_args(choice)))
        for name in _SWITCHES:
            if type(getattr(self, name)) is not bool:
                raise _refusal(name, getattr(self, name), "true or false")
        if type(self.beam_size) is not int or not 1 <= self.beam_size <= MAX_BEAM_SIZE:
            raise _refusal("beam_size", self.beam_size, f"a whole number, 1 to {MAX_BEAM_SIZE}")
        if not isinstance(self.engine, str) or not self.engine:
            raise _refusal("engine", self.engine, "the name of an engine")
        if not isinstance(self.second_engine, str):
            raise _refusal("second_engine", self.second_engine, "the name of an engine, or none")
        is_list = isinstance(self.servers, tuple)
        if not is_list or not all(isinstance(line, str) for line in self.servers):
            raise _refusal("servers", type(self.servers).__name__, "lines of text")
        allowed = [Server.parse(line).address for line in self.servers]
        if is_address(self.second_engine):
            raise AsrError("A server cannot be the second model. Choose one of this computer.")
        if is_address(self.engine) and self.engine not in allowed:
            raise AsrError(
                f"The server {self.engine!r} is not on your list, so nothing is sent to it. Allow "
                "it under Models on the page, or with: sottovoce models add ADDRESS"
            )
        if type(self.second_below) not in (int, float) or not 0 <= self.second_below <= 1:
            raise _refusal("second_below", self.second_below, "a number from 0 to 1")
        if not _matches(r"auto|cpu|mps|cuda(:\d+)?|vulkan|directml|coreml", self.device):
            wanted = "auto, cpu, cuda, cuda:1, mps, vulkan, directml or coreml"
            raise _refusal("device", self.device, wanted)
        if not _matches(r"auto|[a-z]{2,3}", self.language):
            raise _refusal("language", self.language, "auto, or a code such as zh, en or ja")
        is_tuple = isinstance(self.languages, tuple) and self.languages
        if not is_tuple or not all(_matches(r"[a-z]{2,3}", code) for code in self.languages):
            raise _refusal("languages", self.languages, "codes such as zh, en and ja")
        is_lines = isinstance(self.vocabulary, tuple)
        if not is_lines or not all(isinstance(line, str) for line in self.vocabulary):
            raise _refusal("vocabulary", type(self.vocabulary).__name__, "lines of text")

    @property
    def tidy(self) -> Tidy:
        """How the text is written."""
        if self.verbatim:
            return VERBATIM
        return Tidy(*(getattr(self, field.name) for field in fields(Tidy)))

    @property
    def loaded(self) -> tuple[str, ...]:
        """What an engine in memory depends on; the last two only where there is a second model."""
        first = (self.engine, self.device, self.precision)
        return (*first, self.second_engine, self.second_precision) if self.second_engine else first

    @property
    def server(self) -> Server | None:
        """The server that is chosen, and with it that sound leaves this computer; mostly None."""
        servers = map(Server.parse, self.servers if is_address(self.engine) else ())
        return next((server for server in servers if server.address == self.engine), None)

    @property
    def place(self) -> str:
        """Host and port of the server that is chosen: all that may be reached; mostly empty."""
        return self.server.place if self.server else ""

    def allowing(self, server: Server) -> Settings:
        """The same with `server` on the list, in place of what the list said of its address."""
        others = [line for line in self.servers if Server.parse(line).address != server.address]
        return replace(self, servers=(*others, server.line))

    def forgetting(self, address: str) -> Settings:
        """The same without that server, and with the bundled model if it was the chosen one."""
        engine = Settings().engine if self.engine == address else self.engine
        left = [line for line in self.servers if Server.parse(line).address != address]
        return replace(self, engine=engine, servers=tuple(left))

    @property
    def of_first(self) -> Settings:
        """The same without a second model."""
        return replace(self, second_engine="")

    @property
    def on_torch(self) -> Settings:
        """The same on a device that torch has, in place of one of another library."""
        return replace(self, device="auto") if self.device in _NOT_OF_TORCH else self

    @property
    def of_second(self) -> Settings:
        """The same with the second model as the only one."""
        engine, precision = self.second_engine, self.second_precision
        return replace(self, engine=engine, precision=precision, second_engine="")

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> Settings:
        """Settings from what JSON gives; unknown keys are ignored, absent ones the default."""
        known = {field.name for field in fields(cls)} & data.keys()
        return cls(**{name: _from_json(data[name]) for name in known})

    @classmethod
    def load(cls, path: Path | None = None, notes: list[str] | None = None) -> Settings:
        """The saved settings; the defaults where nothing, or nothing usable, was saved.

        Args:
            path: the file; by default `settings_file()`.
            notes: gets a sentence for the reader about each thing that was not usable.
        """
        path = path or settings_file()
        notes = [] if notes is None else notes
        try:
            data = json.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, RecursionError):
            data = None
        if not isinstance(data, dict):
            notes.append(f"The settings in {path} cannot be read; the defaults are used.")
            return cls()
        settings = cls()
        for name in [field.name for field in fields(cls) if field.name in data]:
            try:
                settings = replace(settings, **{name: _from_json(data[name])})
            except AsrError as error:
                notes.append(f"In {path}: {error} The default is used.")
        return settings

    def save(self, path: Path | None = None) -> None:
        """Write the settings, whole or not at all; names and terms only if they are to be kept.

        Raises:
            AsrError: the file cannot be written.
        """
        path = path or settings_file()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise AsrError(f"Cannot make the folder {path.parent}: {error.strerror}.") from None
        kept = self if self.keep_vocabulary else replace(self, vocabulary=())
        save_text(path, json.dumps(asdict(kept), ensure_ascii=False, indent=2) + "\n")


def settings_file() -> Path:
    """Where this user's settings are kept."""
    import platformdirs  # here, since whoever only passes settings on does not need it

    return platformdirs.user_config_path("sottovoce", appauthor=False) / "settings.json"


def _from_json(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _matches(pattern: str, value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _listed(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _refusal(name: str, value: object, wanted: str) -> AsrError:
    return AsrError(f"The setting {name.replace('_', ' ')} is {value!r}. Choose {wanted}.")
