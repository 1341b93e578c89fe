"""The order of the hub's apps, in one place.

An app may import those above it in this list, never those below. Loops between stages close through data: a visit
writes facts which the next screening reads. `INSTALLED_APPS`, the addresses and the import contract in
`pyproject.toml` all follow this list; to add an app, make its folder and, if its name is new, put it here.
"""

from importlib.util import find_spec

ORDER = (
    "organisation",  # district, centres, posts; later tasks, staffing plans, training
    "access",  # who is asking: users, posts held, gates, the audit trail
    "programmes",  # published versions of the catalogue
    "people",  # residents, households, recorded facts with source and date
    "inspection",  # the monthly inspection of the audit trail
    "lists",  # lists of agencies: read, previewed, applied, undone
    "community",  # supporters, volunteers, spaces
    "screening",  # desk interviews and district runs
    "privacy",  # consent, retention, erasure, the rights of those the data are about
    "discovery",  # signals, rounds, investigation lists
    "cases",  # needs, plan, referrals, follow-up, closing
    "visits",  # calendars, routes, visit records
    "certificates",  # issued certificates and their verification
    "governance",  # councils, votes, surveys
    "indicators",  # dashboards and published tables
    "reform",  # what-if runs and decisions
    "desk",  # home, worklist, household page: looks across all stages, reads only
)


def present(name: str) -> bool:
    """Whether this app is part of this hub already: its folder has an `__init__.py`."""
    spec = find_spec(f"hub.{name}")
    return spec is not None and spec.origin is not None


APPS = tuple(name for name in ORDER if present(name))
