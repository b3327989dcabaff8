"""What a release changes in the repository, before anything is done: the version, and the changelog's section."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tagship.errors import ProjectError, UsageError
from tagship.project import changelog, changelog_edit
from tagship.project.discover import Project
from tagship.project.next_version import Current, Next, choose
from tagship.project.notes import uses_fragments
from tagship.project.version_edits import change
from tagship.project.version_literals import Written
from tagship.services.git import Git
from tagship.versions import bump, tag_for


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """The new contents of the files that a release changes, and what should be known before."""

    contents: Mapping[str, bytes]
    """By file, relative to the project; only files that git tracks."""
    warnings: tuple[str, ...]


def coming(project: Project, git: Git, now: Current, parts: Sequence[str]) -> Next:
    """The version that is released: raised by the parts, or without any the declared one, where it has no tag yet.

    Raises:
        UsageError: the parts lead nowhere, the declared version is released already, or is a development version.
    """
    if parts:
        following = choose(project, git, now, parts)
    else:
        done = next((tag.tag for tag in now.tags if tag.version == now.version), None)
        if done is not None:
            raise UsageError(
                f"Nothing was released: {now.version} is released as {done}",
                remedy="Say what comes next: tagship release patch, minor or major.",
            )
        following = Next(version=now.version, tag=tag_for(now.version, project.tags.value), why="as declared")
    if following.version.is_devrelease:
        raise UsageError(
            f"Nothing was released: {following.version} is a development version, which is not made from a tag",
            remedy="tagship release stable",
        )
    return following


def prepare(project: Project, git: Git, now: Current, following: Next, today: datetime.date) -> Prepared:
    """What changes.

    Raises:
        ProjectError: a file cannot be changed to the version.
    """
    tracked, beside = set(git.tracked()), project.root.resolve().relative_to(git.root.resolve())
    contents: dict[str, bytes] = {}
    warnings: list[str] = []
    final = bump(now.version, "stable")
    if now.version < final < following.version and final not in {tag.version for tag in now.tags}:
        warnings.append(f"{now.version} leads to {final}, which is left out: tagship release stable")
    if isinstance(project.version, Written) and following.version != now.version:
        planned = change(project.root, project.version, following.version, project.config.version_copies)
        contents |= planned.contents
        warnings += [f"{s.file}:{s.line} stays at {s.raw}: it did not say {now.version}" for s in planned.strays]
    section, warning = _section(project, following, today)
    untracked = [file for file in contents if (Path(beside) / file).as_posix() not in tracked]
    warnings += [f"{file} is not tracked by git, and stays as it is" for file in untracked]
    kept = {file: data for file, data in {**contents, **section}.items() if file not in untracked}
    return Prepared(contents=kept, warnings=(*warnings, *([warning] if warning else [])))


def _section(project: Project, following: Next, today: datetime.date) -> tuple[dict[str, bytes], str]:
    """The changelog with its unreleased section cut, where it has one; else what is missing."""
    file = project.changelog.value
    if file is None:
        return {}, ""
    made = changelog_edit.Release(
        version=following.version,
        spelt=following.tag.removeprefix(project.tags.value.prefix),
        tag=following.tag,
        date=today,
    )
    try:
        return {file: changelog_edit.cut(changelog_edit.read(project.root, file), made).encode()}, ""
    except ProjectError as error:
        if said := changelog.section(project, str(following.version)):
            still = changelog.COMING.search(said.splitlines()[0])
            return {}, f"{file} calls {following.version} {still[0]}" if still else ""
        why = error.message.removeprefix("nothing was changed: ")
        if uses_fragments(project):
            why = (
                "the fragments are not in it, and stay for the next release. First: "
                f"towncrier build --version {following.version}, and commit"
            )
        return {}, f"{file} says nothing about {following.version}: {why}"
