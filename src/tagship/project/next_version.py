"""Which version comes next, and what may not: everything that `tagship version` decides, without writing."""

from collections.abc import Sequence
from itertools import takewhile

import msgspec
from packaging.version import Version

from tagship.errors import ProjectError, UsageError
from tagship.project.discover import Project
from tagship.project.version_literals import Written
from tagship.project.version_sources import Unknown
from tagship.services.git import Git
from tagship.versions import (
    PARTS,
    TagRefused,
    TagScheme,
    TagVersion,
    bump,
    next_patch,
    parse,
    parse_tag,
    released,
    tag_for,
)
from tagship.words import many


class Current(msgspec.Struct, frozen=True, kw_only=True):
    """The version that a project has now."""

    version: Version
    spelt: str
    """As its file or tag spells it."""
    where: str
    tags: tuple[TagVersion, ...]
    """Every tag that names a release, the lowest first."""

    @property
    def release(self) -> Version:
        """What a changelog speaks about: the version, or the one that a development version leads to."""
        return bump(self.version, "stable") if self.version.is_devrelease else self.version


class Next(msgspec.Struct, frozen=True, kw_only=True):
    """A version that may come next."""

    version: Version
    tag: str
    why: str


def current(project: Project, git: Git) -> Current:
    """The version that the project's files declare, or that of the newest tag that leads to the commit.

    Raises:
        ProjectError: it is computed by code, declared nowhere, or there is no tag yet.
    """
    tags = released(project.repository.tags, project.tags.value)
    match project.version:
        case Written() as source:
            where = f"{source.file}:{source.line} {source.kind}"
            return Current(version=Version(source.version), spelt=source.raw, where=where, tags=tags)
        case Unknown(why=why, remedy=remedy, where=where):
            raise ProjectError(why, remedy=remedy, where=where)
        case derived:
            merged = set(git.lines("tag", "--merged", "HEAD"))
            here = [tag for tag in tags if tag.tag in merged]
            if not here:
                cut = "its history is cut off (git fetch --unshallow --tags), or " if git.is_shallow() else ""
                raise ProjectError(
                    f"there is no version yet: {derived.tool} takes it from tags, and no tag leads to this commit",
                    remedy=f"If there should be one, {cut}fetch the tags: git fetch --tags. Else tag the first one: "
                    f"git tag {tag_for(Version('0.1.0'), project.tags.value)}",
                    where=derived.where,
                )
            return Current(
                version=here[-1].version, spelt=str(here[-1].version), where=f"tag {here[-1].tag}", tags=tags
            )


def choose(project: Project, git: Git, now: Current, parts: Sequence[str]) -> Next:
    """The version after one or several steps: `minor`, or `minor` and `a`.

    Raises:
        UsageError: an unknown part, or steps that lead nowhere new.
        ProjectError: no commit says which part `auto` is.
    """
    version, why = now.version, " ".join(parts)
    for part in parts:
        if part == "auto":
            part, why = _auto(project, git, now)
        if part not in PARTS:
            raise UsageError(
                f"Nothing was changed: there is no part {part!r}", remedy=f"Use one of {', '.join((*PARTS, 'auto'))}."
            )
        version = bump(version, part)
    if version <= now.version:
        raise UsageError(
            f"Nothing was changed: {now.version} with {why} is {version}, which is not newer",
            remedy=_instead(now.version, parts),
        )
    return accept(project, now, version, why)


def accept(project: Project, now: Current, version: Version, why: str) -> Next:
    """A version, where nothing forbids it.

    Raises:
        UsageError: it is not newer, was released before, or package indexes refuse it.
    """
    if version.local is not None:
        raise UsageError(
            f"Nothing was changed: {version} has a local part, which package indexes refuse",
            remedy=f"Use {version.public}.",
        )
    if version <= now.version:
        raise UsageError(
            f"Nothing was changed: {version} is not newer than {now.version}",
            remedy=f"The next one is {next_patch(now.version)}. To go back, undo the commit that set the version.",
            where=now.where,
        )
    tag = next((tag.tag for tag in now.tags if tag.version == version), None)
    if tag is not None:
        raise UsageError(
            f"Nothing was changed: {version} was released as {tag}",
            remedy=f"The highest released version is {now.tags[-1].version}; choose another.",
            where=tag,
        )
    return Next(version=version, tag=tag_for(version, project.tags.value), why=why)


def validate(spelt: str, project: Project | None) -> tuple[Version, str]:
    """A version and the tag that names it; no tag names a development version.

    Raises:
        UsageError: it is no PEP 440 version, no one that indexes take, or not spelt canonically.
    """
    version = parse(spelt)
    if version is None:
        raise UsageError(f"{spelt!r} is not a PEP 440 version", remedy=_right(spelt))
    if version.local is not None:
        raise UsageError(f"{spelt!r} has a local part, which package indexes refuse", remedy=f"Use {version.public}.")
    if project is None and str(version) != spelt:
        raise UsageError(f"{spelt!r} is not how the version {version} is spelt", remedy=f"Use {version}.")
    if version.is_devrelease:
        return version, ""
    scheme = project.tags.value if project is not None else TagScheme()
    said = parse_tag(scheme.prefix + spelt, scheme)
    if isinstance(said, TagRefused):
        raise UsageError(f"{spelt!r} is no version of this project: {said.why}", remedy=_right(spelt))
    return version, said.tag


def _right(spelt: str) -> str:
    version = parse(spelt) or parse(
        "".join(takewhile(lambda c: c.isdigit() or c == ".", spelt.lstrip("vV"))).strip(".")
    )
    return f"Use {version} or {bump(version, 'rc')}." if version else "Use a version like 1.2.3 or 1.2.3rc1."


def _auto(project: Project, git: Git, now: Current) -> tuple[str, str]:
    """The part that the commits since the newest release raise, and why."""
    if now.version.is_devrelease:
        return "stable", f"{now.version} leads to it"
    if now.version.pre is not None:
        return "pre", f"{now.version} is a pre-release"
    from tagship.project import commits

    last = next((tag.tag for tag in reversed(now.tags) if tag.version <= now.version), None)
    made = commits.between(git, f"refs/tags/{last}" if last else None, folder=project.package)
    part = commits.part(made, stable=now.version >= Version("1"))
    since = f"since {last}" if last else "in the history"
    if not made:
        raise ProjectError(
            f"the next version is not known: there is no commit {since}",
            remedy="There is nothing to release. If there is: tagship version bump patch, minor or major.",
        )
    if part is None:
        raise ProjectError(
            f"the next version is not known: of {many(len(made), 'commit')} {since}, none is a Conventional Commit",
            remedy="Say which part it is: tagship version bump patch, minor or major.",
        )
    return part, f"auto: {part}, by {many(len(made), 'commit')} since {last or 'the beginning'}"


def _instead(version: Version, parts: Sequence[str]) -> str:
    if parts[-1] == "stable":
        return f"{version} is a final release already: patch, minor or major."
    return f"Say which release it leads to: {', '.join(f'{part} {parts[-1]}' for part in ('patch', 'minor', 'major'))}."
