"""Translations without gettext's tools, which a fresh machine may not have.

The sources are English; Korean stands in `locale/ko/LC_MESSAGES/django.po` of the hub and of each app that wants its
own. `.mo` files are compiled at start, beside the `.po` files, and are not kept in the repository.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polib

FOLDER = Path(__file__).parent

# The functions that mark a text for translation, and how many of their arguments are texts (context, singular, plural).
_MARKS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), ("msgid",)),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), ("msgid", "msgid_plural")),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ("msgctxt", "msgid")),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ("msgctxt", "msgid", "msgid_plural")),
}


def compile_all() -> None:
    """Compile every .po file whose .mo is missing or older."""
    for source in sorted(FOLDER.glob("**/locale/*/LC_MESSAGES/*.po")):
        compiled = source.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime_ns < source.stat().st_mtime_ns:
            unfinished = compiled.with_suffix(".mo.new")
            polib.pofile(str(source)).save_as_mofile(str(unfinished))
            unfinished.replace(compiled)  # another process may be reading it


def texts() -> Iterator[tuple[Path, polib.POEntry]]:
    """Every text marked for translation in code and templates, with the file it stands in."""
    from django.utils.translation.template import templatize

    for path in sorted(FOLDER.glob("**/*.py")):
        for entry in _in_code(path.read_text(encoding="utf-8")):
            yield path, entry
    for path in sorted(FOLDER.glob("**/templates/**/*.html")):
        for entry in _in_template(templatize(path.read_text(encoding="utf-8"), origin=str(path))):
            yield path, entry


def _in_code(source: str) -> Iterator[polib.POEntry]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        fields = _MARKS.get(name)
        if fields is None or len(node.args) < len(fields):
            continue
        found = [
            argument.value
            for argument in node.args[: len(fields)]
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
        ]
        if len(found) == len(fields):
            yield _entry(dict(zip(fields, found, strict=True)))


# What Django's templatize leaves of a template: calls between runs of X.
_CALL = re.compile(r"""\b(_|gettext|ngettext|pgettext|npgettext)\((.*?)\)(?=\s|X|$)""", re.DOTALL)


def _in_template(calls: str) -> Iterator[polib.POEntry]:
    for name, arguments in _CALL.findall(calls):
        try:
            parsed = ast.parse(f"{name}({arguments})")
        except SyntaxError:
            continue
        yield from _in_code(ast.unparse(parsed))


def _entry(texts: dict[str, str]) -> polib.POEntry:
    if "msgid_plural" in texts:
        # Korean has one form.
        return polib.POEntry(**texts, msgstr_plural={0: ""})
    return polib.POEntry(**texts)


def catalogue_for(path: Path) -> Path:
    """The Korean .po file a text of this file belongs to: its app's own, where there is one, else the hub's."""
    folder = FOLDER / path.relative_to(FOLDER).parts[0]
    own = folder / "locale" / "ko" / "LC_MESSAGES" / "django.po"
    return own if own.exists() else FOLDER / "locale" / "ko" / "LC_MESSAGES" / "django.po"


def untranslated() -> list[tuple[Path, str]]:
    """Texts without Korean: (file they stand in, English text)."""
    known: set[tuple[str | None, str]] = set()
    for source in FOLDER.glob("**/locale/ko/LC_MESSAGES/*.po"):
        entries = polib.pofile(str(source))
        known |= {(entry.msgctxt, entry.msgid) for entry in entries if entry.translated()}
    return [(path, entry.msgid) for path, entry in texts() if (entry.msgctxt, entry.msgid) not in known]


def collect() -> int:
    """Add every text that has no entry yet to its .po file, for translating; returns how many."""
    catalogues: dict[Path, polib.POFile] = {}
    added = 0
    known: set[tuple[str | None, str]] = set()
    for source in FOLDER.glob("**/locale/ko/LC_MESSAGES/*.po"):
        catalogues[source] = polib.pofile(str(source), wrapwidth=110)
        known |= {(entry.msgctxt, entry.msgid) for entry in catalogues[source]}
    for path, entry in texts():
        if (entry.msgctxt, entry.msgid) in known:
            continue
        known.add((entry.msgctxt, entry.msgid))
        target = catalogue_for(path)
        if target not in catalogues:
            target.parent.mkdir(parents=True, exist_ok=True)
            catalogues[target] = new_catalogue()
        catalogues[target].append(entry)
        added += 1
    for target, entries in catalogues.items():
        entries.save(str(target))
    return added


def new_catalogue() -> polib.POFile:
    """An empty Korean catalogue."""
    catalogue = polib.POFile(wrapwidth=110)
    catalogue.metadata = {
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
        "Language": "ko",
        "Plural-Forms": "nplurals=1; plural=0;",
    }
    return catalogue
