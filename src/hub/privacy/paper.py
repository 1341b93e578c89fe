"""Sets a document as an accessible PDF (PDF/UA-1) in this process; fonts come with a package, nothing is fetched."""

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import pylopdf_fonts_ko
import typst

TEMPLATE = Path(__file__).parent / "data" / "record.typ"


@dataclass(frozen=True)
class Section:
    """A part of a document: words, then a table whose columns have relative `widths`."""

    heading: str
    notes: list[str]
    head: list[str]
    widths: list[int]
    rows: list[list[str]]


@dataclass(frozen=True)
class Document:
    """What is set: all of it plain text."""

    title: str
    issuer: str
    language: str
    lead: str
    foot: str
    sections: list[Section]

    @property
    def text(self) -> str:
        """Everything that will stand on the paper."""
        return json.dumps(asdict(self), ensure_ascii=False)


@lru_cache(maxsize=1)
def _fonts() -> str:
    return str(Path(pylopdf_fonts_ko.sans_path()).parent)


def pdf(document: Document) -> bytes:
    """The document as PDF/UA-1.

    Call it in the process that serves or works: typst starts threads, and a child forked afterwards would hang.
    """
    made: object = typst.compile(  # type: ignore[misc]  # its stub binds no type to bytes
        TEMPLATE.read_bytes(),
        font_paths=[_fonts()],
        ignore_system_fonts=True,
        pdf_standards=["ua-1"],
        sys_inputs={"data": document.text},
    )
    assert isinstance(made, bytes)
    return made
