"""Sixty files in the encodings offices use come in right, or are refused; none comes in garbled (reliability I1)."""

import unicodedata
from pathlib import Path

import pytest

from welfare.intake import IntakeError
from welfare.intake.opening import read_sheet

HEADS = "세대번호,성명,주소"
# Syllables inside and outside KS X 1001, a symbol, Chinese characters in brackets, Western words between.
LISTS = {
    "names": f"{HEADS}\n1,가상하나,서대문구 가상로 1\n2,가상두리,서대문구 가상로 2\n",
    "rare": f"{HEADS}\n1,똠방각하,믜숲길 3\n2,펲시콜라,쀍별로 4\n3,가상서이,서대문구 가상로 5\n",
    "symbols": f"{HEADS}\n1,가상하나(佳想),① ○ × ㎡ 가상로 1·2\n2,가상두리,「가상」 ㈜ №\n",
    "western": f"{HEADS}\n1,Kim Invented (가상),Apt. #3\n2,Lee Invented,가상로 2\n",
    "quoted": f'{HEADS}\n1,"가상하나, 둘째","가상로\n1층"\n',
}
ENDS = {"\n": "unix", "\r\n": "windows", "mixed": "mixed"}
ENCODINGS = ("utf-8", "utf-8-sig", "cp949", "utf-16")
# Each list in each encoding and each habit of ending a line: sixty files.
CORPUS = [(name, end, encoding) for name in LISTS for end in ENDS for encoding in ENCODINGS]


def ended(text: str, end: str) -> str:
    if end != "mixed":
        return text.replace("\n", end)
    first, rest = text.split("\n", 1)
    return first + "\r\n" + rest


def cells(file: Path) -> list[list[str]]:
    return [[str(cell).replace("\r", "") for cell in row] for row in read_sheet(file).rows]


def rows_of(text: str) -> list[list[str]]:
    import csv
    import io

    return [
        [unicodedata.normalize("NFC", c) for c in row] for row in csv.reader(io.StringIO(text, newline=""))
    ]


def test_the_corpus_has_sixty_files() -> None:
    assert len(CORPUS) == 60


@pytest.mark.parametrize(("name", "end", "encoding"), CORPUS)
def test_a_list_comes_in_as_it_was_written(name: str, end: str, encoding: str, tmp_path: Path) -> None:
    text = LISTS[name]
    file = tmp_path / "list.csv"
    try:
        file.write_bytes(ended(text, end).encode(encoding))
    except UnicodeEncodeError:
        # CP949 has no such letter, so no such file exists; without the letter it is read.
        file.write_bytes(ended(text := text.replace("佳想", "가상"), end).encode(encoding))
    assert cells(file) == rows_of(text)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_its_mark_is_recognised(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(LISTS["rare"].encode(encoding))
    assert cells(tmp_path / "list.csv") == rows_of(LISTS["rare"])


def test_names_in_pieces_from_a_mac_are_composed(tmp_path: Path) -> None:
    pieces = unicodedata.normalize("NFD", LISTS["names"])
    assert pieces != LISTS["names"]
    (tmp_path / "list.csv").write_bytes(pieces.encode())
    assert cells(tmp_path / "list.csv") == rows_of(LISTS["names"])


@pytest.mark.parametrize(
    ("contents", "why"),
    [
        (LISTS["names"].encode()[:-3] + b"\xff\n", "damaged or mixed"),
        (LISTS["names"].encode().replace("가".encode(), "가".encode()[:2], 1), "damaged or mixed"),
        (HEADS.encode() + b"\n" + "1,가상하나,가상로\n".encode("cp949") * 3, "mixe[ds]"),
        (HEADS.encode("cp949") + b"\n" + "1,가상하나,가상로 일번길\n".encode("cp949") * 9 + "2,가상두리,가상로\n".encode(), "mixe[ds]"),
        ("番号,氏名,住所\n1,ひらがなのなまえ,カタカナのじゅうしょ\n".encode("shift_jis") * 4, "neither"),
        ("编号,姓名,地址\n1,我们的名字,这里的地址是中文的\n".encode("gbk") * 4, "neither"),
        ("id;name\n1;Müller Straße Çelik\n".encode("cp1252"), "neither"),
        ("번호,이름\n".encode("utf-16")[:-1], "neither"),
        (b"\xffabc,\x81", "neither"),
        (b"\xc3\xb0\xc4\xa1\n", "may be UTF-8 or CP949"),
        (b"a,b\n1,\x01\x02\x03\n", "not text"),
        (b"a,b\n" + bytes(range(256)), "neither"),
    ],
)  # fmt: skip
def test_what_no_encoding_explains_is_refused_and_never_garbled(
    contents: bytes, why: str, tmp_path: Path
) -> None:
    (tmp_path / "list.csv").write_bytes(contents)
    with pytest.raises(IntakeError, match=why) as refused:
        read_sheet(tmp_path / "list.csv")
    assert refused.value.mend["ko"]


def test_a_symbol_alone_does_not_make_a_file_doubtful(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes("id,size\n1,3×4\n".encode())
    assert cells(tmp_path / "list.csv") == [["id", "size"], ["1", "3×4"]]


@pytest.mark.parametrize("garbled", ["°¡»óÇÏ³ª", "가�하나"])
def test_letters_that_were_broken_before_are_pointed_out_and_not_taken(garbled: str, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(f"{HEADS}\n1,{garbled},가상로 1\n".encode())
    sheet = read_sheet(tmp_path / "list.csv")
    assert sheet.cell(1, 1) is None
    assert "broken" in (sheet.flaw(1, 1) or {})["en"]
    assert sheet.cell(1, 2) == "가상로 1"
