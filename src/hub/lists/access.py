"""Fetch and authorise: the only ways at an import, its rows and the decisions about them."""

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from hub.access.access import Asking, Refused, area_of_duty, require
from hub.access.roles import Right
from hub.lists.models import AgencyList, Import, ImportRow, Link
from hub.organisation.models import Centre


def list_to_use(user: Asking, number: int) -> AgencyList:
    """A kind of list, for who imports lists. Raises Refused or Http404."""
    require(user, Right.IMPORT_LISTS)
    return get_object_or_404(AgencyList, pk=number)


def require_import(user: Asking, centre: Centre | None) -> None:
    """Raise Refused unless this user may import lists for this dong, or for the whole district when it is None."""
    require(user, Right.IMPORT_LISTS, centre.code if centre else None)
    if centre is None and area_of_duty(user, Right.IMPORT_LISTS) is not None:
        raise Refused(_("Lists of the whole district are imported by the district office."))


def import_to_work_on(user: Asking, number: int) -> Import:
    """An import of this user's area. Raises Refused or Http404."""
    require(user, Right.IMPORT_LISTS)
    found = get_object_or_404(
        Import.objects.select_related("agency_list", "centre", "uploaded_by"), pk=number
    )
    require_import(user, found.centre)
    return found


def row_to_decide(user: Asking, number: int) -> ImportRow:
    """A row of an import of this user's area. Raises Refused or Http404."""
    require(user, Right.IMPORT_LISTS)
    found = get_object_or_404(ImportRow.objects.select_related("of__agency_list", "of__centre"), pk=number)
    require_import(user, found.of.centre)
    return found


def link_to_undo(user: Asking, number: int) -> Link:
    """A decision about a row of this user's area. Raises Refused or Http404."""
    require(user, Right.IMPORT_LISTS)
    found = get_object_or_404(
        Link.objects.select_related("row__of__centre", "row__of__agency_list"), pk=number
    )
    require_import(user, found.row.of.centre)
    return found
