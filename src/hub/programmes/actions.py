"""Publishing the catalogue: from then on every interview and run is bound to this version."""

from django.db import transaction

from hub.access.actions import record
from hub.access.models import User
from hub.programmes import queries
from hub.programmes.models import PublishedCatalogue


@transaction.atomic
def publish(*, by: User | None = None) -> PublishedCatalogue:
    """Put the catalogue in the settings' folder in force. Publishing the same version again changes nothing.

    Raises `welfare.CatalogueError` when the files are not sound; what was in force then stays.
    """
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
