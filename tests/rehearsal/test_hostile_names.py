"""Names that are commands to a shell, and would be to a careless one: they are names, and nothing else happens."""

from pathlib import Path

import pytest

from tagship.rehearsal.request import Request
from tests.rehearsal.bad_input import rehearsed
from tests.rehearsing import Stage, git, repository

NAMES = [
    'v1.0.0";{};"',
    "v1.0.0';{};'",
    "v1.0.0$({})",
    "v1.0.0`{}`",
    "v1.0.0|{}",
    "v1.0.0&&{}",
    "v1.0.0>{}",
    "v1.0.0%0A--{}",
]
TELLING = {NAMES[1], NAMES[2], NAMES[-1]}
"""A way out of quotes, one that quotes do not stop, and one that is no shell's: the branches that are always built."""


def command(folder: Path) -> str:
    """Would leave a file in the folder; without a space, which git allows in no name."""
    return f"touch${{IFS}}{folder}/made"


@pytest.mark.parametrize("pattern", NAMES)
def test_tags_that_are_commands(stage: Stage, tmp_path: Path, pattern: str) -> None:
    """Such a tag can be pushed, and is refused as no version; what it would do is not done."""
    path, name = repository(tmp_path / "sample", {}), pattern.format(command(tmp_path))
    git(path, "tag", "--", name)
    result = rehearsed(stage, path, Request(tag=name))
    assert (result.verdict, [entry.stage for entry in result.manifest.log]) == ("refused", ["plan", "summary"])
    assert result.headline.startswith(f"The tag {name} is not released: ")
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "pattern",
    [
        *(pytest.param(name, marks=() if name in TELLING else pytest.mark.slow) for name in NAMES),
        "-v1.0.0{0:.0}",
        "\u202e{0:.0}main",
    ],
)
def test_branches_that_are_commands(stage: Stage, tmp_path: Path, pattern: str) -> None:
    """A development version of such a branch is planned and built like that of any other."""
    path, name = repository(tmp_path / "sample", {}), pattern.format(command(tmp_path))
    git(path, "update-ref", f"refs/heads/{name}", "HEAD")
    git(path, "symbolic-ref", "HEAD", f"refs/heads/{name}")
    git(path, "branch", "--delete", "--force", "main")
    with stage.open(path, Request(kind="push")) as opened:
        finished = opened.run("plan", "build")
    assert finished.error is None
    assert sorted(dist.filename for dist in finished.manifest.dists) == [
        "sample-1.0.0.dev1-py3-none-any.whl",
        "sample-1.0.0.dev1.tar.gz",
    ]
    assert not (tmp_path / "made").exists()
