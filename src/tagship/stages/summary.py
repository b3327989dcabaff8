"""summary: what happened and what did not, for people; fails when something that was needed did not happen."""

from pathlib import Path

from tagship.errors import UsageError
from tagship.model import Manifest, Target
from tagship.services.world import World
from tagship.stages.summary_text import summary

NEEDED: dict[Target, tuple[str, ...]] = {
    Target.NONE: ("plan", "build", "check"),
    Target.TESTPYPI: ("plan", "gate", "build", "check", "publish", "verify"),
    Target.PYPI: ("plan", "gate", "build", "check", "publish", "verify", "github-release"),
}
"""What must have been done, not skipped and not failed, for a success."""


def missing(manifest: Manifest) -> tuple[str, ...]:
    """The stages that were needed and are not done."""
    if manifest.plan is None:
        return ("plan",)
    done = {entry.stage for entry in manifest.log if entry.outcome == "done"}
    return tuple(stage for stage in NEEDED[manifest.plan.target] if stage not in done)


def run(manifest: Manifest, world: World) -> Manifest:
    """Write the job summary, where there is a place for one.

    Raises:
        UsageError: a stage that was needed did not run, failed or was skipped.
    """
    path = world.environment.get("GITHUB_STEP_SUMMARY", "")
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(summary(manifest))
    lacking = missing(manifest)
    if lacking:
        raise UsageError(
            f"Not everything happened: {', '.join(lacking)} is not done",
            remedy="Look at the first stage that failed or was skipped.",
        )
    world.journal.say("Everything that was needed happened")
    return manifest
