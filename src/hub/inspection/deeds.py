"""Deeds of the trail in words: what "people.opened" is called on a page.

The apps name their own verbs; those not listed here yet are shown as they are written.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hub.access.models import AccessRecord
from hub.access.roles import Role

WORDS: dict[str, str | Promise] = {
    "access.signed_in": _("signed in"),
    "access.sign_in_refused": _("sign-in refused"),
    "access.signed_out": _("signed out"),
    "access.refused": _("refused at a gate"),
    "access.created_user": _("made an account"),
    "access.gave_post": _("gave a post"),
    "access.ended_post": _("ended a post"),
    "access.changed_zones": _("changed the zones of a post"),
    "access.proved_record": _("printed the proof of a record"),
    "access.forgot_trail": _("forgot the oldest part of the trail"),
    "people.made_zone": _("made a zone"),
    "people.changed_zone": _("changed a zone"),
    "people.closed_zone": _("closed a zone"),
    "people.took_in_district": _("took a district in"),
    "people.took_in_past": _("took in the past of invented households"),
    "people.opened": _("opened a household"),
    "people.broke_glass": _("opened in an emergency"),
    "people.reviewed_emergency": _("reviewed an emergency opening"),
    "people.asked_purpose": _("was asked for the purpose"),
    "people.stated_purpose": _("stated the purpose"),
    "people.reached": _("opened a form about a household"),
    "people.wrote_note": _("wrote a note"),
    "people.settled_note": _("settled a promise or warning"),
    "people.sealed": _("sealed a household"),
    "people.unsealed": _("lifted a seal"),
    "people.registered_household": _("registered a household"),
    "people.registered_person": _("registered a birth or arrival"),
    "people.registered_leaving": _("registered a death or departure"),
    "people.moved": _("moved a person to another household"),
    "people.changed_address": _("changed an address"),
    "people.added_relation": _("recorded a relative elsewhere"),
    "people.ended_relation": _("ended a relation"),
    "people.exported_household": _("took a household's record out"),
    "people.merged_persons": _("merged two entries of one resident"),
    "people.parted_persons": _("parted merged entries"),
    "people.listed_emergencies": _("saw the emergency openings"),
    "people.looked_up_number": _("looked somebody up by number"),
    "people.opened_number": _("opened the page of a number"),
    "people.opened_number_form": _("opened the form for a number"),
    "people.stored_number": _("stored a number"),
    "people.stored_number_again": _("stored a number that was there"),
    "people.unmasked_number": _("saw a whole number"),
    "people.took_in_numbers": _("took numbers in"),
    "keys.rotated": _("began a new key"),
    "keys.moving": _("began to change keys"),
    "keys.moved": _("changed keys"),
    "keys.retired": _("destroyed a key"),
    "privacy.listed_requests": _("saw the requests of residents"),
    "privacy.read_retention": _("saw what is due for destruction"),
    "privacy.gave_consent": _("took a consent"),
    "privacy.withdrew_consent": _("took back a consent"),
    "privacy.read_consents": _("read consents"),
    "privacy.printed_form": _("printed a consent form"),
    "privacy.received_request": _("received a request of a resident"),
    "privacy.read_request": _("read a request of a resident"),
    "privacy.refused_request": _("refused a request of a resident"),
    "privacy.gave_record": _("gave a resident their record"),
    "privacy.read_notes": _("read the notes of a household to decide an erasure"),
    "privacy.erased_notes": _("erased notes of a household"),
    "privacy.erased_person": _("erased a person"),
    "privacy.asked_for_destruction": _("asked for a destruction"),
    "privacy.destroyed_due": _("destroyed what was due"),
    "people.searched": _("searched for people"),
    "people.recorded_facts": _("recorded facts"),
    "programmes.published": _("put a catalogue in force"),
    "screening.asked_for_run": _("asked for a district run"),
    "screening.cancelled_run": _("cancelled a district run"),
    "screening.finished_run": _("district run finished"),
    "screening.listed_missed": _("saw the work list"),
    "screening.exported_missed": _("took the work list out"),
    "screening.listed_interviews": _("saw the list of one's interviews"),
    "screening.opened_interview": _("began an interview"),
    "screening.read_interview": _("read an interview"),
    "screening.answered": _("wrote down an answer"),
    "screening.took_back_answer": _("took an answer back"),
    "screening.closed_interview": _("ended an interview"),
    "inspection.examined": _("went through a month"),
    "inspection.asked": _("asked about a finding"),
    "inspection.answered": _("answered about a finding"),
    "inspection.decided": _("decided about a finding"),
    "inspection.signed": _("signed a monthly report"),
    "inspection.read_report": _("read a monthly report"),
    "inspection.read_finding": _("read a finding"),
    "inspection.read_question": _("read a question"),
    "inspection.read_trail": _("read the audit trail"),
    "inspection.listed_affected": _("listed persons concerned"),
    "inspection.exported_affected": _("took out a list of persons concerned"),
}


def in_words(verb: str) -> str:
    """The deed in the page's language."""
    return str(WORDS.get(verb, verb))


def choices() -> list[tuple[str, str]]:
    """(verb, words) for every deed in the trail that has words, and any other that occurs."""
    return sorted(((verb, str(words)) for verb, words in WORDS.items()), key=lambda pair: pair[1])


@dataclass(frozen=True)
class Described:
    """A record with its deed and posts in words."""

    record: AccessRecord
    deed: str
    posts: str


def described(records: Iterable[AccessRecord]) -> list[Described]:
    """Records as pages show them."""
    labels = {role.value: str(role.label) for role in Role}
    return [
        Described(
            one,
            in_words(one.verb),
            ", ".join(labels.get(role, role) for role in one.roles.split(",") if role),
        )
        for one in records
    ]
