"""The command line from a terminal's side: what is printed, what is written, and what a mistake is answered
with.
"""

import csv
import json
import re
import shutil
import sys
from collections.abc import Callable
from importlib import util
from pathlib import Path

import openpyxl
import pytest

from tests.command.conftest import DAY, PROGRAMMES, Call
from welfare import command
from welfare.outgoing import harmless
from welfare.rules import Catalogue
from welfare.screening import Run

COMMANDS = ("check", "screen", "explain", "ask", "reform", "invent", "compare")
ALONE = """household: {region: seoul, district: seodaemun, tenure: monthly_rent, monthly_rent: 400000}
members: [{birth_date: "1951-04-02", residence_status: korean, receives_basic_pension: false}]
otherwise: none
"""
LIST = """저소득 가구 명단,,,,,,,
세대번호,관계,생년월일,행정동,월소득,기초연금,국적,해외체류일수
=1+1,본인,1951-04-02,천연동,0,X,대한민국,0
=1+1,손자,2024-04-02,천연동,언제나,X,대한민국,0
22,본인,1990-01-01,연희동,900만원,X,대한민국,0
"""


@pytest.fixture
def household(tmp_path: Path) -> Path:
    file = tmp_path / "alone.yaml"
    file.write_text(ALONE, encoding="utf-8")
    return file


@pytest.fixture
def village(made: Path) -> Path:
    return made / "village"


@pytest.fixture
def run(made: Path) -> Path:
    return made / "run"


# Help -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize(("language", "examples"), [("en", "examples:"), ("ko", "보기:")])
def test_the_help_of_every_command_shows_an_example(
    hub: Call, name: str, language: str, examples: str
) -> None:
    said = hub(name, "--help", "--language", language)
    assert said.status == 0
    assert examples in said.out
    assert f"  hub {name}" in said.out.split(examples)[1]


def test_without_a_command_the_help_names_them_all(hub: Call) -> None:
    said = hub()
    assert said.status == 0
    assert all(name in said.out for name in COMMANDS)
    assert "hub demo" in said.out


def test_the_terminal_s_language_is_spoken(
    hub: Call, monkeypatch: pytest.MonkeyPatch, household: Path
) -> None:
    monkeypatch.setenv("LC_ALL", "ko_KR.UTF-8")
    assert "받을 수 있으나 받지 않고 있는 것" in hub("screen", household, "--on", DAY).out
    assert "Entitled and not received" in hub("screen", household, "--on", DAY, "--language", "en").out


def test_the_application_s_commands_say_how_to_install_it(hub: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    real = util.find_spec
    monkeypatch.setattr(command, "find_spec", lambda name: None if name == "django" else real(name))
    said = hub("demo")
    assert said.status == 2
    assert "./hub demo" in said.err
    assert "Traceback" not in said.err


def test_the_library_s_commands_need_no_django(
    hub: Call, monkeypatch: pytest.MonkeyPatch, household: Path
) -> None:
    monkeypatch.setitem(sys.modules, "django", None)
    monkeypatch.setitem(sys.modules, "hub", None)
    assert hub("screen", household, "--on", DAY).status == 0


# check ------------------------------------------------------------------------------------------------------


def test_a_sound_programme_passes_and_its_coverage_is_printed(hub: Call) -> None:
    said = hub("check", PROGRAMMES, "--only", "funeral_grant", "--on", DAY)
    assert said.status == 0, said.out
    assert "No problems" in said.out
    assert re.search(r"All +1 +2 +1 +\d+", said.out)


def test_a_broken_file_is_named_with_line_reason_and_mend(hub: Call, tmp_path: Path) -> None:
    shutil.copytree(PROGRAMMES, tmp_path / "kr")
    file = tmp_path / "kr" / "death" / "funeral_grant.yaml"
    file.write_text(
        file.read_text(encoding="utf-8").replace("subject: household", "subject: family"), encoding="utf-8"
    )
    said = hub("check", tmp_path / "kr")
    assert said.status == 1
    assert re.search(r"death/funeral_grant\.yaml:\d+: funeral_grant\.subject: subject is 'family'", said.out)
    assert "it can be household, person" in said.out


def test_a_case_that_comes_out_otherwise_fails_the_check(hub: Call, tmp_path: Path) -> None:
    shutil.copytree(PROGRAMMES, tmp_path / "kr")
    file = tmp_path / "kr" / "cases" / "funeral_grant.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("answer: entitled", "answer: not_entitled", 1), encoding="utf-8")
    (tmp_path / "kr" / "cases" / "nobody.yaml").write_text("cases: []\n", encoding="utf-8")
    said = hub("check", tmp_path / "kr", "--only", "funeral_grant")
    assert said.status == 1
    assert re.search(
        r"cases/funeral_grant\.yaml:\d+: .*the answer is entitled, expected was not_entitled", said.out
    )
    assert "belongs to no programme" in said.out


def test_mistakes_made_on_purpose_are_counted_when_cases_notice_them(hub: Call) -> None:
    said = hub("check", PROGRAMMES, "--mutate", "--only", "funeral_grant", "--on", DAY)
    assert said.status == 0, said.out
    assert re.search(r"mutants caught: (\d+) of \1 \(100\.0 %\), wanted are 95 %", said.out)


@pytest.mark.parametrize(
    ("language", "told", "counted"),
    [
        ("en", "decides otherwise when equal (≤ and <): recent_deaths", "mutants caught: 0 of"),
        ("ko", "같은 값에서 갈림(≤와 <): recent_deaths", "가운데 0개(0.0 %)"),
    ],
)
def test_a_rule_no_case_protects_is_named_at_its_line_and_fails_the_check(
    hub: Call, tmp_path: Path, language: str, told: str, counted: str
) -> None:
    shutil.copytree(PROGRAMMES, tmp_path / "kr")
    (tmp_path / "kr" / "cases" / "funeral_grant.yaml").write_text("cases: []\n", encoding="utf-8")
    said = hub(
        "check", tmp_path / "kr", "--mutate", "--only", "funeral_grant", "--on", DAY, "--language", language
    )
    assert said.status == 1
    assert re.search(rf"death/funeral_grant\.yaml:\d+: funeral_grant\.death: {re.escape(told)}", said.out)
    assert counted in said.out


def test_a_missing_catalogue_is_a_wrong_input(hub: Call, tmp_path: Path) -> None:
    said = hub("check", tmp_path / "nowhere")
    assert said.status == 2
    assert "there is no such folder" in said.err


# screen -----------------------------------------------------------------------------------------------------


def test_a_household_file_is_answered_at_once(hub: Call, household: Path) -> None:
    said = hub("screen", household, "--on", DAY)
    assert said.status == 0
    assert "Basic Pension — member 1 (75): 349,700 won a month" in said.out
    assert "apply at:" in said.out


def test_json_is_as_good_as_yaml(hub: Call, household: Path, tmp_path: Path) -> None:
    other = {
        "household": {
            "region": "seoul",
            "district": "seodaemun",
            "tenure": "monthly_rent",
            "monthly_rent": 400000,
        },
        "members": [
            {"birth_date": "1951-04-02", "residence_status": "korean", "receives_basic_pension": False}
        ],
        "otherwise": "none",
    }
    (tmp_path / "alone.json").write_text(json.dumps(other, indent=2), encoding="utf-8")
    assert (
        hub("screen", tmp_path / "alone.json", "--on", DAY).out == hub("screen", household, "--on", DAY).out
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("members: [{birth_date: 1951}]\n", r"wrong\.yaml:1: members\.0\.birth_date"),
        (
            "household: {regoin: seoul}\nmembers: [{}]\n",
            r"wrong\.yaml:1: household\.regoin: regoin: no such fact",
        ),
        ("household: {}\nmembers: []\n", r"a household has members"),
        ("members: [{\n", r"wrong\.yaml:\d+: .*brackets"),
    ],
)
def test_a_wrong_household_file_gets_file_line_and_reason(
    hub: Call, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "wrong.yaml").write_text(text, encoding="utf-8")
    answer = hub("screen", tmp_path / "wrong.yaml", "--on", DAY)
    assert answer.status == 2
    assert re.search(said, answer.err)
    assert "Traceback" not in answer.err


def test_a_list_becomes_a_run_folder_with_answers_reasons_and_a_report(hub: Call, tmp_path: Path) -> None:
    (tmp_path / "명단.csv").write_bytes(LIST.encode("cp949"))
    said = hub("screen", tmp_path / "명단.csv", "--on", DAY, "--out", tmp_path / "run")
    assert said.status == 0, said.err
    assert "2 households, 3 people" in said.out
    assert "E4 월소득: '언제나': is no amount of money" in said.out
    names = {file.name for file in (tmp_path / "run").iterdir()}
    assert names >= {"manifest.json", "snapshot", "summary.txt", "intake.json", "answers.csv", "answers.xlsx"}
    kept = json.loads((tmp_path / "run" / "intake.json").read_text(encoding="utf-8"))
    assert kept["not_understood"][0]["address"] == "E4"
    assert Run(tmp_path / "run").household("=1+1"), "every reason of every household is kept"


def test_answers_are_safe_to_open_in_a_spreadsheet(hub: Call, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(LIST, encoding="utf-8")
    assert hub("screen", tmp_path / "list.csv", "--on", DAY, "--out", tmp_path / "run").status == 0
    data = (tmp_path / "run" / "answers.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf"), "a spreadsheet must know that it is UTF-8"
    rows = list(csv.reader(data.decode("utf-8-sig").splitlines()))
    assert {row[0] for row in rows[1:]} <= {"'=1+1", "22"}
    assert any(row[0] == "'=1+1" for row in rows)
    book = openpyxl.load_workbook(tmp_path / "run" / "answers.xlsx")
    cells = [cell for sheet in book for line in sheet.iter_rows() for cell in line]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]


@pytest.mark.parametrize("text", ["=1+1", "+82-10", "-1+1", "@SUM(A1)", "\t=1", "|calc", "＝1"])
def test_a_cell_that_begins_like_a_formula_is_neutralised(text: str) -> None:
    assert harmless(text) == "'" + text
    assert harmless("보통 글") == "보통 글"
    assert harmless(-5) == -5


def test_a_strict_screening_stops_at_cells_it_does_not_understand(hub: Call, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(LIST, encoding="utf-8")
    said = hub("screen", tmp_path / "list.csv", "--strict", "--out", tmp_path / "run")
    assert said.status == 2
    assert not (tmp_path / "run").exists()


def test_screening_again_into_the_same_folder_gives_the_same_run(hub: Call, run: Path, village: Path) -> None:
    before = Run(run).hash
    assert hub("screen", village, "--on", DAY, "--out", run).status == 0
    assert Run(run).hash == before
    other = hub("screen", village, "--on", "2026-06-01", "--out", run)
    assert other.status == 2
    assert "choose an empty folder" in other.err
    assert Run(run).snapshot.as_of.isoformat() == DAY, "the run that was there is untouched"


# explain ----------------------------------------------------------------------------------------------------


def test_a_household_of_a_run_is_explained_with_law_papers_and_place(hub: Call, run: Path) -> None:
    said = hub("explain", run, "1", "--all")
    assert said.status == 0, said.err
    assert "[기초연금법" in said.out
    assert "Documents:" in said.out
    assert re.search(r"[✓✗?] .+\[.+\]", said.out)


def test_the_explanation_of_a_run_agrees_with_what_the_run_kept(
    hub: Call, run: Path, catalogue: Catalogue
) -> None:
    said = hub("explain", run, "2", "--all").out
    for stored in Run(run).household(2):
        name = catalogue.programmes[stored.programme].name["en"]
        spoken = {"entitled": "entitled", "not_entitled": "not entitled", "unknown": "cannot tell yet"}[
            stored.answer
        ]
        who = "" if stored.member is None else rf" — member {stored.member + 1}( \(.*\))?"
        assert re.search(rf"^■ {re.escape(name)}{who} — {spoken}$", said, re.MULTILINE), name


def test_one_programme_may_be_asked_for(hub: Call, household: Path) -> None:
    said = hub("explain", household, "--programme", "basic_pension", "--on", DAY)
    assert said.out.count("■") == 1
    assert hub("explain", household, "--programme", "no_such", "--on", DAY).status == 2


@pytest.mark.parametrize("number", ["999999", "봄"])
def test_a_household_that_is_not_in_the_run_is_said_so(hub: Call, run: Path, number: str) -> None:
    said = hub("explain", run, number)
    assert said.status == 2
    assert "no such household in this run" in said.err


def test_a_folder_that_is_no_run_is_said_so(hub: Call, tmp_path: Path) -> None:
    said = hub("explain", tmp_path, "1")
    assert said.status == 2
    assert "holds no run" in said.err


# ask --------------------------------------------------------------------------------------------------------


def test_an_interview_asks_helps_goes_back_and_keeps_what_was_said(
    hub: Call, answering: Callable[[list[str]], None], tmp_path: Path
) -> None:
    answering(
        [
            "two",
            "2",
            "1-3",
            "1-2",
            "?",
            "someday",
            "1951-04-02",
            "1955.6.7.",
            "back",
            "1951-04-02",
            "모름",
            "stop",
        ]
    )
    said = hub("ask", "--on", DAY, "--save", tmp_path / "said.yaml")
    assert said.status == 0
    assert "Please give a number from 1 to 20" in said.out
    assert "Write it as 1-2" in said.out
    assert "Why it is asked:" in said.out
    assert "is no date" in said.out
    assert said.out.count("What is the date of birth?") == 2, "asked again after going back"
    assert "Stopped here" in said.out
    kept = (tmp_path / "said.yaml").read_text(encoding="utf-8")
    assert '"birth_date": "1951-04-02"' in kept
    assert "1955" not in kept, "the answer before going back does not count"
    again = hub("screen", tmp_path / "said.yaml")
    assert again.status == 0
    assert "household of 2" in again.out


def test_rather_not_say_and_dont_know_are_answers_and_not_asked_again(
    hub: Call, answering: Callable[[list[str]], None]
) -> None:
    answering(["1", *["-", "모름"] * 200])
    said = hub("ask", "--on", DAY, "--policy", "any_time")
    assert said.status == 0
    questions = re.findall(r"^\d+\. (.*) \[", said.out, re.MULTILINE)
    assert len(questions) > 5
    assert len(set(questions)) == len(questions)
    assert "No question could settle more" in said.out


def test_an_answer_that_settles_something_shows_it_at_once(
    hub: Call, answering: Callable[[list[str]], None], household: Path
) -> None:
    file = household.with_name("nearly.yaml")
    file.write_text(
        ALONE + "unknown: [receives_livelihood_benefit, pregnant, has_television]\n", encoding="utf-8"
    )
    answering(["예"] * 5)
    said = hub("ask", "--start", file, "--on", DAY)
    assert re.search(r"^     [+(]", said.out, re.MULTILINE)


def test_an_interview_nobody_answers_ends_without_a_complaint(
    hub: Call, answering: Callable[[list[str]], None]
) -> None:
    answering([])
    assert hub("ask").status == 0


# reform, compare, invent ------------------------------------------------------------------------------------

GENEROUS = """parameters:
  livelihood_ratio:
    values:
      - {from: "2024-01-01", source: booklet2024, confidence: verified, value: "60 %"}
"""


def test_a_reform_shows_winners_losers_and_won_by_group(hub: Call, run: Path, tmp_path: Path) -> None:
    (tmp_path / "generous.yaml").write_text(GENEROUS, encoding="utf-8")
    said = hub("reform", tmp_path / "generous.yaml", run, "--on", DAY, "--workers", 1)
    assert said.status == 0, said.err
    found = re.search(r"Of 150 households (\d+) gain, (\d+) lose", said.out)
    assert found
    assert int(found[1]) > 0
    assert "Livelihood Benefit" in said.out
    for group in ("Area", "Household size", "Age of first member"):
        assert group in said.out


def test_a_reform_that_changes_nothing_says_so(hub: Call, run: Path, tmp_path: Path) -> None:
    (tmp_path / "same.yaml").write_text(GENEROUS.replace("60 %", "32 %"), encoding="utf-8")
    said = hub("reform", tmp_path / "same.yaml", run, "--on", DAY, "--workers", 1, "--by", "size")
    assert "Of 150 households 0 gain, 0 lose" in said.out
    assert "No programme's answers differ" in said.out
    assert "Age of first member" not in said.out


def test_a_wrong_overlay_is_refused_with_its_line(hub: Call, run: Path, tmp_path: Path) -> None:
    (tmp_path / "wrong.yaml").write_text("parametres: {}\n", encoding="utf-8")
    said = hub("reform", tmp_path / "wrong.yaml", run, "--on", DAY)
    assert said.status == 2
    assert "wrong.yaml:1" in said.err


def test_the_groups_of_a_reform_add_up_to_its_total(catalogue: Catalogue, run: Path, tmp_path: Path) -> None:
    import welfare
    from welfare.reform import GROUPS, try_reform

    (tmp_path / "generous.yaml").write_text(GENEROUS, encoding="utf-8")
    changed = welfare.load(PROGRAMMES, overlay=tmp_path / "generous.yaml")
    day = Run(run).snapshot.as_of
    effect = try_reform(catalogue.at(day), changed.at(day), Run(run).snapshot, tmp_path / "both", workers=1)
    for group in GROUPS:
        table = effect.by(group)
        for name, total in effect.total.items():
            assert sum(table[name].to_pylist()) == total, (group, name)
    with pytest.raises(ValueError, match="area, size, age"):
        effect.by("colour")


def test_two_runs_of_one_list_are_compared_and_of_two_lists_refused(
    hub: Call, run: Path, village: Path, tmp_path: Path
) -> None:
    later = tmp_path / "later"
    assert hub("screen", village, "--on", DAY, "--out", later, "--workers", 1).status == 0
    said = hub("compare", run, later)
    assert said.status == 0
    assert "No programme's answers differ" in said.out
    hub("invent", tmp_path / "other", "--households", 20, "--seed", 5, "--on", DAY)
    hub("screen", tmp_path / "other", "--on", DAY, "--out", tmp_path / "third", "--workers", 1)
    refused = hub("compare", run, tmp_path / "third")
    assert refused.status == 2
    assert "different snapshots" in refused.err


def test_inventing_refuses_a_size_below_one(hub: Call, tmp_path: Path) -> None:
    assert hub("invent", tmp_path / "none", "--households", 0).status == 2


def test_no_mistake_ends_in_a_traceback(hub: Call, tmp_path: Path) -> None:
    for arguments in (
        ("screen",),
        ("screen", "nothing.csv"),
        ("nonsense",),
        ("screen", "x.yaml", "--on", "soon"),
        ("reform", "a", "b"),
    ):
        said = hub(*arguments)
        assert said.status == 2
        assert "Traceback" not in said.err
        assert said.err
