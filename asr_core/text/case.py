"""Upper and lower case of English: sentence starts, "I", text all in capitals, known names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from asr_core.text.tokenizer import UNSPACED

_ACRONYMS = (
    "AI API APIs ASR ATM BBC CEO CFO CIA CNN COO CPU CPUs CSS CSV CTO DIY DNA DVD EU FAQ FBI GDP "
    "GPS GPT GPU GPUs HIV HR HTML HTTP HTTPS IBM ID IDs IP JSON KPI KPIs LED LLM LLMs MBA MRI NASA "
    "NATO NBA NGO NYU PDF PDFs PhD PPT RNA ROI SDK SMS SQL SSD SUV TED TTS TV TVs UFO UI UK UN URL "
    "URLs USA USB UX VIP VPN WHO WTO XML YAML"
)
_NAMES = (
    "AirPods Android ByteDance ChatGPT DeepMind eBay Facebook GitHub GitLab Gmail Huawei iCloud "
    "iMessage iOS iPad iPads iPhone iPhones iTunes JavaScript LinkedIn Linux MacBook macOS "
    "Microsoft MySQL Netflix Nvidia OpenAI PayPal PostgreSQL PyTorch Samsung Spotify TensorFlow "
    "Tesla TikTok TypeScript Ubuntu WeChat WhatsApp Wi-Fi Wikipedia Xiaomi YouTube Zhihu "
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February April June July "
    "September October November December English Chinese Mandarin Cantonese American British "
    "French German Japanese Korean Russian Spanish China Japan America England Europe London "
    "Beijing Shanghai Shenzhen"
)
_AMBIGUOUS = ("who", "id", "ted", "led", "it", "us")  # words, too
_KNOWN = {
    name.lower(): name for name in f"{_ACRONYMS} {_NAMES}".split() if name.lower() not in _AMBIGUOUS
}
_IN_CAPITALS = frozenset(_ACRONYMS.upper().split())
_SHOUTED = re.compile(  # in a run of capitals these tell a sentence from a row of acronyms
    "THE|AND|OF|TO|IN|IS|THAT|WAS|FOR|ON|WITH|HE|SHE|AS|WE|YOU|ARE|BUT|NOT|THIS|THEY|HAVE|BE|AT|BY|FROM"
)
_LEAST_SHOUTED = 3  # words

_EDGES = "\"'“”‘’()[]{}<>,.;:?!…，。；：？！、"
_LATIN = re.compile(r"[A-Za-z]")
_CHINESE = re.compile(f"[{UNSPACED}]")
_PLAIN = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*")
_LOUD = re.compile(r"[A-Z]+(?:['’-][A-Z]+)*")
_FIRST_PERSON = re.compile(r"i(?:['’](?:m|ve|ll|d|s))?")
_ENDS_SENTENCE = re.compile(r"[.?!。？！][\"'”’)\]」』）]*$")
_NO_END = re.compile(
    r"(?i)\W*(?:mr|mrs|ms|dr|prof|st|no|vs|etc|inc|jr|sr|fig|e\.g|i\.e|(?:[a-z]\.)+[a-z]|[a-z])\.\W*|.*(?:\.\.|…).*"
)


def begins_sentence(words: Sequence[str], is_start: bool) -> list[bool]:
    """Of every word whether a sentence begins with it.

    Args:
        is_start: whether one begins with the first.
    """
    ends = [ends_sentence(word) for word in words]
    return [is_start, *ends[:-1]][: len(words)]


def ends_sentence(text: str) -> bool:
    """Whether a sentence is over with `text`; after "Mr." and "p.m." it may go on."""
    last = text.rsplit(maxsplit=1)[-1] if text.strip() else ""
    return bool(_ENDS_SENTENCE.search(last)) and not _NO_END.fullmatch(last)


def in_case(words: Sequence[str], is_start: bool, is_english: bool) -> list[str]:
    """The words with English case repaired; what is in mixed case already stays.

    Args:
        is_start: whether a sentence begins with the first.
        is_english: the passage is; in others a lone Latin word, such as a variable, stays.
    """
    words = _calmed(words)
    begins = begins_sentence(words, is_start)
    found: list[str] = []
    for i, word in enumerate(words):
        core = word.strip(_EDGES)
        after = words[i + 1] if i + 1 < len(words) else None
        in_english = is_english if after is None else _is_english(after, is_english)
        repaired = _repaired(core, begins[i], in_english)
        found.append(word.replace(core, repaired, 1) if core else word)
    return found


def _is_english(after: str, is_english: bool) -> bool:
    """Whether a word before `after` is an English one, no sign or name within Chinese."""
    return not _CHINESE.search(after) if is_english else bool(_LATIN.search(after))


def _repaired(core: str, begins: bool, in_english: bool) -> str:
    if not _PLAIN.fullmatch(core):  # an address, a version, a word in another script
        return core
    if (name := _known(core)) is not None:
        return name
    if in_english and _FIRST_PERSON.fullmatch(core):
        return "I" + core[1:]
    return core[0].upper() + core[1:] if begins and in_english and core.islower() else core


def _known(core: str) -> str | None:
    """How a known name is written, if this is one and not in mixed case."""
    name, mark, rest = core.partition("'")
    is_mixed = not (name.islower() or name.isupper() or name.istitle())
    known = None if is_mixed else _KNOWN.get(name.lower())
    return None if known is None else f"{known}{mark}{rest}"


def _calmed(words: Sequence[str]) -> list[str]:
    """The words, sentences all in capitals in lower case, acronyms in them kept."""
    found: list[str] = []
    for is_loud, group in groupby(words, lambda word: bool(_LOUD.fullmatch(word.strip(_EDGES)))):
        run = list(group)
        found += [_quiet(word) for word in run] if is_loud and _is_shouted(run) else run
    return found


def _is_shouted(run: Sequence[str]) -> bool:
    """Whether words in capitals, one after another, are a sentence and no row of acronyms."""
    cores = [word.strip(_EDGES) for word in run]
    unknown = [core for core in cores if len(core) > 1 and core not in _IN_CAPITALS]
    return len(unknown) >= _LEAST_SHOUTED and any(map(_SHOUTED.fullmatch, cores))


def _quiet(word: str) -> str:
    core = word.strip(_EDGES)
    is_kept = core in _IN_CAPITALS or _FIRST_PERSON.fullmatch(core.lower())
    return word if is_kept else word.lower()
