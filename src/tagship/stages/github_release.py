"""github-release: the release page on GitHub, as a draft first and public last.

Only after PyPI has the files. A draft can be completed and corrected; a published release may be immutable. So
everything that can fail comes before publishing: the tag still means this commit, every file is attached, and the
digest that GitHub computed is ours. An earlier draft is adopted: its files become ours, the title and the words that a
person gave it are kept. A published release is left as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never
from urllib.parse import urlsplit

import msgspec
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

from tagship.errors import Conflict, PlanRefused, TagshipError, UnknownOutcome, Unreachable
from tagship.model import Dist, Manifest, Plan, Target
from tagship.project import notes as notes_of
from tagship.project.config import Source
from tagship.project.found import Found
from tagship.services.addresses import GITHUB
from tagship.services.github import Asset, Release
from tagship.services.world import World
from tagship.stages.common import handed_over, ok, planned, project_of
from tagship.stages.notes import body, sections
from tagship.stages.plan import make
from tagship.words import many

PAUSES = (2.0, 8.0)
"""Seconds before what is there is looked at again, after a write that got no clear answer."""


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Remove:
    """A distribution file of this version on a draft that nobody built for this release."""

    asset: Asset


Action = Attach | Replace | Keep | Remove


def decide(release: Release, dists: Sequence[Dist]) -> tuple[Action, ...]:
    """What to do for each file; what a draft has of this version and was not built goes first.

    What else there is, a list of parts or a manual, is somebody's and left alone.

    Raises:
        Conflict: the release is public already and lacks a file, has one with other bytes, or has one too many.
    """
    there = {asset.name: asset for asset in release.assets}
    foreign = [
        asset for asset in release.assets if asset.name not in {d.filename for d in dists} and _ours(asset, dists)
    ]
    if foreign and not release.draft:
        raise Conflict(
            f"The GitHub release {release.tag_name} is public and has {foreign[0].name}, which was not built",
            remedy="Find out who attached it; where releases can be changed, take it off.",
            where=foreign[0].name,
            url=release.html_url,
        )
    actions: list[Action] = [Remove(asset=asset) for asset in foreign]
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


def _ours(asset: Asset, dists: Sequence[Dist]) -> bool:
    """Whether a file would pass for a distribution file of this version."""
    released = _released(asset.name)
    return released is not None and released in {_released(dist.filename) for dist in dists}


def _released(filename: str) -> tuple[str, str] | None:
    """Project and version in the name of a distribution file; None for any other file."""
    try:
        name, version = (
            parse_wheel_filename(filename)[:2] if filename.endswith(".whl") else parse_sdist_filename(filename)
        )
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None
    return name, str(version)


def run(manifest: Manifest, world: World) -> Manifest:
    """Create, complete and publish the GitHub release of the plan's tag.

    What the manifest says about the release is not believed: it came through jobs that ran the project's code. The
    plan is made again, and the files' digests are those that the index was just shown to serve.

    Raises:
        Conflict: the tag was moved, a public release differs, or the manifest is about another plan.
        Refused: GitHub said no, in its words.
        Unreachable: GitHub does not answer.
        UnknownOutcome: an answer was lost; running again settles it.
    """
    plan = _made_again(planned(manifest), world)
    if plan.target is not Target.PYPI or plan.tag is None:
        world.journal.skip("No GitHub release: only a release on PyPI gets one")
        return manifest
    files = {path.name: path for path in handed_over(manifest, world.workspace.dist)}
    release = _published(plan, plan.tag, manifest, files, world)
    ok(world, "github.tag", f"the tag {plan.tag} means the released commit", plan.event.sha, "GET git/ref/tags")
    world.journal.link(f"GitHub release {plan.tag}", release.html_url)
    return manifest


def _made_again(given: Plan, world: World) -> Plan:
    plan, _ = make(world)
    if given != plan:
        other = [name for name in Plan.__struct_fields__ if getattr(given, name) != getattr(plan, name)]
        raise Conflict(
            f"No GitHub release: the manifest is about another plan than this event and commit: {', '.join(other)}",
            remedy="Take the manifests of this very run, unchanged.",
        )
    return plan


def _published(plan: Plan, tag: str, manifest: Manifest, files: dict[str, Path], world: World) -> Release:
    """Bring the release about, from whatever is there; after a write without a clear answer, look and go on.

    Whether a draft came into being is looked for twice: the list of releases may be late.
    """
    notes: str | None = None
    for pause in (*PAUSES, None):
        try:
            _tag_unmoved(plan, tag, world)
            release = world.github.release(tag)
            if release is None and notes is not None:
                world.clock.sleep(PAUSES[-1])
                release = world.github.release(tag)
            if release is not None and not release.draft:
                decide(release, manifest.dists)
                world.journal.say(f"The GitHub release {tag} is public already, with our bytes")
                return release
            if notes is None:
                notes = _notes(plan, world)
                if release is not None:
                    world.journal.say("An earlier draft is completed")
            if release is None:
                release = world.github.create_draft(tag, _fields(plan, manifest, notes, None))
            _attach(decide(release, manifest.dists), release, files, world)
            release = world.github.read(f"/releases/{release.id}", Release)  # somebody may write in it meanwhile
            _tag_unmoved(plan, tag, world)  # once more, at the last moment
            release = world.github.publish(release, _fields(plan, manifest, notes, release))
            world.journal.say(f"Published the GitHub release {tag} with {many(len(files), 'file')}")
            return release
        except (UnknownOutcome, Unreachable) as unclear:
            if pause is None:
                raise
            world.journal.say(f"{unclear.message.splitlines()[0]}: looking again")
            world.clock.sleep(pause)
    raise AssertionError("unreachable")


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


def _fields(plan: Plan, manifest: Manifest, notes: str, draft: Release | None) -> dict[str, str | bool]:
    """What the release says: what a draft of somebody's says already is kept."""
    return {
        "name": (draft.name if draft else None) or f"{plan.project} {plan.version}",
        "body": body((draft.body if draft else None) or "", notes, sections(plan, manifest)),
        "prerelease": plan.prerelease,
    }


def _notes(plan: Plan, world: World) -> str:
    """What `tagship notes` prints; notes are a courtesy, and do not stop a release that is on PyPI.

    Where the source that was chosen fails, the commits still tell.
    """
    project = project_of(world, plan)
    if project.repository.host.value is None:  # a checkout without the address it came from
        at = (urlsplit(GITHUB).hostname, plan.event.repository)
        host, slug = (Found[str | None](value=value, source="the event") for value in at)
        seen = msgspec.structs.replace(project.repository, host=host, slug=slug)
        project = msgspec.structs.replace(project, repository=seen)
    helpers = notes_of.Helpers(shell=world.shell, github=lambda: world.github)
    sources: tuple[Source | None, ...] = (None, "commits")
    for wanted in sources:
        try:
            found = notes_of.of(project, world.git, Version(plan.version), helpers, wanted)
        except TagshipError as error:
            world.journal.say(f"No notes: {error.message.splitlines()[0]}")
        else:
            world.journal.say(f"Notes from {found.source}")
            return found.whole
    return ""


def _attach(actions: Sequence[Action], release: Release, files: dict[str, Path], world: World) -> None:
    for action in actions:
        match action:
            case Keep():
                continue
            case Remove(asset=asset):
                world.journal.say(f"Took {asset.name} off the draft: it was not built for this release")
                world.github.delete(asset)
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
