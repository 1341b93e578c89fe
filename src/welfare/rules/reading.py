"""Reads a folder of programme files into a catalogue, strictly, and says everything that is wrong at once.

The files are written by welfare officials with a text editor, so each refusal names the file, the line, what is wrong and how
to mend it. YAML's surprises are switched off: no dates, decimals, yes/no, anchors, tags or doubled keys.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from welfare.facts.fact import (
    BUILT_IN,
    BUILT_IN_FACTS,
    BY_HAND,
    HOUSEHOLD_SIZE,
    HOUSEHOLD_SIZE_MAX,
    SENSITIVITIES,
    SUBJECTS,
    TYPES,
    Fact,
    Text,
    encode_date,
)
from welfare.rules import nodes
from welfare.rules.catalogue import (
    CONFIDENCES,
    TIERS,
    Benefit,
    Catalogue,
    CatalogueError,
    Criterion,
    DatedValue,
    Derived,
    Number,
    Parameter,
    Period,
    Problem,
    Programme,
    Source,
    expand_sizes,
)
from welfare.rules.language import (
    WORD,
    ExpressionError,
    Meaning,
    Table,
    UnknownNameError,
    Vocabulary,
    read,
    read_rate,
)
from welfare.rules.order import CycleError, depth, order_derived, order_programmes

FILE_MAX = 2_000_000  # bytes of one file; the largest real one is a hundredth of that
PROBLEMS_MAX = 500  # named at once; who has more has one cause
NESTING_MAX = 12  # levels of one file
CHAIN_MAX = 200  # operations from a programme down to its facts, through all derived values; the real ones have a fifth
NUMBER_MAX = 10**15  # won; a thousand times the national budget of a programme
PERIODS = ("month", "year", "season", "once", "day", "episode")
OVERLAID = ("sources", "facts", "parameters", "derived", "programmes")  # what an overlay may differ in
CODE = re.compile(r"[a-z0-9][a-z0-9_]{0,59}\Z")
NOT_PROGRAMMES = ("sources", "facts", "parameters", "derived", "cases", "overlays", "history")

Path_ = tuple[str | int, ...]


# YAML without surprises -----------------------------------------------------------------------------------------------------------


class _Loader(yaml.CSafeLoader):
    """Reads nodes with their lines; what a plain word means is said below and not by YAML."""

    def resolve(self, kind: type[yaml.Node], value: str | None, implicit: Any) -> str:
        return ("plain" if implicit[0] else "quoted") if kind is yaml.ScalarNode else ""

    def descend_resolver(self, current_node: yaml.Node | None, current_index: Any) -> None:
        """Nothing here is resolved by its place in the document."""

    def ascend_resolver(self) -> None:
        """See `descend_resolver`."""


def _refused(node: yaml.Node, what: str, mend: str = "") -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=what, problem_mark=node.start_mark, note=mend)


def _short(value: object) -> str:
    """A value as it can stand in a message, however long it is in the file."""
    text = (
        repr(value) if isinstance(value, str) else str(value) if isinstance(value, int) else "a map or a list"
    )
    return text if len(text) <= 60 else text[:57] + "…"


INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*(?:_[0-9]+)*)\Z")
WORDS_OF_YAML = {"true": True, "false": False, "null": None, "~": None, "": None}
SURPRISING = re.compile(
    r"[-+.]?[0-9.]|(?:y|n|yes|no|on|off|true|false|null)\Z", re.IGNORECASE
)  # quick look before SURPRISES
QUOTE = 'put it in quotes: "{}"'
SURPRISES = (
    (re.compile(r"\d{4}-\d\d?-\d\d?"), "a day without quotes", QUOTE),
    (
        re.compile(r"(?:y|n|yes|no|on|off)\Z", re.IGNORECASE),
        "not a word of this format",
        "write true or false, or " + QUOTE,
    ),
    (
        re.compile(r"(?:true|false|null)\Z", re.IGNORECASE),
        "not written in small letters",
        "write true, false or null, or " + QUOTE,
    ),
    (
        re.compile(
            r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9_]+|[0-9]+(?=e))(?:e[-+]?[0-9]+)?\Z|[-+]?\.(?:inf|nan)\Z",
            re.IGNORECASE,
        ),
        "a decimal number",
        "write whole won, or a rate such as 104/100 or 104 %",
    ),
    (
        re.compile(r"[-+]?0[0-9_xob][0-9a-f_]*\Z|\+[0-9]+\Z|[-+]?[0-9_]+(?::[0-9]+)+\Z", re.IGNORECASE),
        "not written as a plain whole number",
        "write it without leading zeros or signs, or " + QUOTE,
    ),
)


def _value(node: yaml.Node, seen: set[int], level: int = 0) -> Any:
    """What a node says in this format: text, whole numbers, true/false, lists and maps; nothing else.

    Raises MarkedYAMLError for what a person and a machine would read differently.
    """
    if id(node) in seen:
        raise _refused(node, "refers to another place (an anchor and alias)", "write the value out")
    seen.add(id(node))
    if node.tag not in (("plain", "quoted") if isinstance(node, yaml.ScalarNode) else ("",)):
        raise _refused(node, f"carries a tag ({_short(node.tag)})", "leave out what begins with !")
    if isinstance(node, yaml.ScalarNode):
        return _plain(node) if node.tag == "plain" else node.value
    if level >= NESTING_MAX:
        raise _refused(node, f"is nested deeper than {NESTING_MAX} levels", "write separate entries")
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, seen, level + 1) for item in node.value]
    found: dict[Any, Any] = {}
    words: set[str] = set()
    for key, item in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _refused(key, "a key must be a word", "write name: value")
        if key.value in words:
            raise _refused(key, f"{key.value[:60]} stands here twice", "keep one of the two")
        words.add(key.value)
        # `on:` is a plain word among keys; only as a value would people and machines read it differently.
        plain_word = key.tag == "plain" and not INTEGER.match(key.value)
        found[key.value if plain_word else _value(key, seen)] = _value(item, seen, level + 1)
    return found


def _plain(node: yaml.ScalarNode) -> str | int | bool | None:
    text: str = node.value
    if INTEGER.match(text):
        if len(text) > 24:
            raise _refused(node, f"{_short(text)} is too large a number", "amounts are in won")
        return int(text)
    if text in WORDS_OF_YAML:
        return WORDS_OF_YAML[text]
    if SURPRISING.match(text):
        for pattern, what, mend in SURPRISES:
            if pattern.match(text):
                raise _refused(node, f"{_short(text)} is {what}", mend.format(text[:40]))
    return text


def read_yaml(file: Path, name: str) -> dict[str, Any]:
    """The contents of one file as plain values.

    Raises CatalogueError with the one problem that stops reading.
    """
    if file.stat().st_size > FILE_MAX:
        raise CatalogueError([Problem(name, None, "file", f"is larger than {FILE_MAX:,} bytes", "split it")])
    try:
        text = file.read_text(encoding="utf-8-sig")
        if _looks_deep(text):
            _check_nesting(text)
        node = yaml.compose(text, Loader=_Loader)
        value = None if node is None else _value(node, set())
    except UnicodeDecodeError:
        raise CatalogueError([Problem(name, None, "file", "is not UTF-8 text", "save it as UTF-8")]) from None
    except yaml.MarkedYAMLError as error:
        raise CatalogueError([_in_words(error, name)]) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        what = (str(error).splitlines() or ["cannot be read"])[0][:200]
        raise CatalogueError(
            [Problem(name, None, "file", what, "check indentation, quotes and brackets")]
        ) from None
    if not isinstance(value, dict):
        raise CatalogueError(
            [Problem(name, 1, "file", "is empty or not a map of names", "see docs/how-to/add-a-programme")]
        )
    return value


BRACKETS = (
    "the brackets do not fit",
    "close each [ and {, and put text or rules that contain [ ] { } , : in quotes",
)
INDENTATION = (
    "the indentation does not fit",
    "begin all entries of one list or map in the same column, with spaces",
)
WORDS = (  # what the parser says → what an official can act on
    ("did not find expected ',' or", *BRACKETS),
    ("did not find expected node content", *BRACKETS),
    ("did not find expected <document start>", *BRACKETS),
    ("did not find expected key", *INDENTATION),
    ("did not find expected '-' indicator", *INDENTATION),
    (
        "mapping values are not allowed",
        "a colon stands where none can be",
        "put text that contains a colon in quotes, and check the indentation of the line",
    ),
    (
        "found character that cannot start any token",
        "a value or line begins with a tab, %, @ or `",
        "indent with spaces, and put text that begins with such a sign in quotes",
    ),
    (
        "found unexpected end of stream",
        "a quotation mark is opened and never closed",
        "close it, or leave both out",
    ),
    (
        "found undefined alias",
        "a value begins with *",
        "put it in quotes; references to another place are not used here",
    ),
    ("found duplicate anchor", "refers to another place (an anchor and alias)", "write the value out"),
    ("second occurrence", "refers to another place (an anchor and alias)", "write the value out"),
    (
        "but found another document",
        "a line --- begins a second document",
        "one file, one document: leave the line out",
    ),
    (
        "found unknown escape character",
        "a \\ stands in double quotes",
        "use single quotes for text with a backslash",
    ),
    ("could not find expected ':'", "a line has no colon after its name", "write name: value"),
)


def _in_words(error: yaml.MarkedYAMLError, name: str) -> Problem:
    """The parser's complaint in words for people; an unclosed quotation mark is where it opens, not where the file ends."""
    said = error.problem or "cannot be read"
    mark = error.context_mark if "end of stream" in said and error.context_mark else error.problem_mark
    line = mark.line + 1 if mark else None
    for sign, what, mend in WORDS:
        if said.startswith(sign):
            return Problem(name, line, "file", what, mend)
    return Problem(name, line, "file", said[:200], error.note or "check indentation, quotes and brackets")


def _looks_deep(text: str) -> bool:
    """Whether the parser could spend its whole stack on this text: a million open lists would end the program."""
    brackets = text.count("[") + text.count("{")
    return brackets > 2000 or re.search(r"(?m)^[ ]{24}|(?:[-?:]\s+){6}", text) is not None


def _check_nesting(text: str) -> None:
    """Refuses what is nested too deeply, naming the line. Costs as much as reading, so it is not done without suspicion."""
    level = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            level += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            level -= 1
        if level > NESTING_MAX:
            mark: Any = event.start_mark
            problem = f"is nested deeper than {NESTING_MAX} levels"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=mark, note="write separate entries")


def line_of(file: Path, path: Path_, tree: yaml.Node | None = None) -> int | None:
    """The line on which the value at `path` stands; read again only when something is wrong.

    Whoever asks for many lines of one file gives its `tree_of`.
    """
    node: Any = tree or tree_of(file)
    if node is None:
        return None
    line: int = node.start_mark.line + 1
    for step in path:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(step)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            break
    return line


def tree_of(file: Path) -> yaml.Node | None:
    """The file as nodes that know their lines, or None when it cannot be read at all."""
    try:
        tree: yaml.Node | None = yaml.compose(file.read_text(encoding="utf-8-sig"), Loader=_Loader)
    except (yaml.YAMLError, OSError, ValueError):
        return None
    return tree


# One entry of a file ---------------------------------------------------------------------------------------------------------------


class Entry:
    """A map in a file, read key by key; what is missing, wrong or left over becomes a problem with its line."""

    def __init__(self, reading: Reading, file: Path, path: Path_, value: object) -> None:
        self.reading, self.file, self.path = reading, file, path
        self.value: dict[str, Any] = value if isinstance(value, dict) else {}
        self.left = set(self.value)
        self.broken = not isinstance(value, dict)
        if self.broken:
            self.problem(
                "is not a map of names to values", "write its parts below it, indented, as name: value"
            )

    @property
    def where(self) -> str:
        return ".".join(map(str, self.path))

    def problem(self, what: str, mend: str = "", at: Path_ = ()) -> None:
        self.reading.problem(self.file, (*self.path, *at), what, mend)

    def take(self, key: str, wanted: type | tuple[type, ...], default: Any = ..., mend: str = "") -> Any:
        self.left.discard(key)
        value = self.value.get(key, default)
        if value is ...:
            if not self.broken:  # what is no map at all was complained about once
                self.problem(f"{key} is missing", mend or f"add {key}:")
            return None
        kinds = wanted if isinstance(wanted, tuple) else (wanted,)
        if value is not default and (
            not isinstance(value, kinds) or isinstance(value, bool) and bool not in kinds
        ):
            what = (
                f"{key} is empty" if value is None else f"{key} is {_short(value)}, wanted is {_kind(wanted)}"
            )
            self.problem(what, mend or _mend(value, kinds), (key,))
            return None if default is ... else default
        return value

    def text(self, key: str, default: Any = ...) -> Any:
        value = self.take(key, str, default)
        if value is not default and value is not None and not value.strip():
            self.problem(f"{key} is empty", at=(key,))
        return value

    def choice(self, key: str, among: tuple[str, ...], default: Any = ...) -> Any:
        value = self.take(key, str, default)
        if value is not None and value is not default and value not in among:
            self.problem(f"{key} is {_short(value)}", f"it can be {', '.join(among)}", (key,))
            return among[0]
        return value

    def both(self, key: str, default: Any = ...) -> Any:
        """A text in Korean and English."""
        value = self.take(key, dict, default, "write {ko: …, en: …}")
        return value if value is default or value is None else self._both(value, (key,))

    def _both(self, value: object, at: Path_) -> Text:
        if (
            not isinstance(value, dict)
            or set(value) != {"ko", "en"}
            or not all(isinstance(text, str) and text.strip() for text in value.values())
        ):
            self.problem(*_both_problem(".".join(map(str, at)), value), at)
            return {"ko": _short(value), "en": _short(value)}
        return value

    def both_list(self, key: str, default: Any = ...) -> tuple[Text, ...]:
        values = self.take(key, list, default) or []
        return tuple(self._both(value, (key, i)) for i, value in enumerate(values))

    def text_list(self, key: str, default: Any = ...) -> tuple[str, ...]:
        values = self.take(key, list, default) or []
        for i, value in enumerate(values):
            if not isinstance(value, str):
                self.problem(f"{key} holds {_short(value)}, wanted is text", _mend(value, (str,)), (key, i))
        return tuple(str(value) for value in values)

    def day(self, key: str, default: Any = ...) -> date | None:
        value = self.take(key, str, default, 'write the day in quotes: "2026-01-01"')
        if value is None or value is default:
            return None
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.problem(
                f"{key} is {_short(value)}, which is no day", 'write the day as "2026-01-01"', (key,)
            )
            return None

    def part(self, key: str) -> Entry:
        """The map at `key`; an empty one, complained about once, when it is missing."""
        value = self.take(key, dict)
        part = Entry(self.reading, self.file, (*self.path, key), {} if value is None else value)
        part.broken = value is None
        return part

    def entries(self, key: str) -> Iterator[Entry]:
        for i, value in enumerate(self.take(key, list) or []):
            yield Entry(self.reading, self.file, (*self.path, key, i), value)

    def expression(self, key: str, scope: str, wanted: tuple[str, ...]) -> nodes.Node:
        """The typed expression at `key`; a harmless constant stands in where it cannot be read."""
        text = self.take(key, (str, int))
        fallback = nodes.Constant(False if wanted == ("bool",) else 0, wanted[0])
        if text is None:
            return fallback
        try:
            return read(text, self.reading.vocabulary, scope, wanted)
        except ExpressionError as error:
            # What could not be read was complained about where it stands; that others miss it is no mistake of theirs.
            if not (self.reading.unread and isinstance(error, UnknownNameError)):
                self.problem(error.what, error.mend, (key,))
            return fallback

    def finish(self) -> None:
        for key in sorted(map(str, self.left)):
            self.problem(f"{key[:60]} is not known here", "check the spelling", (key,))


def _both_problem(name: str, value: object) -> tuple[str, str]:
    """What is wrong with a text that should stand in Korean and English, and how to mend it."""
    mend = "write {ko: …, en: …}"
    for language, word in (("ko", "Korean"), ("en", "English")):
        text = value.get(language) if isinstance(value, dict) else None
        if isinstance(value, dict) and language in value and isinstance(text, int):
            return f"{name}: the {word} text is {_short(text)}, wanted is text", f'put it in quotes: "{text}"'
        if isinstance(value, dict) and not (isinstance(text, str) and text.strip()):
            return f"{name}: the {word} text is missing", mend
    others = ", ".join(sorted(map(str, set(value) - {"ko", "en"}))) if isinstance(value, dict) else ""
    if others:
        return f"{name}: {others[:60]} is not a language here", mend
    return f"{name} needs the text in both languages", mend


def _mend(value: object, kinds: tuple[type, ...]) -> str:
    """How to mend a value of the wrong kind, where that is plain from the value."""
    if str in kinds and isinstance(value, int):
        return f'put it in quotes: "{str(value).lower()[:40]}"'
    if int in kinds and isinstance(value, str) and value.strip().lstrip("-").isdigit():
        return "write the number without quotes"
    if kinds == (list,):
        return "begin each entry with -"
    if kinds == (dict,):
        return "write its parts below it, indented, as name: value"
    return ""


def _kind(wanted: type | tuple[type, ...]) -> str:
    names = {str: "text", int: "a whole number", dict: "a map", list: "a list", bool: "true or false"}
    kinds = wanted if isinstance(wanted, tuple) else (wanted,)
    return " or ".join(names[kind] for kind in kinds)


# The whole folder -----------------------------------------------------------------------------------------------------------------


class Reading:
    """One pass over a folder: collects problems, then gives the catalogue or raises."""

    def __init__(self, folder: Path, overlay: Path | None = None) -> None:
        self.folder = folder
        self.overlay = overlay
        self.problems: list[Problem] = []
        self.unread = False  # something is missing because its file or entry could not be read
        self.trees: dict[Path, yaml.Node | None] = {}  # of files with problems, to find their lines
        self.vocabulary = Vocabulary({}, {}, {})
        self.scopes: dict[str, Text] = {}
        self.fields_of: dict[str, str] = {}  # programme -> field of life
        self.homes: dict[str, tuple[Path, Path_]] = {}  # name -> where it was declared, for later complaints
        self.hash = hashlib.sha256()

    def problem(self, file: Path, path: Path_, what: str, mend: str = "") -> None:
        if len(self.problems) >= PROBLEMS_MAX:
            if len(self.problems) == PROBLEMS_MAX:
                self.problems.append(Problem(file.name, None, "file", "and more", "mend these first"))
            return
        name = file.relative_to(self.folder).as_posix() if file.is_relative_to(self.folder) else file.name
        where = ".".join(map(str, path))[:200] or "file"
        if file not in self.trees:
            self.trees[file] = tree_of(file)
        self.problems.append(Problem(name, line_of(file, path, self.trees[file]), where, what, mend))

    def contents(self, file: Path) -> dict[str, Any]:
        name = file.relative_to(self.folder).as_posix()
        self.hash.update(name.encode() + b"\0" + file.read_bytes() + b"\0")
        try:
            return read_yaml(file, name)
        except CatalogueError as error:
            self.problems += error.problems
            self.unread = True
            return {}

    def changes(self, section: str) -> dict[str, Any]:
        """What the overlay says about a section: name → the keys of that entry which differ."""
        value = self._overlay.get(section) or {}
        if not isinstance(value, dict):
            self.problem(self.overlay or self.folder, (section,), "is not a map of names to differences")
            return {}
        return value

    @cached_property
    def _overlay(self) -> dict[str, Any]:
        if self.overlay is None:
            return {}
        self.hash.update(b"overlay\0" + self.overlay.read_bytes() + b"\0")
        try:
            contents = read_yaml(self.overlay, self.overlay.name)
        except CatalogueError as error:
            self.problems += error.problems
            return {}
        for key in sorted(set(contents) - {"name", "note", *OVERLAID}):
            self.problem(
                self.overlay, (key,), f"{key} is not known here", f"an overlay holds {', '.join(OVERLAID)}"
            )
        return contents

    def entry(self, section: str, key: str, file: Path, path: Path_, value: object) -> Entry:
        """An entry, with the overlay's differences laid over it. A complaint about a difference names the overlay's file."""
        changes = self.changes(section).get(key)
        if changes is None or self.overlay is None:
            return Entry(self, file, path, value)
        if not isinstance(changes, dict) or not isinstance(value, dict):
            self.problem(self.overlay, (section, key), "is not a map of what differs")
            return Entry(self, file, path, value)
        return Entry(self, self.overlay, (section, key), {**value, **changes})

    def added(self, section: str, known: set[str]) -> Iterator[tuple[str, Entry]]:
        """Entries that only the overlay has."""
        for key, value in self.changes(section).items():
            if key not in known and self.overlay is not None:
                entry = Entry(self, self.overlay, (section, key), value)
                self._check_word(entry, key)
                yield key, entry

    def section(self, name: str) -> Iterator[tuple[str, Entry]]:
        """Each named entry of `name.yaml` and of the files in the folder `name/`, as the overlay has it."""
        files = sorted([*self.folder.glob(f"{name}.yaml"), *self.folder.glob(f"{name}/*.yaml")])
        seen: set[str] = set()
        for file in files:
            contents = self.contents(file)
            if contents and set(contents) != {name}:
                self.problem(
                    file, (), f"holds {', '.join(map(str, contents))}", f"it should hold only {name}:"
                )
            entries = contents.get(name) or {}
            if not isinstance(entries, dict):
                self.problem(
                    file, (name,), f"{name} is not a map of names to values", "write each entry as name: {…}"
                )
                self.unread = True
                continue
            for key, value in entries.items():
                entry = self.entry(name, key, file, (name, key), value)
                self._check_word(entry, key)
                seen.add(key)
                yield key, entry
        yield from self.added(name, seen)

    def _check_word(self, entry: Entry, key: object) -> None:
        before = len(self.problems)
        self._check_name(entry, key)
        self.unread |= len(self.problems) > before

    def _check_name(self, entry: Entry, key: object) -> None:
        if not isinstance(key, str) or not WORD.match(key):
            entry.problem(f"{_short(key)} is not a usable name", "use small Latin letters, digits and _")
        elif key in self.homes or key in BUILT_IN:
            entry.problem(f"{key} is declared already", "one thing, one name, one place")
        else:
            self.homes[key] = (entry.file, entry.path)

    def catalogue(self) -> Catalogue:
        """Raises CatalogueError when anything is wrong."""
        if not (self.folder / "catalogue.yaml").is_file():
            raise CatalogueError(
                [
                    Problem(
                        str(self.folder),
                        None,
                        "folder",
                        "holds no catalogue.yaml",
                        "give the folder of a catalogue",
                    )
                ]
            )
        head = Entry(self, self.folder / "catalogue.yaml", (), self.contents(self.folder / "catalogue.yaml"))
        name, jurisdiction = head.both("name"), head.text("jurisdiction")
        fields = {
            key: head._both(text, ("fields", key)) for key, text in (head.take("fields", dict) or {}).items()
        }
        self.scopes = {
            key: head._both(text, ("scopes", key)) for key, text in (head.take("scopes", dict) or {}).items()
        }
        head.finish()
        sources = {key: self._source(key, entry) for key, entry in self.section("sources")}
        facts = {key: self._fact(key, entry) for key, entry in self.section("facts")}
        facts |= {fact.name: fact for fact in BUILT_IN_FACTS}
        parameters = {
            key: parameter
            for key, entry in self.section("parameters")
            if (parameter := self._parameter(key, entry, facts, sources))
        }
        derived_entries = dict(self.section("derived"))
        programme_entries = list(self._programme_entries(fields))
        self._check_strays()
        self.vocabulary = self._vocabulary(facts, parameters, derived_entries, programme_entries)
        derived = {key: self._derived(key, entry) for key, entry in derived_entries.items()}
        programmes = {
            key: self._programme(key, entry, self.fields_of[key], facts, sources)
            for key, entry in programme_entries
        }
        for programme in programmes.values():
            self._check_references(programme, programmes)
        if not self.problems:
            derived, programmes = self._ordered(derived, programmes)
        if self.problems:
            raise CatalogueError(_as_read(self.problems))
        askable = {key: fact for key, fact in facts.items() if key not in BUILT_IN}
        version = self.hash.hexdigest()[:16]
        return Catalogue(
            name,
            jurisdiction,
            version,
            fields,
            self.scopes,
            sources,
            askable,
            parameters,
            derived,
            programmes,
            str(self.folder),
        )

    def _check_strays(self) -> None:
        """Nothing that looks like a file of the catalogue is passed over in silence."""
        homes = [folder for folder in NOT_PROGRAMMES if folder not in ("overlays", "history")]
        for file in sorted([*self.folder.rglob("*.yaml"), *self.folder.rglob("*.yml")]):
            place = file.relative_to(self.folder)
            if place.parts[0] in ("overlays", "history", "cases"):
                continue
            if file.suffix == ".yml":
                self.problem(file, (), "is passed over: its name ends in .yml", f"name it {file.stem}.yaml")
            elif len(place.parts) > 2 or len(place.parts) == 1 and file.stem not in ("catalogue", *homes):
                self.problem(
                    file,
                    (),
                    "is passed over: it stands in no folder of the catalogue",
                    "see docs/how-to/add-a-programme",
                )

    # Facts, sources, parameters -------------------------------------------------------------------------------------------------

    def _source(self, key: str, entry: Entry) -> Source:
        source = Source(
            key,
            entry.text("title"),
            entry.take("address", str, ""),
            entry.choice("tier", TIERS),
            entry.text("read_on", ""),
        )
        entry.finish()
        return source

    def _fact(self, key: str, entry: Entry) -> Fact:
        kind = entry.choice("type", TYPES)
        codes: dict[str, Any] = (entry.take("values", dict) or {}) if kind == "code" else {}
        for code in codes:
            if isinstance(code, bool) or not CODE.match(str(code)):
                mend = "use small Latin letters, digits and _"
                entry.problem(f"{_short(code)} is not a usable code", mend, ("values",))
        low, high = self._domain(entry, kind, len(codes))
        cost = entry.take("cost", int, 1)
        fact = Fact(
            name=key,
            of=entry.choice("of", SUBJECTS),
            type=kind,
            label=entry.both("label"),
            question=entry.both("question", None),
            help=entry.both("help", None),
            sensitivity=entry.choice("sensitivity", SENSITIVITIES, "ordinary"),
            register=entry.both("register", None),
            shown_by=entry.both("shown_by", None),
            cost=cost,
            low=low,
            high=high,
            per=entry.choice("per", PERIODS, None),
            codes=tuple(map(str, codes)),
            code_labels=tuple(entry._both(text, ("values", code)) for code, text in codes.items()),
            aliases=entry.text_list("aliases", None),
        )
        if not 0 <= cost <= 3:
            entry.problem(f"cost is {cost}", "0 a register answers … 3 a document is needed", ("cost",))
        entry.finish()
        return fact

    def _domain(self, entry: Entry, kind: str, codes: int) -> tuple[int, int]:
        """The declared domain as integers; every number and date needs one, because unknown means anywhere in it."""
        if kind is None or kind == "bool":
            return 0, 1
        if kind == "code":
            if not 1 <= codes <= 250:
                entry.problem(f"has {codes} values", "a code has 1 to 250 values")
            return 0, max(codes - 1, 0)
        ends: list[int | None] = []
        for key in ("min", "max"):
            value = entry.take(key, str if kind == "date" else int, mend="an unknown value spans min … max")
            if value is None:
                ends.append(None)
                continue
            try:
                ends.append(encode_date(value, key) if kind == "date" else value)
            except ValueError as error:
                entry.problem(str(error), at=(key,))
                ends.append(None)
        low, high = ends
        if low is None or high is None:
            return 0, 1
        if low > high:
            entry.problem("min is greater than max", "give the least value first", ("min",))
        for key, end in (("min", low), ("max", high)):
            if abs(end) > NUMBER_MAX:
                entry.problem(
                    f"{key} is {_short(end)}, too large to calculate with", f"at most {NUMBER_MAX:,}", (key,)
                )
        return low, max(low, high)

    def _parameter(
        self, key: str, entry: Entry, facts: Mapping[str, Fact], sources: Mapping[str, Source]
    ) -> Parameter | None:
        kind = entry.choice("type", ("won", "int", "rate", "date"))
        by = entry.take("by", (str, list), [])
        by = (by,) if isinstance(by, str) else tuple(map(str, by))
        beyond = entry.choice("beyond", ("add_last_step", "repeat_last"), None)
        shape = []
        for name in by:
            if name == HOUSEHOLD_SIZE:
                shape.append(HOUSEHOLD_SIZE_MAX)
            elif name in facts and facts[name].type == "code":
                shape.append(len(facts[name].codes))
            else:
                what = f"by: {name[:60]} is neither household_size nor a code fact"
                entry.problem(what, "a table is keyed by household_size or by code facts", ("by",))
                self.unread = True
                return None
        if kind == "date" and beyond == "add_last_step":
            entry.problem(
                "beyond: add_last_step adds figures, and these are days", "use repeat_last", ("beyond",)
            )
        keys = [facts[name].codes if facts[name].type == "code" else None for name in by]
        values = []
        for item in entry.entries("values"):
            start, end = item.day("from"), item.day("until", None)
            _check_period(item, start, end)
            item.left.discard("value")
            flat = self._flat(item, item.value.get("value"), kind, keys, beyond, ("value",))
            if start is None or flat is None:
                continue
            source = item.text("source")
            if source is not None and source not in sources and not self.unread:
                what = f"source {source[:60]} is not in sources/"
                item.problem(what, "declare where the figure was read", ("source",))
            values.append(
                DatedValue(
                    Period(start, end),
                    flat,
                    source,
                    item.choice("confidence", CONFIDENCES),
                    item.day("decided", None),
                    item.both("note", None),
                )
            )
            item.finish()
        review_by = entry.day("review_by")
        parameter = Parameter(
            key,
            kind,
            entry.both("label"),
            entry.text("law"),
            self._history(entry, values),
            review_by,
            by,
            tuple(shape),
            entry.choice("per", PERIODS, None),
        )
        entry.finish()
        self.unread |= not parameter.values
        return parameter if parameter.values else None

    def _history(self, entry: Entry, values: list[DatedValue]) -> tuple[DatedValue, ...]:
        """Values in time order; one without an end lasts until the next begins. Overlaps are refused."""
        if not values and entry.value.get("values") == []:
            entry.problem(
                "has no usable value", "give at least one entry with from, source, confidence and value"
            )
            return ()
        if not values:  # each was complained about
            return ()
        values.sort(key=lambda value: value.period.start)
        closed = []
        for value, following in zip(values, [*values[1:], None], strict=True):
            end = value.period.end
            if following is not None:
                if following.period.start <= (end or value.period.start):
                    entry.problem(
                        f"two values hold on {following.period.start}",
                        "close the earlier one with until, the day before",
                        ("values",),
                    )
                end = end or date.fromordinal(following.period.start.toordinal() - 1)
            closed.append(
                DatedValue(
                    Period(value.period.start, end),
                    value.value,
                    value.source,
                    value.confidence,
                    value.decided,
                    value.note,
                )
            )
        return tuple(closed)

    def _flat(
        self,
        item: Entry,
        value: object,
        kind: str,
        keys: list[tuple[str, ...] | None],
        beyond: str | None,
        at: Path_,
    ) -> tuple[Number, ...] | None:
        """A number, or a table flattened in the order of its keys; None after a complaint."""
        if not keys:
            number = self._number(item, value, kind, at)
            return None if number is None else (number,)
        codes, rest = keys[0], keys[1:]
        if codes is None:
            if not isinstance(value, list) or not 2 <= len(value) <= HOUSEHOLD_SIZE_MAX:
                item.problem(
                    "value is no list of figures from one person on", "write [figure, figure, …]", at
                )
                return None
            if len(value) < HOUSEHOLD_SIZE_MAX and beyond is None:
                item.problem(
                    f"the list ends at {len(value)} persons", "say beyond: add_last_step or repeat_last", at
                )
                return None
            parts = [self._flat(item, part, kind, rest, beyond, (*at, i)) for i, part in enumerate(value)]
            if None in parts:
                return None
            if rest:
                item.problem("household_size is not the last key", "put it last in by: and in the table", at)
                return None
            return expand_sizes(tuple(part[0] for part in parts if part), beyond)
        if not isinstance(value, dict):
            item.problem("value is no table", f"write one figure for each of {', '.join(codes)[:200]}", at)
            return None
        value = {str(code): part for code, part in value.items()}
        lacking, strange = sorted(set(codes) - set(value)), sorted(set(value) - set(codes))
        if lacking or strange:
            what = [f"lacks {', '.join(lacking)[:200]}"] * bool(lacking) + [
                f"knows no {', '.join(strange)[:200]}"
            ] * bool(strange)
            item.problem(
                f"the table {' and '.join(what)}",
                f"write one figure for each of {', '.join(codes)[:200]}",
                at,
            )
            return None
        flat: list[Number] = []
        for code in codes:
            part = self._flat(item, value[code], kind, rest, beyond, (*at, code))
            if part is None:
                return None
            flat += part
        return tuple(flat)

    def _number(self, item: Entry, value: object, kind: str, at: Path_) -> Number | None:
        if kind == "rate":
            try:
                return read_rate(value)
            except ExpressionError as error:
                item.problem(error.what, error.mend, at)
                return None
        if kind == "date":
            try:
                return encode_date(value)
            except ValueError as error:
                item.problem(str(error), at=at)
                return None
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > NUMBER_MAX:
            what = (
                "is missing"
                if value is None
                else f"is {_short(value)}, wanted is a whole number up to {NUMBER_MAX:,}"
            )
            item.problem(f"value {what}", _mend(value, (int,)), at)
            return None
        return value

    # Derived values and programmes -----------------------------------------------------------------------------------------------

    def _vocabulary(
        self,
        facts: Mapping[str, Fact],
        parameters: Mapping[str, Parameter],
        derived: Mapping[str, Entry],
        programmes: list[tuple[str, Entry]],
    ) -> Vocabulary:
        names = {
            fact.name: Meaning(fact.type, fact.of, fact.codes)
            for fact in facts.values()
            if fact.name != BY_HAND  # a criterion is checked by hand as a whole or not at all
        }
        for key, entry in derived.items():
            kind, of = entry.value.get("type"), entry.value.get("of")
            if kind in ("bool", "int", "won", "rate") and of in SUBJECTS:
                names[key] = Meaning(kind, of)
            else:
                self.unread = True
                entry.choice("of", SUBJECTS)
                entry.choice("type", ("bool", "int", "won", "rate"))
        tables = {key: Table(parameter.type, parameter.by) for key, parameter in parameters.items()}
        subjects = {key: str(entry.value.get("subject", "household")) for key, entry in programmes}
        return Vocabulary(names, tables, subjects)

    def _derived(self, key: str, entry: Entry) -> Derived:
        of, kind = str(entry.value.get("of")), str(entry.value.get("type"))
        entry.left -= {"of", "type"}
        readable = key in self.vocabulary.names
        entry.left -= set() if readable else {"value"}
        derived = Derived(
            key,
            of,
            kind,
            entry.both("label"),
            entry.text("law"),
            str(entry.value.get("value", "")),
            entry.expression("value", of, (kind,)) if readable else nodes.Constant(False, "bool"),
            entry.choice("per", PERIODS, None),
        )
        entry.both("note", None)
        entry.finish()
        return derived

    def _programme_entries(self, fields: Mapping[str, Text]) -> Iterator[tuple[str, Entry]]:
        for file in sorted(self.folder.glob("*/*.yaml")):
            if file.parent.name in NOT_PROGRAMMES:
                continue
            if file.parent.name not in fields:
                self.problem(
                    file,
                    (),
                    f"folder {file.parent.name} is no field of life",
                    "see fields: in catalogue.yaml",
                )
            for key, value in self.contents(file).items():
                entry = self.entry("programmes", key, file, (key,), value)
                self._check_word(entry, key)
                self.fields_of[key] = file.parent.name
                if key != file.stem:
                    entry.problem(f"stands in {file.name}", f"one programme a file: name it {key}.yaml")
                yield key, entry
        for key, entry in self.added("programmes", set(self.fields_of)):
            self.fields_of[key] = entry.choice("field", tuple(fields))
            yield key, entry

    def _programme(
        self, key: str, entry: Entry, field: str, facts: Mapping[str, Fact], sources: Mapping[str, Source]
    ) -> Programme:
        subject = entry.choice("subject", SUBJECTS)
        valid = entry.part("valid")
        period = Period(valid.day("from") or date.min, valid.day("until", None))
        _check_period(valid, period.start, period.end)
        valid.finish()
        criteria = tuple(self._criterion(item, subject) for item in entry.entries("criteria"))
        if not criteria and entry.value.get("criteria") == []:
            entry.problem("has no criteria", "a programme without any condition is not one", ("criteria",))
        ids = [criterion.id for criterion in criteria]
        for id in {id for id in ids if ids.count(id) > 1}:
            entry.problem(f"criterion {id} stands here twice", at=("criteria",))
        received = entry.text("received", None)
        if received is not None and not (
            received in facts
            and facts[received].type == "bool"
            and facts[received].of in (subject, "household")
        ):
            if received in facts or not self.unread:
                what = f"received: {received[:60]} is no yes/no fact of this subject"
                entry.problem(what, "declare it in facts/", ("received",))
            received = None
        used = entry.text_list("sources")
        if entry.value.get("sources") == []:
            entry.problem("has no source", "say where the rule was read", ("sources",))
        for source in used:
            if source not in sources and not self.unread:
                entry.problem(
                    f"source {source[:60]} is not in sources/",
                    "declare where the rule was read",
                    ("sources",),
                )
        programme = Programme(
            id=key,
            name=entry.both("name"),
            summary=entry.both("summary"),
            field=field,
            scope=entry.choice("scope", tuple(self.scopes)),
            agency=entry.both("agency"),
            law=entry.text("law"),
            subject=subject,
            valid=period,
            criteria=criteria,
            amount=self._amount(entry, subject),
            documents=entry.both_list("documents"),
            apply_at=entry.both_list("apply_at"),
            sources=used,
            confidence=entry.choice("confidence", CONFIDENCES),
            received=received,
            excludes=entry.text_list("excludes", None),
            hand_check=entry.both_list("hand_check", None),
            notes=entry.both_list("notes", None),
        )
        entry.finish()
        return programme

    def _criterion(self, item: Entry, subject: str) -> Criterion:
        by_hand = item.take("by_hand", bool, False)
        if by_hand and "when" in item.value:
            item.problem("has both when and by_hand", "a machine decides it, or a person: leave one out")
            item.left.discard("when")
        criterion = Criterion(
            item.text("id") or "?",
            item.both("label"),
            str(item.value.get("when", "")),
            item.text("law"),
            nodes.Name(BY_HAND, "bool", nodes.HOUSEHOLD)
            if by_hand
            else item.expression("when", subject, ("bool",)),
        )
        item.finish()
        return criterion

    def _amount(self, entry: Entry, subject: str) -> Benefit:
        amount = entry.part("amount")
        won: nodes.Node | None = None
        if "won" in amount.value:
            won = amount.expression("won", subject, ("won",))
            won = nodes.Greatest((nodes.Constant(0, "won"), won), "won")
            won = self._rounded(amount, won)
        elif "in_kind" not in amount.value and not amount.broken:
            amount.problem("gives neither won nor in_kind", "say what the resident gets")
        benefit = Benefit(
            amount.choice("per", PERIODS, "episode" if won is None else ...),
            str(amount.value["won"]) if won is not None else None,
            won,
            amount.both("in_kind", None),
        )
        amount.finish()
        return benefit

    def _rounded(self, amount: Entry, won: nodes.Node) -> nodes.Node:
        """Rounding is named once, here. Without it the won are cut off, so that an amount is always a whole number."""
        text = amount.text("round", None) or "down 1"
        found = re.fullmatch(r"(up|down|half_up) ([1-9]\d{0,5})", text)
        if not found:
            amount.problem(f"round is {text!r}", "write up 10, down 10 or half_up 1", ("round",))
            return won
        return nodes.Round(found[1], won, int(found[2]), "won")

    def _check_references(self, programme: Programme, programmes: Mapping[str, Programme]) -> None:
        file, path = self.homes.get(programme.id, (self.folder / "catalogue.yaml", ()))
        for other in programme.excludes:
            if other not in programmes:
                self.problem(
                    file,
                    (*path, "excludes"),
                    f"excludes {other[:60]}, which is not in the catalogue",
                    "check the id",
                )
            elif other == programme.id:
                self.problem(file, (*path, "excludes"), "excludes itself", "leave it out")

    def _ordered(
        self, derived: dict[str, Derived], programmes: dict[str, Programme]
    ) -> tuple[dict[str, Derived], dict[str, Programme]]:
        try:
            deepest, levels = max(
                depth(derived, programmes).items(), key=lambda item: item[1], default=("", 0)
            )
            if levels > CHAIN_MAX:
                what = f"rests on a chain of {levels} operations, more than {CHAIN_MAX}"
                self.problem(*self.homes[deepest], what, "let derived values rest on fewer others")
            return order_derived(derived, programmes), order_programmes(programmes, derived)
        except CycleError as error:
            file, path = self.homes[error.names[0]]
            circle = " → ".join((*error.names, error.names[0]))
            self.problem(
                file, path, f"depends on itself: {circle}", "break the circle with a fact such as receives_…"
            )
            return derived, programmes


def _as_read(problems: list[Problem]) -> list[Problem]:
    """Problems file by file and from top to bottom; that there are more comes last."""
    named, more = problems[:PROBLEMS_MAX], problems[PROBLEMS_MAX:]
    return sorted(named, key=lambda one: (one.file, one.line or 0)) + more


def _check_period(entry: Entry, start: date | None, end: date | None) -> None:
    if start is not None and end is not None and end < start:
        entry.problem(f"ends on {end}, before it begins on {start}", "until is the last day", ("until",))


def load(folder: str | Path, overlay: str | Path | None = None) -> Catalogue:
    """The catalogue in `folder`, with the differences of an overlay file laid over it.

    An overlay has the same sections as the catalogue (sources, facts, parameters, derived, and programmes by id) and states
    only the keys that differ; that is what makes a reform a difference and never a fork.
    Raises CatalogueError with everything that is wrong.
    """
    return Reading(Path(folder), None if overlay is None else Path(overlay)).catalogue()
