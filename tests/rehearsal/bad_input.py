"""Rehearsals of repositories that are not as they should be, and what every one of them must leave alone."""

from pathlib import Path

import pytest

from tagship.errors import TagshipError
from tagship.rehearsal.request import Request
from tagship.rehearsal.result import Rehearsal
from tests.rehearsing import Stage

Told = tuple[str, str, str, str]
"""Code, title, place and remedy."""


def files(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Everything below a folder, `.git` included, with mode, size and time."""
    found = [folder, *folder.rglob("*")] if folder.is_dir() else []
    return {str(p): (s.st_mode, s.st_size, s.st_mtime_ns) for p in found for s in [p.lstat()]}


def rehearsed(stage: Stage, path: Path, request: Request | None = None) -> Rehearsal:
    """Rehearse, and assert that the repository is the same and that no folder of the rehearsal is left."""
    before = files(path)
    try:
        return stage(path, request)
    finally:
        after = files(path)
        changed = sorted(p for p in {**before, **after} if before.get(p) != after.get(p))
        left = list((stage.cache / "rehearsals").glob("*/*"))
        assert (changed, left) == ([], []), f"changed: {changed}, left: {left}"


def not_begun(stage: Stage, path: Path, request: Request | None = None) -> Told:
    """The error with which a rehearsal does not even begin."""
    with pytest.raises(TagshipError) as caught:
        rehearsed(stage, path, request)
    finding = caught.value.finding()
    return finding.code, finding.title, finding.where.replace(str(path), "PATH"), finding.remedy


def told(result: Rehearsal) -> list[tuple[str, Told]]:
    """The stage of everything that stood in the way, and what was said about it."""
    return [(stage, (f.code, f.title, f.where, f.remedy)) for stage, f in result.causes]


def assumed(result: Rehearsal, name: str) -> list[str]:
    """What was assumed under a name."""
    return [assumption.value for assumption in result.assumptions if assumption.name == name]


def released(result: Rehearsal) -> tuple[str, str, str]:
    """The verdict, the headline, and what was pushed."""
    return result.verdict, result.headline, result.scenario
