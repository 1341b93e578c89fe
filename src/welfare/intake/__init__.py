"""Takes in what a centre has: household files and lists in CSV, XLSX or Parquet, with a report of what was
understood.
"""

from welfare.intake.lists import Layout, TakenIn, read_list
from welfare.intake.report import IntakeError, NotUnderstood, Report
from welfare.intake.sheet import Sheet, read_sheet

__all__ = ["IntakeError", "Layout", "NotUnderstood", "Report", "Sheet", "TakenIn", "read_list", "read_sheet"]
