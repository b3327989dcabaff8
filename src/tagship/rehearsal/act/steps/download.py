"""Stands in for actions/download-artifact."""

import fnmatch
import re
from pathlib import Path

from tagship.rehearsal.act.steps.artifacts import Artifact
from tagship.rehearsal.act.steps.official import client_of
from tagship.rehearsal.act.steps.step import Step

_BEHAVIOURS = ("ignore", "info", "warn", "error")
_FAILED = "Unable to download artifact(s): "
_BRACES = re.compile(r"\{([^{}]*,[^{}]*)\}")


def run(step: Step) -> None:
    """Find the artifacts and unpack them (actions/download-artifact v8.0.1, src/download-artifact.ts)."""
    merge, whole, mismatch = step.boolean("merge-multiple"), step.boolean("skip-decompress"), _mismatch(step)
    folder = step.workspace / Path(step.text("path") or ".").expanduser()
    own = (step.variables["GITHUB_REPOSITORY"], step.variables["GITHUB_RUN_ID"])
    asked = (step.text("repository") or own[0], step.text("run-id") or own[1])
    if step.text("github-token") and asked != own:
        step.doubt(f"actions/download-artifact: of the run {asked[1]} of {asked[0]}, which is not rehearsed")
        step.output("download-path", str(folder))
        return
    client = client_of(step)
    chosen = _chosen(step, client.list())
    one = bool(step.text("name")) or (len(chosen) == 1 and not step.before(5))
    wrong = []
    for artifact in chosen:
        place = folder if one or merge else folder / artifact.name
        digest = client.download(artifact, place, unpack=not whole)
        step.say(f"Artifact {artifact.name} has been downloaded to {place}")
        if artifact.digest not in ("", f"sha256:{digest}"):
            wrong.append(artifact.name)
    if wrong and mismatch == "error":
        names = ", ".join(wrong)
        words = (
            f"Digest validation failed for artifact(s): {names}. Use 'digest-mismatch: warn' to continue on mismatch."
        )
        step.fail(f"{_FAILED}{words}")
    for name in wrong if mismatch != "ignore" else ():
        words = f"Artifact '{name}' digest validation failed. Please verify the integrity of the artifact."
        step.warn(words) if mismatch == "warn" else step.say(words)
    step.say(f"Total of {len(chosen)} artifact(s) downloaded")
    step.output("download-path", str(folder))


def _mismatch(step: Step) -> str:
    """What another digest comes to: an error since v8, before that a warning."""
    named = "warn" if step.before(8) else step.text("digest-mismatch") or "error"
    if named not in _BEHAVIOURS:
        options = ", ".join(_BEHAVIOURS)
        step.fail(f"{_FAILED}Invalid value for 'digest-mismatch': '{named}'. Valid options are: {options}")
    return named


def _chosen(step: Step, known: list[Artifact]) -> list[Artifact]:
    """The artifacts that were asked for."""
    name, ids = step.text("name"), step.text("artifact-ids")
    if name and ids:
        step.fail(f"{_FAILED}Inputs 'name' and 'artifact-ids' cannot be used together. Please specify only one.")
    if name:
        chosen = [artifact for artifact in known if artifact.name == name]
        if not chosen:
            step.fail(f"{_FAILED}Artifact not found for name: {name}")
        return chosen
    if ids:
        return _by_id(step, ids, known)
    pattern = step.text("pattern")
    chosen = [artifact for artifact in known if not pattern or matches(artifact.name, pattern)]
    if not chosen:
        step.say("No artifacts were found")
    return chosen


def _by_id(step: Step, ids: str, known: list[Artifact]) -> list[Artifact]:
    wanted = [word.strip() for word in ids.split(",") if word.strip()]
    if not wanted:
        step.fail(f"{_FAILED}No valid artifact IDs provided in 'artifact-ids' input")
    for word in wanted:
        if not word.isdecimal():
            step.fail(f"{_FAILED}Invalid artifact ID: '{word}'. Must be a number.")
    chosen = [artifact for artifact in known if artifact.database_id in wanted]
    if not chosen:
        step.fail(f"{_FAILED}None of the provided artifact IDs were found")
    lost = [word for word in wanted if all(artifact.database_id != word for artifact in chosen)]
    if lost:
        step.warn(f"Could not find the following artifact IDs: {', '.join(lost)}")
    return chosen


def matches(name: str, pattern: str) -> bool:
    """Whether a name matches as npm's minimatch has it: `*` not at a leading dot, `{a,b}`, `!` for all others."""
    if pattern.startswith("!") and not pattern.startswith("!("):
        return not matches(name, pattern[1:])
    braces = _BRACES.search(pattern)
    if braces is not None:
        words = (f"{pattern[: braces.start()]}{word}{pattern[braces.end() :]}" for word in braces[1].split(","))
        return any(matches(name, word) for word in words)
    return fnmatch.fnmatchcase(name, pattern) and name.startswith(".") <= pattern.startswith(".")
