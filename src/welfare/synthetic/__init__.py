"""Invented districts for demonstrations, tests and measurements: believable, marked, and with identifiers
that cannot be valid.
"""

from welfare.synthetic.district import AS_OF, invent_district, invent_shards
from welfare.synthetic.dongs import DONGS, Dong
from welfare.synthetic.identity import INVENTED
from welfare.synthetic.lists import invent_lists
from welfare.synthetic.past import invent_past
from welfare.synthetic.sample import invent_households

__all__ = [
    "AS_OF",
    "DONGS",
    "INVENTED",
    "Dong",
    "invent_district",
    "invent_households",
    "invent_lists",
    "invent_past",
    "invent_shards",
]
