"""One module per format; each is a function from a plan to text, and none of them prints."""

from migrate.reports.check import CHECK_REPORTS, Checked
from migrate.reports.diff import diff_report
from migrate.reports.history import HISTORY_REPORTS
from migrate.reports.json import json_report
from migrate.reports.text import (
    apply_report,
    blocked_report,
    explain_report,
    refused_report,
    scan_report,
    undo_report,
)
from migrate.reports.verify import verify_json, verify_report

__all__ = [
    "CHECK_REPORTS",
    "HISTORY_REPORTS",
    "Checked",
    "apply_report",
    "blocked_report",
    "diff_report",
    "explain_report",
    "json_report",
    "refused_report",
    "scan_report",
    "undo_report",
    "verify_json",
    "verify_report",
]
