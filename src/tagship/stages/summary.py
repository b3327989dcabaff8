"""summary: what happened and what did not, for people; fails when something that was needed did not happen."""

from pathlib import Path

from tagship.errors import UsageError
from tagship.model import Manifest
from tagship.services.world import World
from tagship.stages.needed import read, undone
from tagship.stages.summary_text import summary


def run(manifest: Manifest, world: World) -> Manifest:
    """Write the job summary, where there is a place for one.

    Raises:
        UsageError: a stage or job that was needed did not run, failed or was skipped.
    """
    jobs = read(world.environment)
    path = world.environment.get("GITHUB_STEP_SUMMARY", "")
    if path:
        try:
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(summary(manifest, jobs=jobs))
        except OSError as error:  # a courtesy
            world.journal.say(f"The job's summary could not be written: {error.strerror}")
    if lacking := undone(manifest, jobs):
        raise UsageError(
            f"Not everything happened: {', '.join(lacking)}",
            remedy="Look at the first one: the others may only follow from it.",
        )
    world.journal.say("Everything that was needed happened")
    return manifest
