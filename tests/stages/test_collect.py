"""Platform wheels that other machines made from the sdist join the build, or are refused."""

import base64
import csv
import hashlib
import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tagship.errors import BuildFailed, Conflict, TagshipError
from tagship.model import Dist, Manifest
from tagship.stages import STAGES, merge, run
from tagship.stages.collect import decide
from tagship.stages.common import wheel_for_here
from tests.rehearsal.test_bad_files import EXTENSION
from tests.rehearsing import Opened, Stage, repository
from tests.samples import PLAN

pytestmark = pytest.mark.requirement("A12")
HERE = "manylinux_2_28_x86_64"
OTHERS = ("win_amd64", "macosx_11_0_arm64")
BUILD = next(row for row in STAGES if row.name == "build")
CIBUILDWHEEL = {"pyproject.toml": f"{EXTENSION['pyproject.toml']}\n[tool.cibuildwheel]\nbuild = 'cp311-*'\n"}


def retagged(wheel: Path, platform: str, folder: Path) -> Path:
    """The same wheel as another machine would have made it: its platform in the name, in WHEEL and in RECORD."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / wheel.name.replace("linux_x86_64", platform)
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        files = {name: old.read(name) for name in old.namelist()}
        record = next(name for name in files if name.endswith("/RECORD"))
        about = next(name for name in files if name.endswith("/WHEEL"))
        files[about] = files[about].replace(b"linux_x86_64", platform.encode())
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        for name, data in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            rows.writerow((name, "", "") if name == record else (name, f"sha256={digest}", len(data)))
        files[record] = text.getvalue().encode()
        for name, data in files.items():
            new.writestr(zipfile.ZipInfo(name), data)
    return target


def collected(opened: Opened, folder: Path, manifest: Manifest) -> tuple[Manifest, TagshipError | None]:
    """`build --wheels FOLDER`."""
    world = opened.scene.world_of(BUILD)
    result = run(BUILD, manifest, replace(world, workspace=replace(world.workspace, wheels=folder)))
    return result.manifest, result.error


def test_a_release_with_platform_wheels(stage: Stage, tmp_path: Path) -> None:
    """The wheels of several machines are published with the sdist that they were made from, once, and verified.

    The one for this machine is tested and installed from the index; a record from before they were collected is
    about the same build.
    """
    with stage.open(repository(tmp_path / "sample", {**EXTENSION, **CIBUILDWHEEL})) as opened:
        built = opened.run("plan", "gate", "build").manifest
        (sdist,), (local,) = built.dists, built.local
        wheel = opened.world.workspace.local / local.filename
        wheels = [retagged(wheel, platform, tmp_path / "wheels" / platform) for platform in (HERE, *OTHERS)]
        whole, error = collected(opened, tmp_path / "wheels", built)
        assert error is None
        assert whole.local == ()
        assert [dist.filename for dist in whole.dists] == [*sorted(path.name for path in wheels), sdist.filename]
        assert whole.dists[-1] == sdist
        assert {*merge(built, whole).dists} == {*merge(whole, built).dists} == {*whole.dists}
        done = opened.run("test", "check", "publish", "verify", "github-release", "summary", after=whole)
        assert done.error is None
        public = {file.filename: file.sha256 for file in opened.embedded.pypi.state.projects["sample"].files}
        (release,) = opened.embedded.github.releases
    expected = {dist.filename: dist.sha256 for dist in whole.dists}
    assert public == expected
    assert {asset.name: asset.sha256 for asset in release.assets} == expected
    tested, verified = done.manifest.entry("test"), done.manifest.entry("verify")
    assert tested is not None and verified is not None
    assert (tested.outcome, verified.outcome) == ("done", "done")


def _none(folder: Path, wheel: Path) -> None:
    folder.mkdir()


def _twice(folder: Path, wheel: Path) -> None:
    for runner in ("macos-14", "macos-15"):
        retagged(wheel, HERE, folder / runner)


def _strange(folder: Path, wheel: Path) -> None:
    path = retagged(wheel, HERE, folder)
    path.rename(folder / path.name.replace("1.0.0", "1.0.1"))


def _elsewhere(folder: Path, wheel: Path) -> None:
    retagged(wheel, "win_amd64", folder)


SPOILT: dict[str, tuple[Callable[[Path, Path], None], type[TagshipError], str]] = {
    "none": (_none, BuildFailed, "there are no wheels"),
    "two of one name": (_twice, Conflict, f"sample-1.0.0-cp311-cp311-{HERE}.whl was made more than once"),
    "of another version": (
        _strange,
        BuildFailed,
        f"sample-1.0.1-cp311-cp311-{HERE}.whl is no wheel of sample 1.0.0",
    ),
    "none for this machine": (_elsewhere, BuildFailed, "no wheel is for this machine, so that none could be tested"),
}


def test_what_is_refused(stage: Stage, tmp_path: Path) -> None:
    """No wheels, two of one name, foreign ones, or none that could be tried: nothing joins the build."""
    with stage.open(repository(tmp_path / "sample", {**EXTENSION, **CIBUILDWHEEL})) as opened:
        built = opened.run("plan", "build").manifest
        wheel = opened.world.workspace.local / built.local[0].filename
        for number, (spoil, kind, why) in enumerate(SPOILT.values()):
            folder = tmp_path / f"wheels-{number}"
            spoil(folder, wheel)
            _, error = collected(opened, folder, built)
            assert type(error) is kind
            assert error.message == f"Nothing was collected: {why}"
            assert [path.name for path in opened.world.workspace.dist.iterdir()] == [built.dists[0].filename]


@pytest.mark.parametrize(
    ("name", "good"),
    [
        ("wheelhouse-1.4.0-cp312-cp312-win_amd64.whl", True),
        ("Wheelhouse-1.4.0-cp312-cp312-win_amd64.whl", True),
        ("wheelhouse-1.4-cp312-cp312-win_amd64.whl", False),
        ("other-1.4.0-cp312-cp312-win_amd64.whl", False),
        ("wheelhouse-1.4.0.tar.gz", False),
        ("wheelhouse-1.4.0-cp312-cp312-win_amd64.whl.sig", False),
        ("notes.txt", False),
    ],
)
def test_only_wheels_of_this_version(name: str, good: bool) -> None:
    """A file that is no wheel, or one of another project or version, stops the build by name."""
    if good:
        decide(PLAN, ("wheelhouse-1.4.0.tar.gz",), (name,))
        return
    with pytest.raises(BuildFailed) as caught:
        decide(PLAN, ("wheelhouse-1.4.0.tar.gz",), (name,))
    assert caught.value.message == f"Nothing was collected: {name} is no wheel of Wheelhouse 1.4.0"


def test_the_wheel_that_suits_this_machine() -> None:
    """Of several the most specific one that fits is taken, a universal one before none, and never another system's."""
    names = ("x-1-cp311-cp311-win_amd64.whl", "x-1-py3-none-any.whl", f"x-1-cp311-abi3-{HERE}.whl")
    dists = [Dist(filename=name, kind="wheel", size=1, sha256="0" * 64) for name in names]
    picked = [wheel_for_here(dists[:count]) for count in range(4)]
    assert [dist.filename if dist else None for dist in picked] == [None, None, names[1], names[2]]


def test_other_bytes_are_never_merged() -> None:
    """Two manifests of which one has more files are one build only where what both have is the same."""
    sdist = Dist(filename="x-1.tar.gz", kind="sdist", size=1, sha256="0" * 64)
    wheel = Dist(filename="x-1-cp311-abi3-win_amd64.whl", kind="wheel", size=1, sha256="1" * 64)
    whole = Manifest(dists=(wheel, sdist))
    assert merge(Manifest(dists=(sdist,), local=(wheel,)), whole) == whole
    for other in (msgspec.structs.replace(sdist, sha256="2" * 64), msgspec.structs.replace(wheel, sha256="2" * 64)):
        for pair in ((Manifest(dists=(other,)), whole), (whole, Manifest(dists=(other,)))):
            with pytest.raises(Conflict, match="different files"):
                merge(*pair)
