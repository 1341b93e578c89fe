"""Takes in what a centre has: household files and lists in CSV, XLSX or Parquet, with a report of what was
understood.
"""

from welfare.intake.apart import read_sheet_apart
from welfare.intake.lists import Layout, TakenIn, read_list
from welfare.intake.opening import read_sheet
from welfare.intake.report import IntakeError, NotUnderstood, Report
from welfare.intake.sheet import Sheet

__all__ = [
    "IntakeError",
    "Layout",
    "NotUnderstood",
    "Report",
    "Sheet",
    "TakenIn",
    "read_list",
    "read_sheet",
    "read_sheet_apart",
]
