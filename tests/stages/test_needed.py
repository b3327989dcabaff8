"""What the last job says about the jobs before it: which were needed, which were skipped and why, what to do."""

import msgspec
import pytest

from tagship.errors import UsageError
from tagship.model import Entry, Manifest, Target
from tagship.stages.needed import VARIABLE, Job, Jobs, read, undone
from tagship.stages.summary_text import summary
from tests.samples import PLAN

pytestmark = pytest.mark.requirement("A10")
JOBS = ("wait-for-ci", "pre-publish-validation", "publish-testpypi", "publish-pypi", "verify", "create-github-release")
LETTERS = {"s": "success", "f": "failure", "c": "cancelled", "-": "skipped"}


def jobs(results: str) -> Jobs:
    """The jobs in their order, a letter each: success, failure, cancelled, - for skipped."""
    return {name: Job(result=LETTERS[letter]) for name, letter in zip(JOBS, results, strict=True)}  # type: ignore[arg-type]


def manifest(target: Target, stages: str) -> Manifest:
    """What the jobs kept: `plan gate! …`, an exclamation mark for a stage that failed."""
    entries = tuple(
        Entry(stage=word.rstrip("!"), outcome="failed" if word.endswith("!") else "done", started=0, seconds=0)
        for word in stages.split()
    )
    return Manifest(plan=msgspec.structs.replace(PLAN, target=target), log=entries)


WHOLE = "plan gate build test check verify github-release"
HEADING = "Wheelhouse 1.4.0"
NO_RECORD = "plan is not done"
CASES: dict[str, tuple[Manifest, str, tuple[str, ...], str]] = {
    "a release": (manifest(Target.PYPI, WHOLE), "ss-sss", (), f"✅ {HEADING} is on PyPI"),
    "a push": (
        manifest(Target.TESTPYPI, "plan gate build test check verify"),
        "sss-s-",
        (),
        f"✅ {HEADING} is on TestPyPI",
    ),
    "a dry run": (
        manifest(Target.NONE, "plan build test check"),
        "-s----",
        (),
        f"✅ {HEADING}: nothing was to be published",
    ),
    "a dry run that fails": (
        manifest(Target.NONE, "plan build test!"),
        "-f----",
        ("pre-publish-validation failed",),
        f"❌ {HEADING} was not released: test failed",
    ),
    "the gate is closed": (
        manifest(Target.PYPI, "plan gate! build test check"),
        "fs----",
        (
            "wait-for-ci failed",
            "publish-pypi was skipped",
            "verify was skipped",
            "create-github-release was skipped",
        ),
        f"❌ {HEADING} was not released: gate failed",
    ),
    "an upload fails": (
        manifest(Target.PYPI, "plan gate build test check"),
        "ss-f--",
        ("publish-pypi failed", "verify was skipped", "create-github-release was skipped"),
        f"❌ {HEADING} may be on PyPI in part: publish-pypi failed",
    ),
    "nobody approves": (
        manifest(Target.PYPI, "plan gate build test check"),
        "ss-c--",
        ("publish-pypi was cancelled", "verify was skipped", "create-github-release was skipped"),
        f"❌ {HEADING} may be on PyPI in part: publish-pypi failed",
    ),
    "the upload is skipped for no reason": (
        manifest(Target.PYPI, "plan gate build test check"),
        "ss----",
        ("publish-pypi was skipped", "verify was skipped", "create-github-release was skipped"),
        f"❌ {HEADING} was not released: it was not published on PyPI",
    ),
    "the index serves other bytes": (
        manifest(Target.PYPI, "plan gate build test check verify!"),
        "ss-sf-",
        ("verify failed", "create-github-release was skipped"),
        f"❌ {HEADING} is on PyPI, but verify failed",
    ),
    "the record of a job is lost": (
        manifest(Target.PYPI, "plan gate build test check github-release"),
        "ss-sss",
        ("verify is not done",),
        f"⚠️ {HEADING} was uploaded to PyPI, but not verified",
    ),
    "no job could keep a record": (
        Manifest(),
        "ff----",
        ("wait-for-ci failed", "pre-publish-validation failed"),
        "❌ Nothing was released: wait-for-ci and pre-publish-validation failed",
    ),
    "everything is cancelled": (
        Manifest(),
        "cc----",
        ("wait-for-ci was cancelled", "pre-publish-validation was cancelled"),
        "❌ Nothing was released: wait-for-ci and pre-publish-validation failed",
    ),
    "jobs without a record": (Manifest(), "ss-sss", (NO_RECORD,), "❌ Nothing was released: there is no plan"),
}


@pytest.mark.parametrize(("kept", "results", "lacking", "heading"), CASES.values(), ids=CASES)
def test_what_is_lacking(kept: Manifest, results: str, lacking: tuple[str, ...], heading: str) -> None:
    """Causes come before what follows from them, and the heading says what is public."""
    assert undone(kept, jobs(results)) == lacking
    assert summary(kept, jobs=jobs(results)).splitlines()[0] == f"## {heading}"


def test_why_jobs_were_skipped() -> None:
    """A push explains which jobs had nothing to do, a failure which job stood before the others."""
    pushed = summary(CASES["a push"][0], jobs=jobs("sss-s-"))
    assert "| publish-pypi | ⏭️ skipped | it goes to TestPyPI: the tag v1.4.0 was pushed |\n" in pushed
    assert "| create-github-release | ⏭️ skipped | it goes to TestPyPI: the tag v1.4.0 was pushed |\n" in pushed
    closed = summary(CASES["the gate is closed"][0], jobs=jobs("fs----"))
    assert "| wait-for-ci | ❌ failed |  |\n" in closed
    assert "| publish-pypi | ⏭️ skipped | wait-for-ci failed |\n" in closed
    odd = summary(CASES["the upload is skipped for no reason"][0], jobs=jobs("ss----"))
    assert "| publish-pypi | ⏭️ skipped | for a reason that only its page on GitHub shows |\n" in odd


def test_a_failed_upload_says_what_to_do() -> None:
    """tagship does not run where files are uploaded, so that the summary gives that job its remedy."""
    text = summary(CASES["an upload fails"][0], jobs=jobs("ss-f--"))
    assert "❌ **The job publish-pypi did not end well**\n\n**→ Its log says why. Re-run the failed jobs:" in text
    assert "did not end well" not in summary(CASES["the gate is closed"][0], jobs=jobs("fs----"))


def test_a_needed_job_that_is_not_there_is_lacking() -> None:
    """A job that somebody took out of the workflow, or out of the summary's needs, did not happen."""
    left = {name: job for name, job in jobs("ss-sss").items() if name != "verify"}
    assert undone(manifest(Target.PYPI, WHOLE), left) == ("verify is not among the jobs",)


@pytest.mark.parametrize("given", ["{}", "", "[]", '{"a": {"result": "fine"}}', '{"a": 1}'])
def test_needs_that_cannot_be_read(given: str) -> None:
    """Nothing, and what is not GitHub's context, is an error and no success."""
    with pytest.raises(UsageError, match="How the jobs ended is not known") as caught:
        read({VARIABLE: given})
    assert caught.value.remedy == "Give the job `needs`, and that variable as ${{ toJSON(needs) }}."


def test_needs_as_github_gives_them() -> None:
    """The context has outputs as well; outside of the workflow there are no jobs."""
    text = (
        '{"verify": {"result": "skipped", "outputs": {}}, "publish-pypi": {"result": "success", "outputs": {"a": "b"}}}'
    )
    assert read({VARIABLE: text}) == {"verify": Job(result="skipped"), "publish-pypi": Job(result="success")}
    assert read({}) == {}
