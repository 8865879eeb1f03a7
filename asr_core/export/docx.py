"""A Word document (DOCX): one title, paragraphs, fonts and languages for Latin and Chinese text.

It says nothing about who made it, where or when: no author, no dates, and the same transcript gives
the same bytes.
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING

from asr_core.export.layout import Flow, Layout
from asr_core.result import Transcript

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph

_EAST_ASIAN = {"zh": "zh-CN", "ja": "ja-JP", "ko": "ko-KR"}
_EAST_ASIAN_FONT = "Microsoft YaHei"  # on Windows and in Office for Mac; elsewhere one is found
_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NO_DATE = (1980, 1, 1, 0, 0, 0)  # the first that a ZIP archive can name


def document(transcript: Transcript, layout: Layout) -> bytes:
    """The transcript under its recording's name."""
    made = begun(transcript.name)
    flow, paragraph = Flow(layout), None
    for segment in transcript.segments:
        for piece in flow.add(segment):
            if piece.begins or paragraph is None:
                paragraph = made.add_paragraph()
                add(paragraph, piece.time + piece.speaker, piece.language, bold=True)
                add(paragraph, piece.text, piece.language)
            else:
                add(paragraph, piece.space + piece.text, piece.language)
    return packed(made)


def begun(title: str) -> Document:
    """A document that has a title and nothing else."""
    import docx  # here, since it takes a moment and the other formats need none of it
    from docx.oxml.ns import qn

    made = docx.Document()
    for style in made.styles.element.iter(qn("w:rFonts")):
        for attribute in (qn("w:eastAsia"), qn("w:eastAsiaTheme")):
            style.attrib.pop(attribute, None)
        style.set(qn("w:eastAsia"), _EAST_ASIAN_FONT)
    for language in made.styles.element.iter(qn("w:lang")):
        language.set(qn("w:eastAsia"), _EAST_ASIAN["zh"])
    add(made.add_heading(level=1), title, "en")
    return made


def add(paragraph: Paragraph, text: str, language: str, bold: bool = False) -> None:
    """Text at the end of `paragraph`, marked with its language, so that spelling is checked in it.

    Args:
        language: ISO 639-1 code.
    """
    from docx.oxml.ns import qn
    from docx.oxml.parser import OxmlElement

    if not text:
        return
    run = paragraph.add_run(_NO_XML.sub("", text))
    if bold:
        run.bold = True
    mark = OxmlElement("w:lang")
    if language in _EAST_ASIAN:
        mark.set(qn("w:eastAsia"), _EAST_ASIAN[language])
    else:
        mark.set(qn("w:val"), language)
    run._r.get_or_add_rPr().append(mark)


def packed(made: Document) -> bytes:
    """The document as a file, without anything that the making of it left there."""
    properties = made.core_properties._element
    for told in list(properties):
        properties.remove(told)
    written, clean = io.BytesIO(), io.BytesIO()
    made.save(written)
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(clean, "w") as target:
        for name in source.namelist():
            part = zipfile.ZipInfo(name, _NO_DATE)
            part.create_system = 0  # the same on every system
            target.writestr(part, source.read(name), zipfile.ZIP_DEFLATED)
    return clean.getvalue()


def text_of(data: bytes) -> str:
    """What a reader of the document sees, a line for each line and paragraph."""
    import docx

    return "\n".join(paragraph.text for paragraph in docx.Document(io.BytesIO(data)).paragraphs)
