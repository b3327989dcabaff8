"""Faults on purpose: how a release comes out of each, against the end that was written down before."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tagship.rehearsal.clock import JumpingClock
from tagship.rehearsal.faults.kinds import Sort
from tagship.rehearsal.faults.matrix import cell, seen
from tagship.rehearsal.faults.stand import Rig
from tagship.rehearsal.faults.striker import Seen, parse
from tagship.rehearsal.request import Request
from tagship.rehearsal.result import Cell
from tagship.rehearsal.run import Outside, backstage, play
from tagship.services.reporter import Silence
from tests.rehearsing import repository

pytestmark = pytest.mark.requirement("E5", "A14")


@pytest.fixture(scope="module")
def rig(upstream: str, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """A clean rehearsal of the sample, whose files all cells of a module release."""
    path = repository(tmp_path_factory.mktemp("faults") / "sample", {})
    outside = Outside(
        path=path, environ=dict(os.environ) | {"UV_DEFAULT_INDEX": upstream}, cache=cache, clock=JumpingClock()
    )
    with backstage(outside, offline=False, enforce=False) as behind:
        result, pushed = play(Request(), outside, behind, Silence())
        assert result.verdict == "ready"
        yield Rig(pushed=pushed, behind=behind, outside=outside, clean=result.manifest)


@pytest.fixture(scope="module")
def requests(rig: Rig) -> tuple[Seen, ...]:
    """What a run asks for in which nothing fails."""
    return seen(rig)


def struck(rig: Rig, fault: str) -> Cell:
    """The cell of a fault; it has to end as was written down."""
    done = cell(rig, parse(fault))
    assert (done.fault, done.end, done.wrong) == (fault, done.expected, ()), done.runs
    return done


@pytest.mark.parametrize("fault", ["429@publish:3", "429@publish:4", "429-after@publish:5"])
def test_a_busy_index_has_not_refused_anything(rig: Rig, fault: str) -> None:
    """429 to the exchange of the identity token, or to an upload, is waited out in the same run."""
    struck(rig, fault)


@pytest.mark.parametrize("fault", ["503+@verify:2", "reset+@verify:4", "garbage@verify:4"])
def test_files_that_cannot_be_downloaded_now_are_not_broken(rig: Rig, fault: str) -> None:
    """Nobody is told to yank a release because the index could not hand out its files for a while."""
    struck(rig, fault)


@pytest.mark.parametrize("kind", ["lost", "lost-502", "503", "lost-old"])
@pytest.mark.parametrize("what", ["draft", "wheel", "sdist", "publication"])
def test_a_write_to_github_without_an_answer_is_looked_after(
    rig: Rig, requests: tuple[Seen, ...], kind: str, what: str
) -> None:
    """Whether draft, asset or publication took place is seen by looking, and the run goes on from there."""
    notes, *writes = [one for one in requests if one.sort is Sort.WRITE]
    assert notes.url.endswith("/generate-notes")
    number = dict(zip(("draft", "wheel", "sdist", "publication"), writes, strict=True))[what].number
    struck(rig, f"{kind}@github-release:{number}")


def test_a_tag_that_moves_late_is_noticed(rig: Rig) -> None:
    """A tag that means another commit just before the release becomes public stops it."""
    struck(rig, "moved-tag@github-release:2")


@pytest.mark.parametrize("fault", ["reset@publish:4", "lost@publish:4", "cut@publish:4", "refuse@publish:5"])
def test_an_upload_that_breaks_off_is_completed(rig: Rig, fault: str) -> None:
    """What the index lacks after twine broke off is uploaded with a new token, in the same run."""
    struck(rig, fault)


@pytest.mark.parametrize("fault", ["expired@publish:4", "expired@publish:5"])
def test_a_minted_token_that_runs_out_is_replaced(rig: Rig, fault: str) -> None:
    """Where the fifteen minutes of an upload token are over before a file, the next one is minted."""
    struck(rig, fault)
