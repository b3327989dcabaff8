"""Deployment environments: what they let in, in a rehearsal and on the embedded GitHub itself."""

import dataclasses
import re
import time
from pathlib import Path

import pytest

from tagship.model import Inputs
from tagship.rehearsal.clock import JumpingClock
from tagship.rehearsal.request import Assumptions, Request
from tagship.rehearsal.run import NOT_REHEARSED
from tests.rehearsing import Stage, repository, why

TAG = "refs/tags/v1.0.0"
SAID = "The deployment was rejected or didn't satisfy other protection rules."
WITHOUT = {".github/workflows/release.yml": (
    "on: {push: {tags: ['v*']}}\njobs:\n  publish:\n    runs-on: ubuntu-latest\n    permissions: {id-token: write}\n"
    "    steps: [{uses: pypa/gh-action-pypi-publish@release/v1}]\n"
)}  # fmt: skip


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A small package that can be released."""
    return repository(tmp_path / "sample", {})


def request(kind: str = "tag", **assumed: object) -> Request:
    """A rehearsal with these assumptions."""
    return Request(kind=kind, assumptions=Assumptions(**assumed))


class TestRehearsed:
    """In a rehearsal the environment decides before the job that uploads gets anything."""

    def test_a_fitting_environment_lets_the_release_in(self, stage: Stage, sample: Path) -> None:
        """By default the tag may deploy to PyPI; the log says so first, and one deployment is recorded."""
        with stage.open(sample) as opened:
            finished = opened.run()
            assert finished.error is None
            (entry,) = [entry for entry in finished.manifest.log if entry.stage == "publish"]
            first = entry.facts[0]
            assert (first.id, first.title) == ("deployment.environment", "the environment pypi lets the job in")
            github = opened.embedded.github
            assert {name: [(p.type, p.name) for p in e.policies] for name, e in github.environments.items()} == {
                "testpypi": [("branch", "main"), ("tag", "v*")],
                "pypi": [("tag", "v*")],
            }
            (made,) = github.deployments
            assert (made.environment, made.ref, made.state) == ("pypi", TAG, "in_progress")

    @pytest.mark.parametrize(
        ("assumed", "kind", "error"),
        [
            ({"environment": "other-tags"}, "tag", 'Tag "v1.0.0" is not allowed to deploy to pypi'),
            ({"environment": "branch-only"}, "tag", 'Tag "v1.0.0" is not allowed to deploy to pypi'),
            ({"environment": "branch-only"}, "push", ""),
            ({"environment": "other-tags"}, "push", ""),
            ({"environment": "missing"}, "tag", ""),
            ({"reviewers": "approve"}, "tag", ""),
            ({"reviewers": "reject"}, "tag", SAID),
            ({"reviewers": "reject"}, "push", ""),
        ],
    )
    def test_what_is_assumed_decides(self, stage: Stage, sample: Path, assumed: dict, kind: str, error: str) -> None:
        """A ref that the policies do not have, or a rejection, ends the job in GitHub's words before any upload."""
        with stage.open(sample, request(kind, **assumed)) as opened:
            finished = opened.run()
            uploads = [e for e in opened.embedded.exchanges if e.method == "POST" and e.url.endswith("/legacy/")]
            minted = [e for e in opened.embedded.exchanges if "/identity" in e.url or "mint-token" in e.url]
            if not error:
                assert finished.error is None
                return
            ending = "" if error == SAID else " due to environment protection rules."
            assert finished.error is not None
            assert finished.error.message == f"Nothing was uploaded: {error}{ending}"
            assert (uploads, minted) == ([], [])
            assert [d.state for d in opened.embedded.github.deployments] == ["failure"]

    def test_a_review_and_a_timer_are_waited_for(self, stage: Stage, sample: Path) -> None:
        """The approval is shown as assumed, the timer passes at once on the clock, and both count before the upload."""
        clock = JumpingClock()
        waiting = dataclasses.replace(stage, clock=clock)
        began = time.monotonic()
        result = waiting(sample, request(reviewers="approve", wait_timer=45))
        assert (result.verdict, clock.slept > 44 * 60, time.monotonic() - began < 600) == ("ready", True, True)
        (entry,) = [entry for entry in result.manifest.log if entry.stage == "publish"]
        said = [(fact.title, fact.detail) for fact in entry.facts if fact.id.startswith("deployment.")]
        assert said == [
            ("the environment pypi lets the job in", "v1.0.0 may deploy"),
            ("a required reviewer approved", "by reviewer, which is assumed"),
            ("the wait timer is over", "45 minutes"),
        ]

    def test_a_refused_job_holds_no_credential(self, stage: Stage, sample: Path) -> None:
        """The world of a job that is not let in has neither an identity nor an upload token."""
        for token in ("none", "valid"):
            with stage.open(sample, request(environment="other-tags", api_token=token)) as opened:
                row = next(row for row in _rows() if row.name == "publish")
                world = opened.scene.world_of(row)
                assert world.barred is not None
                secret = [name for name in world.environment if re.search("REQUEST_TOKEN|API_TOKEN", name)]
                assert secret == []

    def test_secrets_of_an_environment_reach_its_job_alone(self, stage: Stage, sample: Path) -> None:
        """With an API token in the environment, only the publishing job has it, and GitHub lists its name."""
        with stage.open(sample, request(api_token="valid")) as opened:
            having = [
                row.name
                for row in _rows()
                if any("API_TOKEN" in name for name in opened.scene.world_of(row).environment)
            ]
            environment = opened.embedded.github.environments["pypi"]
            assert (having, list(environment.secrets)) == (["publish"], ["PYPI_API_TOKEN"])
            assert "TEST_PYPI_API_TOKEN" not in opened.scene.world_of(_rows()[5]).environment

    def test_a_dry_run_asks_no_environment(self, stage: Stage, sample: Path) -> None:
        """A run that uploads nothing does not deploy, whatever the environment would say."""
        dry = Request(kind="dispatch", inputs=Inputs(dry_run=True), assumptions=Assumptions(environment="branch-only"))
        with stage.open(sample, dry) as opened:
            assert opened.run().error is None
            assert opened.embedded.github.deployments == []

    def test_a_job_without_an_environment_asks_none(self, stage: Stage, tmp_path: Path) -> None:
        """Where the project's own workflow names no environment, nothing decides, and none is assumed."""
        bare = repository(tmp_path / "bare", WITHOUT)
        result = stage(bare, request(environment="branch-only", reviewers="reject"))
        (row,) = [a for a in result.assumptions if a.name == "Environments"]
        assert (result.verdict, row.value) == ("ready", "testpypi: the branch main")

    @pytest.mark.parametrize(
        ("assumed", "words"),
        [
            ({}, "testpypi: the branch main and tags v*; pypi: tags v*"),
            ({"environment": "missing", "reviewers": "approve"}, "missing, so GitHub makes them, unprotected"),
            (
                {"reviewers": "reject", "wait_timer": 1},
                "testpypi: the branch main and tags v*; pypi: tags v*; "
                "pypi has a reviewer who rejects and a timer of 1 minute",
            ),
        ],
    )
    def test_the_assumption_is_listed(self, stage: Stage, sample: Path, assumed: dict, words: str) -> None:
        """What was assumed about the environments stands in the result, with what changes it."""
        from tagship.rehearsal import fit

        with stage.open(sample, request(**assumed)) as opened:
            rows = fit.described(opened.scene.project, Assumptions(**assumed), ())
        (row,) = [row for row in rows if row.name == "Environments"]
        assert (row.value, row.change.split()[0]) == (words, "--environment")
        assert not any("reviewers" in line for line in NOT_REHEARSED)

    def test_the_refusal_is_the_verdict(self, stage: Stage, sample: Path) -> None:
        """A rehearsal that the environment stops is refused, says why, and what to change."""
        result = stage(sample, request(environment="other-tags"))
        assert (result.verdict, result.exit_code) == ("refused", 10)
        assert why(result)[0] == ("publish", "TE10")
        _, finding = result.causes[0]
        assert finding.remedy == (
            "On GitHub, under Settings, Environments, pypi, Deployment branches and tags: add a rule that v1.0.0 fits."
        )


def _rows():  # type: ignore[no-untyped-def]
    from tagship.stages import STAGES

    return STAGES
