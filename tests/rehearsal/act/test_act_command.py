"""`tagship rehearse --workflow` as a user calls it."""

from pathlib import Path

import msgspec
import pytest

from tagship.rehearsal.report import html
from tagship.rehearsal.result import Rehearsal
from tests.cli.calling import call
from tests.rehearsal.act.acting import Act
from tests.rehearsal.act.workflows import FILE
from tests.rehearsing import repository

WORKFLOW = """\
name: Release
on: {push: {tags: ["v*"]}}
permissions: {}
jobs:
  build:
    runs-on: ubuntu-latest
    environment: pypi
    permissions: {id-token: write}
    steps:
      - {name: Say it, run: echo built}
      - {name: Refuse, run: "echo this is why; exit 3"}
  publish:
    needs: build
    runs-on: ubuntu-latest
    steps: [{uses: pypa/gh-action-pypi-publish@release/v1}]
"""


@pytest.mark.requirement("B1")
def test_words_json_and_report_of_a_workflow(act: Act, tmp_path: Path) -> None:
    """The failed step and its words in the text, jobs with their steps in JSON, both in the report."""
    path = repository(tmp_path / "sample", {FILE: WORKFLOW})
    report = tmp_path / "report.html"
    words = ("rehearse", "--workflow", str(path), "--json", "--report", str(report))
    answer = call(*words, cwd=path, environ={"UV_DEFAULT_INDEX": act.stage.upstream})
    assert answer.code == 16, answer.err
    result = msgspec.json.decode(answer.out.encode(), type=Rehearsal)
    assert [(job.name, job.result, job.environment, job.permissions) for job in result.jobs] == [
        ("build", "failure", "pypi", ("id-token: write",)),
        ("publish", "skipped", "", ()),
    ]
    assert [(step.name, step.result, step.said) for step in result.jobs[0].steps] == [
        ("Say it", "success", ("built",)),
        ("Refuse", "failure", ("this is why",)),
    ]
    assert result.headline == "build: The step 'Refuse' failed"
    shown = [line.strip() for line in answer.err.splitlines()]
    for line in (
        "build",
        "Say it ...",
        "error TE16: The step 'Refuse' failed",
        "why: this is why",
        "Refused: build: The step 'Refuse' failed",
        "publish",
    ):
        assert line in shown
    page = report.read_text()
    assert page == html(result)
    for text in ("Workflow <small>its jobs, run by act</small>", "environment pypi; its token may: id-token: write"):
        assert text in page


def test_faults_are_for_stages(tmp_path: Path) -> None:
    """`--workflow` and `--fault` exclude each other, and that is said before anything happens."""
    answer = call("rehearse", "--workflow", "release.yml", "--fault", "all", cwd=tmp_path)
    assert (answer.code, answer.out) == (2, "")
    assert "Nothing was rehearsed: faults strike the stages, not a workflow" in answer.err
