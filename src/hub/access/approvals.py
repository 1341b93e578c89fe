"""The two-person rule: one asks, another decides, the first does it, once.

    approvals.ask(Deed.UNSEAL, household, by, reason="moved away", facts="household 1001")
    approvals.decide(approval, second, granted=True)
    approvals.use(Deed.UNSEAL, household, by)        # inside the action, in the transaction of the deed

`use` is the gate of the deed itself: an action that calls it cannot be done by one person, whatever page or command it
is reached from. It takes the approval in the same transaction as the deed, so a deed that fails leaves it unspent.
"""

from datetime import timedelta

from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from hub.access import queries
from hub.access.access import Refused, require
from hub.access.actions import record
from hub.access.models import Approval, Deed, User
from hub.access.roles import Right

VALID_FOR = timedelta(hours=24)

type Subject = models.Model | tuple[str, str]


@transaction.atomic
def ask(deed: Deed, subject: Subject, by: User, reason: str, *, facts: str = "", dong: str = "") -> Approval:
    """Ask for a second person. `facts` says in words what exactly will be done, for this person to judge.

    `dong` (or the subject's own) says where it lies: whoever may approve there may decide. Asking again while the
    first request waits gives that one. Raises Refused without a reason.
    """
    reason = reason.strip()
    if not reason:
        raise Refused(_("Please give the reason; the second person decides by it."))
    kind, number = _named(subject)
    now = timezone.now()
    User.objects.select_for_update().get(pk=by.pk)  # one request at a time, or two clicks would ask twice
    waiting = Approval.objects.filter(
        deed=deed, subject_kind=kind, subject_id=number, asked_by=by, granted=None, expires_at__gt=now
    ).first()
    if waiting is not None:
        return waiting
    approval = Approval.objects.create(
        deed=deed,
        subject_kind=kind,
        subject_id=number,
        dong=dong or getattr(subject, "dong", ""),
        facts=facts or f"{kind} {number}",
        reason=reason,
        asked_by=by,
        asked_at=now,
        expires_at=now + VALID_FOR,
    )
    record(by, "access.asked_approval", approval, purpose=deed.value)
    return approval


@transaction.atomic
def decide(approval: Approval, by: User, granted: bool, answer: str = "") -> Approval:
    """Allow or refuse as the second person. A refusal needs an answer in words.

    Raises Refused for who asked, for who may not approve there, and when it is decided or over already.
    """
    approval = Approval.objects.select_for_update().get(pk=approval.pk)
    if approval.asked_by_id == by.pk:
        raise Refused(_("Nobody approves their own request."))
    if not queries.may_approve(by, approval.dong):
        require(by, Right.APPROVE)
        raise Refused(_("This request lies outside your area of duty."))
    now = timezone.now()
    if approval.granted is not None or approval.expires_at <= now:
        raise Refused(_("This request is decided already, or its time is over."))
    if not granted and not answer.strip():
        raise Refused(_("Please say why you refuse, so that the person can mend it."))
    approval.granted = granted
    approval.decided_by = by
    approval.decided_at = now
    approval.answer = answer.strip()
    approval.expires_at = now + VALID_FOR
    approval.save()
    record(by, "access.granted_approval" if granted else "access.refused_approval", approval, approval.deed)
    return approval


@transaction.atomic
def use(deed: Deed, subject: Subject, by: User) -> Approval:
    """Take the approval for a deed that is about to be done, by who asked for it. Raises Refused without one.

    However many try at once, one approval lets one of them pass.
    """
    kind, number = _named(subject)
    now = timezone.now()
    usable = Q(granted=True, used_at=None, expires_at__gt=now)
    candidates = Approval.objects.filter(
        usable, deed=deed, subject_kind=kind, subject_id=number, asked_by=by, decided_by__is_active=True
    )
    for approval in candidates.order_by("pk"):
        if Approval.objects.filter(usable, pk=approval.pk).update(used_at=now):
            approval.used_at = now
            record(by, "access.used_approval", approval, purpose=deed.value)
            return approval
    raise Refused(_("A second person must approve this first."))


def latest(deed: Deed, subject: Subject, by: User) -> Approval | None:
    """The newest request of `by` for this deed that waits or may be used, for the page that offers it."""
    kind, number = _named(subject)
    return (
        Approval.objects.filter(deed=deed, subject_kind=kind, subject_id=number, asked_by=by)
        .filter(used_at=None, expires_at__gt=timezone.now())
        .order_by("-pk")
        .first()
    )


def _named(subject: Subject) -> tuple[str, str]:
    if isinstance(subject, models.Model):
        return subject._meta.label_lower, str(subject.pk)
    return subject
