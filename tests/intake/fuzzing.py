"""The process that `test_fuzz` watches: makes files, breaks them, reads them, and counts. Prints one line of JSON."""

import json
import resource
import sys
import time
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.intake.workbooks import packed, parts, sheet_xml, text_cell
from welfare.intake import IntakeError, apart
from welfare.intake.opening import read_sheet
from welfare.intake.sheet import OFFICE, Sheet

CSV = '세대번호,성명,생년월일\n1,가상하나,1950-03-01\n2,가상두리,"1952.4.15"\n'
ROWS = (
    f'<row r="1">{text_cell("A1", "성명")}<c r="B1" t="s"><v>0</v></c></row>'
    '<row r="2" hidden="1"><c r="A2" s="1"><v>18323</v></c><c r="B2"><f>1+1</f><v>2</v></c></row>'
)
WHOLE = parts(
    ROWS, after='<mergeCells count="1"><mergeCell ref="A1:A2"/></mergeCells>', strings="<si><t>생일</t></si>"
)
PIECES = [
    "<",
    ">",
    "&",
    '"',
    "=",
    "r=",
    "A1",
    "XFD1048576",
    "-1",
    "1e999",
    "99999999999",
    't="s"',
    "<c>",
    "</row>",
    "\x00",
    "<!DOCTYPE a>",
]


@st.composite
def broken(draw: st.DrawFn, data: bytes) -> bytes:
    """These bytes with a few changes: some turned, cut out, doubled, or put in."""
    held = bytearray(data)
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, len(held)))
        match draw(st.integers(0, 3)):
            case 0:
                held[place : place + 1] = draw(st.binary(max_size=2))
            case 1:
                del held[place : place + draw(st.integers(1, 40))]
            case 2:
                held[place:place] = held[place : place + draw(st.integers(1, 40))]
            case _:
                held[place:place] = draw(st.sampled_from(PIECES)).encode()
    return bytes(held)


@st.composite
def broken_parts(draw: st.DrawFn) -> bytes:
    """A sound ZIP whose parts are broken."""
    name = draw(st.sampled_from(sorted(WHOLE)))
    return packed({**WHOLE, name: draw(broken(WHOLE[name].encode()))})


KINDS = {
    "csv": (".csv", st.sampled_from(["utf-8", "cp949", "utf-16"]).flatmap(lambda e: broken(CSV.encode(e)))),
    "parts": (".xlsx", broken_parts()),
    "zip": (".xlsx", broken(packed({**WHOLE, "xl/worksheets/sheet1.xml": sheet_xml(ROWS)}))),
}


def main(kind: str, examples: int, folder: Path) -> None:
    """Read so many broken files of one kind."""
    resource.setrlimit(resource.RLIMIT_AS, (4 * apart.MEMORY, 4 * apart.MEMORY))
    suffix, files = KINDS[kind]
    told = {"files": 0, "read": 0, "refused": 0, "slowest": 0.0}
    file = folder / f"list{suffix}"

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=examples < 1000,
        suppress_health_check=list(HealthCheck),
    )
    @given(files)
    def one(data: bytes) -> None:
        file.write_bytes(data)
        began = time.monotonic()
        try:
            assert isinstance(read_sheet(file, None, OFFICE), Sheet)
            told["read"] += 1
        except IntakeError:
            told["refused"] += 1
        told["files"] += 1
        told["slowest"] = max(told["slowest"], time.monotonic() - began)

    one()
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
