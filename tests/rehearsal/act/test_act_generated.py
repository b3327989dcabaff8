"""The generated workflow, unchanged, in act: what a push, a tag or a dispatch does, job by job."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIEnvironment

import msgspec
import pytest

from tagship.cli.app import run
from tagship.model import Inputs
from tagship.rehearsal.request import Request
from tagship.rehearsal.result import Rehearsal
from tagship.services.addresses import PYPI
from tests.rehearsal.act.acting import Act
from tests.rehearsing import git

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class Tired:
    """An index that takes so many uploads, and then is down."""

    def __init__(self, index: "WSGIApplication", uploads: int) -> None:
        self._index, self._left = index, uploads

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/legacy/":
            self._left -= 1
            if self._left < 0:
                start_response("503 Service Unavailable", [("Content-Length", "0")])
                return []
        return self._index(environ, start_response)


def results(result: Rehearsal) -> dict[str, str]:
    """How each job ended, in the order of the file."""
    return {job.name: job.result for job in result.jobs}


@pytest.mark.requirement("E2", "A2", "A9")
def test_a_tag_is_released_on_pypi_and_on_github(act_generated: Act, adopted: Path) -> None:
    """Every job but the one for TestPyPI succeeds; the index and the release have the same files."""
    with act_generated.open(adopted) as world:
        result = world.run()
        embedded = world.opened.embedded
        files = {file.filename: file.sha256 for file in embedded.pypi.state.files("sample")}
        releases = {r.tag: {a.name: a.sha256 for a in r.assets} for r in embedded.github.releases if not r.draft}
    assert results(result) == {
        "wait-for-ci": "success",
        "pre-publish-validation": "success",
        "publish-testpypi": "skipped",
        "publish-pypi": "success",
        "verify": "success",
        "create-github-release": "success",
        "workflow-summary": "success",
    }
    assert (result.verdict, result.headline, result.exit_code) == (
        "ready",
        "sample 1.0.0 would be released on PyPI",
        0,
    )
    assert sorted(files) == ["sample-1.0.0-py3-none-any.whl", "sample-1.0.0.tar.gz"]
    assert {tag: {n: s for n, s in assets.items() if n in files} for tag, assets in releases.items()} == {
        "v1.0.0": files
    }


@pytest.mark.slow
@pytest.mark.requirement("A9")
def test_notes_by_towncrier(act_generated: Act, adopted: Path) -> None:
    """What towncrier makes of the fragments is what the release says: its job has it from the lock."""
    (adopted / "towncrier.toml").write_text('[tool.towncrier]\ndirectory = "news"\nfilename = "NEWS.md"\n')
    (adopted / "news").mkdir()
    (adopted / "news/12.feature.md").write_text("The wheel turns.\n")
    assert run(["sync", str(adopted)]) == 0
    git(adopted, "add", "--all")
    git(adopted, "commit", "--quiet", "--message", "News by fragments")
    with act_generated.open(adopted) as world:
        result = world.run()
        (release,) = world.opened.embedded.github.releases
    assert (result.verdict, results(result)["create-github-release"]) == ("ready", "success")
    assert (release.body or "").startswith("## Features\n\n- The wheel turns. (#12)\n")


@pytest.mark.requirement("E1", "A6")
def test_a_push_to_the_default_branch_goes_to_testpypi(act_generated: Act, adopted: Path) -> None:
    """A development version on TestPyPI, nothing on PyPI, no release."""
    with act_generated.open(adopted, Request(workflow="", kind="push")) as world:
        result = world.run()
        embedded = world.opened.embedded
        files = [len(index.state.files("sample")) for index in (embedded.testpypi, embedded.pypi)]
        releases = embedded.github.releases
    assert [name for name, end in results(result).items() if end != "success"] == [
        "publish-pypi",
        "create-github-release",
    ]
    assert (result.verdict, result.exit_code, files, releases) == ("ready", 0, [2, 0], [])
    assert result.headline == "sample 1.0.0.dev2 would be released on TestPyPI"


NOTHING = {
    "publish-testpypi": "skipped",
    "publish-pypi": "skipped",
    "verify": "skipped",
    "create-github-release": "skipped",
}


@pytest.mark.slow
@pytest.mark.requirement("E3")
@pytest.mark.parametrize("end", ["failure", "missing"])
def test_without_green_ci_nothing_is_published(act_generated: Act, adopted: Path, end: str) -> None:
    """CI that failed or never ran closes the gate: no job that publishes runs, and the check is named."""
    with act_generated.open(adopted, ci={"ci.yml": end}) as world:
        result = world.run()
        files = world.opened.embedded.pypi.state.files("sample")
    assert results(result) == {
        "wait-for-ci": "failure",
        "pre-publish-validation": "success",
        **NOTHING,
        "workflow-summary": "failure",
    }
    assert (result.verdict, result.exit_code, files) == ("refused", 5, ())
    assert [stage for stage, _ in result.causes] == ["gate"]
    assert "Test Suite" in result.headline or "ci.yml" in result.headline


@pytest.mark.slow
@pytest.mark.requirement("A6", "E4")
@pytest.mark.parametrize("tag", ["v1.0.1", "v1.0.0-rc.1", "v1.0.0.dev1"])
def test_a_wrong_tag_publishes_nothing(act_generated: Act, adopted: Path, tag: str) -> None:
    """A tag that is not the declared version, or not spelt as versions are, stops in the validation."""
    with act_generated.open(adopted, Request(workflow="", tag=tag)) as world:
        result = world.run()
        files = world.opened.embedded.pypi.state.files("sample")
    assert (result.verdict, result.exit_code, files) == ("refused", 4, ())
    assert {name: end for name, end in results(result).items() if name in NOTHING} == NOTHING


@pytest.mark.slow
def test_a_tag_that_fits_no_filter_starts_nothing(act_generated: Act, adopted: Path) -> None:
    """`nightly` is no version tag: GitHub would not start the workflow, and neither is it started here."""
    result = act_generated(adopted, Request(workflow="", tag="nightly"))
    assert (result.verdict, result.exit_code) == ("refused", 16)
    assert result.headline == (
        ".github/workflows/publish.yml would not run: tag nightly: it fits none of the `tags`: v*.*.*"
    )
    assert set(results(result).values()) == {"skipped"}


@pytest.mark.slow
@pytest.mark.requirement("A1")
@pytest.mark.parametrize("ref", ["main", "v1.0.0"])
def test_a_dry_run_publishes_nothing(act_generated: Act, adopted: Path, ref: str) -> None:
    """A dispatch with dry_run validates, and does not even wait for CI."""
    if ref != "main":
        git(adopted, "tag", ref)
    request = Request(workflow="", kind="dispatch", ref=ref, inputs=Inputs(dry_run=True))
    with act_generated.open(adopted, request) as world:
        result = world.run()
        embedded = world.opened.embedded
        files = [*embedded.pypi.state.files("sample"), *embedded.testpypi.state.files("sample")]
    assert results(result) == {
        "wait-for-ci": "skipped",
        "pre-publish-validation": "success",
        **NOTHING,
        "workflow-summary": "success",
    }
    assert (result.verdict, result.exit_code, files) == ("ready", 0, [])
    assert "would not be published" in result.headline


@pytest.mark.slow
@pytest.mark.requirement("A1")
@pytest.mark.parametrize(
    ("ref", "target", "verdict", "files"),
    [
        ("main", "testpypi", "ready", (2, 0)),
        ("main", "pypi", "refused", (0, 0)),
        ("v1.0.0", "testpypi", "ready", (2, 0)),
        ("v1.0.0", "pypi", "ready", (0, 2)),
    ],
)
def test_a_dispatch(
    act_generated: Act, adopted: Path, ref: str, target: str, verdict: str, files: tuple[int, int]
) -> None:
    """By hand from a branch or a tag: TestPyPI from both, PyPI from a tag alone."""
    if ref != "main":
        git(adopted, "tag", ref)
    inputs = msgspec.convert({"target_env": target}, Inputs)
    with act_generated.open(adopted, Request(workflow="", kind="dispatch", ref=ref, inputs=inputs)) as world:
        result = world.run()
        embedded = world.opened.embedded
        there = (len(embedded.testpypi.state.files("sample")), len(embedded.pypi.state.files("sample")))
    assert (result.verdict, there) == (verdict, files)


@pytest.mark.slow
@pytest.mark.requirement("A7")
def test_an_environment_that_lets_no_such_tag_in(act_generated: Act, adopted: Path) -> None:
    """The environment's policy is for other tags: nothing is published, in GitHub's words."""
    with act_generated.open(adopted, environment="other-tags") as world:
        result = world.run()
        files = world.opened.embedded.pypi.state.files("sample")
    assert results(result)["publish-pypi"] == "failure"
    assert (result.verdict, files) == ("refused", ())
    finding = next(job.finding for job in result.jobs if job.name == "publish-pypi")
    assert finding is not None
    assert 'Tag "v1.0.0" is not allowed to deploy to pypi due to environment protection rules.' in finding.title


@pytest.mark.slow
@pytest.mark.requirement("E5", "A14")
def test_an_upload_that_broke_off_is_completed_by_a_second_run(act_generated: Act, adopted: Path) -> None:
    """After the first file the index answers 503; run again, the same bytes are completed and released once."""
    with act_generated.open(adopted) as world:
        embedded = world.opened.embedded
        host = str(urlsplit(PYPI.upload).hostname)
        whole = embedded.doors.hosts
        embedded.doors.hosts = {**whole, host: Tired(whole[host], uploads=1)}
        first = world.run()
        before = {file.filename: file.sha256 for file in embedded.pypi.state.files("sample")}
        embedded.doors.hosts = whole
        second = world.run()
        after = {file.filename: file.sha256 for file in embedded.pypi.state.files("sample")}
        releases = [(r.tag, r.draft) for r in embedded.github.releases]
    assert (results(first)["publish-pypi"], len(before)) == ("failure", 1)
    assert (first.verdict, second.verdict, len(after), releases) == ("refused", "ready", 2, [("v1.0.0", False)])
    assert before.items() <= after.items()


@pytest.mark.slow
@pytest.mark.requirement("A14")
def test_a_second_run_of_the_same_tag_changes_nothing(act_generated: Act, adopted: Path) -> None:
    """Run again as a whole after a release: every job succeeds, index and release stay as they are."""
    with act_generated.open(adopted) as world:
        embedded = world.opened.embedded
        ends = []
        for _ in range(2):
            result = world.run()
            files = {file.filename: file.sha256 for file in embedded.pypi.state.files("sample")}
            releases = [(r.tag, r.draft, sorted(a.name for a in r.assets)) for r in embedded.github.releases]
            ends.append((result.verdict, files, releases))
    assert ends[0] == ends[1]
    assert ends[0][0] == "ready"


@pytest.mark.slow
@pytest.mark.requirement("A8")
def test_an_index_that_is_late_is_waited_for(act_generated: Act, adopted: Path) -> None:
    """The index shows its old page a few times: verify waits, no time passes, and the release goes on."""
    result = act_generated(adopted, stale=3)
    assert (result.verdict, set(results(result).values())) == ("ready", {"success", "skipped"})


CALLED = (
    "name: Test Suite\non:\n  push: {branches: [main]}\n  pull_request:\n  workflow_call:\n\n"
    "permissions:\n  contents: read\n\njobs:\n  test:\n    name: Tests\n    runs-on: ubuntu-latest\n"
    "    steps:\n      - run: exit CODE\n"
)
SKIPPED = CALLED.replace("CODE", "0").replace("    name: Tests", "    if: false") + (
    "  lint:\n    runs-on: ubuntu-latest\n    steps:\n      - run: exit 0\n"
)


@pytest.mark.slow
@pytest.mark.requirement("A12", "A3")
@pytest.mark.parametrize(
    ("ci", "verdict", "files"),
    [
        (CALLED.replace("CODE", "0"), "ready", 2),
        (CALLED.replace("CODE", "1"), "refused", 0),
        (SKIPPED, "undecided", 2),
    ],
    ids=["success", "failure", "tests skipped"],
)
def test_ci_that_the_run_calls_itself(act_generated: Act, adopted: Path, ci: str, verdict: str, files: int) -> None:
    """With `inline-ci` the run calls the CI, by GitHub's `$/`: its end decides whether anything is published."""
    project = adopted / "pyproject.toml"
    project.write_text(project.read_text() + '\n[tool.tagship]\ninline-ci = "ci.yml"\n')
    (adopted / ".github/workflows/ci.yml").write_text(ci)
    git(adopted, "commit", "--quiet", "--all", "--message", "CI inside the run")
    assert run(["sync", str(adopted)]) == 0
    assert "uses: $/.github/workflows/ci.yml" in (adopted / ".github/workflows/publish.yml").read_text()
    git(adopted, "commit", "--quiet", "--all", "--message", "Publish with it")
    with act_generated.open(adopted) as world:
        result = world.run()
        there = world.opened.embedded.pypi.state.files("sample")
    assert (result.verdict, len(there)) == (verdict, files), result.headline
