"""The judge of faulty releases: everything that must not be is seen."""

import base64
from urllib.parse import quote

import msgspec
import pytest

from tagship.model import Dist, Event, Plan, Target
from tagship.rehearsal.faults.judge import LONGEST, LONGEST_WAIT, Page, Public, Wanted, ended, lacking, leaks, wrong
from tagship.rehearsal.faults.kinds import AGAIN, CONVERGED
from tagship.rehearsal.result import Run

pytestmark = pytest.mark.requirement("A14", "E5")
WHEEL, SDIST = ("a-1.0-py3-none-any.whl", "1" * 64), ("a-1.0.tar.gz", "2" * 64)
OTHER = (WHEEL[0], "3" * 64)
PLAN = Plan(
    event=Event(name="push", repository="o/a", ref="refs/tags/v1.0", sha="a" * 40, default_branch="main"),
    project="a", package=".", version="1.0", tag="v1.0", target=Target.PYPI, reason="the tag v1.0",
    prerelease=False, epoch=0,
)  # fmt: skip
DISTS = (
    Dist(filename=WHEEL[0], kind="wheel", size=1, sha256=WHEEL[1]),
    Dist(filename=SDIST[0], kind="sdist", size=1, sha256=SDIST[1]),
)
WANTED = Wanted(plan=PLAN, dists=DISTS)
REBUILT = Wanted(plan=PLAN, dists=(Dist(filename=WHEEL[0], kind="wheel", size=1, sha256=OTHER[1]), DISTS[1]))
PAGE = Page(draft=False, assets=(WHEEL, SDIST))
DRAFT = Page(draft=True, assets=(WHEEL,))
WHOLE = Public(files=(WHEEL, SDIST), pages=(PAGE,))
NOTHING = Public(files=())
LOST = Run(code="TE12", failed=True, said="no answer came", remedy="Run the same command again.", stage="publish")


@pytest.mark.parametrize(
    ("public", "missing"),
    [
        (WHOLE, ()),
        (NOTHING, (f"{WHEEL[0]} is not on the index", f"{SDIST[0]} is not on the index", "there is no GitHub release")),
        (Public(files=(WHEEL, SDIST), pages=(DRAFT,)),
         ("there is no GitHub release", "a draft of the GitHub release is left")),
        (Public(files=(WHEEL, SDIST), pages=(Page(draft=False, assets=(WHEEL, (SDIST[0], None))),)),
         (f"{SDIST[0]} is not on the GitHub release",)),
    ],
)  # fmt: skip
def test_what_is_missing_is_named(public: Public, missing: tuple[str, ...]) -> None:
    """A release is done where all files are on the index and on one public GitHub release, and nothing is left over."""
    assert lacking(public, WANTED) == missing


@pytest.mark.parametrize(
    ("public", "words"),
    [
        (WHOLE, ()),
        (NOTHING, ()),
        (Public(files=(WHEEL,), pages=(DRAFT,)), ()),
        (Public(files=(OTHER,)), (f"{WHEEL[0]} is on the index and was not built for this release",)),
        (Public(files=(), elsewhere=("a-1.0.tar.gz",)), ("a-1.0.tar.gz is on the other index",)),
        (Public(files=(WHEEL, SDIST), pages=(PAGE, PAGE)), ("there are 2 public GitHub releases",)),
        (Public(files=(WHEEL,), pages=(PAGE,)), ("the GitHub release is public, and the index lacks files",)),
        (Public(files=(WHEEL, SDIST), pages=(Page(draft=False, assets=(OTHER, SDIST)),)),
         (f"{WHEEL[0]} is on the GitHub release and was not built for it",)),
    ],
)  # fmt: skip
def test_what_must_never_be_is_seen(public: Public, words: tuple[str, ...]) -> None:
    """Other bytes, foreign files, two releases, and a release before its files, however a run ends."""
    assert wrong(public, WANTED) == words


def test_how_a_release_ends() -> None:
    """In the same run, in one more, or with the error of the second run."""
    assert ended((Run(), WHOLE), None, WANTED, WANTED) == (CONVERGED, ())
    assert ended((LOST, NOTHING), (Run(), WHOLE), WANTED, WANTED) == (AGAIN, ())
    refused = msgspec.structs.replace(LOST, code="TE09")
    assert ended((LOST, NOTHING), (refused, NOTHING), WANTED, WANTED) == ("refused TE09", ())


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ((Run(), NOTHING), None, f"{WHEEL[0]} is not on the index"),
        ((msgspec.structs.replace(LOST, remedy=""), NOTHING), (Run(), WHOLE), "an error without words or without"),
        ((msgspec.structs.replace(LOST, remedy="Release the next version."), NOTHING), (Run(), WHOLE), "gives up"),
        ((msgspec.structs.replace(LOST, seconds=LONGEST + 1), NOTHING), (Run(), WHOLE), "it hung"),
        ((msgspec.structs.replace(LOST, waited=LONGEST_WAIT + 1), NOTHING), (Run(), WHOLE), "it hung"),
        ((msgspec.structs.replace(LOST, code="BUG"), NOTHING), (Run(), WHOLE), "a bug"),
        ((LOST, Public(files=(WHEEL,))), (Run(), Public(files=(WHEEL, SDIST))), "there is no GitHub release"),
    ],
)  # fmt: skip
def test_ends_that_are_none(first: tuple[Run, Public], second: tuple[Run, Public] | None, words: str) -> None:
    """A success without a release, an error without a remedy or with one that gives up too much, a hang, a bug."""
    assert any(words in said for said in ended(first, second, WANTED, WANTED)[1])


def test_a_mixture_of_two_builds_is_seen() -> None:
    """After a second build, files of both on the index are wrong, whether the run succeeds or fails."""
    mixed = Public(files=(WHEEL, SDIST), pages=())
    assert ended((LOST, Public(files=(WHEEL,))), (Run(), mixed), WANTED, REBUILT)[1] != ()
    assert ended((LOST, Public(files=())), (LOST, Public(files=(OTHER,))), WANTED, REBUILT)[1] != ()


SECRET = "pypi-madeUpForThisTest/AbCd+0123456789"
"""No token of anybody."""


@pytest.mark.parametrize(
    "shown",
    [
        SECRET,
        quote(SECRET, safe=""),
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(f"__token__:{SECRET}".encode()).decode(),
        base64.b64encode(f"x{SECRET}y".encode()).decode(),
        base64.b64encode(f"xy{SECRET}z".encode()).decode(),
    ],
)
def test_a_secret_is_found_in_every_spelling(shown: str) -> None:
    """As it is, quoted as in an address, and in base64, also in the middle of something longer."""
    assert leaks([("the log", f"before {shown} after"), ("a file", "nothing")], [SECRET]) == (
        f"the log shows the secret {SECRET[:4]}…",
    )
