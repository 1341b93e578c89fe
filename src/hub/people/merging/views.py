"""Pages for a resident who stands on the register twice: look for the other entry, both side by side, merge and part.

Both households are open to whoever looks, each for a purpose; another answers as one that is not there.
"""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from hub.access import approvals
from hub.access.access import Refused, require_user
from hub.access.models import Deed, User
from hub.access.proof import recently_proved
from hub.access.roles import Right
from hub.people import actions as people
from hub.people.access import may_about, require_about
from hub.people.merging import actions, forms, queries
from hub.people.models import Household, Person
from hub.people.search import MOST
from hub.people.views import for_a_purpose, reached
from hub.programmes import queries as programmes


def _member(request: HttpRequest, household: int, person: int) -> tuple[User, Person]:
    """Somebody on the page of a household. Raises PurposeNeeded, Refused or Http404."""
    user = require_user(request.user)
    found = reached(user, household)
    require_about(user, Right.LINK_PERSONS, found)
    return user, get_object_or_404(
        Person.objects.select_related("household__centre"), pk=person, household=found
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_a_purpose
def find_same(request: HttpRequest, household: int, person: int) -> HttpResponse:
    """Who else on the register may be this person: those of the same name, or whom somebody looks for."""
    user, stands = _member(request, household, person)
    text = request.POST.get("text", "")[:80].strip() or stands.name
    found = [one for one in people.search(text, by=user) if one.person_id != stands.pk]
    page = {"person": stands, "household": stands.household, "found": found, "most": MOST}
    return render(request, "people/find_same.html", page)


@recently_proved
@require_http_methods(["GET", "HEAD", "POST"])
@for_a_purpose
def merge(request: HttpRequest, household: int, person: int, other: int) -> HttpResponse:
    """Both entries side by side: ask a second person with a reason, then let `other` step back for `person`."""
    user, stands = _member(request, household, person)
    back = get_object_or_404(
        Person.objects.select_related("household__centre", "merged_from__centre"), pk=other
    )
    if back.household_id != household:
        require_about(user, Right.LINK_PERSONS, reached(user, back.household_id))
    catalogue = programmes.catalogue()
    merged = back.same_as_id == stands.pk
    asked = None if merged else approvals.latest(Deed.MERGE_PERSONS, actions.subject(stands, back), user)
    form = forms.AskToMerge(request.POST or None)
    if request.method == "POST" and not merged:
        try:
            if asked is not None and asked.granted:
                actions.merge(stands, back, by=user)
                return redirect("household", household)
            if (asked is None or asked.granted is False) and form.is_valid():
                asked = actions.ask_to_merge(
                    stands, back, catalogue, by=user, reason=form.cleaned_data["reason"]
                )
        except ValidationError as error:
            form.add_error(None, error)
    page = {
        "household": stands.household,
        "person": stands,
        "other": back,
        "merged": merged,
        "compared": queries.compare(stands, back, catalogue),
        "obstacle": "" if merged else queries.obstacle(stands, back),
        "asked": asked,
        "form": form,
    }
    if merged:
        page["may_part"] = _may_return(user, back)
        page["since"] = queries.merging_of(stands, back)
    return render(request, "people/merge.html", page)


def _may_return(user: User, back: Person) -> bool:
    """Whether this user may send it back to its household, which may lie out of sight."""
    try:
        former = people.find_household(back.merged_from_id or 0, by=user)
    except (Household.DoesNotExist, Refused):
        return False
    return may_about(user, Right.LINK_PERSONS, former) and not queries.behind_a_seal(back.household, former)


@recently_proved
@require_POST
@for_a_purpose
def part(request: HttpRequest, household: int, person: int, other: int) -> HttpResponse:
    """Undo a merging."""
    user, stands = _member(request, household, person)
    back = get_object_or_404(stands.household.members.select_related("same_as"), pk=other)
    if back.same_as_id == stands.pk and not _may_return(user, back):
        raise Http404
    try:
        actions.part(back, by=user)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("merge", household, person, other)
    return redirect("household", household)
