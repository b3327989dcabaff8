"""The few lines of shell in the workflow, taken from the rendered file and run as a runner runs them."""

import hashlib
import os
import subprocess
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from tagship.workflow.document import read
from tagship.workflow.render import render
from tests.workflow.variants import VARIANTS

pytestmark = pytest.mark.requirement("A14")
WHEEL, SDIST = "sample-1.0-py3-none-any.whl", "sample-1.0.tar.gz"
JOBS = ("publish-testpypi", "publish-pypi")


def compare(job: str, name: str = "simple") -> str:
    """The script that stands right before the upload."""
    steps = read(render(VARIANTS[name]).encode(), "publish.yml").jobs[job].steps
    (upload,) = [step.number for step in steps if step.action == "pypa/gh-action-pypi-publish"]
    script = steps[upload - 1].run
    assert script is not None
    return script.text


def judged(script: str, dist: Path, sums: str) -> int:
    """The exit code of `bash -e FILE` in `dist`, which is how a step runs whose shell is not named."""
    file = dist.parent / "step.sh"
    file.write_text(script)
    environ = {"PATH": os.environ["PATH"], "SHA256SUMS": sums}
    return subprocess.run(("bash", "-e", str(file)), cwd=dist, env=environ, capture_output=True, check=False).returncode


def line(path: Path) -> str:
    """A file as the job's output names it."""
    return f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}"


def swapped(dist: Path) -> None:
    """Other bytes of the same length under the same name."""
    (dist / WHEEL).write_bytes(b"x" * (dist / WHEEL).stat().st_size)


def emptied(dist: Path) -> None:
    """Not one file."""
    for path in dist.iterdir():
        path.unlink()


CHANGES: dict[str, tuple[Callable[[Path], object], bool]] = {
    "nothing": (lambda dist: None, True),
    "other bytes": (swapped, False),
    "a file more": (lambda dist: (dist / "sample-1.0-cp313-cp313-manylinux_2_28_x86_64.whl").write_bytes(b"x"), False),
    "a hidden file more": (lambda dist: (dist / ".more").write_bytes(b"x"), False),
    "a file in a folder more": (lambda dist: ((dist / "a").mkdir(), (dist / "a" / WHEEL).write_bytes(b"")), False),
    "a link more": (lambda dist: (dist / "more.whl").symlink_to(WHEEL), False),
    "a file more whose name has two lines": (lambda dist: (dist / "a\nb").write_bytes(b"x"), False),
    "a file less": (lambda dist: (dist / SDIST).unlink(), False),
    "a file for another": (lambda dist: (dist / SDIST).rename(dist / "sample-1.1.tar.gz"), False),
    "no file": (emptied, False),
}


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize(("change", "good"), CHANGES.values(), ids=CHANGES)
def test_only_what_was_checked_is_uploaded(
    change: Callable[[Path], object], good: bool, job: str, tmp_path: Path
) -> None:
    """The step before an upload succeeds for exactly the files that were checked, and for no other set of names."""
    dist = tmp_path / "dist"
    dist.mkdir()
    for name in (WHEEL, SDIST):
        (dist / name).write_bytes(name.encode())
    sums = "\n".join(map(line, (dist / WHEEL, dist / SDIST)))
    change(dist)
    assert (judged(compare(job), dist, sums) == 0) is good


@pytest.mark.parametrize("sums", ["", "\n", "not a sum", "0" * 64])
@pytest.mark.parametrize("files", [(), (WHEEL,)], ids=["no file", "a file"])
def test_nothing_is_true_of_nothing(sums: str, files: tuple[str, ...], tmp_path: Path) -> None:
    """Where the validation handed on no sums, or none that can be read, nothing is uploaded."""
    dist = tmp_path / "dist"
    dist.mkdir()
    for name in files:
        (dist / name).write_bytes(b"")
    assert judged(compare("publish-pypi"), dist, sums) != 0


def test_names_with_blanks(tmp_path: Path) -> None:
    """A name with blanks is one name."""
    dist = tmp_path / "dist"
    dist.mkdir()
    (dist / "a b.whl").write_bytes(b"x")
    sums = line(dist / "a b.whl")
    assert judged(compare("publish-pypi"), dist, sums) == 0
    (dist / "c d.whl").write_bytes(b"x")
    assert judged(compare("publish-pypi"), dist, sums) != 0


def test_every_upload_is_compared() -> None:
    """Every variant has the same comparison before both of its uploads."""
    script = textwrap.indent(compare("publish-pypi"), " " * 10)
    before = f"{script}        env:\n          SHA256SUMS: "
    assert {name: render(variant).count(before) for name, variant in VARIANTS.items()} == dict.fromkeys(VARIANTS, 2)
