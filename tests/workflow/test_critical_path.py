"""How long a release takes, by the graph of the rendered workflow and the modelled seconds of its steps."""

import pytest

from benchmarks.critical_path import RUNNER, STAGES, both, path

pytestmark = pytest.mark.requirement("A11")


def test_a_release_waits_for_nothing_that_it_does_not_need() -> None:
    """The gate and the validation begin at once; two jobs lie before PyPI has the files, and two more behind."""
    mine, _ = both(STAGES)
    begins = {name: steps[0].begin for name, steps in mine.made.items()}
    assert begins["wait-for-ci"] == begins["pre-publish-validation"] == RUNNER
    assert path(mine.document, mine.made, "create-github-release") == (
        "pre-publish-validation",
        "publish-pypi",
        "verify",
        "create-github-release",
    )


def test_tagships_own_share_is_under_a_minute() -> None:
    """Its installation in each job, its stages and what they wait for: less than a minute up to the GitHub release."""
    mine, _ = both(STAGES)
    assert 0 < mine.ours("publish-pypi") < mine.ours("create-github-release") < 60


def test_it_is_faster_than_building_in_each_job() -> None:
    """Files, a proven installation and the release are there before those of a workflow that builds in each job."""
    mine, theirs = both(STAGES)
    assert mine.uploaded() < theirs.uploaded()
    assert mine.installable() < theirs.installable()
    assert mine.ended("create-github-release") < theirs.ended("create-github-release")


def test_a_slow_stage_lengthens_the_path() -> None:
    """Tests of ten minutes put off the upload by the difference: the graph is followed, nothing is a constant."""
    fast, _ = both(STAGES)
    slow, _ = both({**STAGES, "test": 600.0})
    assert slow.uploaded() - fast.uploaded() == pytest.approx(600.0 - STAGES["test"])
