"""act and GitHub's own evaluator agree about which jobs of the generated workflow run."""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from tagship.model import Inputs
from tagship.rehearsal.request import Assumptions, Request
from tests.rehearsal.act.acting import Act
from tests.rehearsing import git
from tests.workflow.gha import GitHub
from tests.workflow.happenings import HAPPENINGS, jobs


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A rehearsal, and what of the truth table it shows."""

    words: str
    """The line of the table."""
    request: Request
    gate: str = "success"


def dispatch(ref: str, **inputs: object) -> Request:
    """A start by hand."""
    return Request(workflow="", kind="dispatch", ref=ref, inputs=msgspec.convert(inputs, Inputs))


SCENARIOS = (
    Scenario(words="tag v1.2.3", request=Request(workflow="")),
    Scenario(words="push to main", request=Request(workflow="", kind="push")),
    Scenario(words="tag v1.2.3, the project says 1.2.4", request=Request(workflow="", tag="v1.0.1")),
    Scenario(words="tag v1.2.3-rc.1", request=Request(workflow="", tag="v1.0.0-rc.1")),
    Scenario(words="dispatch on main, dry_run=true", request=dispatch("main", dry_run=True)),
    Scenario(words="dispatch on main, target_env=pypi", request=dispatch("main", target_env="pypi")),
    Scenario(words="dispatch on v1.2.3, target_env=pypi", request=dispatch("v1.0.0", target_env="pypi")),
    Scenario(words="dispatch on v1.2.3, dry_run=true", request=dispatch("v1.0.0", dry_run=True)),
    Scenario(
        words="tag v1.2.3",
        request=Request(workflow="", assumptions=Assumptions(ci={"ci.yml": "failure"})),
        gate="failure",
    ),
)


@pytest.mark.slow
@pytest.mark.tool("node")
@pytest.mark.requirement("A6")
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: f"{scenario.words}, CI {scenario.gate}")
def test_the_same_jobs_run(gha: GitHub, act_generated: Act, adopted: Path, scenario: Scenario) -> None:
    """The jobs that act runs are those that GitHub's evaluator runs, and end as they do there."""
    if scenario.request.ref == "v1.0.0":
        git(adopted, "tag", "v1.0.0")
    result = act_generated(adopted, scenario.request)
    performed = {job.name: job.result for job in result.jobs}
    happening = next(one for one in HAPPENINGS if one.words == scenario.words)
    wanted = jobs(gha, happening, {"wait-for-ci": "failure"} if scenario.gate == "failure" else None)
    assert not isinstance(wanted, str)
    # The table knows which jobs run; the summary of a run that went wrong fails by itself.
    summary = "failure" if "failure" in wanted.values() else "success"
    assert performed == {**wanted, "workflow-summary": summary}
