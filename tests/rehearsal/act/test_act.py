"""A workflow that somebody wrote by hand, run by act in the embedded world."""

from pathlib import Path

import pytest

from tagship.errors import UsageError
from tagship.rehearsal.request import Request
from tests.rehearsal.act.acting import Act
from tests.rehearsal.act.workflows import BUILD, FILE, PUBLISH, RELEASE, workflow
from tests.rehearsing import git, repository

pytestmark = pytest.mark.requirement("E2")


def test_a_hand_written_workflow_builds_publishes_and_releases(act: Act, tmp_path: Path) -> None:
    """Checkout, build, artifacts, trusted publishing and a release: every job and step, and what is there then."""
    path = repository(tmp_path / "sample", workflow(BUILD, PUBLISH, RELEASE))
    with act.open(path) as world:
        result = world.run()
        embedded = world.opened.embedded
        names = [file.filename for file in embedded.pypi.state.files("sample")]
        releases = [(r.tag, r.draft, sorted(a.name for a in r.assets)) for r in embedded.github.releases]
        runs = {(run.path, run.latest.conclusion) for run in embedded.github.runs}
    assert (result.verdict, result.headline, result.exit_code) == (
        "ready",
        "sample: 2 files would be published on PyPI",
        0,
    )
    assert {job.name: (job.result, [(step.name, step.result) for step in job.steps]) for job in result.jobs} == {
        "build": (
            "success",
            [
                ("actions/checkout@v4", "success"),
                ("actions/setup-python@v5", "success"),
                ("pip install hatchling", "success"),
                ("Build", "success"),
                ("actions/upload-artifact@v4", "success"),
            ],
        ),
        "publish": (
            "success",
            [("actions/download-artifact@v4", "success"), ("pypa/gh-action-pypi-publish@release/v1", "success")],
        ),
        "release": (
            "success",
            [
                ("actions/checkout@v4", "success"),
                ("actions/download-artifact@v4", "success"),
                ("softprops/action-gh-release@v2", "success"),
            ],
        ),
    }
    built = ["sample-1.0.0-py3-none-any.whl", "sample-1.0.0.tar.gz"]
    assert names == built
    assert releases == [("v1.0.0", False, built)]
    assert runs == {(".github/workflows/ci.yml", "success"), (".github/workflows/release.yml", "success")}


@pytest.mark.requirement("A9")
def test_a_workflow_that_a_release_starts(act: Act, tmp_path: Path) -> None:
    """Where `release` starts it and tags do not, the release of the tag is published, and the payload is about it."""
    text = (
        "name: Release\non: {release: {types: [created]}}\npermissions: {}\njobs:\n  tells:\n"
        "    runs-on: ubuntu-latest\n    steps:\n      - run: echo $GITHUB_EVENT_NAME $GITHUB_REF $TAG $ACTION\n"
        "        env: {TAG: '${{ github.event.release.tag_name }}', ACTION: '${{ github.event.action }}'}\n"
    )
    path = repository(tmp_path / "sample", {FILE: text})
    with act.open(path) as world:
        result = world.run()
        releases = [(release.tag, release.draft) for release in world.opened.embedded.github.releases]
    assert [step.said for job in result.jobs for step in job.steps] == [("release refs/tags/v1.0.0 v1.0.0 created",)]
    assert result.scenario == "push of the tag v1.0.0 and publishing of its release, release.yml in act"
    assert releases == [("v1.0.0", False)]


@pytest.mark.parametrize(
    ("named", "why"),
    [
        ("nowhere.yml", "Nothing was rehearsed: .github/workflows/nowhere.yml is not in the commit"),
        ("", "Nothing was rehearsed: of the workflows, none in .github/workflows publishes"),
    ],
)
def test_a_workflow_that_is_not_there_is_a_mistake_of_the_caller(
    act: Act, tmp_path: Path, named: str, why: str
) -> None:
    """A file that the commit does not have, or none that publishes, begins no rehearsal."""
    with pytest.raises(UsageError) as caught:
        act(repository(tmp_path / "sample", {}), Request(workflow=named))
    assert caught.value.message == why


@pytest.mark.parametrize("named", ["", "publish.yml"])
def test_a_workflow_behind_a_link_is_not_rehearsed(act: Act, tmp_path: Path, named: str) -> None:
    """GitHub reads the link itself, which is no workflow: what lies behind it would be another one, in the repository
    or anywhere on this machine."""
    path = repository(tmp_path / "sample", {"ci/release.yml": workflow(PUBLISH)[FILE]})
    (path / ".github" / "workflows").mkdir(parents=True, exist_ok=True)
    (path / ".github" / "workflows" / "publish.yml").symlink_to("../../ci/release.yml")
    git(path, "add", "--all")
    git(path, "commit", "--quiet", "--message", "a link")
    with pytest.raises(UsageError, match=r"publish\.yml is a link, and GitHub reads no workflow through one"):
        act(path, Request(workflow=named))
