"""A ZIP archive read without believing it: what it says of itself is checked, what comes out is counted.

A workbook is a ZIP, and a ZIP can lie: sizes that are not true, ten megabytes that become ten gigabytes, entries that
share one compressed block, names that lead out of the folder. Nothing is ever written to disk here, and of all entries
only those that are asked for are inflated (ASVS 5.0 5.2.3, 5.3.3).
"""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from welfare.intake.report import IntakeError
from welfare.intake.sheet import Limits

ENTRIES_MAX = 2_000
DIRECTORY_MAX = 1_000_000  # bytes of the table of contents
RATIO_MAX = 200  # inflated to compressed; sheets of blank rows reach 60, a bomb 1,000
CHUNK = 64 * 1024
_END = b"PK\x05\x06"
_INSIDE = (".xml", ".rels", ".vml", ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".emf", ".wmf", ".svg", ".bin")  # fmt: skip

DAMAGED = {"ko": "XLSX 파일이 아니거나 손상되었습니다", "en": "is not an XLSX file, or is damaged"}
SAVE_AGAIN = {
    "ko": "암호를 풀고 엑셀에서 XLSX로 다시 저장하십시오",
    "en": "remove its password and save it again as XLSX",
}
BOMB = {
    "ko": "압축을 풀면 지나치게 커지는 파일입니다",
    "en": "would become far too large when unpacked",
}
FORGED = {
    "ko": "압축 파일의 목차가 내용과 맞지 않습니다",
    "en": "has a table of contents that does not fit what it holds",
}
COPY_VALUES = {
    "ko": "새 통합 문서에 값만 붙여 넣어 XLSX로 저장하십시오",
    "en": "paste the values into a new workbook and save it as XLSX",
}


class Archive:
    """The entries of a ZIP whose table of contents holds up. Raises IntakeError for one that does not."""

    def __init__(self, file: Path, limits: Limits) -> None:
        self.file, self.limits = file, limits
        self._inspect_end()
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError, UnicodeError):
            raise self.refused(DAMAGED, SAVE_AGAIN) from None
        try:
            self.entries = {entry.filename: entry for entry in self._zip.infolist()}
            self._inspect_names()
            self._inspect_places()
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def refused(self, what: dict[str, str], mend: dict[str, str], where: str = "") -> IntakeError:
        """The refusal of this file."""
        return IntakeError(self.file.name, what, mend, where)

    def _inspect_end(self) -> None:
        """The last record, before anything that trusts it: few entries, a short table that ends where it says."""
        size = self.file.stat().st_size
        with self.file.open("rb") as file:
            file.seek(max(0, size - 66_000))
            tail = file.read()
        place = tail.rfind(_END)
        if place < 0 or len(tail) - place < 22:
            raise self.refused(DAMAGED, SAVE_AGAIN)
        _, disk, start, here, entries, length, offset, comment = struct.unpack(
            "<4s4H2LH", tail[place : place + 22]
        )
        if place + 22 + comment != len(tail):
            raise self.refused(DAMAGED, SAVE_AGAIN)
        if entries > ENTRIES_MAX or length > DIRECTORY_MAX:
            raise self.refused(
                {
                    "ko": f"안에 든 항목이 {ENTRIES_MAX:,}개보다 많습니다",
                    "en": f"holds more than {ENTRIES_MAX:,} entries",
                },
                COPY_VALUES,
            )
        if disk or start or here != entries or offset + length != size - len(tail) + place:
            raise self.refused(FORGED, COPY_VALUES)

    def _inspect_names(self) -> None:
        infos = self._zip.infolist()
        names = {info.filename.casefold() for info in infos}
        if len(names) != len(infos):
            raise self.refused(FORGED, COPY_VALUES)
        for info in infos:
            name = info.filename
            parts = name.split("/")
            outside = name.startswith("/") or ".." in parts or "\\" in info.orig_filename or ":" in name
            if outside or "\x00" in info.orig_filename or stat.S_ISLNK(info.external_attr >> 16):
                raise self.refused(FORGED, COPY_VALUES)
            if not info.is_dir() and not name.lower().endswith(_INSIDE):
                raise self.refused(
                    {"ko": "다른 파일이 안에 들어 있습니다", "en": "has other files packed inside"},
                    COPY_VALUES,
                )
            if info.flag_bits & 0x1:
                raise self.refused(
                    {"ko": "암호가 걸려 있습니다", "en": "is protected by a password"}, SAVE_AGAIN
                )
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise self.refused(DAMAGED, SAVE_AGAIN)
        if sum(info.file_size for info in infos) > 2 * self.limits.unpacked:
            raise self.refused(BOMB, COPY_VALUES)

    def _inspect_places(self) -> None:
        """Each entry has a place of its own in the file: none begins before the one before it has ended."""
        infos = sorted(self._zip.infolist(), key=lambda info: info.header_offset)
        after = 0
        with self.file.open("rb") as file:
            for info in infos:
                file.seek(info.header_offset)
                header = file.read(30)
                if info.header_offset < after or len(header) < 30 or header[:4] != b"PK\x03\x04":
                    raise self.refused(FORGED, COPY_VALUES)
                name, extra = struct.unpack("<2H", header[26:30])
                after = info.header_offset + 30 + name + extra + info.compress_size
        if after > self._zip.start_dir:
            raise self.refused(FORGED, COPY_VALUES)

    def read(self, name: str, most: int | None = None) -> Iterator[bytes]:
        """The contents of an entry, piece by piece, counted while they are inflated.

        Raises IntakeError beyond `most` bytes, beyond RATIO_MAX times what it was packed into, or for damage.
        """
        info = self.entries.get(name)
        if info is None:
            raise self.refused(DAMAGED, SAVE_AGAIN)
        most = min(most or self.limits.unpacked, self.limits.unpacked)
        size = 0
        try:
            with self._zip.open(info) as part:
                while piece := part.read(CHUNK):
                    size += len(piece)
                    if size > most or size > 1_000_000 and size > RATIO_MAX * info.compress_size:
                        raise self.refused(BOMB, COPY_VALUES)
                    yield piece
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError):
            raise self.refused(DAMAGED, SAVE_AGAIN) from None
        if size != info.file_size:
            raise self.refused(FORGED, COPY_VALUES)
