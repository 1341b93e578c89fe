"""Publishing the catalogue: from then on every interview and run is bound to this version."""

from django.conf import settings
from django.db import transaction

import welfare
from hub.access import approvals
from hub.access.access import require
from hub.access.actions import record
from hub.access.models import Deed, User
from hub.access.roles import Right
from hub.programmes import queries
from hub.programmes.models import PublishedCatalogue


def subject(version: str) -> tuple[str, str]:
    """What an approval to publish is about: exactly one version, so that files changed since need another."""
    return PublishedCatalogue._meta.label_lower, version


@transaction.atomic
def publish(*, by: User | None = None) -> PublishedCatalogue:
    """Put the catalogue in the settings' folder in force. Publishing the same version again changes nothing.

    A person needs the right to publish and a second person's approval of exactly this version (`subject`); `by` is
    None only when the hub itself publishes, at installation.

    Raises `welfare.CatalogueError` when the files are not sound and Refused without right or approval; what was in
    force then stays.
    """
    if by is not None:
        require(by, Right.PUBLISH_PROGRAMMES)
        # Read aside: pages go on with what is in force until it is allowed.
        approvals.use(Deed.PUBLISH_PROGRAMMES, subject(welfare.load(settings.CATALOGUE).version), by)
    catalogue = queries.reload()
    PublishedCatalogue.objects.exclude(version=catalogue.version).update(in_force=False)
    published, _ = PublishedCatalogue.objects.update_or_create(
        version=catalogue.version,
        defaults={"in_force": True},
        create_defaults={
            "jurisdiction": catalogue.jurisdiction,
            "programmes": len(catalogue.programmes),
            "published_by": by,
            "in_force": True,
        },
    )
    record(by, "programmes.published", published)
    return published
