"""What is known of a release that was published some time ago, so that `verify` can look at it again.

The manifest of its run is gone after two weeks. What stays is the index itself and, where the release is on GitHub as
well, the digests that GitHub computed of the same files: a second witness, which whoever changes one of them lacks.
"""

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from tagship.checks.check import few
from tagship.errors import NotVisibleYet, ProjectError, TagshipError, UsageError
from tagship.model import Dist, Event, Manifest, Plan, Target
from tagship.project.discover import Project
from tagship.services.index import IndexFile, newest, version_in
from tagship.services.world import World
from tagship.stages.common import ok, unknown
from tagship.versions import tag_for
from tagship.words import many

NEWEST = "newest"


def manifest(world: World, project: Project, asked: str, target: Target) -> Manifest | None:
    """A manifest of what the index has of a version, with GitHub's digests where its release has files of that name.

    Args:
        asked: the version, or `newest`: what an installer takes by itself.

    Returns:
        None where the newest is asked for and there is none.

    Raises:
        ProjectError: the project has no name.
        UsageError: that is no version.
        NotVisibleYet: the index does not have that version.
        Unreachable: the index cannot be asked.
    """
    name, index = project.normalised, world.index(target)
    if name is None:
        raise ProjectError("Nothing was verified: the project has no name", remedy="Write it into the project file.")
    page = index.page(name)
    files = [file for file in page.files if file.sha256] if page is not None else []
    version = _newest(files) if asked == NEWEST else _version(asked)
    found = [file for file in files if version_in(file.filename) == version]
    if version is None:
        return None
    if not found:
        raise NotVisibleYet(
            f"{index.addresses.name} does not show {name} {version}",
            remedy=f"Look at {index.addresses.project_page(name)}; right after an upload, try again in some minutes.",
            where=index.page_url(name),
        )
    tag = tag_for(version, project.tags.value)
    witness = _digests(world, name, tag, {file.filename for file in found}) if target is Target.PYPI else {}
    dists = tuple(
        Dist(
            filename=file.filename,
            kind="wheel" if file.filename.endswith(".whl") else "sdist",
            size=file.size,
            sha256=witness.get(file.filename, file.sha256),
        )
        for file in sorted(found, key=lambda file: (not file.filename.endswith(".whl"), file.filename))
    )
    return Manifest(plan=_plan(world, project, version, target, tag), dists=dists)


def _newest(files: list[IndexFile]) -> Version | None:
    return newest(found for file in files if not file.yanked and (found := version_in(file.filename)) is not None)


def _version(asked: str) -> Version:
    try:
        return Version(asked)
    except InvalidVersion:
        raise UsageError(f"Nothing was verified: {asked} is no version", remedy=f"1.2.3, or {NEWEST}.") from None


def _digests(world: World, project: str, tag: str, served: set[str]) -> dict[str, str]:
    """The digests of the files of a GitHub release; none where it cannot be asked, which is said.

    Args:
        served: the files of the version on the index; one that only either side has is compared with nothing.
    """
    title, how = "GitHub's release has the same files", f"GET /repos/{world.github.repository}/releases"
    try:
        release = world.github.release(tag) if world.github.repository else None
    except TagshipError as error:
        unknown(world, "release.same-files", title, error.message, how)
        return {}
    assets = {
        asset.name: asset.digest.removeprefix("sha256:")
        for asset in (release.assets if release is not None and not release.draft else ())
        if asset.digest is not None
        and asset.name.endswith((".whl", ".tar.gz"))
        and canonicalize_name(asset.name).startswith(f"{project}-")  # and no archive of something else
    }
    words = f"{many(len(assets), 'file')} to compare with, at {tag}"
    if not assets:
        unknown(world, "release.same-files", title, f"no release at {tag} has files", how)
    elif assets.keys() == served:
        ok(world, "release.same-files", title, words, how)
    else:
        sides = (("the index", served - assets.keys()), ("the release", assets.keys() - served))
        alone = "; ".join(f"{side} alone has {few(sorted(names))}" for side, names in sides if names)
        unknown(world, "release.same-files", title, f"{words}; {alone}", how)
    return assets


def _plan(world: World, project: Project, version: Version, target: Target, tag: str) -> Plan:
    commit = world.git.commit(f"refs/tags/{tag}") or world.git.commit() or ""
    event = Event(
        name="push",
        repository=project.repository.on_github or "",
        ref=f"refs/tags/{tag}",
        sha=commit,
        default_branch=project.repository.default_branch.value or "",
    )
    return Plan(
        event=event,
        project=project.name.value or "",
        package=project.package,
        version=str(version),
        tag=tag,
        target=target,
        reason="it was published before, and is looked at again",
        prerelease=version.is_prerelease,
        auth=project.config.auth,
        epoch=world.git.commit_time(commit),
    )
