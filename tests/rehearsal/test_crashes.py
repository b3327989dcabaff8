"""A process that is killed, somebody else at work at the same time, and other bytes in the next run."""

import pytest

from tagship.rehearsal.faults.kinds import AGAIN, CONVERGED
from tagship.rehearsal.faults.matrix import cell
from tagship.rehearsal.faults.stand import KILLED, Rig, stand
from tagship.rehearsal.faults.striker import parse

pytestmark = pytest.mark.requirement("A14", "E5")
TAKEN = "Nothing was uploaded: PyPI has sample-1.0.0-py3-none-any.whl with other bytes"


@pytest.mark.parametrize("where", ["publish:4", "github-release:5", "gate", "github-release"])
def test_a_killed_release_is_completed_by_the_next_run(rig: Rig, where: str) -> None:
    """Killed with one of two files on the index, with a draft, or between two stages: run again, all is there."""
    done = cell(rig, parse(f"crash@{where}"))
    assert (done.end, done.wrong, [run.code for run in done.runs]) == (AGAIN, (), [KILLED, ""])


@pytest.mark.parametrize(("where", "end"), [("publish:3", AGAIN), ("publish:4", TAKEN), ("verify", TAKEN)])
def test_other_bytes_never_mix_with_what_is_public(rig: Rig, where: str, end: str) -> None:
    """Built again with other bytes, the next run releases all of them, or refuses where the first is public."""
    done = cell(rig, parse(f"crash-rebuilt@{where}"))
    assert (done.end, done.wrong, done.runs[0].code) == (AGAIN if end == AGAIN else "refused TE09", (), KILLED)
    if end != AGAIN:
        assert (done.runs[1].said.splitlines()[0], done.runs[1].remedy) == (
            end,
            "Release the next version: a file name can never be used again.",
        )


@pytest.mark.parametrize("where", ["publish:4", "github-release:4", "github-release:5"])
def test_two_releases_at_the_same_time_make_one(rig: Rig, where: str) -> None:
    """While one waits for an answer another does it all: both end well, and everything is there once."""
    with stand(rig, f"beside-{where}".replace(":", "-"), patience=30) as world:
        first, public = world.run(parse(f"beside@{where}"))
        assert world.beside is not None
        assert (first.failed, world.beside.failed) == (False, False)
        assert sorted(public.files) == sorted((dist.filename, dist.sha256) for dist in rig.clean.dists)
        assert [page.draft for page in public.pages] == [False]
    assert cell(rig, parse(f"beside@{where}")).end == CONVERGED
