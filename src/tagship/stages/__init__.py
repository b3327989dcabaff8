"""The stages of a release: one ordered table, from which the commands, the jobs of the generated workflow, the
rehearsal and the reference page are made.

A stage is a function `(Manifest, World) -> Manifest`. It looks at the outside, decides by a pure function, acts, and
says what it did in the world's journal; `run` turns the journal into the manifest's log.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

import msgspec

from tagship.errors import ChecksFailed, Conflict, NotVisibleYet, TagshipError, UsageError
from tagship.model import Dist, Entry, Finding, Manifest, Severity

if TYPE_CHECKING:
    from tagship.services.world import World

Function = Callable[[Manifest, "World"], Manifest]


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """One row of the table."""

    name: str
    """Also its command, its module and its anchor in the reference."""
    does: str
    job: str
    """The job of the generated workflow in which it runs."""
    permissions: tuple[str, ...]
    """What the job's token may do."""
    after: tuple[str, ...]
    """The stages that must be done first; what stands in no such relation may run side by side."""
    needs: tuple[str, ...] = ()
    """The stages that the log must show as done before this one acts, whoever calls it: it makes something public."""

    @property
    def function(self) -> Function:
        """The code, imported when it is needed."""
        function: Function = import_module(f"tagship.stages.{self.name.replace('-', '_')}").run
        return function


STAGES: tuple[Stage, ...] = (
    Stage(
        name="plan",
        does="decides what is released, from the event, the tag and the project",
        job="pre-publish-validation",
        permissions=("contents: read",),
        after=(),
    ),
    Stage(
        name="gate",
        does="waits for the required CI of the commit",
        job="wait-for-ci",
        permissions=("contents: read", "actions: read", "checks: read", "statuses: read"),
        after=("plan",),
    ),
    Stage(
        name="build",
        does="builds the sdist, and the wheel from it, once and reproducibly",
        job="pre-publish-validation",
        permissions=("contents: read",),
        after=("plan",),
    ),
    Stage(
        name="test",
        does="runs the project's tests against the installed wheel",
        job="pre-publish-validation",
        permissions=("contents: read",),
        after=("build",),
    ),
    Stage(
        name="check",
        does="finds what PyPI would refuse and what users would trip over",
        job="pre-publish-validation",
        permissions=("contents: read",),
        after=("build",),
    ),
    Stage(
        name="publish",
        does="uploads what the index lacks",
        job="publish-pypi",
        permissions=("id-token: write",),
        after=("gate", "test", "check"),
        needs=("gate", "test", "check"),
    ),
    Stage(
        name="verify",
        does="compares what the index serves with what was built, installs and uses it",
        job="verify",
        permissions=("contents: read",),
        after=("publish",),
    ),
    Stage(
        name="github-release",
        does="creates the GitHub release: draft, files, digests, then public",
        job="create-github-release",
        permissions=("contents: write",),
        after=("verify",),
        needs=("gate", "test", "check", "verify"),
    ),
    Stage(
        name="summary",
        does="says what happened and what did not",
        job="workflow-summary",
        permissions=("contents: read",),
        after=("github-release",),
    ),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """How a stage ended."""

    manifest: Manifest
    error: TagshipError | None
    """Why it failed; None where the next stage may begin."""
    warning: TagshipError | None = None
    """What a caller may report by its exit code although the release goes on."""


def run(stage: Stage, manifest: Manifest, world: "World", function: Function | None = None) -> Result:
    """Run one stage and add its entry to the log; errors of ours become findings, others pass through.

    Args:
        function: what it does, where that is not the stage's own.
    """
    inside = world.during(stage.name)
    error: TagshipError | None = None
    warning: TagshipError | None = None
    try:
        _require(stage, manifest)
        _enter(inside)
        manifest = (function or stage.function)(manifest, inside)
    except NotVisibleYet as slow:
        warning = slow
        inside.journal.finding(msgspec.structs.replace(slow.finding(), severity=Severity.WARNING))
    except TagshipError as caught:
        error = caught
        inside.journal.finding(caught.finding())
    if error is None:
        error = _stopped_by(inside.journal.findings)
    entry = inside.journal.close(failed=error is not None, now=world.clock.now())
    return Result(manifest=msgspec.structs.replace(manifest, log=(*manifest.log, entry)), error=error, warning=warning)


def _enter(world: "World") -> None:
    """Say how the job was let in.

    Raises:
        TagshipError: it was not.
    """
    for fact in world.admitted:
        world.journal.fact(fact)
    if world.barred is not None:
        raise world.barred


def _require(stage: Stage, manifest: Manifest) -> None:
    """Law of the order: nothing becomes public unless the log shows, for this plan and build, what has to come first.

    Raises:
        UsageError: a stage that is needed is not done, failed, or was done before the files were built again.
    """
    last = {entry.stage: number for number, entry in enumerate(manifest.log)}
    rows = {row.name: row for row in STAGES}
    for name in stage.needs:
        if name not in last:
            why = "did not run"
        elif manifest.log[last[name]].outcome == "failed":
            why = "failed"
        elif any(last.get(before, -1) > last[name] for before in rows[name].after):
            why = f"ran before {' and '.join(b for b in rows[name].after if last.get(b, -1) > last[name])} did again"
        else:
            continue
        raise UsageError(
            f"Nothing was done: {stage.name} needs {name}, which {why}",
            remedy=f"Run `tagship {name}` first; where it ran in another job, give that job's manifest as well: "
            f"tagship {stage.name} --manifest this.json --manifest that.json",
        )


def merge(left: Manifest, right: Manifest) -> Manifest:
    """Two manifests that grew from one plan, in jobs side by side: the newest entry of each stage, in their order.

    One may have more files than the other, where platform wheels joined them; none has other bytes.

    Raises:
        Conflict: they are about different plans or different files, or of another version of tagship.
    """
    order = [stage.name for stage in STAGES]
    strange = [entry.stage for entry in (*left.log, *right.log) if entry.stage not in order]
    if strange:
        raise Conflict(
            f"Nothing was done: the manifests have a stage that this version does not know: {strange[0]}",
            remedy="Let one version of tagship do all of a release.",
        )
    if left.plan is not None and right.plan is not None and left.plan != right.plan:
        raise Conflict(
            "Nothing was done: the manifests are about different plans",
            remedy="Take the manifests of one run of the workflow.",
        )
    less, more = sorted((left, right), key=lambda manifest: (len(manifest.dists), len(manifest.local)))
    if not {*less.dists} <= {*more.dists} or (less.dists == more.dists and not {*less.local} <= {*more.local}):
        raise Conflict(
            "Nothing was done: the manifests are about different files",
            remedy="Build once, and hand that manifest on.",
        )
    standing = (*_standing(left, more.dists), *_standing(right, more.dists))
    entries = {entry.stage: entry for entry in sorted(standing, key=lambda entry: entry.started)}
    log = tuple(sorted(entries.values(), key=lambda entry: order.index(entry.stage)))
    return msgspec.structs.replace(more, plan=left.plan or right.plan, log=log)


def _standing(manifest: Manifest, dists: tuple[Dist, ...]) -> tuple[Entry, ...]:
    """What of a log still holds for these files: nothing that a stage before it, done again, has overtaken."""
    last = {entry.stage: number for number, entry in enumerate(manifest.log)}
    after = {row.name: row.after for row in STAGES}
    return tuple(
        entry
        for number, entry in enumerate(manifest.log)
        if all(last.get(before, -1) < number for before in after[entry.stage])
        and (manifest.dists == dists or "build" not in after[entry.stage])
    )


def _stopped_by(findings: tuple[Finding, ...]) -> TagshipError | None:
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if not errors:
        return None
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return ChecksFailed(f"Not published: {errors[0].title}{more}", remedy=errors[0].remedy, where=errors[0].where)
