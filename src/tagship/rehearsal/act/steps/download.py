"""Stands in for actions/download-artifact."""

import fnmatch
from pathlib import Path

from tagship.rehearsal.act.steps.artifacts import Artifact
from tagship.rehearsal.act.steps.official import client_of
from tagship.rehearsal.act.steps.step import Step


def run(step: Step) -> None:
    """Find the artifacts and unpack them (actions/download-artifact v8.0.1, src/download-artifact.ts)."""
    client = client_of(step)
    chosen, direct = _chosen(step, client.list())
    folder = step.workspace / Path(step.text("path") or ".").expanduser()
    for artifact in chosen:
        place = folder if direct or step.true("merge-multiple") else folder / artifact.name
        digest = client.download(artifact, place)
        if artifact.digest not in ("", f"sha256:{digest}"):
            words = f"The digest of {artifact.name} is {digest}, and {artifact.digest} was expected"
            if step.text("digest-mismatch") == "error":
                step.fail(words)
            step.warn(words)
        step.say(f"Artifact {artifact.name} has been downloaded to {place}")
    step.output("download-path", str(folder))


def _chosen(step: Step, known: list[Artifact]) -> tuple[list[Artifact], bool]:
    """The artifacts that were asked for, and whether they go directly into the folder."""
    name, ids = step.text("name"), step.text("artifact-ids")
    if name and ids:
        step.fail("Inputs 'name' and 'artifact-ids' cannot be used together. Please specify only one.")
    if name:
        chosen = [artifact for artifact in known if artifact.name == name]
        if not chosen:
            step.fail(f"Unable to download artifact(s): Artifact not found for name: {name}")
        return chosen, True
    if ids:
        wanted = [word.strip() for word in ids.split(",") if word.strip()]
        if not all(word.isdecimal() for word in wanted) or not wanted:
            step.fail(f"Invalid artifact ID: '{ids}'. Must be a number.")
        chosen = [artifact for artifact in known if artifact.database_id in wanted]
        if not chosen:
            step.fail(f"Unable to download artifact(s): none of the ids {ids} was found")
        if len(chosen) < len(wanted):
            step.warn(f"Could not find the following artifact IDs: {ids}")
        return chosen, len(wanted) == 1
    pattern = step.text("pattern")
    chosen = [artifact for artifact in known if fnmatch.fnmatchcase(artifact.name, pattern or "*")]
    if not chosen:
        step.say("No artifacts were found")
    return chosen, False
