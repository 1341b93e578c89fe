"""Going through a month, asking, answering, deciding, signing."""

import hashlib
import json
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from hub.access.access import Refused
from hub.access.actions import record
from hub.access.models import User
from hub.inspection import queries, unusual
from hub.inspection.access import require_inspect
from hub.inspection.models import Finding, Report


@transaction.atomic
def examine(month: date, *, by: User | None = None) -> Report:
    """Go through a month of the trail: verify the chain and bring the findings up to date. A signed month stays.

    Findings already asked about or decided keep what was said; their figures follow the trail. Done by a worker, every
    night; `by` is who asked for it.
    """
    report, _made = Report.objects.get_or_create(month=month.replace(day=1))
    report = Report.objects.select_for_update().get(pk=report.pk)
    if report.signed_at is not None:
        return report
    for found in unusual.found_in(report):
        seen = {"number": found.number, "most": found.most, "usual": found.usual}
        seen |= {"first_at": found.first_at, "last_at": found.last_at, "records": found.records}  # type: ignore[dict-item]
        Finding.objects.update_or_create(
            report=report, kind=found.kind, user_id=found.user, household=found.household, defaults=seen
        )
    report.chain = queries.chain_now()
    report.examined_at = timezone.now()
    report.save(update_fields=["chain", "examined_at"])
    record(by, "inspection.examined", report)
    return report


@transaction.atomic
def ask(finding: Finding, question: str, *, by: User) -> Finding:
    """Ask the user about it. Raises Refused, and ValidationError when there is nothing to ask any more."""
    finding = _open(finding, by)
    if finding.asked_at is not None or finding.decision:
        raise ValidationError(_("The user was asked already, or it is decided."))
    finding.question, finding.asked_by, finding.asked_at = question.strip(), by, timezone.now()
    finding.save(update_fields=["question", "asked_by", "asked_at"])
    record(by, "inspection.asked", finding, household=finding.household, subjects=0)
    return finding


@transaction.atomic
def answer(finding: Finding, text: str, *, by: User) -> Finding:
    """The user's own explanation; given once. Raises Refused for anybody else."""
    finding = Finding.objects.select_for_update().select_related("report").get(pk=finding.pk)
    if finding.user_id != by.pk or finding.asked_at is None:
        raise Refused(_("This question was not put to you."))
    if not finding.waits_for_answer:
        raise ValidationError(_("This was answered or decided already."))
    finding.answer, finding.answered_at = text.strip(), timezone.now()
    finding.save(update_fields=["answer", "answered_at"])
    record(by, "inspection.answered", finding, household=finding.household, subjects=0)
    return finding


@transaction.atomic
def decide(finding: Finding, decision: Finding.Decision, reason: str, *, by: User) -> Finding:
    """The inspector's decision, with its reason. Raises Refused for a finding about oneself."""
    finding = _open(finding, by)
    if decision is Finding.Decision.UNAUTHORISED and finding.answered_at is None and finding.asked_at is None:
        raise ValidationError(_("Ask the user before you decide that the access was without authority."))
    finding.decision, finding.reason = decision, reason.strip()
    finding.decided_by, finding.decided_at = by, timezone.now()
    finding.save(update_fields=["decision", "reason", "decided_by", "decided_at"])
    record(by, "inspection.decided", finding, decision.value, household=finding.household, subjects=0)
    return finding


def _open(finding: Finding, by: User) -> Finding:
    """The finding, locked, when this user may still say something about it."""
    require_inspect(by)
    # The report first: whoever signs holds it, too.
    Report.objects.select_for_update().get(pk=finding.report_id)
    finding = Finding.objects.select_for_update().select_related("report").get(pk=finding.pk)
    if finding.report.signed_at is not None:
        raise ValidationError(_("This month has been signed and stays as it is."))
    if finding.user_id == by.pk:
        raise Refused(_("Nobody inspects their own access. Another privacy officer has to do it."))
    return finding


@transaction.atomic
def sign(report: Report, remark: str, *, by: User) -> Report:
    """Freeze the report as it stands. Its hash goes into the trail, and so into the chain and its heads.

    Raises ValidationError while the month runs, was not gone through since its end, or has undecided findings.
    """
    require_inspect(by)
    report = Report.objects.select_for_update().get(pk=report.pk)
    if report.signed_at is not None:
        raise ValidationError(_("This month has been signed and stays as it is."))
    __, ends = queries.bounds(report)
    if timezone.now() < ends:
        raise ValidationError(_("The month is not over yet."))
    if report.examined_at is None or report.examined_at < ends:
        raise ValidationError(_("The month has not been gone through since it ended. Examine it once more."))
    undecided = report.findings.filter(decision="").count()
    if undecided:
        raise ValidationError(_("%(number)d findings are not decided yet.") % {"number": undecided})
    report.remark = remark.strip()
    report.content = queries.content(report)
    report.hash = hash_of(report.content)
    report.signed_by, report.signed_at = by, timezone.now()
    report.save()
    record(by, "inspection.signed", report, f"sha256 {report.hash}")
    return report


def hash_of(content: dict[str, Any]) -> str:
    """SHA-256, in hexadecimal, of a report's content as JSON with sorted keys."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
