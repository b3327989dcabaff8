"""`tagship verify --published`: a release that is public already, looked at again without its manifest."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tagship.errors import Broken, NotVisibleYet
from tagship.model import Manifest, manifest_from_json
from tests.cli.calling import IMPORTED, Answer
from tests.cli.test_stage_commands import elsewhere
from tests.made_dists import good_wheel
from tests.rehearsing import Opened, Stage, git, repository

SCRIPT = ".github/scripts/verify_installation.py"
TEMPLATE = Path(__file__).parents[2] / "src/tagship/workflow/templates/verify_installation.py.txt"


@dataclass
class Released:
    """A release of the sample on the embedded PyPI and GitHub, and the script that `init --tools` writes."""

    opened: Opened
    path: Path
    manifest: Manifest

    def __call__(self, *words: str, **variables: str) -> Answer:
        """Run the script as a maintainer does."""
        done = subprocess.run(
            (sys.executable, SCRIPT, *words),
            cwd=self.path,
            env=os.environ | elsewhere(self.opened) | {"PYTHONPATH": IMPORTED} | variables,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Answer(code=done.returncode, out=done.stdout, err=done.stderr)


@pytest.fixture
def released(stage: Stage, tmp_path: Path) -> Iterator[Released]:
    """A whole release, and the script beside the sample's own files."""
    path = repository(tmp_path / "sample", {SCRIPT: TEMPLATE.read_text()})
    with stage.open(path) as opened:
        finished = opened.run()
        assert finished.error is None
        git(path, "remote", "add", "origin", "https://github.com/owner/sample.git")
        opened.embedded.github.owner, opened.embedded.github.name = "owner", "sample"
        yield Released(opened=opened, path=path, manifest=finished.manifest)


@pytest.mark.requirement("C6", "A8")
@pytest.mark.parametrize("version", ["1.0.0", "newest"])
def test_a_good_release(released: Released, version: str, tmp_path: Path) -> None:
    """The script installs the release from PyPI, imports it, runs its command, and compares it with GitHub's files."""
    output = tmp_path / "output"
    answer = released(version, "--json", GITHUB_OUTPUT=str(output))
    assert answer.code == 0, answer.err
    entry = manifest_from_json(answer.out.encode()).log[0]
    assert {fact.id: (fact.status, fact.detail) for fact in entry.facts} == {
        "release.same-files": ("ok", "2 files to compare with, at v1.0.0"),
        "index.visible": ("ok", "2 files"),
        "verify.install": ("ok", ""),
        "verify.import": ("ok", "sample"),
        "verify.scripts": ("ok", "sample"),
    }
    assert manifest_from_json(answer.out.encode()).dists == released.manifest.dists
    assert output.read_text() == "verdict=ok\nwords=\n"
    assert not (released.path / "tagship-manifest.json").exists()


@pytest.mark.requirement("C6", "A8")
def test_other_bytes_than_githubs(released: Released, tmp_path: Path) -> None:
    """Where a file on PyPI is not the one of GitHub's release, the release is broken, and both are named."""
    output = tmp_path / "output"
    release = released.opened.embedded.github.releases[0]
    wheel = next(asset for asset in release.assets if asset.name.endswith(".whl"))
    wheel.sha256 = "0" * 64
    answer = released("newest", GITHUB_OUTPUT=str(output))
    assert answer.code == Broken.exit_code
    words = "PyPI serves other bytes than were built: sample-1.0.0-py3-none-any.whl"
    assert words in answer.err
    assert output.read_text() == f"verdict=broken\nwords={words}\n"


@pytest.mark.requirement("C6", "A8")
def test_files_that_only_one_side_has(released: Released, tmp_path: Path) -> None:
    """A wheel that somebody uploaded later has nothing to be compared with, nor has one that is on the release alone:
    both are named, and that the two have the same files is unknown.
    """
    opened, later = released.opened, good_wheel(tmp_path, "sample", "1.0.0")
    later = later.rename(tmp_path / "sample-1.0.0-py3-none-win32.whl")
    opened.embedded.pypi.state.add_file(later, uploaded=opened.embedded.place.clock.now())
    assets = opened.embedded.github.releases[0].assets
    for name in ("sample-1.0.0-py2-none-any.whl", "manual-1.0.0.tar.gz"):
        assets.append(replace(assets[0], id=opened.embedded.github.new_id(), name=name))
    answer = released("newest", "--json")
    assert answer.code == 0, answer.err
    fact = next(f for f in manifest_from_json(answer.out.encode()).log[0].facts if f.id == "release.same-files")
    assert (fact.status, fact.detail) == (
        "unknown",
        "3 files to compare with, at v1.0.0; the index alone has sample-1.0.0-py3-none-win32.whl; the release alone "
        "has sample-1.0.0-py2-none-any.whl",
    )


@pytest.mark.requirement("C6", "A8")
def test_an_index_without_that_version(released: Released, tmp_path: Path) -> None:
    """A version that is not there is not visible, which says nothing about it; an index without any has no newest."""
    output = tmp_path / "output"
    answer = released("1.0.1", GITHUB_OUTPUT=str(output))
    assert answer.code == NotVisibleYet.exit_code
    assert "PyPI does not show sample 1.0.1" in answer.err
    answer = released("newest", "--index", "testpypi", GITHUB_OUTPUT=str(output))
    assert (answer.code, "Nothing to verify: testpypi has no release of sample" in answer.err) == (0, True)
    assert output.read_text() == "verdict=unknown\nwords=PyPI does not show sample 1.0.1\nverdict=none\nwords=\n"


@pytest.mark.requirement("C6")
def test_a_version_that_was_yanked_is_not_the_newest(released: Released) -> None:
    """The newest is what an installer takes: a yanked version is passed over."""
    state = released.opened.embedded.pypi.state
    project = state.projects["sample"]
    state.put(replace(project, releases=tuple(replace(r, yanked=True) for r in project.releases)))
    answer = released("newest")
    assert (answer.code, "Nothing to verify: pypi has no release of sample" in answer.err) == (0, True)


def test_the_script_alone(tmp_path: Path) -> None:
    """Without a version the script says what it does and ends with 2; without tagship, how it runs all the same."""
    command = (sys.executable, "-S", "-E", str(TEMPLATE))
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.partition(":")[0]) == (2, "Whether a release works for users")
    done = subprocess.run((*command, "1.2.3"), cwd=tmp_path, capture_output=True, text=True, check=False)
    words = "tagship is not installed here: uv run .github/scripts/verify_installation.py …, or pip install tagship\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", words)
