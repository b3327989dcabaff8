"""Findings as annotations of a GitHub Actions run.

The commands and their escaping: docs.github.com, "Workflow commands for GitHub Actions"; actions/toolkit,
packages/core/src/command.ts, escapeData and escapeProperty. GitHub shows ten errors, ten warnings and ten
notices of a step; the log and the job summary have all of them.
"""

import re
from threading import Lock
from typing import TextIO

from tagship.model import Finding, Severity
from tagship.services.reporter import FindingMade, Happening
from tagship.words import clean, shorten

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_PLACE = re.compile(
    r"(?P<file>[^\s:*]+?\.(?:cfg|in|ini|lock|md|py|rst|toml|txt|ya?ml))"
    r"(?::(?P<line>\d+)(?::(?P<col>\d+))?)?"
)
LONGEST = 40
"""Lines of one annotation."""


def annotation(finding: Finding) -> str:
    """The finding as a workflow command, without a line feed.

    Where the finding is about a file of the repository (`README.md`, `pyproject.toml:12:3`), GitHub shows it
    beside that line; any other place is named in the message.
    """
    place = _PLACE.fullmatch(finding.where)
    found = {key: value for key, value in place.groupdict().items() if value} if place else {}
    properties = {"title": f"{finding.code}: {clean(finding.title)}", **found}
    where = "" if place else finding.where
    message = "\n".join(
        part
        for part in (
            f"Where: {where}" if where else "",
            shorten(finding.why, LONGEST),
            f"What to do: {finding.remedy}" if finding.remedy else "",
        )
        if part
    )
    message = message or finding.title
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{_COMMANDS[finding.severity]} {listed}::{_data(clean(message))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


class Annotations:
    """A reporter that writes each finding as an annotation and drops everything else."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = Lock()

    def emit(self, event: Happening) -> None:
        """Take one event, from any thread."""
        if isinstance(event, FindingMade):
            with self._lock:
                self._stream.write(f"{annotation(event.finding)}\n")
                self._stream.flush()
