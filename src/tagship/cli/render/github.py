"""What a GitHub Actions run reads: findings as annotations, and the outputs of a step.

The commands and their escaping: docs.github.com, "Workflow commands for GitHub Actions"; actions/toolkit,
packages/core/src/command.ts, escapeData and escapeProperty. GitHub shows ten errors, ten warnings and ten
notices of a step; the log and the job summary have all of them.
"""

import re
import secrets
from collections.abc import Mapping
from threading import Lock
from typing import TextIO

from tagship.model import Finding, Manifest, Severity
from tagship.services.addresses import page_of
from tagship.services.reporter import FindingMade, Happening
from tagship.words import clean, shorten

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_PLACE = re.compile(
    r"(?P<file>[^\s:*]+?\.(?:cfg|in|ini|lock|md|py|rst|toml|txt|ya?ml))"
    r"(?::(?P<line>\d+)(?::(?P<col>\d+))?)?"
)
LONGEST = 40
"""Lines of one annotation."""


def outputs(stage: str, manifest: Manifest) -> Mapping[str, str]:
    """What the jobs that follow have to know before they begin, after a stage that ended well.

    `plan` gives the channel, which is the name of the target, and the version; `build` the lines that
    `sha256sum --check` reads.
    """
    if stage == "plan" and manifest.plan is not None:
        return {"channel": manifest.plan.target.value, "version": manifest.plan.version}
    if stage == "build" and manifest.dists:
        return {"sha256sums": "\n".join(f"{dist.sha256}  {dist.filename}" for dist in manifest.dists)}
    return {}


def output(name: str, value: str) -> str:
    """An output as lines of GITHUB_OUTPUT: its end is random, so that no value can end itself and set another."""
    end = f"end-{secrets.token_hex(16)}"
    return f"{name}<<{end}\n{value}\n{end}"


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
    if "/" not in finding.code:  # that of a linter, which has pages of its own
        message += f"\nMore: {page_of(finding.code)}"
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
