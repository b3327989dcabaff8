"""The generated workflow, unchanged, in act: what a push, a tag or a dispatch does, job by job."""

from pathlib import Path

import pytest

from tagship.rehearsal.request import Request
from tagship.rehearsal.result import Rehearsal
from tests.rehearsal.act.conftest import Act
from tests.rehearsal.act.generated import act_cache, act_generated, adopted, outfit  # noqa: F401  fixtures




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
    assert {tag: {n: s for n, s in assets.items() if n in files} for tag, assets in releases.items()} == {"v1.0.0": files}
