"""Files made to hurt are refused in two seconds and 300 MB, with a sentence (reliability I3)."""

import io
import json
import os
import re
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.intake.workbooks import (
    BOOK_RELATIONS,
    RELATIONS,
    SPREADSHEET,
    forge_size,
    packed,
    parts,
    sheet_xml,
    text_cell,
    write,
)
from welfare.intake import IntakeError, apart, read_sheet_apart
from welfare.intake.opening import read_sheet
from welfare.intake.sheet import OFFICE

SECONDS, MEGABYTES = 2.0, 300
ROW = f'<row r="1">{text_cell("A1", "성명")}</row>'


def bomb(tmp_path: Path) -> Path:
    """Ten megabytes that become ten gigabytes: ten streams of zeros, of which the sheet is one."""
    file = tmp_path / "bomb.xlsx"
    contents = parts()
    del contents["xl/worksheets/sheet1.xml"]
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, part in contents.items():
            archive.writestr(name, part)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=False) as part:
            part.write(sheet_xml("").split("<sheetData>")[0].encode() + b"<sheetData>")
            blanks = b" " * 2**20
            for _ in range(1_500):
                part.write(blanks)
    return file


def forged_bomb(tmp_path: Path) -> Path:
    """The same, but it says that its sheet is small."""
    file = bomb(tmp_path)
    file.write_bytes(forge_size(file.read_bytes(), "xl/worksheets/sheet1.xml", 1000))
    return file


def overlapping(tmp_path: Path) -> Path:
    """Every entry of the table of contents points to one compressed block."""
    file = write(tmp_path / "overlap.xlsx", parts(ROW))
    data = bytearray(file.read_bytes())
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        start = archive.start_dir
        sheet = archive.getinfo("xl/worksheets/sheet1.xml").header_offset
        strings = data.index(b"xl/sharedStrings.xml", start) - 46
    data[strings + 42 : strings + 46] = struct.pack("<L", sheet)
    file.write_bytes(bytes(data))
    return file


def many_entries(tmp_path: Path) -> Path:
    file = tmp_path / "many.xlsx"
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(100_000):
            archive.writestr(f"xl/{number}.xml", b"")
    return file


def with_part(name: str, part: str | bytes = b"x"):
    def make(tmp_path: Path) -> Path:
        return write(tmp_path / "part.xlsx", {**parts(ROW), name: part})

    return make


def with_sheet(xml: str):
    def make(tmp_path: Path) -> Path:
        return write(tmp_path / "sheet.xlsx", {**parts(), "xl/worksheets/sheet1.xml": xml})

    return make


def link(tmp_path: Path) -> Path:
    """An entry that is a symbolic link."""
    file = tmp_path / "link.xlsx"
    with zipfile.ZipFile(file, "w") as archive:
        for name, part in parts(ROW).items():
            archive.writestr(name, part)
        info = zipfile.ZipInfo("xl/link.xml")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    return file


LAUGHS = (
    '<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True))
    + "]>"
)
ENTITY = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
MACROS = '<Types xmlns="x"><Override PartName="/xl/workbook.xml" ContentType="application/vnd.ms-excel.sheet.macroEnabled.main+xml"/></Types>'
OUTSIDE = BOOK_RELATIONS.replace(
    "</Relationships>",
    f'<Relationship Id="r9" Type="{RELATIONS}/externalLinkPath" Target="file:///other.xlsx" TargetMode="External"/></Relationships>',
)
WIDE = '<row r="1"><c r="XFD1"><v>1</v></c></row>'
ENDLESS = f'<worksheet xmlns="{SPREADSHEET}"><sheetData>' + "<row>" * 500

HOSTILE = {
    "a bomb": (bomb, "far too large"),
    "a bomb that says it is small": (forged_bomb, "damaged|does not fit"),
    "entries that overlap": (overlapping, "does not fit"),
    "a hundred thousand entries": (many_entries, "more than 2,000 entries"),
    "a name that leads out": (with_part("../../etc/cron.d/x.xml"), "does not fit"),
    "an absolute name": (with_part("/etc/x.xml"), "does not fit"),
    "a symbolic link": (link, "does not fit"),
    "an archive within": (with_part("xl/media/inner.zip", packed(parts())), "other files packed inside"),
    "an embedded workbook": (with_part("xl/embeddings/oleObject1.bin"), "other files packed inside"),
    "macros": (with_part("xl/vbaProject.bin"), "macros"),
    "macros in disguise": (with_part("[Content_Types].xml", MACROS), "macros"),
    "old macros": (with_part("xl/macrosheets/sheet1.xml"), "macros"),
    "links to other workbooks": (with_part("xl/externalLinks/externalLink1.xml"), "linked to other files"),
    "a database connection": (with_part("xl/connections.xml"), "linked to other files"),
    "an outside relation": (with_part("xl/_rels/workbook.xml.rels", OUTSIDE), "linked to other files"),
    "DDE": (
        with_sheet(sheet_xml('<row r="1"><c r="A1"><f>cmd|\'/C calc\'!A0</f><v>1</v></c></row>')),
        "DDE",
    ),
    "billion laughs": (with_sheet(LAUGHS + sheet_xml(f'<row r="1">{text_cell("A1", "&j;")}</row>')), "document type"),
    "laughs among the strings": (with_part("xl/sharedStrings.xml", LAUGHS + "<sst><si><t>&j;</t></si></sst>"), "document type"),
    "an external entity": (with_sheet(ENTITY + sheet_xml(f'<row r="1">{text_cell("A1", "&e;")}</row>')), "document type"),
    "a cell in the last column": (with_sheet(sheet_xml(WIDE)), "too many rows, columns"),
    "elements without end": (with_sheet(ENDLESS), "damaged"),
    "more merged cells than a sheet has": (
        with_sheet(sheet_xml(ROW, after=f"<mergeCells>{'<mergeCell ref="A1:A9999"/>' * 10_000}</mergeCells>")),
        "too many rows, columns",
    ),
    "a million rows": (
        with_sheet(sheet_xml("".join(f'<row r="{r}"><c r="A{r}"><v>{r}</v></c></row>' for r in range(1, 1_048_577)))),
        "too many rows, columns",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_workbook_is_refused_with_a_sentence(kind: str, tmp_path: Path) -> None:
    make, sentence = HOSTILE[kind]
    file = make(tmp_path)
    before = sorted(tmp_path.iterdir())
    told = read_in_a_small_process(file)
    assert re.search(sentence, told["en"])
    assert told["ko"]
    assert told["seconds"] < SECONDS * _patience(), "refused, but too slowly"
    assert told["megabytes"] < MEGABYTES
    assert sorted(tmp_path.iterdir()) == before, "nothing was written"


def read_in_a_small_process(file: Path) -> dict[str, Any]:
    """What is told of a file, in how many seconds, and how much memory the reader held. A child is charged with the
    memory of whoever started it until it has begun, so this one is started by a process that has next to none.
    """
    code = (
        f"source = open({apart.__file__!r}).read().split('if __name__')[0]\n"
        f"import sys, types; __file__ = {apart.__file__!r}; exec(source); _only_this_folder()\n"
        "import json, resource, time; from pathlib import Path; from welfare.intake.report import IntakeError\n"
        "from welfare.intake.apart import read_sheet_apart; began = time.monotonic(); told = {}\n"
        f"try: read_sheet_apart(Path({str(file)!r}))\n"
        "except IntakeError as error: told = {'ko': error.told('ko'), 'en': error.told('en')}\n"
        "peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024\n"
        "print(json.dumps(told | {'seconds': time.monotonic() - began, 'megabytes': peak}))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _patience() -> float:
    """Two seconds mean a machine that has nothing else to do; a busier one is given its share."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1)) * 2


def test_the_same_string_in_a_million_cells_does_not_fill_the_memory(tmp_path: Path) -> None:
    cells = "".join(
        f'<row r="{row}">' + "".join(f'<c r="{c}{row}" t="s"><v>0</v></c>' for c in "ABCDEFGHIJ") + "</row>"
        for row in range(1, 20_000)
    )
    contents = parts(cells, strings=f"<si><t>{'가' * 32_000}</t></si>")
    with pytest.raises(IntakeError, match="too many"):
        read_sheet_apart(write(tmp_path / "strings.xlsx", contents))


def test_a_reader_that_uses_too_much_memory_is_ended_and_told_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / "list.xlsx", parts(ROW))
    monkeypatch.setattr(subprocess, "Popen", _with_code(subprocess.Popen, "x = bytearray(10**10)"))
    with pytest.raises(IntakeError, match="more time or memory"):
        read_sheet_apart(file)


def test_a_reader_that_never_ends_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path / "list.xlsx", parts(ROW))
    monkeypatch.setattr(apart, "SECONDS", 0.2)
    monkeypatch.setattr(subprocess, "Popen", _with_code(subprocess.Popen, "while True: pass"))
    with pytest.raises(IntakeError, match="more time or memory"):
        read_sheet_apart(file)


def _with_code(popen, code):
    """The same process running other code under the limits of the reader."""

    def start(command, **more):
        limits = (
            f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({apart.MEMORY}, {apart.MEMORY})); "
        )
        return popen([sys.executable, "-I", "-c", limits + code if "while" not in code else code], **more)

    return start


def test_the_reader_knows_neither_the_environment_nor_the_rules(tmp_path: Path) -> None:
    """What a file that took the reader over could find there."""
    probe = (
        "import sys, json, os; sys.argv=['x']; "
        f"exec(open({apart.__file__!r}).read().split('if __name__')[0]); __file__={apart.__file__!r}; _only_this_folder(); "
        "import welfare.intake.workbook, welfare.intake.opening; "
        "print(json.dumps([sorted(os.environ), sorted(m for m in sys.modules if m.startswith(('welfare', 'pyarrow', 'django', 'hub')))]))"
    )
    told = subprocess.run([sys.executable, "-I", "-c", probe], env={}, capture_output=True, check=True).stdout
    environment, modules = json.loads(told)
    assert set(environment) <= {"LC_CTYPE"}
    assert {name.split(".")[0] for name in modules} == {"welfare"}
    assert not any(name.startswith(("welfare.rules", "welfare.facts")) for name in modules)


@pytest.mark.parametrize(
    ("name", "contents", "sentence"),
    [
        ("list.xlsm", packed(parts(ROW)), "carries macros"),
        ("list.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 600, "protected by a password"),
        ("list.xlsx", b"<html><table><tr><td>x</table>", "web page"),
        ("list.csv", packed(parts(ROW)), "under the name of a CSV"),
        ("list.csv", b"", "is empty"),
        ("list.exe", b"MZ", "cannot be read"),
        ("list.csv", b"a,b\n" + b"x," * 600 + b"1\n", "too many"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(
    tmp_path: Path, name: str, contents: bytes, sentence: str
) -> None:
    (tmp_path / name).write_bytes(contents)
    with pytest.raises(IntakeError, match=sentence):
        read_sheet_apart(tmp_path / name)


def test_a_file_above_the_limit_is_not_even_opened(tmp_path: Path) -> None:
    file = tmp_path / "large.csv"
    with file.open("wb") as opened:
        opened.truncate(OFFICE.bytes + 1)
    with pytest.raises(IntakeError, match="larger than 30 MB"):
        read_sheet_apart(file)


def test_what_the_process_gives_back_is_what_one_reads_oneself(tmp_path: Path) -> None:
    rows = (
        f'<row r="1">{text_cell("A1", "성명")}{text_cell("B1", "생일")}</row>'
        '<row r="3"><c r="A3" t="inlineStr"><is><t>가상하나</t></is></c><c r="B3" s="1"><v>18323</v></c><c r="C3" t="e"><v>#N/A</v></c></row>'
    )
    file = write(
        tmp_path / "list.xlsx", parts(rows, after='<mergeCells><mergeCell ref="A1:A2"/></mergeCells>')
    )
    here, there = read_sheet(file), read_sheet_apart(file)
    assert [list(row) for row in here.rows] == there.rows
    assert (here.merged, here.flaws, here.notes, here.name) == (
        there.merged,
        there.flaws,
        there.notes,
        there.name,
    )
