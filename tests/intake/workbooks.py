"""Workbooks written byte by byte, as no spreadsheet would: for tests of what is refused."""

import io
import struct
import zipfile
from pathlib import Path

SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"

TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
ROOT = f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
BOOK = f'<workbook xmlns="{SPREADSHEET}" xmlns:r="{RELATIONS}"><workbookPr{{more}}/><sheets><sheet name="명단" sheetId="1" r:id="r1"/></sheets></workbook>'
BOOK_RELATIONS = (
    f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="r2" Type="{RELATIONS}/styles" Target="styles.xml"/>'
    f'<Relationship Id="r3" Type="{RELATIONS}/sharedStrings" Target="sharedStrings.xml"/></Relationships>'
)
# Style 1 is a date of the built-in formats, style 2 one in Korean, style 3 a number in red.
STYLES = (
    f'<styleSheet xmlns="{SPREADSHEET}"><numFmts><numFmt numFmtId="164" formatCode="yyyy&quot;년&quot; m&quot;월&quot; d&quot;일&quot;;@"/>'
    '<numFmt numFmtId="165" formatCode="[Red]0.0"/></numFmts>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs></styleSheet>'
)
STRINGS = f'<sst xmlns="{SPREADSHEET}">{{items}}</sst>'


def sheet_xml(rows: str, before: str = "", after: str = "") -> str:
    """The part of a sheet around its rows."""
    return f'<worksheet xmlns="{SPREADSHEET}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'


def parts(
    rows: str = "", *, before: str = "", after: str = "", book: str = "", strings: str = ""
) -> dict[str, str]:
    """The parts of a small workbook."""
    return {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": ROOT,
        "xl/workbook.xml": BOOK.format(more=book),
        "xl/_rels/workbook.xml.rels": BOOK_RELATIONS,
        "xl/styles.xml": STYLES,
        "xl/sharedStrings.xml": STRINGS.format(items=strings),
        "xl/worksheets/sheet1.xml": sheet_xml(rows, before, after),
    }


def packed(contents: dict[str, str | bytes]) -> bytes:
    """These parts as a ZIP."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in contents.items():
            archive.writestr(name, part)
    return held.getvalue()


def write(file: Path, contents: dict[str, str | bytes]) -> Path:
    """These parts as a workbook on disk."""
    file.write_bytes(packed(contents))
    return file


def text_cell(ref: str, text: str) -> str:
    """A cell with its text in it."""
    return f'<c r="{ref}" t="inlineStr"><is><t>{text}</t></is></c>'


def forge_size(data: bytes, name: str, size: int) -> bytes:
    """The same ZIP, whose table of contents and local header say another size for an entry."""
    forged = bytearray(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        local = archive.getinfo(name).header_offset
        start = archive.start_dir
    forged[local + 22 : local + 26] = struct.pack("<L", size)
    place = forged.index(name.encode(), start) - 46
    forged[place + 24 : place + 28] = struct.pack("<L", size)
    return bytes(forged)
