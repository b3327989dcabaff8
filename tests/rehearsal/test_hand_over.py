"""What is published is what was tested: other bytes, foreign files and incomplete releases are stopped."""

import hashlib
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tagship.model import Manifest
from tagship.rehearsal.faults.stand import Rig
from tests.rehearsing import Opened, Stage, afresh, repository, rigged

WHEEL, SDIST = "sample-1.0.0-py3-none-any.whl", "sample-1.0.0.tar.gz"
VALIDATED = ("plan", "gate", "build", "test", "check")


def built(opened: Opened) -> tuple[Path, Path]:
    """Where the built files lie: wheel and sdist."""
    dist = opened.world.workspace.dist
    return dist / WHEEL, dist / SDIST


Checked = tuple[Opened, Manifest]
"""A world in which nothing is published, and what its jobs would get."""


@pytest.fixture(scope="module")
def made(upstream: str, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """The sample, released once."""
    with rigged(repository(tmp_path_factory.mktemp("made") / "sample", {}), upstream, cache) as found:
        yield found


@pytest.fixture
def checked(made: Rig, tmp_path: Path) -> Iterator[Checked]:
    """Its files, built, tested and checked, in a world of their own."""
    log = tuple(entry for entry in made.clean.log if entry.stage in VALIDATED)
    with afresh(made, tmp_path.name) as opened:
        yield opened, msgspec.structs.replace(made.clean, log=log)


def other_bytes(path: Path) -> None:
    """Change a file without changing its size."""
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


@pytest.mark.requirement("A5")
@pytest.mark.parametrize(
    "change",
    [
        lambda wheel, sdist: other_bytes(wheel),
        lambda wheel, sdist: sdist.unlink(),
        lambda wheel, sdist: wheel.with_name("sample-1.0.0-py2-none-any.whl").write_bytes(wheel.read_bytes()),
    ],
    ids=["other bytes", "a file less", "a file more"],
)
def test_files_that_are_not_what_was_checked_are_not_published(
    checked: Checked, change: Callable[[Path, Path], object]
) -> None:
    """Between check and publish, names and digests are compared: nothing is uploaded where they differ."""
    opened, manifest = checked
    change(*built(opened))
    published = opened.run("publish", after=manifest)
    assert published.error is not None
    assert published.error.code == "TE09"
    assert published.error.message.startswith("Nothing was done: dist/ is not what was built and checked")
    assert opened.embedded.pypi.state.files("sample") == ()


def test_a_foreign_file_in_the_same_version_stops_the_upload(checked: Checked) -> None:
    """Where the index has a file of the version that this build did not make, nothing is added to it."""
    opened, manifest = checked
    wheel, _ = built(opened)
    opened.embedded.pypi.state.add_bytes("sample-1.0.0-1-py3-none-any.whl", wheel.read_bytes())
    error = opened.run("publish", after=manifest).error
    assert error is not None
    assert (error.code, error.message.splitlines()[0]) == (
        "TE09",
        "Nothing was uploaded: PyPI has sample-1.0.0-1-py3-none-any.whl, which this build did not make",
    )


def test_other_bytes_that_arrive_first_are_a_conflict(checked: Checked, tmp_path: Path) -> None:
    """Where somebody else uploads other bytes between our look and our upload, that is no success."""
    opened, manifest = checked
    wheel, _ = built(opened)
    pypi = opened.embedded.pypi

    def racing(environ: dict[str, object], start_response: object) -> object:
        if environ["PATH_INFO"] == "/_/oidc/mint-token" and not pypi.state.files("sample"):
            other = tmp_path / WHEEL
            other.write_bytes(wheel.read_bytes())
            with other.open("ab") as file:
                file.write(b"\0")
            pypi.state.add_file(other)
        return pypi(environ, start_response)  # type: ignore[arg-type]

    hosts = opened.embedded.doors.hosts
    hosts.update(dict.fromkeys(pypi.hosts, racing))  # type: ignore[attr-defined]
    error = opened.run("publish", after=manifest).error
    assert error is not None
    assert error.code == "TE09"
    assert f"PyPI has {WHEEL} with other bytes" in error.message


@pytest.mark.requirement("A8")
def test_an_index_that_serves_other_bytes_is_broken(checked: Checked) -> None:
    """verify stops where a file of ours is served with another digest, and no GitHub release is made."""
    opened, manifest = checked
    published = opened.run("publish", after=manifest)
    state = opened.embedded.pypi.state
    project = state.projects["sample"]
    release = project.releases[0]
    wrong = hashlib.sha256(b"made up by a test").hexdigest()
    files = tuple(replace(f, sha256=wrong) if f.filename == WHEEL else f for f in release.files)
    state.put(replace(project, releases=(replace(release, files=files),)))
    error = opened.run("verify", "github-release", after=published.manifest).error
    assert error is not None
    assert (error.code, error.message) == ("TE14", f"PyPI serves other bytes than were built: {WHEEL}")
    assert opened.embedded.github.releases == []


@pytest.mark.requirement("A8")
def test_other_bytes_behind_the_right_digest_are_not_installed(checked: Checked) -> None:
    """Where the page says what was built, and the file that is handed out is another wheel, it is not even tried."""
    opened, manifest = checked
    published = opened.run("publish", after=manifest)
    stored = next(f for f in opened.embedded.pypi.state.files("sample") if f.filename == WHEEL)
    with zipfile.ZipFile(stored.path, "a") as wheel:
        wheel.writestr("sample/more.py", "made = 'up by a test'")
    error = opened.run("verify", "github-release", after=published.manifest).error
    assert error is not None
    assert (error.code, error.message.splitlines()[0]) == (
        "TE14",
        "What PyPI serves does not work: It cannot be installed",
    )
    assert "Hash mismatch" in error.message
    assert opened.embedded.github.releases == []


@pytest.mark.requirement("A8")
def test_an_incomplete_release_is_broken_and_an_invisible_one_is_not(checked: Checked) -> None:
    """A file missing for good stops the release; nothing visible at all is a warning with its own code."""
    opened, manifest = checked
    published = opened.run("publish", after=manifest)
    state = opened.embedded.pypi.state
    project = state.projects["sample"]
    release = project.releases[0]
    state.put(replace(project, releases=(replace(release, files=release.files[:1]),)))
    error = opened.run("verify", after=published.manifest).error
    assert error is not None
    assert (error.code, error.message.split(":")[0]) == ("TE14", "The release is incomplete")
    state.put(replace(project, releases=()))
    finished = opened.run("verify", after=published.manifest)
    entry = finished.manifest.entry("verify")
    assert finished.error is None
    assert entry is not None
    assert [(f.code, f.severity) for f in entry.findings] == [("TE13", "warning")]


def test_verify_without_files_says_so(stage: Stage, tmp_path: Path) -> None:
    """Zero files are not a success: verify after plan alone is an error in words."""
    with stage.open(repository(tmp_path / "sample", {})) as opened:
        error = opened.run("plan", "verify").error
        assert error is not None
        assert (error.code, error.message) == ("TE02", "Nothing was verified: there are no built files")


@pytest.mark.requirement("A3", "E3")
def test_a_closed_gate_cannot_be_walked_around(stage: Stage, tmp_path: Path) -> None:
    """With the gate closed, calling the later stages one by one publishes nothing."""
    with stage.open(repository(tmp_path / "sample", {}), ci={"ci.yml": "failure"}) as opened:
        gated = opened.run("plan", "gate")
        assert gated.error is not None
        error = opened.run("build", "test", "check", "publish", after=gated.manifest).error
        assert error is not None
        assert (error.code, error.message) == ("TE02", "Nothing was done: publish needs gate, which failed")
        assert opened.embedded.pypi.state.files("sample") == ()
