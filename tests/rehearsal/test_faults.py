"""Faults on purpose: how a release comes out of each, against the end that was written down before."""

from itertools import product

import msgspec
import pytest

from tagship.errors import UsageError
from tagship.rehearsal.faults.kinds import BY_NAME, CRASHES, KINDS, REQUESTS, Sort
from tagship.rehearsal.faults.matrix import cell, matrix, seen
from tagship.rehearsal.faults.stand import Rig
from tagship.rehearsal.faults.striker import Fault, Seen, parse
from tagship.rehearsal.result import Cell

pytestmark = pytest.mark.requirement("E5", "A14")


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


KINDS_OF_LOSS = ("lost", "lost-502", "503", "lost-old")
WRITES = ("draft", "wheel", "sdist", "publication")
TELLING = {*zip(KINDS_OF_LOSS, WRITES, strict=True), ("lost", "publication"), ("503", "draft")}
"""Each kind and each write once, and what is worst: public without an answer, and nothing at all."""


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        pytest.param(kind, what, marks=() if (kind, what) in TELLING else pytest.mark.slow)
        for kind, what in product(KINDS_OF_LOSS, WRITES)
    ],
)
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


@pytest.mark.parametrize(
    "fault", ["slow@publish:4", "stale@publish:6", "eventual@verify:1", "skew@publish:3", "read-only@publish:5",
              "rate-limit@github-release:1", "refuse+@plan:1", "disk-full@publish", "push-refused@plan"],
)  # fmt: skip
def test_every_other_sort_of_fault_ends_as_expected(rig: Rig, fault: str) -> None:
    """One of each: late and old answers, a wrong clock, a closed index, a used-up limit, a network that is gone."""
    struck(rig, fault)


def test_the_matrix_has_every_kind_at_every_request(requests: tuple[Seen, ...]) -> None:
    """Each request of a clean run, equal ones in the middle apart, is struck by each kind that fits it, once."""
    found = matrix(requests, crashes=False, tagged=True)
    assert len(found) == len(set(found)) > 300
    plain = [kind.name for kind in KINDS if kind.strikes == REQUESTS and kind.name not in CRASHES]
    for one in requests:
        assert {Fault(kind=name, where=one.stage, number=one.number) for name in plain} <= set(found)
    assert {fault.kind for fault in found} == BY_NAME.keys() - set(CRASHES)
    assert {f.kind for f in matrix(requests, crashes=True, tagged=True)} == set(CRASHES)


def test_a_new_request_brings_its_own_cells(requests: tuple[Seen, ...]) -> None:
    """What a stage asks for tomorrow is struck without anybody writing it down."""
    new = msgspec.structs.replace(requests[0], stage="verify", number=99, url="https://pypi.org/pypi/sample/json")
    more = {str(fault) for fault in matrix((*requests, new), crashes=False, tagged=True)}
    added = more - {str(fault) for fault in matrix(requests, crashes=False, tagged=True)}
    assert {"503@verify:99", "reset@verify:99", "stall+@verify:99"} <= added


def test_without_a_tag_none_can_be_moved(requests: tuple[Seen, ...]) -> None:
    """A development version has no tag."""
    assert "moved-tag" not in {fault.kind for fault in matrix(requests, crashes=False, tagged=False)}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("503", Fault(kind="503")),
        ("503@7", Fault(kind="503", number=7)),
        ("stall+@publish:2", Fault(kind="stall+", where="publish", number=2)),
        ("reset@github:1", Fault(kind="reset", where="github")),
        ("reset@publish", Fault(kind="reset", where="publish")),
        ("disk-full@publish", Fault(kind="disk-full", where="publish", number=0)),
    ],
)
def test_how_a_fault_is_written(text: str, fault: Fault) -> None:
    """A kind, and a number of the run, of a stage or of a service; it is printed as it is read."""
    assert parse(text) == fault
    assert parse(str(fault)) == fault


@pytest.mark.parametrize("text", ["506", "503@", "503@nowhere:1", "503@publish:0", "503@publish:-1", "503@x", "@3"])
def test_a_fault_that_is_none_is_refused(text: str) -> None:
    """A kind or a place that does not exist is a usage error that names what there is."""
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert caught.value.remedy.startswith(("Use one of refuse, reset", "Name a request by its number"))


def test_a_crash_at_no_stage_names_its_own_option() -> None:
    """Whoever typed --crash is not sent to an option that they did not use."""
    with pytest.raises(UsageError) as caught:
        parse("crash@nowhere")
    assert caught.value.message == "Nothing was rehearsed: 'crash@nowhere' aims at nothing"
    assert caught.value.remedy.endswith(" In short: --crash publish, --crash publish:2.")


def test_a_fault_that_meets_nothing_is_no_success(rig: Rig) -> None:
    """A cell whose request never came says so: nothing is true of nothing."""
    done = cell(rig, parse("503@plan:9"))
    assert (done.ok, done.wrong) == (False, ("nothing was struck: there is no such request",))
