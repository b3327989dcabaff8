"""Stands in for actions/upload-artifact."""

import os
import re
from pathlib import Path

from tagship.rehearsal.act.steps.official import client_of
from tagship.rehearsal.act.steps.step import Step
from tagship.services.addresses import GITHUB

_GLOB = set("*?[")
_NOT_IN_PATHS = {
    '"': 'Double quote "',
    ":": "Colon :",
    "<": "Less than <",
    ">": "Greater than >",
    "|": "Vertical bar |",
    "*": "Asterisk *",
    "?": "Question mark ?",
    "\r": "Carriage return \\r",
    "\n": "Line feed \\n",
}
"""npm @actions/artifact 6.2.1, lib/internal/upload/path-and-artifact-name-validation.js"""
_NOT_IN_NAMES = {**_NOT_IN_PATHS, "\\": "Backslash \\", "/": "Forward slash /"}
_CHOICES = ("warn", "error", "ignore")


def run(step: Step) -> None:
    """Find the files and upload them (actions/upload-artifact v7.0.1, src/upload/upload-artifact.ts)."""
    archive = step.boolean("archive") or step.before(7)
    overwrite, missing, days = (
        step.boolean("overwrite"),
        step.text("if-no-files-found"),
        _number(step, "retention-days"),
    )
    if not step.text("path"):
        step.fail("Input required and not supplied: path")
    if missing not in _CHOICES:
        options = ",".join(_CHOICES)
        step.fail(f"Unrecognized if-no-files-found input. Provided: {missing}. Available options: {options}")
    if _number(step, "compression-level") > 9:
        step.fail("Invalid compression-level. Valid values are 0-9")
    files = found(step)
    if not files:
        words = f"No files were found with the provided path: {step.text('path')}. No artifacts will be uploaded."
        {"error": step.fail, "ignore": step.say, "warn": step.warn}[missing](words)
        return
    if not archive and len(files) > 1:
        step.fail(
            f"When 'archive' is set to false, only a single file can be uploaded. Found {len(files)} files to upload."
        )
    name = step.text("name") if archive else next(iter(files.values())).name
    _valid(step, name, files)
    client = client_of(step)
    if overwrite and any(artifact.name == step.text("name") for artifact in client.list()):
        client.delete(step.text("name"))
    number, digest = client.upload(name, files, days=days, archive=archive)
    step.say(f"Artifact {name} has been successfully uploaded: {len(files)} files, id {number}, sha256 {digest}")
    run_id, slug = step.variables["GITHUB_RUN_ID"], step.variables["GITHUB_REPOSITORY"]
    step.output("artifact-id", number)
    step.output("artifact-digest", digest)
    step.output("artifact-url", f"{GITHUB}/{slug}/actions/runs/{run_id}/artifacts/{number}")


def _number(step: Step, name: str) -> int:
    """A number as JavaScript reads one: what follows the digits is passed over."""
    digits = re.match(r"\d+", step.text(name) or "0")
    if digits is None:
        step.fail(f"Invalid {name}")
    return int(digits[0])


def _valid(step: Step, name: str, files: dict[str, Path]) -> None:
    """The client's own refusals, before it asks the service."""
    if not name:
        step.fail("Provided artifact name input during validation is empty")
    for character, title in _NOT_IN_NAMES.items():
        if character in name:
            step.fail(f"The artifact name is not valid: {name}. Contains the following character:  {title}")
    for path in files:
        if wrong := next((title for character, title in _NOT_IN_PATHS.items() if character in path), ""):
            step.fail(
                f"The path for one of the files in artifact is not valid: /{path}. "
                f"Contains the following character:  {wrong}"
            )


def found(step: Step) -> dict[str, Path]:
    """The files to upload, by their names in the archive (src/shared/search.ts).

    Their root is the folder that was named; of several, the folder that holds them all; of a single file, its own.
    A later pattern brings back what an earlier one left out (toolkit, packages/glob/src/internal-globber.ts).
    """
    hidden = step.boolean("include-hidden-files")
    patterns = [line for line in step.lines("path") if not line.startswith("#")]
    chosen: dict[Path, None] = {}
    for line in patterns:
        files = _files(step.workspace / Path(line.removeprefix("!").strip()).expanduser(), hidden=hidden)
        chosen = {path: None for path in chosen if path not in files} if line.startswith("!") else chosen | files
    if not chosen:
        return {}
    wanted = (step.workspace / Path(line).expanduser() for line in patterns if not line.startswith("!"))
    starts = list(dict.fromkeys(map(_start, wanted)))
    single = len(starts) == 1 and starts[0].is_file()
    root = starts[0].parent if single else Path(os.path.commonpath(starts))
    return {path.relative_to(root).as_posix(): path for path in sorted(chosen)}


def _files(pattern: Path, *, hidden: bool) -> dict[Path, None]:
    """What a pattern matches, hidden below its beginning or not."""
    start = _start(pattern)
    rest = os.path.relpath(pattern, start)
    places = [start] if rest == "." else sorted(start.glob(rest))
    inside = (path for place in places for path in (place.rglob("*") if place.is_dir() else [place]))
    shown = (path for path in inside if hidden or not _hidden(path.relative_to(start.parent)))
    return dict.fromkeys(path for path in shown if path.is_file())


def _start(pattern: Path) -> Path:
    """The part of a pattern before the first wildcard."""
    parts = Path(os.path.normpath(pattern)).parts
    plain = next((number for number, part in enumerate(parts) if _GLOB & set(part)), len(parts))
    return Path(*parts[:plain])


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
