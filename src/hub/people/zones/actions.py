"""What changes zones. Moving a border moves who sees whom, so it is for those who give rights and see no household themselves
(`Right.MANAGE_ACCOUNTS`).
"""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from hub.access.access import Refused, require
from hub.access.actions import record, take_zone_away
from hub.access.models import User
from hub.access.queries import own_zones
from hub.access.roles import Right
from hub.organisation import queries as organisation
from hub.organisation.models import Centre, Zone
from hub.people.zones import ground, placing

MOST = 999  # zones a dong can ever have had


@transaction.atomic
def make(centre: Centre, name: str, text: str, *, by: User) -> Zone:
    """A new zone with what lies in it (see ground.py); the dong's households are placed anew.

    Raises Refused, or ValidationError for a name that is taken, a line that cannot be read or lies in another zone.
    """
    require(by, Right.MANAGE_ACCOUNTS)
    _one_at_a_time(centre.pk)
    number = Zone.objects.filter(centre=centre).count() + 1
    if number > MOST:
        raise ValidationError(
            _("This dong has had %(most)d zones; there are no more numbers.") % {"most": MOST}
        )
    name, text = _checked(centre.pk, None, name, text)
    zone = Zone.objects.create(code=f"{centre.pk}-{number:03}", centre=centre, name=name, ground=text)
    _placed(zone, "people.made_zone", by)
    return zone


@transaction.atomic
def change(zone: Zone, name: str, text: str, *, by: User) -> None:
    """Another name, or other ground. Raises as `make` does, Refused for a zone of one's own post, and ValidationError for a
    zone that is closed.
    """
    require(by, Right.MANAGE_ACCOUNTS)
    if zone.pk in own_zones(by):
        raise Refused(_("Nobody moves the borders of their own zone; ask another administrator."))
    _one_at_a_time(zone.centre_id)
    zone.refresh_from_db()
    if zone.closed_on is not None:
        raise ValidationError(_("This zone is closed."))
    zone.name, zone.ground = _checked(zone.centre_id, zone.pk, name, text)
    zone.save(update_fields=["name", "ground"])
    _placed(zone, "people.changed_zone", by)


@transaction.atomic
def close(zone: Zone, *, by: User) -> None:
    """It is no more: its households lie in no zone, and posts that name it lose it with the next request. Raises Refused."""
    require(by, Right.MANAGE_ACCOUNTS)
    _one_at_a_time(zone.centre_id)
    zone.closed_on = timezone.localdate()
    zone.save(update_fields=["closed_on"])
    take_zone_away(zone, by=by)
    _placed(zone, "people.closed_zone", by)


def _one_at_a_time(dong: str) -> None:
    """Two zones made at once could overlap, or take the same number."""
    Centre.objects.select_for_update().get(pk=dong)


def _checked(dong: str, zone: str | None, name: str, text: str) -> tuple[str, str]:
    """Name and ground as they are kept."""
    name = " ".join(name.split())
    others = [one for one in organisation.zones({dong}) if one.pk != zone]
    if not name:
        raise ValidationError({"name": _("A zone needs a name.")})
    if any(one.name == name for one in others):
        raise ValidationError({"name": _("There is a zone of this name in the dong already.")})
    try:
        lines = ground.read(text)
    except ValidationError as problem:
        raise ValidationError({"ground": problem.messages}) from None
    if found := ground.taken(lines, others):
        raise ValidationError({"ground": found})
    return name, "\n".join(line.text for line in lines)


def _placed(zone: Zone, verb: str, by: User) -> None:
    moved = placing.place_all([zone.centre_id])
    record(by, verb, zone, purpose=f"{moved} households placed anew")
