"""One module per format; each is a function from a plan to text, and none of them prints."""

from migrate.reports.diff import diff_report
from migrate.reports.json import json_report
from migrate.reports.text import apply_report, check_report, explain_report, scan_report

__all__ = ["apply_report", "check_report", "diff_report", "explain_report", "json_report", "scan_report"]
