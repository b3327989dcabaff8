"""A workflow that somebody wrote by hand, run by act in the embedded world."""

from pathlib import Path

import pytest

from tests.rehearsal.act.acting import Act
from tests.rehearsal.act.workflows import BUILD, PUBLISH, RELEASE, workflow
from tests.rehearsing import repository

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
