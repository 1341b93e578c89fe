"""The consent texts as files an official can read and change: `data/consent/*.yaml`, one for each purpose.

A text says for each item what PIPA arts. 17, 18, 22 to 24 and decree art. 17 ask for: purpose, what is taken, how long,
that one may refuse and what then follows; to whom, when it goes to others. Sensitive data and unique identifiers stand
in items of their own. Published texts live in the database; a file that was changed under the same version is refused.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from hub.privacy.models import ConsentPurpose

FOLDER = Path(__file__).parent / "data" / "consent"
LANGUAGES = ("ko", "en")
ABOUT = ("general", "sensitive", "unique_id", "third_party")
# Keys of an item as it was published and signed: they stay, whatever our own words become.
WORDS = ("purpose", "what", "period", "refusal")


class TextProblem(ValueError):
    """What is wrong with a text file, and where."""


@dataclass(frozen=True)
class Written:
    """One consent text in one language, as its file has it."""

    consent_purpose: ConsentPurpose
    version: int
    language: str
    valid_from: date
    months: int | None
    body: dict[str, Any]

    @property
    def hash(self) -> str:
        """SHA-256 of the body, whatever order its keys were written in."""
        return digest(self.body)


def digest(value: object) -> str:
    """SHA-256 of a JSON value in canonical form."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def written(folder: Path = FOLDER) -> list[Written]:
    """Every text of the folder in both languages. Raises TextProblem naming the file and what to mend."""
    found = []
    for path in sorted(folder.glob("*.yaml")):
        found += _read(path)
    return found


def _read(path: Path) -> list[Written]:
    given = yaml.safe_load(path.read_text(encoding="utf-8"))

    def wrong(what: str) -> TextProblem:
        return TextProblem(f"{path.name}: {what}")

    if not isinstance(given, dict) or given.get("consent_purpose") not in ConsentPurpose.values:
        raise wrong(f"consent_purpose must be one of {', '.join(ConsentPurpose.values)}")
    if not isinstance(given.get("version"), int) or not isinstance(given.get("valid_from"), date):
        raise wrong("version must be a number and valid_from a day")
    items = given.get("items") or []
    # A comma outside quotes silently cuts a sentence in two: what has languages has these two and nothing else.
    for said in (given, *items):
        for key, value in said.items():
            if isinstance(value, dict) and not (set(value) == set(LANGUAGES) and all(value.values())):
                raise wrong(
                    f"{key} of {said.get('id', 'the text')} needs ko and en and nothing else; quote commas"
                )
    names = [item.get("id") for item in items]
    if not names or None in names or len(set(names)) != len(names):
        raise wrong("every item needs an id of its own")
    if all(item.get("optional") for item in items):
        raise wrong("at least one item must be required; otherwise there is nothing to agree to")
    for item in items:
        if (
            item.get("about") not in ABOUT
            or not isinstance(item.get("optional"), bool)
            or not item.get("law")
        ):
            raise wrong(
                f"{item['id']}: about ({', '.join(ABOUT)}), optional (true, false) and law are needed"
            )
        if item["about"] == "third_party" and "recipient" not in item:
            raise wrong(f"{item['id']}: data given to others need a recipient")
    try:
        return [
            Written(
                ConsentPurpose(given["consent_purpose"]),
                given["version"],
                language,
                given["valid_from"],
                given.get("months"),
                _body(given, items, language),
            )
            for language in LANGUAGES
        ]
    except KeyError as missing:
        raise wrong(f"{missing} is missing or lacks a language") from None


def _body(given: dict[str, Any], items: list[dict[str, Any]], language: str) -> dict[str, Any]:
    return {
        "title": given["title"][language],
        "basis": given["basis"][language],
        "explanation": list(given["explanation"][language]),
        "items": [
            {"id": item["id"], "about": item["about"], "optional": item["optional"], "law": item["law"]}
            | {word: item[word][language] for word in WORDS}
            | ({"recipient": item["recipient"][language]} if "recipient" in item else {})
            for item in items
        ],
    }
