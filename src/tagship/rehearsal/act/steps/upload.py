"""Stands in for actions/upload-artifact."""

import os
from pathlib import Path

from tagship.rehearsal.act.steps.official import client_of
from tagship.rehearsal.act.steps.step import Step
from tagship.services.addresses import GITHUB

_GLOB = set("*?[")


def run(step: Step) -> None:
    """Find the files and upload them (actions/upload-artifact v7.0.1, src/upload/upload-artifact.ts)."""
    name, files = step.text("name") or "artifact", found(step)
    if not files:
        words = f"No files were found with the provided path: {step.text('path')}. No artifacts will be uploaded."
        match step.text("if-no-files-found"):
            case "error":
                step.fail(words)
            case "ignore":
                step.say(words)
            case _:
                step.warn(words)
        return
    client = client_of(step)
    if step.true("overwrite") and any(artifact.name == name for artifact in client.list()):
        client.delete(name)
    number, digest = client.upload(name, files, days=_days(step))
    step.say(f"Artifact {name} has been successfully uploaded: {len(files)} files, id {number}, sha256 {digest}")
    run_id, slug = step.variables["GITHUB_RUN_ID"], step.variables["GITHUB_REPOSITORY"]
    step.output("artifact-id", number)
    step.output("artifact-digest", digest)
    step.output("artifact-url", f"{GITHUB}/{slug}/actions/runs/{run_id}/artifacts/{number}")


def _days(step: Step) -> int:
    days = step.text("retention-days") or "0"
    if not days.isdecimal():
        step.fail("Invalid retention-days")
    return int(days)


def found(step: Step) -> dict[str, Path]:
    """The files to upload, by their names in the archive (src/shared/search.ts).

    Their root is the folder that was named; of several, the folder that holds them all; of a single file, its own.
    """
    patterns = [line for line in step.lines("path") if not line.startswith("#")]
    wanted = [step.workspace / Path(line).expanduser() for line in patterns if not line.startswith("!")]
    without = {path for line in patterns if line.startswith("!") for path in _files(step.workspace / line[1:])}
    files = [path for pattern in wanted for path in _files(pattern) if path not in without]
    if not step.true("include-hidden-files"):
        files = [path for path in files if not _hidden(path, step.workspace)]
    if not files:
        return {}
    starts = [_start(pattern) for pattern in wanted]
    if len(starts) == 1:
        root = starts[0].parent if starts[0].is_file() else starts[0]
    else:
        root = Path(os.path.commonpath([start.parent if start.is_file() else start for start in starts]))
    return {path.relative_to(root).as_posix(): path for path in sorted(files)}


def _files(pattern: Path) -> list[Path]:
    start = _start(pattern)
    rest = os.path.relpath(pattern, start)
    places = [start] if rest == "." else sorted(start.glob(rest))
    inside = (path for place in places for path in (place.rglob("*") if place.is_dir() else [place]))
    return [path for path in inside if path.is_file()]


def _start(pattern: Path) -> Path:
    """The part of a pattern before the first wildcard."""
    parts = Path(os.path.normpath(pattern)).parts
    plain = next((number for number, part in enumerate(parts) if _GLOB & set(part)), len(parts))
    return Path(*parts[:plain])


def _hidden(path: Path, workspace: Path) -> bool:
    parts = path.relative_to(workspace).parts if path.is_relative_to(workspace) else path.parts[-1:]
    return any(part.startswith(".") for part in parts)
