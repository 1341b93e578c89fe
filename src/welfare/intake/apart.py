"""Reads a file that came from elsewhere in a process of its own, which may fail without harm.

The process may use so much memory and time and no more, writes nothing but its answer, and knows nothing of the hub: no key, no
address of a database, not even the rules. What it gives back is lines of JSON, which carry values and cannot carry
code.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import types
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from welfare.intake.sheet import Limits, Sheet

MEMORY = 768 * 2**20  # bytes of address space
SECONDS = 60  # of the processor; a list of the whole district takes five
ANSWER = 256 * 2**20  # bytes
_DAYS = "\x00"  # before a text that is a day; no cell holds this letter


def read_sheet_apart(file: Path, sheet: str | None = None, limits: Limits | None = None) -> Sheet:
    """As `read_sheet`, in a process with limits. Raises IntakeError, also when the process had to be ended."""
    from welfare.intake.report import IntakeError
    from welfare.intake.sheet import OFFICE

    allowed = limits or OFFICE
    order = {"file": str(file.resolve()), "sheet": sheet, "limits": vars(allowed)}
    with tempfile.TemporaryFile() as answer:
        # -I: no folder of the caller, no site of the user. The environment stays empty: nothing to steal.
        reader = subprocess.Popen(
            [sys.executable, "-I", "-X", "utf8", __file__],
            stdin=subprocess.PIPE,
            stdout=answer,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
        )
        try:
            reader.communicate(json.dumps(order).encode(), timeout=2 * SECONDS)
        except subprocess.TimeoutExpired:
            reader.kill()
            reader.wait()
        answer.seek(0)
        told = answer.read(ANSWER)
    try:
        return _sheet(told)
    except IntakeError:
        raise
    except (ValueError, KeyError, TypeError, IndexError):
        raise IntakeError(
            file.name,
            {
                "ko": "읽는 데 정해진 시간이나 메모리를 넘었습니다",
                "en": "took more time or memory to read than is allowed",
            },
            {
                "ko": "필요한 행과 열만 새 파일에 값으로 붙여 넣으십시오",
                "en": "paste only the rows and columns needed, as values, into a new file",
            },
        ) from None


def _sheet(told: bytes) -> Sheet:
    """The sheet that was told line by line. Raises IntakeError for a refusal, ValueError for half a tale."""
    from welfare.intake.report import IntakeError
    from welfare.intake.sheet import Sheet

    lines = told.splitlines()
    last = json.loads(lines[-1]) if lines else {}
    if "what" in last:
        raise IntakeError(last["file"], last["what"], last["mend"], last["where"])
    rows: list[Any] = [[_value(cell) for cell in json.loads(line)] for line in lines[:-1]]
    if last["rows"] != len(rows):
        raise ValueError("rows are missing")
    return Sheet(
        last["name"],
        last["form"],
        rows,
        last["sheet"],
        {(a, b): (c, d) for a, b, c, d in last["merged"]},
        {(row, column): what for row, column, what in last["flaws"]},
        last["notes"],
    )


def _value(cell: Any) -> Any:
    if isinstance(cell, str) and cell.startswith(_DAYS):
        text = cell[1:]
        return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)
    return cell


# In the process itself --------------------------------------------------------------------------------------------


def _told(value: Any) -> Any:
    return _DAYS + value.isoformat() if isinstance(value, date) else value


def _lines(order: dict[str, Any]) -> Iterator[str]:
    from welfare.intake.opening import read_sheet
    from welfare.intake.report import IntakeError
    from welfare.intake.sheet import Limits

    try:
        read = read_sheet(Path(order["file"]), order["sheet"], Limits(**order["limits"]))
    except IntakeError as error:
        yield json.dumps(
            {
                "file": os.path.basename(error.file),
                "what": error.what,
                "mend": error.mend,
                "where": error.where,
            }
        )
        return
    for row in read.rows:
        yield json.dumps([_told(cell) for cell in row], ensure_ascii=False, allow_nan=False)
    yield json.dumps(
        {
            "name": read.file,
            "form": read.form,
            "sheet": read.name,
            "rows": len(read.rows),
            "merged": [(*cell, *holder) for cell, holder in read.merged.items()],
            "flaws": [(*cell, what) for cell, what in read.flaws.items()],
            "notes": read.notes,
        }
    )


def _main() -> int:
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (ANSWER, ANSWER))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _only_this_folder()
    order = json.load(sys.stdin)
    for line in _lines(order):
        sys.stdout.buffer.write(line.encode("utf-8", "surrogatepass") + b"\n")
    return 0


def _only_this_folder() -> None:
    """Make `welfare.intake` known without its front door, which would load Arrow and the rules: half a second."""
    here = Path(__file__).resolve().parent
    for name, folder in (("welfare", here.parent), ("welfare.intake", here)):
        package = types.ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package


if __name__ == "__main__":
    sys.exit(_main())
