"""Page of the two-person rule: what waits for a second person, and what became of one's own requests."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hub.access import approvals, queries
from hub.access.access import may, require, require_user
from hub.access.models import Approval
from hub.access.proof import recently_proved
from hub.access.roles import Right


@require_GET
def waiting(request: HttpRequest) -> HttpResponse:
    """Requests this person may decide, and those this person made."""
    user = require_user(request.user)
    page = {
        "may_approve": may(user, Right.APPROVE),
        "waiting": queries.waiting_for(user),
        "requests": queries.asked_by(user),
        "now": timezone.now(),
    }
    return render(request, "access/approvals.html", page)


@recently_proved
@require_POST
def decide(request: HttpRequest, approval: int) -> HttpResponse:
    """Allow (`decision=grant`) or refuse."""
    user = require_user(request.user)
    require(user, Right.APPROVE)
    granted = request.POST.get("decision") == "grant"
    found = get_object_or_404(Approval, pk=approval)
    approvals.decide(found, user, granted, request.POST.get("answer", "")[:400])
    messages.success(request, _("Allowed.") if granted else _("Refused."))
    return redirect("approvals")
