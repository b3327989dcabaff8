"""summary: what happened and what did not, for people; fails when something that was needed did not happen."""

from pathlib import Path

from tagship.errors import UsageError
from tagship.model import Manifest
from tagship.services.world import World
from tagship.stages.summary_text import missing, summary


def run(manifest: Manifest, world: World) -> Manifest:
    """Write the job summary, where there is a place for one.

    Raises:
        UsageError: a stage that was needed did not run, failed or was skipped.
    """
    path = world.environment.get("GITHUB_STEP_SUMMARY", "")
    if path:
        try:
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(summary(manifest))
        except OSError as error:  # a courtesy
            world.journal.say(f"The job's summary could not be written: {error.strerror}")
    lacking = missing(manifest)
    if lacking:
        raise UsageError(
            f"Not everything happened: {', '.join(lacking)} is not done",
            remedy="Look at the first stage that failed or was skipped.",
        )
    world.journal.say("Everything that was needed happened")
    return manifest
