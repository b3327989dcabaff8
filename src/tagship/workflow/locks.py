"""The two locks of `.github/tagship`: tagship itself for the jobs of the workflow, and what builds the project.

Both are written by uv from the user's own index, hold exact versions with digests for every system, and name no place
to download from. A lock is left alone as long as it has what is needed; Dependabot raises single versions in it.
"""

import hashlib
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from tagship import __version__
from tagship.errors import ProjectError, ToolFailed
from tagship.project import hashed
from tagship.project.discover import Project
from tagship.services.checkout import clone_at
from tagship.services.git import Git
from tagship.services.uv import Env, Uv
from tagship.stages.backend import Backend, Builder, variables
from tagship.workflow import own_wheel

LOWEST = 11
"""Minor version of the oldest Python 3 that tagship runs on: a rehearsal may use it, runners are newer."""
_HEAD = """\
# {what}
# Written by tagship: exact versions with digests, `tagship sync --upgrade` writes it again.
"""
_UNRELEASED = "# This tagship came from no index: until one has that version, the lock holds in rehearsals alone.\n"
_TOOLS = "Tagship and what it needs, for the jobs of the publishing workflow."
_BLOCK = re.compile(r"^[^\s#].*\n(?:    .*\n)*", re.MULTILINE)
_OWN_BLOCK = re.compile(r"^tagship==.*\n(?:    .*\n)*", re.MULTILINE)
_LIMIT = 300.0
"""Seconds in which a build backend has to say what it needs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """What locks are made with."""

    uv: Uv
    git: Git
    """At the root of the repository."""


def tools_stale(there: str | None, more: Sequence[str] = (), *, itself: bool = False) -> tuple[str, ...]:
    """Why the lock of tagship has to be written again; empty where it is good.

    Args:
        more: what the project needs beside tagship.
        itself: whether tagship is what is released, so that its lock is for what it needs alone.

    Raises:
        ProjectError: it is for a newer tagship than this one, which may not know what that one wrote.
    """
    if there is None:
        return ("there is none",)
    lock = hashed.read(there)
    version, own = lock.version("tagship"), Version(__version__)
    if version is not None and version > own:
        raise ProjectError(
            f"Nothing was compared: the files are those of tagship {version}, and this is {own}",
            remedy=f"Use that version: uvx tagship@{version}, or pip install --upgrade tagship.",
            where=hashed.TOOLS,
        )
    why = _wrong(lock, (*own_wheel.requirements(), *more))
    if itself:
        return why
    if version != own:
        why += (f"it has tagship {version}" if version else "it lacks tagship",)
    elif not own_wheel.from_index() and _own_digest() not in there:
        why += ("it has another tagship of the same version",)
    elif own_wheel.from_index() and _UNRELEASED in there and _own_digest() not in there:
        why += (f"it has a tagship {version} from before an index had that version",)
    return why


def tools(uv: Uv, there: str | None, more: Sequence[str] = (), *, itself: bool = False) -> str:
    """The lock of tagship itself. A tagship that no index has is locked by the digest of its own wheel.

    Args:
        there: an older lock, whose versions stay where they fit; None to take the newest.
        more: as for `tools_stale`.
        itself: the same.

    Raises:
        ToolFailed, Unreachable: uv cannot make it.
    """
    what, note, own = _TOOLS, "", ""
    if itself:
        what = "What tagship needs, for the jobs of its own publishing workflow and for those who use action.yml."
    elif not own_wheel.from_index():
        note, own = _UNRELEASED, f"tagship=={__version__} \\\n    --hash=sha256:{_own_digest()}\n"
    wanted = own_wheel.requirements() if itself or own else (f"tagship=={__version__}",)
    try:
        body = uv.lock((*wanted, *more), f"3.{LOWEST}", _OWN_BLOCK.sub("", there or ""))
    except ToolFailed as error:
        raise ToolFailed(
            f"Nothing was written: what tagship needs could not be locked for {hashed.TOOLS}\n{error.message}",
            remedy="Let uv reach an index that has it: UV_DEFAULT_INDEX names yours, `tagship sync` tries again.",
        ) from error
    blocks = sorted((*_BLOCK.findall(body), *([own] if own else ())))
    return _HEAD.format(what=what) + note + "".join(blocks)


def build_stale(project: Project, there: str | None) -> tuple[str, ...]:
    """Why the lock of the build requirements has to be written again; empty where it is good."""
    if there is None:
        return ("there is none",)
    return _wrong(hashed.read(there), project.backend.requires.value)


def build(desk: Desk, project: Project, there: str | None) -> str:
    """The lock of the build requirements, with what the backend asks for in addition.

    The backend is the project's own code: it runs in an environment of its own on a clone of the last commit.

    Raises:
        BuildFailed: the requirements cannot be installed, or the backend fails when it is asked.
        ToolFailed, Unreachable: uv cannot make it, for example where a requirement has no wheel.
    """
    asked = _asked(desk, project)
    named = project.name.value or project.package
    head = _HEAD.format(what=f"What builds {named}: its build requirements, for `tagship build`.")
    return head + desk.uv.lock((*project.backend.requires.value, *asked), _lowest(project), there or "")


def _asked(desk: Desk, project: Project) -> tuple[str, ...]:
    commit = desk.git.commit()
    if commit is None:
        return ()
    requires = project.requires_python.value or ""
    python = (desk.uv.interpreter(requires) if requires else None) or Path(sys.executable)
    found = project.backend
    backend = Backend(name=found.name.value, path=found.path, requires=found.requires.value)
    folder = desk.uv.scratch / "asked"
    folder.mkdir()
    builder = Builder(
        uv=desk.uv,
        python=python,
        env=Env(root=folder / "env"),
        backend=backend,
        variables=variables(desk.git.commit_time(commit)),
        limit=_LIMIT,
    )
    builder.install(backend.requires)
    clone = clone_at(desk.git, commit, folder / "source")
    return builder.asked(clone.root / project.package, folder)


def _wrong(lock: hashed.Lock, requirements: tuple[str, ...]) -> tuple[str, ...]:
    lines = (f"no exact version with a digest: {line}" for line in lock.wrong)
    return (*lines, *(f"it lacks {line}" for line in lock.lacks(requirements)))


def _own_digest() -> str:
    return hashlib.sha256(own_wheel.build()).hexdigest()


def _lowest(project: Project) -> str:
    """The oldest Python for tagship that may build the project; the newest of the older ones where none may."""
    try:
        allowed = SpecifierSet(project.requires_python.value or "")
    except InvalidSpecifier:
        allowed = SpecifierSet()
    for minor in (*range(LOWEST, LOWEST + 10), *range(LOWEST - 1, 6, -1)):
        if any(allowed.contains(f"3.{minor}.{patch}") for patch in (0, 99)):
            return f"3.{minor}"
    return f"3.{LOWEST}"
