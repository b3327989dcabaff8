"""A push that starts nothing is a release that does not happen."""

from pathlib import Path

import pytest

from tagship.rehearsal.request import Request
from tagship.workflow.files import stamped
from tests.rehearsing import Stage, git, repository, why

JOBS = (
    "jobs:\n  publish:\n    runs-on: ubuntu-latest\n    environment: pypi\n    permissions: {id-token: write}\n"
    "    steps: [{uses: pypa/gh-action-pypi-publish@release/v1}]\n"
)


def workflow(on: str) -> dict[str, str]:
    """A publishing workflow of somebody's own."""
    return {".github/workflows/publish.yml": f"on: {on}\n{JOBS}"}


def test_the_rehearsal_says_that_the_push_starts_the_workflow(stage: Stage, tmp_path: Path) -> None:
    """Where the repository has a publishing workflow, that the tag starts it is a fact of the plan."""
    result = stage(repository(tmp_path / "sample", workflow("{push: {tags: ['v*']}}")))
    facts = [fact.title for entry in result.manifest.log if entry.stage == "plan" for fact in entry.facts]
    assert (result.verdict, facts[0]) == ("ready", "v1.0.0 starts publish.yml")


@pytest.mark.parametrize("files", [{}, workflow("push")], ids=["no workflow yet", "any push"])
@pytest.mark.parametrize("kind", ["tag", "push"])
def test_a_commit_that_skips_ci_releases_nothing(stage: Stage, tmp_path: Path, files: dict, kind: str) -> None:
    """A message with skip words keeps GitHub still, for the branch and for the tag; the remedy starts it by hand."""
    folder = repository(tmp_path / "sample", files)
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "Release 1.0.0 [skip ci]")
    result = stage(folder, Request(kind=kind))
    assert (result.verdict, result.exit_code, why(result)[0]) == ("refused", 4, ("plan", "TE04"))
    _, finding = result.causes[0]
    assert finding.title == "Nothing would be released: GitHub starts no workflow for this push"
    assert finding.why == "the message of the pushed commit has [skip ci]"
    ref, more = ("v1.0.0", " --field target_env=pypi") if kind == "tag" else ("main", "")
    assert finding.remedy.endswith(f"Or start it by hand: gh workflow run publish.yml --ref {ref}{more}")
    assert [e.url for e in result.exchanges if e.method == "POST"] == []


def test_a_dispatch_starts_all_the_same(stage: Stage, tmp_path: Path) -> None:
    """Skip words are about pushes: a run that is started by hand goes on."""
    folder = repository(tmp_path / "sample", {})
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "Release 1.0.0 [skip ci]")
    assert stage(folder, Request(kind="dispatch")).verdict == "ready"


def test_a_workflow_of_ours_that_the_tag_does_not_start_is_a_refusal(stage: Stage, tmp_path: Path) -> None:
    """A tag that fits no filter of the generated workflow starts nothing, and that is the verdict."""
    text = stamped(f"on: {{push: {{tags: ['release-*']}}}}\n{JOBS}")
    result = stage(repository(tmp_path / "sample", {".github/workflows/publish.yml": text}))
    _, finding = result.causes[0]
    assert (result.verdict, finding.why) == (
        "refused",
        "publish.yml: tag v1.0.0: it fits none of the `tags`: release-*",
    )


def test_somebody_elses_workflow_that_is_not_started_is_not_rehearsed(stage: Stage, tmp_path: Path) -> None:
    """Where another event starts the project's own workflow, the stages are rehearsed, and the difference is named."""
    result = stage(repository(tmp_path / "sample", workflow("{release: {types: [published]}}")))
    assert (result.verdict, result.not_rehearsed[0]) == (
        "ready",
        "publish.yml, which this push does not start: it is not started by `push`, only by release; "
        "tagship's own stages were rehearsed",
    )
