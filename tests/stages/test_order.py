"""The order of the stages as a law: what the log must show before anything becomes public, whoever calls."""

import msgspec
import pytest

from tagship.errors import Conflict, UsageError
from tagship.model import Dist, Entry, Event, Manifest, Plan, Target
from tagship.services.index import IndexFile, IndexPage
from tagship.stages import STAGES, merge
from tagship.stages import _require as require
from tagship.stages.needed import missing
from tagship.stages.summary_text import summary

EVENT = Event(name="push", repository="o/r", ref="refs/tags/v1.0", sha="c" * 40, default_branch="main")
PLAN = Plan(
    event=EVENT,
    project="x",
    package=".",
    version="1.0",
    tag="v1.0",
    target=Target.PYPI,
    reason="the tag v1.0",
    prerelease=False,
    epoch=1,
)
WHEEL = Dist(filename="x-1.0-py3-none-any.whl", kind="wheel", size=1, sha256="a" * 64)


def log(text: str) -> Manifest:
    """A manifest from words: `plan gate! test?` for done, failed and skipped stages."""
    outcomes = {"!": "failed", "?": "skipped"}
    entries = tuple(
        Entry(stage=word.rstrip("!?"), outcome=outcomes.get(word[-1], "done"), started=0, seconds=0)  # type: ignore[arg-type]
        for word in text.split()
    )
    return Manifest(plan=PLAN, dists=(WHEEL,), log=entries)


def stage(name: str) -> object:
    """A row of the table."""
    return next(row for row in STAGES if row.name == name)


@pytest.mark.requirement("A3", "A14")
@pytest.mark.parametrize(
    ("name", "words", "why"),
    [
        ("publish", "plan build test check", "gate, which did not run"),
        ("publish", "plan gate! build test check", "gate, which failed"),
        ("publish", "plan gate build test check!", "check, which failed"),
        ("publish", "plan gate build check", "test, which did not run"),
        ("publish", "plan gate build test check build", "test, which ran before build did again"),
        ("publish", "plan gate build test check plan build test check", "gate, which ran before plan did again"),
        ("publish", "plan gate! gate build test check", None),
        ("publish", "plan gate build test? check", None),
        ("github-release", "plan gate build test check publish", "verify, which did not run"),
        ("github-release", "plan gate build test check verify!", "verify, which failed"),
        ("github-release", "plan gate build test check verify", None),
        ("verify", "plan", None),
        ("summary", "", None),
    ],
)
def test_what_must_have_happened(name: str, words: str, why: str | None) -> None:
    """Nothing becomes public unless the newest run of everything before it succeeded, for these very files."""
    if why is None:
        require(stage(name), log(words))  # type: ignore[arg-type]
        return
    with pytest.raises(UsageError) as refused:
        require(stage(name), log(words))  # type: ignore[arg-type]
    assert refused.value.message == f"Nothing was done: {name} needs {why}"


def test_manifests_of_jobs_side_by_side_become_one() -> None:
    """The log of both, each stage once and in the order of the table; the files of the one that built."""
    gate = msgspec.structs.replace(log("plan gate"), dists=())
    both = merge(log("plan build test check"), gate)
    assert [entry.stage for entry in both.log] == ["plan", "gate", "build", "test", "check"]
    assert (both.plan, both.dists) == (PLAN, (WHEEL,))
    assert merge(gate, log("plan build test check")) == both


@pytest.mark.requirement("A3", "A14")
@pytest.mark.parametrize("gate", [Manifest(), msgspec.structs.replace(log("plan gate"), dists=())])
@pytest.mark.parametrize("words", ["plan gate build test check build", "plan build test check build"])
def test_a_merged_log_does_not_forget_the_order(words: str, gate: Manifest) -> None:
    """Files that were built again after the checks are not published, however many manifests are read."""
    with pytest.raises(UsageError, match=r"publish needs (gate|test), which did not run"):
        require(stage("publish"), merge(gate, log(words)))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"publish needs (gate|test), which did not run"):
        require(stage("publish"), merge(log(words), gate))  # type: ignore[arg-type]


@pytest.mark.requirement("A3")
def test_the_newest_run_of_a_stage_counts_in_a_merged_log() -> None:
    """A gate that failed stays closed beside the manifest of an earlier one that opened, in either order."""
    failed = msgspec.structs.replace(log("gate!").log[0], started=2.0)
    closed = msgspec.structs.replace(log("plan build test check"), log=(*log("plan build test check").log, failed))
    opened = msgspec.structs.replace(log("plan gate"), dists=())
    for both in (merge(closed, opened), merge(opened, closed)):
        with pytest.raises(UsageError, match="publish needs gate, which failed"):
            require(stage("publish"), both)  # type: ignore[arg-type]


@pytest.mark.requirement("A14")
def test_what_was_checked_before_wheels_joined_was_not_checked_with_them() -> None:
    """Tests and checks of fewer files say nothing about all of them."""
    wheel = msgspec.structs.replace(WHEEL, filename="x-1.0-cp312-cp312-win_amd64.whl")
    more = msgspec.structs.replace(log("plan build"), dists=(WHEEL, wheel))
    assert [entry.stage for entry in merge(log("plan gate build test check"), more).log] == ["plan", "gate", "build"]


def test_a_manifest_with_a_strange_stage_is_refused() -> None:
    """What another version wrote, or somebody made up, stops in words, whichever of two manifests it is."""
    strange = Manifest(log=(msgspec.structs.replace(log("plan").log[0], stage="deploy"),))
    for pair in ((strange, Manifest()), (log("plan"), strange)):
        with pytest.raises(Conflict, match="a stage that this version does not know: deploy"):
            merge(*pair)


def test_manifests_of_different_plans_or_builds_are_refused() -> None:
    """Two runs of the workflow are never mixed, and neither are two builds."""
    other = msgspec.structs.replace(log("plan"), plan=msgspec.structs.replace(PLAN, version="2.0"))
    with pytest.raises(Conflict, match="different plans"):
        merge(log("plan"), other)
    rebuilt = msgspec.structs.replace(log("plan"), dists=(msgspec.structs.replace(WHEEL, sha256="b" * 64),))
    with pytest.raises(Conflict, match="different files"):
        merge(log("plan"), rebuilt)


@pytest.mark.requirement("A10")
@pytest.mark.parametrize(
    ("words", "lacking"),
    [
        ("plan gate build test check publish verify github-release", ()),
        ("plan gate build test check publish verify verify! github-release", ("verify",)),
        ("plan build check verify", ("gate", "github-release")),
        ("plan gate build test! check verify github-release", ("test",)),
    ],
)
def test_what_is_lacking(words: str, lacking: tuple[str, ...]) -> None:
    """The newest run of each stage counts, a failed one is never forgotten, and the heading says so."""
    assert missing(log(words)) == lacking
    assert summary(log(words)).startswith("## ✅" if not lacking else ("## ❌", "## ⚠️"))


def test_files_of_another_build_in_the_same_version() -> None:
    """A wheel of the version that nobody here built is seen, other versions and odd names are not."""
    names = ("x-1.0-py3-none-any.whl", "x-1.0-cp312-cp312-win_amd64.whl", "x-0.9.tar.gz", "x-odd.zip", "x-1.0.tar.gz")
    page = IndexPage(name="x", files=tuple(IndexFile(filename=name, url="") for name in names))
    assert page.others("1.0", {"x-1.0-py3-none-any.whl", "x-1.0.tar.gz"}) == ("x-1.0-cp312-cp312-win_amd64.whl",)
