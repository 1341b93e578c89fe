"""The command line: check a catalogue, screen a household or a list, explain, ask, try a reform, invent a
district.

This is the only module of the library that knows today's date and the terminal's language. It works without
Django; the commands of APPLICATION are handed to the application where it is installed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn, Self, TextIO

import welfare
from welfare.facts import Household, decode_date
from welfare.intake import IntakeError, Layout, TakenIn, read_list
from welfare.rules import Catalogue, CatalogueError, Problem, RuleSet
from welfare.rules.catalogue import CERTAIN, DatedValue, Parameter
from welfare.rules.order import resting_on
from welfare.wording import Wording

APPLICATION = (
    "demo",
    "serve",
    "worker",
    "administrator",
    "keys",
    "backup",
    "restore",
    "drill",
    "test",
    "manage",
    "messages",
    "audit",
)
HOUSEHOLD_FILES = (".yaml", ".yml", ".json")
CASES_WANTED = 8  # worked cases of a programme
CAUGHT_WANTED = 0.95  # share of mistakes made on purpose that some case must notice
FINE, PROBLEMS, WRONG_INPUT = 0, 1, 2
STOPPED = 130  # as shells say it


class WrongInput(Exception):
    """A user's mistake, told in the user's language; never a traceback."""


@dataclass
class Session:
    """One call of the command: its options, its language and where it writes."""

    options: argparse.Namespace
    words: Wording
    out: TextIO
    err: TextIO

    def say(self, ko: str, en: str) -> str:
        return self.words.say(ko, en)

    def print(self, text: str = "") -> None:
        print(text, file=self.out)

    def fail(self, ko: str, en: str, mend_ko: str = "", mend_en: str = "") -> NoReturn:
        mend = self.say(mend_ko, mend_en)
        raise WrongInput(self.say(ko, en) + (f"\n    → {mend}" if mend else ""))

    @property
    def day(self) -> date:
        chosen: date | None = getattr(self.options, "on", None)
        return chosen or date.today()


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit status: 0 fine, 1 problems found in a catalogue, 2 wrong input."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments and arguments[0] in APPLICATION:
        return _application(arguments)
    words = Wording(_language(arguments))
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without Hangul shows ? instead of failing
    try:
        options = _parser(words).parse_args(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)
    if not hasattr(options, "run"):
        _parser(words).print_help()
        return FINE
    session = Session(options, words, sys.stdout, sys.stderr)
    try:
        return int(options.run(session))
    except WrongInput as mistake:
        print(mistake, file=sys.stderr)
    except IntakeError as error:
        print(error.told(words.language), file=sys.stderr)
    except CatalogueError as error:
        _print_problems(session, error.problems)
    except BrokenPipeError:
        # The reader of a pipe (head, less) has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE
    except KeyboardInterrupt:
        print(session.say("\n멈추었습니다.", "\nStopped."), file=sys.stderr)
        return STOPPED
    except OSError as error:
        print(f"{error.filename or ''}: {error.strerror or error}", file=sys.stderr)
    return WRONG_INPUT


def _application(arguments: list[str]) -> int:
    words = Wording(_language(arguments))
    if find_spec("django") is None or find_spec("hub") is None or find_spec("hub.command") is None:
        command = arguments[0]
        print(
            words.say(
                f"hub {command}에는 응용 프로그램이 필요한데 설치되어 있지 않습니다.\n"
                f"    → 내려받은 폴더에서 ./hub {command} 를 실행하거나, pip install 'welfare-hub[hub]' 로 설치하십시오.",
                f"hub {command} needs the application, which is not installed here.\n"
                f"    → Run ./hub {command} in the folder you cloned, or install it: pip install 'welfare-hub[hub]'",
            ),
            file=sys.stderr,
        )
        return WRONG_INPUT
    from hub.command import main as application

    return int(application(arguments))


def _language(arguments: Sequence[str]) -> str:
    """--language wherever it stands; else what the terminal says."""
    for place, argument in enumerate(arguments):
        if argument == "--language" and place + 1 < len(arguments) and arguments[place + 1] in ("ko", "en"):
            return arguments[place + 1]
        if argument in ("--language=ko", "--language=en"):
            return argument[-2:]
    spoken = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "ko" if spoken.lower().startswith("ko") else "en"


# What the commands are --------------------------------------------------------------------------------------


def _parser(words: Wording) -> argparse.ArgumentParser:
    say = words.say
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("-h", "--help", action="help", help=say("이 설명을 보여 줌", "show this help"))
    common.add_argument(
        "--language",
        choices=("ko", "en"),
        help=say("출력 언어(기본: 터미널의 언어)", "language of the output (default: the terminal's)"),
    )
    catalogue = argparse.ArgumentParser(add_help=False)
    catalogue.add_argument(
        "--catalogue",
        metavar="FOLDER",
        help=say("제도 목록 폴더(기본: programmes/kr)", "folder of the catalogue (default: programmes/kr)"),
    )
    day = argparse.ArgumentParser(add_help=False)
    day.add_argument(
        "--on",
        type=_day,
        metavar="DATE",
        help=say(
            "기준일, 2026-11-22처럼(기본: 오늘)", "day the rules hold on, as 2026-11-22 (default: today)"
        ),
    )
    parser = argparse.ArgumentParser(
        prog="hub",
        description=say(
            "복지 허브: 복지 법령을 자료로 읽어 가구와 명단을 판정합니다.",
            "The Welfare Hub: welfare law as data, asked about a household or a whole list.",
        ),
        epilog=say(
            "명령마다 보기가 있습니다: hub screen --help\n"
            "응용 프로그램이 설치되어 있으면: hub demo · serve · backup · restore · drill · worker · test",
            "Each command shows examples: hub screen --help\n"
            "Where the application is installed, also: hub demo · serve · backup · restore · drill · worker · test",
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
        parents=[common],
    )
    _name_groups(parser, words)
    parser.add_argument("--version", action="version", version=f"hub {welfare.__version__}")
    commands = parser.add_subparsers(metavar=say("명령", "COMMAND"), title=say("명령", "commands"))

    def command(
        name: str, run: Callable[[Session], int], ko: str, en: str, example: str, *parents: Any
    ) -> Any:
        added = commands.add_parser(
            name,
            help=say(ko, en),
            description=say(ko, en),
            epilog=f"{say('보기', 'examples')}:\n{example.rstrip()}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            add_help=False,
            parents=[common, *parents],
        )
        _name_groups(added, words)
        added.set_defaults(run=run)
        return added

    check = command(
        "check",
        run_check,
        "제도 목록이 올바른지 살피고 모든 사례를 계산해 봅니다.",
        "Is the catalogue sound? Reads it and runs every worked case.",
        "  hub check\n  hub check programmes/kr\n  hub check --only basic_pension --on 2026-06-01\n"
        "  hub check --mutate --only basic_pension\n",
        day,
    )
    check.add_argument(
        "folder",
        nargs="?",
        metavar="FOLDER",
        help=say("제도 목록 폴더(기본: programmes/kr)", "folder of a catalogue (default: programmes/kr)"),
    )
    check.add_argument(
        "--only",
        action="append",
        metavar="PROGRAMME",
        help=say("이 제도의 사례만", "only the cases of this programme"),
    )
    check.add_argument(
        "--mutate",
        action="store_true",
        help=say(
            "규칙을 조금씩 틀리게 바꾸어 사례가 알아채는지 살핌(1분 이내)",
            "make small mistakes in each rule (mutants) and see whether a case notices (up to a minute)",
        ),
    )

    new = command(
        "new-programme",
        run_new_programme,
        "새 제도의 뼈대 파일(제도와 사례)을 만듭니다. 빈칸은 hub check가 하나씩 알려 줍니다.",
        "Begins a programme: its file and its cases, with blanks that hub check names one by one.",
        "  hub new-programme school_bus --field children\n"
        "  hub new-programme school_bus --field children --subject person --name-ko '통학버스' --name-en 'School bus'\n",
        day,
        catalogue,
    )
    new.add_argument("id", metavar="ID", help=say("영문 소문자 id", "id in small Latin letters"))
    new.add_argument(
        "--field",
        required=True,
        metavar="FIELD",
        help=say("생활 영역(catalogue.yaml의 fields)", "field of life (fields: in catalogue.yaml)"),
    )
    new.add_argument(
        "--subject",
        choices=("household", "person"),
        default="household",
        help=say("가구 또는 사람(기본: 가구)", "for a household or a person (default: household)"),
    )
    new.add_argument(
        "--scope", metavar="SCOPE", help=say("시행 주체(기본: 첫 번째)", "who gives it (default: the first)")
    )
    new.add_argument("--name-ko", default="", metavar="NAME", help=say("한국어 이름", "name in Korean"))
    new.add_argument("--name-en", default="", metavar="NAME", help=say("영어 이름", "name in English"))

    screen = command(
        "screen",
        run_screen,
        "가구 파일 하나 또는 명단(CSV, XLSX, Parquet) 전체를 판정합니다.",
        "Decides every programme for one household file, or for a list (CSV, XLSX, Parquet).",
        "  hub screen household.yaml\n"
        "  hub screen 명단.xlsx --on 2026-11-22 --out run-november --given region=seoul --given district=seodaemun\n"
        "  hub screen list.csv --column '월수입=earned_income' --column '비고=-'\n"
        "  hub screen district/                # a folder made by hub invent\n"
        + say(
            "\n가구 파일은 이렇게 씁니다(아는 사실만; 나머지는 모름이 됩니다):\n",
            "\nA household file looks like this (facts you know; all others are unknown):\n",
        )
        + "  household: {region: seoul, tenure: monthly_rent, monthly_rent: 400000}\n"
        '  members: [{birth_date: "1951-04-02", sex: female, national_pension: 310000}]\n',
        day,
        catalogue,
    )
    screen.add_argument(
        "input",
        metavar="INPUT",
        help=say(
            "가구 파일, 명단, 또는 hub invent가 만든 폴더",
            "household file, list, or folder made by hub invent",
        ),
    )
    screen.add_argument(
        "--out", metavar="RUNFOLDER", help=say("결과 폴더(명단일 때)", "folder of the run (for lists)")
    )
    _list_options(screen, words)
    screen.add_argument(
        "--workers",
        type=int,
        default=2,
        metavar="N",
        help=say("프로세스 수(기본 2)", "processes (default 2)"),
    )

    explain = command(
        "explain",
        run_explain,
        "한 가구의 모든 제도를 기준과 법, 금액, 서류, 신청하는 곳까지 설명합니다.",
        "Every programme for one household: criteria with their law, amount, documents, where to apply, near misses.",
        "  hub explain household.yaml\n"
        "  hub explain household.yaml --programme basic_pension\n"
        "  hub explain run-november 1042            # a household of a run\n"
        "  hub explain run-november 1042 --all --language en\n",
        day,
        catalogue,
    )
    explain.add_argument(
        "source",
        metavar="FILE|RUN",
        help=say("가구 파일 또는 결과 폴더", "household file, or folder of a run"),
    )
    explain.add_argument(
        "household",
        nargs="?",
        metavar="HOUSEHOLD",
        help=say("결과 폴더 안의 세대번호", "number of a household in the run"),
    )
    explain.add_argument(
        "--programme", action="append", metavar="ID", help=say("이 제도만", "only this programme")
    )
    explain.add_argument(
        "--all",
        action="store_true",
        help=say("해당하지 않는 제도도 모두", "also every programme that is refused"),
    )

    ask = command(
        "ask",
        run_ask,
        "터미널에서 묻고 답하며 받을 수 있는 것을 찾습니다.",
        "An interview in the terminal: the best next question, until all is settled or you stop.",
        "  hub ask\n  hub ask --language ko --policy any_time\n  hub ask --start household.yaml --save household-new.yaml\n"
        + say(
            "\n답: 값 · ? 도움말 · 모름 · - 말하고 싶지 않음 · 뒤로 · 그만\n",
            "\nanswers: a value · ? help · dont know · - rather not say · back · stop\n",
        ),
        day,
        catalogue,
    )
    ask.add_argument(
        "--start", metavar="FILE", help=say("이 가구 파일에서 시작", "begin with this household file")
    )
    ask.add_argument(
        "--save",
        metavar="FILE",
        help=say("답한 내용을 가구 파일로 남김", "keep the answers as a household file"),
    )
    ask.add_argument(
        "--policy",
        choices=("settle", "any_time"),
        default="settle",
        help=say(
            "settle: 모두 정할 때까지 적게 물음 · any_time: 언제 그만두어도 좋게",
            "settle: few questions until all is settled · any_time: most first, you may stop",
        ),
    )

    reform = command(
        "reform",
        run_reform,
        "바뀐 규칙(덧씌우는 파일)이 한 인구에 미치는 영향: 얻는 가구, 잃는 가구, 금액.",
        "What a changed rule (an overlay file) does to a population: winners, losers, won, by group.",
        "  hub reform housing-50.yaml district/\n  hub reform programmes/kr/history/2013.yaml run-november --by size\n"
        "  hub reform programmes/kr/history/2013.yaml district/ --reverse     # from 2013 to today\n"
        + say("\n덧씌우는 파일에는 다른 것만 씁니다:\n", "\nAn overlay states only what differs:\n")
        + '  programmes:\n    housing_benefit_rent:\n      valid: {from: "2015-07-01", until: "2026-06-30"}\n',
        day,
        catalogue,
    )
    reform.add_argument("overlay", metavar="OVERLAY", help=say("덧씌우는 파일(YAML)", "overlay file (YAML)"))
    reform.add_argument(
        "population",
        metavar="POPULATION",
        help=say(
            "hub invent가 만든 폴더, 결과 폴더, 또는 명단",
            "folder made by hub invent, folder of a run, or a list",
        ),
    )
    reform.add_argument(
        "--by",
        action="append",
        choices=("area", "size", "age"),
        help=say("나누어 보기(기본: 모두)", "groups to show (default: all)"),
    )
    reform.add_argument(
        "--reverse",
        action="store_true",
        help=say(
            "거꾸로: 덧씌운 규칙(예: 2013년)에서 지금 규칙으로 온 변화",
            "the other way round: from the overlay (such as 2013) to the rules of today",
        ),
    )
    reform.add_argument(
        "--out", metavar="FOLDER", help=say("두 판정을 남길 폴더", "folder that keeps the two runs")
    )
    reform.add_argument(
        "--workers",
        type=int,
        default=2,
        metavar="N",
        help=say("프로세스 수(기본 2)", "processes (default 2)"),
    )
    _list_options(reform, words)

    invent = command(
        "invent",
        run_invent,
        "지어낸 지역을 만듭니다. 사람은 모두 가상이며 주민등록번호는 있을 수 없는 번호입니다.",
        "Invents a district: everybody is made up and carries an identifier that cannot be valid.",
        "  hub invent district/                        # the 14 dongs of Seodaemun-gu, 143,226 households\n"
        "  hub invent small/ --households 1000 --seed 7\n  hub invent nation/ --households 5000000\n",
        day,
        catalogue,
    )
    invent.add_argument(
        "folder",
        metavar="FOLDER",
        help=say(
            "households.parquet과 members.parquet을 쓸 폴더",
            "folder for households.parquet and members.parquet",
        ),
    )
    invent.add_argument(
        "--households",
        type=int,
        metavar="N",
        help=say("가구 수(기본: 공표된 143,226)", "number of households (default: the published 143,226)"),
    )
    invent.add_argument(
        "--seed",
        type=int,
        default=1,
        metavar="S",
        help=say("같은 씨앗이면 같은 지역(기본 1)", "the same seed gives the same district (default 1)"),
    )

    compare = command(
        "compare",
        run_compare,
        "같은 명단의 두 판정을 견줍니다.",
        "What changed between two runs of one list.",
        "  hub compare run-october run-november\n",
        catalogue,
    )
    compare.add_argument("before", metavar="RUN", help=say("앞 결과 폴더", "folder of the first run"))
    compare.add_argument("after", metavar="RUN", help=say("뒤 결과 폴더", "folder of the second run"))

    changed = command(
        "changes",
        run_changes,
        "두 날짜 사이에 시작하거나 끝난 제도와 달라진 기준값, 그것이 닿는 제도를 보여 줍니다.",
        "What changed in the law between two days: programmes begun and ended, figures, and whom they touch.",
        "  hub changes --from 2025-11-25 --to 2026-11-25\n  hub changes --to 2027-01-01      # from today on\n",
        catalogue,
    )
    changed.add_argument(
        "--from",
        dest="earlier",
        type=_day,
        metavar="DATE",
        help=say("이전 날짜(기본: 오늘)", "earlier day (default: today)"),
    )
    changed.add_argument(
        "--to",
        dest="later",
        type=_day,
        metavar="DATE",
        help=say("이후 날짜(기본: 오늘)", "later day (default: today)"),
    )

    published = command(
        "catalogue",
        run_catalogue,
        "제도 목록을 누구나 읽고 찾을 수 있는 파일(마크다운과 검색 페이지)로 씁니다.",
        "Writes the catalogue as files anybody can read: Markdown by field of life, and a page that searches.",
        "  hub catalogue docs/catalogue\n",
        day,
        catalogue,
    )
    published.add_argument("folder", metavar="FOLDER", help=say("쓸 폴더", "folder to write into"))
    return parser


def _list_options(parser: argparse.ArgumentParser, words: Wording) -> None:
    say = words.say
    parser.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="HEAD=FACT",
        help=say("열의 뜻을 알려 줌(-: 쓰지 않음)", "says what a column means (-: leave it out)"),
    )
    parser.add_argument(
        "--given",
        action="append",
        default=[],
        metavar="FACT=VALUE",
        help=say(
            "명단의 모두에게 해당하는 사실(region=seoul)",
            "a fact true of everybody in the list (region=seoul)",
        ),
    )
    parser.add_argument(
        "--layout",
        choices=[layout.value for layout in Layout],
        help=say(
            "한 행이 사람·가구·혼자 사는 사람 중 무엇인지",
            "what a row is: a person, a household, a person living alone",
        ),
    )
    parser.add_argument("--sheet", metavar="NAME", help=say("XLSX의 시트 이름", "sheet of an XLSX file"))
    parser.add_argument(
        "--strict",
        action="store_true",
        help=say("알아보지 못한 칸이 있으면 판정하지 않음", "do not screen when a cell was not understood"),
    )


def _name_groups(parser: argparse.ArgumentParser, words: Wording) -> None:
    """argparse's own headings, in the language of the help."""
    parser._positionals.title = words.say("지정할 것", "what to give")
    parser._optionals.title = words.say("선택", "options")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r}: write a day as 2026-11-22 (2026-11-22처럼 쓰십시오)"
        ) from None


# Finding and reading ----------------------------------------------------------------------------------------


def find_catalogue(folder: str | None) -> Path:
    """The folder given, else programmes/kr here or in a folder above, else beside the installed package."""
    if folder is not None:
        return Path(folder)
    here = Path.cwd()
    installed = Path(welfare.__file__).resolve()
    for home in (here, *here.parents, installed.parents[2], installed.parent):
        if (home / "programmes" / "kr" / "catalogue.yaml").is_file():
            return home / "programmes" / "kr"
    return Path("programmes/kr")


def _catalogue(session: Session) -> Catalogue:
    return welfare.load(find_catalogue(getattr(session.options, "catalogue", None)))


def _household_file(session: Session, catalogue: Catalogue, name: str) -> Household:
    from welfare.rules.cases import read_household

    file = Path(name)
    if not file.is_file():
        session.fail(
            f"{name}: 파일이 없습니다",
            f"{name}: there is no such file",
            "이름과 위치를 확인하십시오",
            "check the name and the folder",
        )
    try:
        return read_household(catalogue, file, session.day)
    except ValueError as error:
        session.fail(
            f"{name}: {error}", f"{name}: {error}", 'on: "2026-11-22"처럼 쓰십시오', 'write on: "2026-11-22"'
        )


def _told(session: Session) -> dict[str, str]:
    told = {}
    for pair in session.options.column:
        head, mark, meaning = pair.rpartition("=")
        if not mark or not head or not meaning:
            session.fail(
                f"--column {pair}", f"--column {pair}", "머리글=사실이름 으로 쓰십시오", "write HEAD=FACT"
            )
        told[head] = meaning
    return told


def _given(session: Session) -> dict[str, str]:
    given = {}
    for pair in session.options.given:
        name, mark, value = pair.partition("=")
        if not mark or not name or not value:
            session.fail(f"--given {pair}", f"--given {pair}", "사실=값 으로 쓰십시오", "write FACT=VALUE")
        given[name] = value
    return given


def _take_in(session: Session, catalogue: Catalogue, name: str) -> TakenIn:
    options = session.options
    layout = Layout(options.layout) if options.layout else None
    with Progress(session, "명단 읽기", "Reading the list") as progress:
        return read_list(
            catalogue,
            name,
            session.day,
            _told(session),
            layout,
            options.sheet,
            _given(session),
            progress.share,
        )


def _is_run(folder: Path) -> bool:
    return (folder / "manifest.json").is_file() and (folder / "snapshot").is_dir()


def _open_run(session: Session, name: str) -> Any:
    from welfare.screening import Run, RunError, Snapshot, SnapshotError

    folder = Path(name)
    try:
        beside = Snapshot(folder / "snapshot") if (folder / "snapshot").is_dir() else None
        return Run(folder, beside)
    except (RunError, SnapshotError) as error:
        session.fail(f"{name}: {error.what}", f"{name}: {error.what}", error.mend, error.mend)


class Progress:
    """A line on a terminal's stderr that says how far long work has come; silent elsewhere and for short
    work.
    """

    SILENT = 1.0  # seconds
    EVERY = 0.2

    def __init__(self, session: Session, ko: str, en: str) -> None:
        self.session, self.text = session, session.say(ko, en)
        self.shows = session.err.isatty()
        self.started = self.last = time.monotonic()
        self.shown = False

    def __enter__(self) -> Self:
        return self

    def share(self, share: float) -> None:
        now = time.monotonic()
        if self.shows and now - self.started > self.SILENT and now - self.last > self.EVERY:
            self.last, self.shown = now, True
            bar = "█" * int(share * 24)
            self.session.err.write(f"\r{self.text} {bar:·<24} {share:4.0%}")
            self.session.err.flush()

    def count(self, done: int, total: int) -> None:
        self.share(done / max(total, 1))

    def __exit__(self, *_: object) -> None:
        if self.shown:
            self.session.err.write("\r\033[K")
            self.session.err.flush()


# Tables in a terminal ---------------------------------------------------------------------------------------


def width(text: str) -> int:
    """Columns a text takes in a terminal: Hangul takes two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def table(heads: Sequence[str], rows: Iterable[Sequence[object]], text_columns: int = 1) -> list[str]:
    """Rows under heads; the first columns are text, the others numbers set to the right."""
    cells = [[f"{value:,}" if isinstance(value, int) else str(value) for value in row] for row in rows]
    widths = [max(map(width, column)) for column in zip(heads, *cells, strict=True)]

    def line(values: Sequence[str]) -> str:
        parts = []
        for place, (value, wide) in enumerate(zip(values, widths, strict=True)):
            gap = " " * (wide - width(value))
            parts.append(value + gap if place < text_columns else gap + value)
        return "  " + "  ".join(parts).rstrip()

    return [line(list(heads)), *(line(row) for row in cells)]


# hub check --------------------------------------------------------------------------------------------------


def _print_problems(session: Session, problems: Sequence[Problem], to: TextIO | None = None) -> None:
    for problem in problems:
        print(session.words.problem(problem), file=to or session.err)
    count = len(problems)
    print(
        session.say(f"문제 {count:,}개", f"{count:,} problem{'s' if count != 1 else ''}"),
        file=to or session.err,
    )


def run_check(session: Session) -> int:
    started = time.monotonic()
    folder = find_catalogue(session.options.folder)
    if not folder.is_dir():
        session.fail(
            f"{folder}: 폴더가 없습니다",
            f"{folder}: there is no such folder",
            "제도 목록 폴더를 지정하십시오",
            "give the folder of a catalogue",
        )
    try:
        catalogue = welfare.load(folder)
    except CatalogueError as error:
        _print_problems(session, error.problems, session.out)
        return PROBLEMS
    only = session.options.only or []
    for name in only:
        if name not in catalogue.programmes:
            session.fail(
                f"{name}: 그런 제도가 없습니다",
                f"{name}: there is no such programme",
                "파일 이름을 확인하십시오",
                "check the file's name",
            )
    chosen = only or list(catalogue.programmes)
    problems, cases, published = _run_cases(session, catalogue, chosen)
    problems += _stray_cases(catalogue, folder)
    problems += _unplannable(catalogue)
    if not only:
        problems += _broken_overlays(folder, session.day)
    if problems:
        _print_problems(session, problems, session.out)
    rules = catalogue.at(session.day)
    for line in _coverage(session, catalogue, rules, cases, published, chosen):
        session.print(line)
    unprotected = False
    if session.options.mutate and not problems:
        unprotected = not _mutate(session, catalogue, only)
    seconds = time.monotonic() - started
    verdict = (
        session.say(f"문제 {len(problems):,}개", f"{len(problems):,} problems")
        if problems
        else session.say("문제 없음", "No problems")
    )
    session.print(f"\n{verdict} ({seconds:.1f} s)")
    return PROBLEMS if problems or unprotected else FINE


def _mutate(session: Session, catalogue: Catalogue, only: Sequence[str]) -> bool:
    """Prints the mistakes no case would notice; whether enough are noticed."""
    from welfare.rules.mutation import mutate

    mutants = caught = 0
    session.print()
    with Progress(session, "규칙을 틀리게 바꾸는 중", "Making mistakes on purpose") as progress:
        for done, total, verdict in mutate(catalogue, only):
            progress.count(done, total)
            mutants, caught = mutants + verdict.mutants, caught + verdict.caught
            for survivor, line in zip(verdict.survivors, verdict.lines, strict=True):
                place = f"{verdict.file}:{line}" if line else verdict.file
                session.print(
                    f"{place}: {verdict.of}.{survivor.place}: {survivor.what[session.words.language]}"
                )
    share = caught / mutants if mutants else 1.0
    session.print(
        session.say(
            f"알아챈 실수: {mutants:,}개 가운데 {caught:,}개({share * 100:.1f} %), 목표 {CAUGHT_WANTED * 100:.0f} %",
            f"mutants caught: {caught:,} of {mutants:,} ({share * 100:.1f} %), wanted are {CAUGHT_WANTED * 100:.0f} %",
        )
    )
    return share >= CAUGHT_WANTED


def run_new_programme(session: Session) -> int:
    from welfare.new_programme import NotNew, begin_programme

    options = session.options
    try:
        files = begin_programme(
            _catalogue(session),
            options.id,
            options.field,
            day=session.day,
            subject=options.subject,
            scope=options.scope,
            name=(options.name_ko, options.name_en),
        )
    except NotNew as refusal:
        session.fail(refusal.told["ko"], refusal.told["en"], refusal.mend["ko"], refusal.mend["en"])
    for file in files:
        session.print(str(file))
    session.print(
        session.say(
            f"빈칸을 채우고 살펴보십시오: hub check --only {options.id}",
            f"Fill in the blanks, then: hub check --only {options.id}",
        )
    )
    return FINE


def _unplannable(catalogue: Catalogue) -> list[Problem]:
    """Numbers that could grow beyond exact arithmetic on any day the law changes.

    On the first day all programmes are planned, later those whose figures or whose beginning the day brings.
    """
    problems: list[Problem] = []
    resting = resting_on(catalogue.derived, catalogue.programmes)
    for place, (day, (figures, begun)) in enumerate(catalogue.turning_days().items()):
        touched = frozenset(begun.union(*(resting.get(name, ()) for name in figures)))
        try:
            _ = catalogue.at(day, touched if place else None).plan
        except CatalogueError as error:
            problems += error.problems
    return problems


def _broken_overlays(folder: Path, day: date) -> list[Problem]:
    """What is wrong with the catalogue's own overlays: its history, and the reforms on paper that came with it."""
    problems: list[Problem] = []
    for file in sorted([*folder.glob("history/*.yaml"), *folder.glob("overlays/*.yaml")]):
        try:
            _ = welfare.load(folder, file).at(day).plan
        except CatalogueError as error:
            problems += error.problems
    return problems


def _run_cases(
    session: Session, catalogue: Catalogue, chosen: Sequence[str]
) -> tuple[list[Problem], Counter[str], int]:
    """Runs the worked cases of programmes: what went wrong, cases by programme, and how many are published
    examples.
    """
    from welfare.rules import cases as worked

    problems: list[Problem] = []
    cases: Counter[str] = Counter()
    written: dict[str, list[worked.Case]] = {}
    for name in chosen:
        try:
            found = worked.read_cases(catalogue, name)
        except CatalogueError as error:
            problems += error.problems
        else:
            written[name] = found
            cases[name] = len(found)
    wrong: dict[Path, list[Problem]] = {}
    every = [case for found in written.values() for case in found]
    with Progress(session, "사례 계산", "Running the cases") as progress:
        for done, outcome in enumerate(worked.run_cases(catalogue, every)):
            progress.count(done, len(every))
            wrong.setdefault(outcome.case.file, []).extend(outcome.problems)
    for found in written.values():
        problems += wrong[found[0].file] if found else []
    return problems, cases, sum(case.published is not None for case in every)


def _stray_cases(catalogue: Catalogue, folder: Path) -> list[Problem]:
    """Case files nobody would ever run."""
    return [
        Problem(
            f"cases/{file.name}", None, "file", "belongs to no programme", "name it after the programme's id"
        )
        for file in sorted((folder / "cases").glob("*.yaml"))
        if file.stem not in catalogue.programmes
    ]


def _coverage(
    session: Session,
    catalogue: Catalogue,
    rules: RuleSet,
    cases: Counter[str],
    published: int,
    chosen: Sequence[str],
) -> list[str]:
    """What the catalogue covers: by field of life, and what a reviewer should look at."""
    say, language = session.say, session.words.language
    programmes = [catalogue.programmes[name] for name in chosen]
    computable = [p for p in programmes if p.computable]
    rows: list[Sequence[object]] = []
    for field, title in catalogue.fields.items():
        here = [p for p in programmes if p.field == field]
        if here:
            full = sum(p in computable for p in here)
            rows.append(
                [
                    title[language],
                    len(here),
                    sum(len(p.criteria) for p in here),
                    full,
                    sum(cases[p.id] for p in here),
                ]
            )
    rows.append(
        [
            say("모두", "All"),
            len(programmes),
            sum(len(p.criteria) for p in programmes),
            len(computable),
            sum(cases.values()),
        ]
    )
    heads = [
        say("생활 영역", "Field of life"),
        say("제도", "programmes"),
        say("기준", "criteria"),
        say("모두 계산", "computable"),
        say("사례", "cases"),
    ]
    lines = [
        f"{catalogue.name[language]} · {say('판', 'version')} {catalogue.version} · {say('기준일', 'on')} {rules.day}",
        *table(heads, rows),
    ]
    by_hand = sum(bool(p.hand_check) for p in programmes)
    lines.append(
        say(
            f"사람이 확인할 것이 있는 제도 {by_hand}개",
            f"{by_hand} programmes have something to be checked by a person",
        )
    )
    if published:
        lines.append(
            say(f"정부가 공표한 사례 {published}개", f"{published} cases are published worked examples")
        )
    few = [f"{p.id} ({cases[p.id]})" for p in programmes if cases[p.id] < CASES_WANTED]
    uncertain = [
        name
        for name, parameter in catalogue.parameters.items()
        if (value := parameter.on(rules.day)) is not None and value.confidence not in CERTAIN
    ]
    notices: tuple[tuple[str, Sequence[str]], ...] = (
        (say(f"사례가 {CASES_WANTED}개보다 적은 제도", f"fewer than {CASES_WANTED} cases"), few),
        (say("확실하지 않은 수치", "figures that are not certain"), uncertain),
        (say("다시 확인할 날이 지난 수치", "figures past their review date"), rules.stale),
        (
            say("그날 값이 없어 계산할 수 없는 제도", "cannot be computed on that day"),
            [f"{p} ({q})" for p, q in rules.unavailable.items()],
        ),
    )
    for notice, ids in notices:
        if ids:
            shown = ", ".join(ids[:8]) + (" …" if len(ids) > 8 else "")
            lines.append(f"{notice}: {len(ids)} — {shown}")
    return lines


# hub screen -------------------------------------------------------------------------------------------------


def run_screen(session: Session) -> int:
    catalogue = _catalogue(session)
    name = session.options.input
    if Path(name).suffix.lower() in HOUSEHOLD_FILES:
        household = _household_file(session, catalogue, name)
        for line in session.words.household(_assess(session, catalogue.at(session.day), household)):
            session.print(line)
        return FINE
    return _screen_list(session, catalogue, name)


def _assess(session: Session, rules: RuleSet, household: Household) -> Any:
    try:
        return rules.assess(household)
    except ValueError as error:
        session.fail(str(error), str(error), "가구 파일을 고치십시오", "correct the household file")


def _screen_list(session: Session, catalogue: Catalogue, name: str) -> int:
    from welfare.screening import RunError, SnapshotError, screen

    taken = _take_in(session, catalogue, name)
    report = taken.report
    for line in report.lines(session.words.language):
        session.print(line)
    if session.options.strict and report.not_understood:
        session.fail(
            "알아보지 못한 칸이 있어 판정하지 않았습니다",
            "not screened, because cells were not understood",
            "칸을 고치거나 --strict 없이 실행하십시오",
            "correct them, or run without --strict",
        )
    folder = Path(session.options.out or f"run-{Path(name).stem}-{session.day}")
    rules = catalogue.at(session.day)
    try:
        snapshot = _freeze(session, catalogue, taken, folder)
        with Progress(session, "판정", "Screening") as progress:
            run = screen(rules, snapshot, folder, workers=session.options.workers, progress=progress.count)
    except (RunError, SnapshotError) as error:
        session.fail(str(error), str(error))
    (folder / "intake.json").write_text(
        json.dumps(report.plain(), ensure_ascii=False, indent=1, default=str), encoding="utf-8"
    )
    summary = _summary(session, rules, run)
    text = "\n".join([*report.lines(session.words.language, shown=10**9), "", *summary])
    (folder / "summary.txt").write_text(text + "\n", encoding="utf-8")
    from welfare.answers import write_answers

    with Progress(session, "답 쓰기", "Writing the answers"):
        written = write_answers(run, rules, folder, session.words, report)
    session.print()
    for line in summary:
        session.print(line)
    session.print(f"\n{session.say('결과 폴더', 'Run folder')}: {folder}  ({', '.join(written)})")
    session.print(
        session.say(
            f"한 가구 보기: hub explain {folder} 세대번호",
            f"Look at one household: hub explain {folder} HOUSEHOLD",
        )
    )
    return FINE


def _freeze(session: Session, catalogue: Catalogue, taken: TakenIn, folder: Path) -> Any:
    """The snapshot in a run's folder. A run that is there already is kept: only the same list may be screened
    again.
    """
    from welfare.screening import Snapshot, write_snapshot

    manifest = folder / "manifest.json"
    fresh = folder / ("snapshot.new" if manifest.is_file() else "snapshot")
    snapshot = write_snapshot(catalogue, taken.households, taken.members, fresh, session.day)
    if not manifest.is_file():
        return snapshot
    shutil.rmtree(fresh)
    held = json.loads(manifest.read_text(encoding="utf-8"))
    same = (held["snapshot"], held["as_of"], held["catalogue"]) == (
        snapshot.hash,
        session.day.isoformat(),
        catalogue.version,
    )
    if not same:
        session.fail(
            f"{folder}: 다른 판정(명단, 기준일 또는 제도 목록이 다름)이 들어 있습니다",
            f"{folder} holds another run (of another list, day or catalogue)",
            "--out으로 빈 폴더를 지정하십시오",
            "choose an empty folder with --out",
        )
    return Snapshot(folder / "snapshot")


def _summary(session: Session, rules: RuleSet, run: Any) -> list[str]:
    """What came out, by programme."""
    say, language = session.say, session.words.language
    rows = []
    found = sorted(run.summary().to_pylist(), key=lambda row: (-row["missed"], -row["entitled"]))
    for row in found:
        if row["entitled"] or row["unknown"]:
            rows.append(
                [
                    rules.programmes[row["programme"]].name[language],
                    row["entitled"],
                    row["receiving"],
                    row["missed"],
                    row["unknown"],
                ]
            )
    heads = [
        say("제도", "Programme"),
        say("받을 수 있음", "entitled"),
        say("받는 중", "receiving"),
        say("못 받음", "missed"),
        say("알 수 없음", "cannot tell"),
    ]
    households = run.manifest["households"]
    return [
        say(
            f"판정: {households:,}가구, 기준일 {rules.day}",
            f"Screened: {households:,} households, on {rules.day}",
        ),
        *table(heads, rows),
    ]


# hub explain ------------------------------------------------------------------------------------------------


def run_explain(session: Session) -> int:
    catalogue = _catalogue(session)
    source, number = session.options.source, session.options.household
    if Path(source).is_dir():
        return _explain_from_run(session, catalogue, source, number)
    return _explain(
        session, _assess(session, catalogue.at(session.day), _household_file(session, catalogue, source))
    )


def _explain_from_run(session: Session, catalogue: Catalogue, source: str, number: str | None) -> int:
    run = _open_run(session, source)
    if number is None:
        session.fail(
            f"{source}: 어느 가구인지 알려 주십시오",
            f"{source}: say which household",
            f"hub explain {source} 세대번호",
            f"hub explain {source} HOUSEHOLD",
        )
    household, identifier = None, None
    for identifier in (int(number), number) if number.isascii() and number.isdigit() else (number,):
        household = run.snapshot.household(identifier, catalogue.facts)
        if household is not None:
            break
    if household is None:
        session.fail(
            f"{number}: 이 결과에 없는 가구입니다",
            f"{number}: no such household in this run",
            "세대번호를 확인하십시오",
            "check the number",
        )
    day = date.fromisoformat(run.manifest["as_of"])
    if run.manifest["catalogue"] != catalogue.version:
        session.print(
            session.say(
                "! 이 판정 뒤에 제도 목록이 바뀌었습니다. 아래는 지금 목록에 따른 답입니다.",
                "! The catalogue has changed since this run; the answers below follow today's catalogue.",
            )
        )
    return _explain(session, _assess(session, catalogue.at(session.options.on or day), household))


def _explain(session: Session, assessment: Any) -> int:
    wanted = session.options.programme or []
    for name in wanted:
        if name not in assessment.rules.programmes:
            session.fail(
                f"{name}: 그날 시행 중인 제도가 아닙니다",
                f"{name}: no programme in force on that day",
                "hub check로 이름을 확인하십시오",
                "see hub check for the names",
            )
    for line in session.words.household(assessment):
        session.print(line)
    session.print(session.say("\n제도별 설명", "\nProgramme by programme"))
    order = {"entitled": 0, "unknown": 1, "not_entitled": 2}
    for result in sorted(assessment.results, key=lambda result: order[result.answer]):
        shown = (
            result.programme.id in wanted
            if wanted
            else (session.options.all or result.answer != "not_entitled" or result.near_miss is not None)
        )
        if shown:
            session.print()
            for line in session.words.programme(assessment, result):
                session.print(line)
    return FINE


# hub ask ----------------------------------------------------------------------------------------------------


def run_ask(session: Session) -> int:
    from welfare.interviewing import converse
    from welfare.rules import Priors

    catalogue = _catalogue(session)
    rules = catalogue.at(session.day)
    start = _household_file(session, catalogue, session.options.start) if session.options.start else None

    household = converse(
        rules, start, session.options.policy, session.words, session.out, lambda: Priors.invented(rules)
    )
    if household is not None and session.options.save:
        from welfare.interviewing import household_file

        Path(session.options.save).write_text(household_file(household, session.day), encoding="utf-8")
        session.print(session.say(f"\n저장함: {session.options.save}", f"\nsaved: {session.options.save}"))
    return FINE


# hub reform, hub compare ------------------------------------------------------------------------------------


def run_reform(session: Session) -> int:
    import tempfile

    from welfare.reform import GROUPS, try_reform
    from welfare.screening import RunError, SnapshotError

    folder = find_catalogue(session.options.catalogue)
    if not Path(session.options.overlay).is_file():
        session.fail(
            f"{session.options.overlay}: 파일이 없습니다",
            f"{session.options.overlay}: there is no such file",
            "덧씌우는 파일을 지정하십시오",
            "give the overlay file",
        )
    catalogue = welfare.load(folder)
    changed = welfare.load(folder, overlay=session.options.overlay)
    before, after = catalogue.at(session.day), changed.at(session.day)
    if session.options.reverse:
        before, after = after, before
    with tempfile.TemporaryDirectory(prefix="hub-reform-") as scratch:
        kept = Path(session.options.out or scratch)
        snapshot = _population(session, catalogue, kept)
        try:
            with Progress(session, "두 규칙으로 판정", "Screening under both rule sets") as progress:
                effect = try_reform(
                    before, after, snapshot, kept, workers=session.options.workers, progress=progress.count
                )
        except (RunError, SnapshotError) as error:
            session.fail(str(error), str(error))
        for line in _effect(session, catalogue, changed, effect, session.options.by or GROUPS):
            session.print(line)
    return FINE


def _population(session: Session, catalogue: Catalogue, kept: Path) -> Any:
    """The snapshot of a run's folder, or one made from a list or an invented district."""
    from welfare.screening import SnapshotError, write_snapshot

    name = session.options.population
    if _is_run(Path(name)):
        return _open_run(session, name).snapshot
    taken = _take_in(session, catalogue, name)
    if taken.report.not_understood or taken.report.unmatched:
        for line in taken.report.lines(session.words.language):
            session.print(line)
    try:
        return write_snapshot(catalogue, taken.households, taken.members, kept / "snapshot", session.day)
    except SnapshotError as error:
        session.fail(str(error), str(error))


def _effect(
    session: Session, catalogue: Catalogue, changed: Catalogue, effect: Any, groups: Sequence[str]
) -> list[str]:
    from welfare.synthetic import DONGS

    say = session.say
    total = effect.total
    lines = [
        say(
            f"{total['households']:,}가구 가운데 더 받게 되는 가구 {total['winners']:,}, 덜 받게 되는 가구 {total['losers']:,}, "
            f"금액은 같고 내용이 바뀌는 가구 {total['otherwise_changed']:,}",
            f"Of {total['households']:,} households {total['winners']:,} gain, {total['losers']:,} lose, "
            f"{total['otherwise_changed']:,} get other help for the same won",
        ),
        say(
            f"확실한 금액의 변화: 연 {total['won_low_difference']:+,}원",
            f"Change of what is certain: {total['won_low_difference']:+,} won a year",
        ),
    ]
    lines += _changed_programmes(session, catalogue, changed, effect.programmes())
    titles = {
        "area": say("지역", "Area"),
        "size": say("가구원 수", "Household size"),
        "age": say("첫 구성원의 나이", "Age of first member"),
    }
    heads = [
        say("가구", "households"),
        say("더 받음", "gain"),
        say("덜 받음", "lose"),
        say("연간 금액", "won a year"),
    ]
    dongs = {dong.code: getattr(dong, session.words.language) for dong in DONGS}
    for group in groups:
        rows = [
            [
                dongs.get(row[group], row[group]) or say("모름", "not known"),
                row["households"],
                row["winners"],
                row["losers"],
                row["won_low_difference"],
            ]
            for row in effect.by(group).to_pylist()
        ]
        lines += ["", *table([titles[group], *heads], rows)]
    return lines


def _changed_programmes(
    session: Session, catalogue: Catalogue, changed: Catalogue, compared: Any
) -> list[str]:
    say = session.say
    names = {**catalogue.programmes, **changed.programmes}
    rows = []
    for row in compared.to_pylist():
        if any(row[name] for name in row if name != "programme"):
            programme = names.get(row["programme"])
            title = programme.name[session.words.language] if programme else row["programme"]
            rows.append(
                [title, row["gained"], row["lost"], row["more"], row["less"], row["won_low_difference"]]
            )
    if not rows:
        return ["", say("달라진 제도가 없습니다.", "No programme's answers differ.")]
    heads = [
        say("제도", "Programme"), say("새로 받음", "gained"), say("못 받게 됨", "lost"), say("늘어남", "more"), say("줄어듦", "less"), say("금액(주기당)", "won (per period)"),
    ]  # fmt: skip
    return ["", *table(heads, rows)]


def run_changes(session: Session) -> int:
    from welfare.rules.changes import changes

    catalogue = _catalogue(session)
    earlier = session.options.earlier or session.day
    later = session.options.later or session.day
    try:
        found = changes(catalogue, earlier, later)
    except ValueError:
        session.fail(
            f"--to {later}가 --from {earlier}보다 빠릅니다",
            f"--to {later} is before --from {earlier}",
            "두 날짜를 바꾸십시오",
            "exchange the two days",
        )
    say, language = session.say, session.words.language
    session.print(f"{earlier} → {later}")
    for title, programmes in ((say("시작", "began"), found.begun), (say("끝남", "ended"), found.ended)):
        for programme in programmes:
            session.print(
                f"  {title}: {programme.name[language]} ({catalogue.fields[programme.field][language]})"
            )
    for change in found.figures:
        values = [_values(change.parameter, value, say) for value in (change.before, change.after)]
        session.print(f"  {change.parameter.label[language]}: {values[0]} → {values[1]}")
        if change.programmes:
            names = ", ".join(programme.name[language] for programme in change.programmes[:5])
            more = len(change.programmes) - 5
            session.print(f"      {names}" + (say(f" 외 {more}개", f" and {more} more") if more > 0 else ""))
    if not found:
        session.print(f"  {say('달라진 것이 없습니다.', 'Nothing changed.')}")
    return FINE


def _values(parameter: Parameter, dated: DatedValue | None, say: Callable[[str, str], str]) -> str:
    """A figure in a line; of a table the first entries."""
    if dated is None:
        return say("없음", "none")
    shown = [
        str(decode_date(int(value))) if parameter.type == "date" else
        f"{int(value):,}" if parameter.type in ("won", "int") else
        f"{float(value * 100):g} %" for value in dated.value[:3]
    ]  # fmt: skip
    return ", ".join(shown) + (", …" if len(dated.value) > len(shown) else "")


def run_catalogue(session: Session) -> int:
    from welfare.publishing import write_catalogue

    folder = Path(session.options.folder)
    if folder.exists() and not folder.is_dir():
        session.fail(
            f"{folder}: 폴더가 아닙니다",
            f"{folder}: is no folder",
            "새 폴더의 이름을 쓰십시오",
            "give the name of a folder",
        )
    written = write_catalogue(_catalogue(session), folder, session.day)
    session.print(session.say(f"{folder}: 파일 {len(written)}개", f"{folder}: {len(written)} files"))
    return FINE


def run_compare(session: Session) -> int:
    from welfare.screening import RunError

    catalogue = _catalogue(session)
    before, after = (_open_run(session, name) for name in (session.options.before, session.options.after))
    try:
        compared = before.compare(after)
    except RunError as error:
        session.fail(error.what, error.what, error.mend, error.mend)
    for name, run in ((session.options.before, before), (session.options.after, after)):
        session.print(
            f"{name}: {run.manifest['households']:,} · {run.manifest['as_of']} · {run.manifest['catalogue']}"
        )
    for line in _changed_programmes(session, catalogue, catalogue, compared):
        session.print(line)
    return FINE


# hub invent -------------------------------------------------------------------------------------------------


def run_invent(session: Session) -> int:
    from welfare.synthetic.writing import write_district

    catalogue = _catalogue(session)
    households = session.options.households
    if households is not None and households < 1:
        session.fail(
            f"--households {households}", f"--households {households}", "1 이상을 쓰십시오", "write 1 or more"
        )
    with Progress(session, "지어내기", "Inventing") as progress:
        made, people = write_district(
            catalogue, session.options.folder, households, session.options.seed, session.day, progress.count
        )
    session.print(
        session.say(
            f"{session.options.folder}: 지어낸 {made:,}가구 {people:,}명 (모두 가상, 씨앗 {session.options.seed})",
            f"{session.options.folder}: {made:,} invented households, {people:,} people (all made up, seed {session.options.seed})",
        )
    )
    session.print(
        session.say(
            f"판정하기: hub screen {session.options.folder}",
            f"Screen it: hub screen {session.options.folder}",
        )
    )
    return FINE


if __name__ == "__main__":
    raise SystemExit(main())
