"""github-release: the release page on GitHub, as a draft first and public last.

Only after PyPI has the files. A draft can be completed and corrected; a published release may be immutable. So
everything that can fail comes before publishing: the tag still means this commit, every file is attached, and the
digest that GitHub computed is ours. An earlier draft is adopted, a published release is left as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from tagship.errors import Conflict, PlanRefused, TagshipError
from tagship.model import Dist, Manifest, Plan, Target
from tagship.project import changelog
from tagship.services.github import Asset, Release
from tagship.services.world import World
from tagship.stages.common import handed_over, ok, planned, project_of
from tagship.stages.notes import Notes, body


@dataclass(frozen=True, kw_only=True, slots=True)
class Attach:
    """A file is not on the release."""

    dist: Dist


@dataclass(frozen=True, kw_only=True, slots=True)
class Replace:
    """A broken or different asset is on a draft."""

    asset: Asset
    dist: Dist


@dataclass(frozen=True, kw_only=True, slots=True)
class Keep:
    """The asset has our bytes."""

    dist: Dist


Action = Attach | Replace | Keep


def decide(release: Release, dists: Sequence[Dist]) -> tuple[Action, ...]:
    """What to do for each file.

    Raises:
        Conflict: the release is public already and lacks a file, or has one with other bytes.
    """
    there = {asset.name: asset for asset in release.assets}
    actions: list[Action] = []
    for dist in dists:
        asset = there.get(dist.filename)
        if asset is not None and asset.state == "uploaded" and asset.digest == f"sha256:{dist.sha256}":
            actions.append(Keep(dist=dist))
        elif not release.draft:
            state = "lacks" if asset is None else "has other bytes for"
            raise Conflict(
                f"The GitHub release {release.tag_name} is public and {state} {dist.filename}",
                remedy="Compare it with the files on the index; a public release is not changed by tagship.",
                where=dist.filename,
                url=release.html_url,
            )
        else:
            actions.append(Attach(dist=dist) if asset is None else Replace(asset=asset, dist=dist))
    return tuple(actions)


def run(manifest: Manifest, world: World) -> Manifest:
    """Create, complete and publish the GitHub release of the plan's tag.

    Raises:
        Conflict: the tag was moved, or a public release differs.
        Refused: GitHub said no, in its words.
        Unreachable: GitHub does not answer.
        UnknownOutcome: an answer was lost; running again settles it.
    """
    plan = planned(manifest)
    if plan.target is not Target.PYPI or plan.tag is None:
        world.journal.skip("No GitHub release: only a release on PyPI gets one")
        return manifest
    files = {path.name: path for path in handed_over(manifest, world.workspace.dist)}
    _tag_unmoved(plan, plan.tag, world)
    release = world.github.release(plan.tag)
    if release is None:
        release = _draft(plan, plan.tag, manifest, world)
    elif release.draft:
        world.journal.say("An earlier draft is completed")
    _attach(decide(release, manifest.dists), release, files, world)
    if release.draft:
        release = world.github.publish(release, {"prerelease": plan.prerelease})
        world.journal.say(f"Published the GitHub release {plan.tag} with {len(files)} files")
    else:
        world.journal.say(f"The GitHub release {plan.tag} is public already, with our bytes")
    world.journal.link(f"GitHub release {plan.tag}", release.html_url)
    return manifest


def _tag_unmoved(plan: Plan, tag: str, world: World) -> None:
    commit = world.github.tag_commit(tag)
    if commit is None:
        raise PlanRefused(
            f"No GitHub release: there is no tag {tag} on GitHub",
            remedy=f"git push origin {tag}",
            where=tag,
        )
    if commit != plan.event.sha:
        raise Conflict(
            f"No GitHub release: the tag {tag} was moved to {commit[:12]}, released was {plan.event.sha[:12]}",
            remedy="Find out who moved the tag; put it back, and protect tags by a ruleset.",
            where=tag,
        )
    ok(world, "github.tag", f"the tag {tag} means the released commit", plan.event.sha, "GET git/ref/tags")


def _draft(plan: Plan, tag: str, manifest: Manifest, world: World) -> Release:
    notes = _notes(tag, plan, world)
    fields: dict[str, str | bool] = {
        "name": f"{plan.project} {plan.version}",
        "body": body(plan, manifest, notes),
        "prerelease": plan.prerelease,
    }
    return world.github.create_draft(tag, fields)


def _notes(tag: str, plan: Plan, world: World) -> Notes:
    """The section of the changelog, else what GitHub writes by itself, else none, said so."""
    project = project_of(world, plan)
    section = changelog.section(project, plan.version)
    if section is not None:
        world.journal.say(f"Notes from {project.changelog.value}")
        return Notes(text=section, source=str(project.changelog.value))
    try:
        text = world.github.notes(tag)
    except TagshipError as error:
        # Notes are a courtesy: they must not stop a release that is on PyPI.
        world.journal.say(f"No notes: {error.message.splitlines()[0]}")
        return Notes(text="", source="none")
    world.journal.say("Notes written by GitHub from the merged pull requests")
    return Notes(text=text, source="GitHub")


def _attach(actions: Sequence[Action], release: Release, files: dict[str, Path], world: World) -> None:
    for action in actions:
        match action:
            case Keep():
                continue
            case Attach(dist=dist):
                pass
            case Replace(asset=asset, dist=dist):
                world.github.delete(asset)
            case _:
                assert_never(action)
        world.journal.doing(f"attaching {dist.filename}")
        asset = world.github.upload(release, dist.filename, files[dist.filename].read_bytes())
        if asset.digest != f"sha256:{dist.sha256}":
            raise Conflict(
                f"GitHub stored {dist.filename} with another digest: {asset.digest}",
                remedy="Run the same command again: the asset is replaced while the release is a draft.",
                where=dist.filename,
            )
