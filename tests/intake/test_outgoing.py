"""What leaves for a spreadsheet does nothing there (reliability I4, ASVS 5.0 1.2.10)."""

import csv
import io

import openpyxl
import pytest

from welfare.outgoing import as_csv, as_xlsx, harmless

PAYLOADS = [
    *("=1+1", "=cmd|'/C calc'!A0", "=HYPERLINK(\"x\")", "=IMPORTXML(A1)", "=WEBSERVICE(A1)", "=DDE(\"cmd\")", "= 1"),
    *("+1+1", "+cmd|' /C calc'!A0", "+82 10 1234 5678", "+A1", "-1+1", "-cmd|'x'!A0", "-A1", "- 5", "-5-3", "--5"),
    *("@SUM(1)", "@A1", "\t=1+1", "\r=1+1", "\n=1+1", "\x00=1+1", "\tx", "\rx", "\nx"),
    *("|x", "%0A", "＝1+1", "＋1", "－A1", "＠SUM(1)", " =1+1", "  +x", "\u3000=1", "\u00a0=1", "\u200b=1", "\ufeff=1"),
    *("=", "+", "-", "@", "=\"가상\"", "=가상하나", "-가상", "@가상"),
]  # fmt: skip
PLAIN = ["가상하나", "a=b", "x+y", "3-5", "me@example", "", "'quoted", "50 %"]
NUMBERS = ["-5", "+5", "-1,234.50", "-5%", "-1234567"]


def test_there_are_forty_payloads() -> None:
    assert len(PAYLOADS) >= 40


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_is_text_in_csv_and_in_xlsx(payload: str) -> None:
    assert harmless(payload) == "'" + payload
    text = as_csv(["머리", payload], [[payload, 1]]).decode("utf-8-sig")
    heads, row = list(csv.reader(io.StringIO(text, newline="")))
    assert heads[1] == row[0] == "'" + payload
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx("표", ["머리"], [[payload]])))
    cell = book.active["A2"]
    assert cell.data_type == "s"
    assert cell.quotePrefix


@pytest.mark.parametrize("text", [*PLAIN, *NUMBERS])
def test_plain_text_and_numbers_pass_unchanged(text: str) -> None:
    assert harmless(text) == text


def test_numbers_stay_numbers_on_the_way_out_and_back() -> None:
    rows = [[-5, 3.5, None, True, "-5"]]
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx("표", list("abcde"), rows)))
    assert [cell.value for cell in book.active[2]] == rows[0]
    assert as_csv(["a"], [[-5]]).decode("utf-8-sig").splitlines()[1] == "-5"
