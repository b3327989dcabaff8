"""Files between the stages: nothing but what was built is taken, and nothing but what a build left is deleted."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tagship.errors import Conflict, TagshipError, UsageError
from tagship.model import Manifest
from tagship.services.world import Workspace
from tagship.stages import STAGES, run
from tagship.stages.common import built_wheel, describe, handed_over
from tests.rehearsing import Opened, Stage, repository

WHEEL, SDIST = "sample-1.0.0-py3-none-any.whl", "sample-1.0.0.tar.gz"
BUILD = next(row for row in STAGES if row.name == "build")
AGAIN = "Take the files of the build again, and nothing else; never build twice for one release."
ELSEWHERE = "Move that elsewhere, or give another folder with --dist; only built files are deleted."


def built(folder: Path) -> Manifest:
    """The manifest of a wheel and an sdist in a folder."""
    folder.mkdir()
    for name in (WHEEL, SDIST):
        (folder / name).write_bytes(name.encode())
    return Manifest(dists=(describe(folder / WHEEL), describe(folder / SDIST)))


def test_what_was_built_is_handed_over_wheels_first(tmp_path: Path) -> None:
    """The files of the manifest, where they are all there is, come back in the order of upload."""
    manifest = built(tmp_path / "dist")
    assert handed_over(manifest, tmp_path / "dist") == (tmp_path / "dist" / WHEEL, tmp_path / "dist" / SDIST)


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "one more file": (lambda dist: (dist / "more.txt").write_bytes(b""), "more.txt"),
    "a file less": (lambda dist: (dist / SDIST).unlink(), SDIST),
    "another name": (
        lambda dist: (dist / SDIST).rename(dist / "sample-1.0.1.tar.gz"),
        f"{SDIST}, sample-1.0.1.tar.gz",
    ),
    "other bytes of the same size": (lambda dist: (dist / WHEEL).write_bytes(b"x" * len(WHEEL)), WHEEL),
    "a folder beside": (lambda dist: (dist / "docs").mkdir(), "docs"),
    "a folder instead": (lambda dist: (dist / SDIST).rename(dist / "x").with_name(SDIST).mkdir(), f"{SDIST}, x"),
    "a dead link": (lambda dist: (dist / "gone.whl").symlink_to("nowhere"), "gone.whl"),
}


@pytest.mark.requirement("A14")
@pytest.mark.parametrize(("change", "named"), CHANGES.values(), ids=CHANGES)
def test_anything_but_what_was_built_is_a_conflict(
    change: Callable[[Path], object], named: str, tmp_path: Path
) -> None:
    """A file more, less or other than in the manifest stops the release, by name."""
    dist = tmp_path / "dist"
    manifest = built(dist)
    change(dist)
    with pytest.raises(Conflict) as caught:
        handed_over(manifest, dist)
    said = f"Nothing was done: dist/ is not what was built and checked: {named}"
    assert (caught.value.message, caught.value.remedy, caught.value.where) == (said, AGAIN, str(dist))


def test_a_folder_that_is_gone_is_a_conflict(tmp_path: Path) -> None:
    """Where there is no `dist` at all, every built file is missing."""
    with pytest.raises(Conflict, match=f"{WHEEL}, {SDIST}"):
        handed_over(built(tmp_path / "elsewhere"), tmp_path / "dist")


@pytest.mark.parametrize("place", ["dist", "local"])
def test_only_the_wheel_that_was_built_is_installed(place: str, tmp_path: Path) -> None:
    """The wheel to install has the digest of the manifest, wherever it lies; any other bytes are a conflict."""
    made = built(tmp_path / place)
    manifest = made if place == "dist" else Manifest(dists=made.dists[1:], local=made.dists[:1])
    workspace = Workspace(
        root=tmp_path, package=".", dist=tmp_path / "dist", local=tmp_path / "local", scratch=tmp_path
    )
    wheel = tmp_path / place / WHEEL
    assert built_wheel(manifest, workspace) == wheel
    wheel.write_bytes(b"x" * len(WHEEL))
    with pytest.raises(Conflict) as caught:
        built_wheel(manifest, workspace)
    said = f"Nothing was done: {place}/ is not what was built and checked: {WHEEL}"
    assert (caught.value.message, caught.value.remedy, caught.value.where) == (said, AGAIN, str(tmp_path / place))


def build_into(opened: Opened, dist: Path | None = None, local: Path | None = None) -> TagshipError | None:
    """Plan and build, with other folders for the built files, in a world whose home is the checkout's parent."""
    world = opened.scene.world_of(BUILD)
    space = world.workspace
    changed = replace(
        world,
        workspace=replace(space, dist=dist or space.dist, local=local or space.local),
        environment=dict(world.environment) | {"HOME": str(space.root.parent)},
    )
    return run(BUILD, opened.run("plan").manifest, changed).error


def snapshot(folder: Path) -> list[tuple[str, bytes]]:
    """Everything below a folder."""
    return sorted((str(p.relative_to(folder)), p.read_bytes() if p.is_file() else b"") for p in folder.rglob("*"))


@pytest.mark.parametrize("place", ["dist", "local"])
def test_no_build_empties_the_checkout_or_the_home(place: str, stage: Stage, tmp_path: Path) -> None:
    """A folder for built files that is or contains the checkout or the home is refused, and nothing is deleted."""
    with stage.open(repository(tmp_path / "sample", {})) as opened:
        root = opened.world.workspace.root
        before = snapshot(root)
        for folder in (root, root / "sample" / "..", root.parent, Path("/")):
            error = build_into(opened, **{place: folder})
            assert isinstance(error, UsageError)
            assert error.message.startswith(f"Nothing was built: {folder} holds more than built files")
            assert error.remedy == "Give a folder that is for built files alone, like --dist dist."
        assert snapshot(root) == before


@pytest.mark.parametrize("place", ["dist", "local"])
def test_no_build_empties_a_folder_of_other_things(place: str, stage: Stage, tmp_path: Path) -> None:
    """A folder with anything but distribution files in it is a conflict that names it, and nothing is deleted."""
    with stage.open(repository(tmp_path / "sample", {})) as opened:
        package = opened.world.workspace.root / "sample"
        (package / WHEEL).write_bytes(b"old")
        before = snapshot(package)
        error = build_into(opened, **{place: package})
        assert isinstance(error, Conflict)
        said = "Nothing was built: sample is not for built files alone: __init__.py"
        assert (error.message, error.remedy, error.where) == (said, ELSEWHERE, str(package))
        assert snapshot(package) == before


def test_what_earlier_builds_left_goes(stage: Stage, tmp_path: Path) -> None:
    """Earlier distribution files, and the .gitignore that `uv build` leaves, are replaced; a link's target stays."""
    dist, kept = tmp_path / "dist", tmp_path / "kept.whl"
    dist.mkdir()
    kept.write_bytes(b"kept")
    for name in ("sample-0.9.tar.gz", "sample-0.9.zip", "sample-0.9-py3-none-any.whl"):
        (dist / name).write_bytes(b"old")
    (dist / ".gitignore").write_text("*")
    (dist / "linked.whl").symlink_to(kept)
    with stage.open(repository(tmp_path / "sample", {})) as opened:
        assert build_into(opened, dist=dist) is None
    assert sorted(path.name for path in dist.iterdir()) == [WHEEL, SDIST]
    assert kept.read_bytes() == b"kept"
