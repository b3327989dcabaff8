"""Check runs, statuses and workflow runs of the embedded GitHub: three different answers about one commit."""

import pytest

from tagship.rehearsal.github import App

CI = ".github/workflows/publish.yml"


def started(world, ref="refs/heads/main", **jobs):
    return world.state.add_run(world.state.event("push", ref), CI, jobs=jobs)


def checks(world, query=""):
    found = world.get(f"commits/main/check-runs{query}").json["check_runs"]
    return [(c["name"], c["status"], c["conclusion"], c["app"]["slug"]) for c in found]


def test_nothing_reported_is_pending_for_ever(world):
    """Without statuses the combined status is `pending`, also where every check run succeeded."""
    started(world, test="success")
    body = world.get("commits/main/status").json
    assert (body["state"], body["statuses"], body["total_count"]) == ("pending", [], 0)


@pytest.mark.parametrize(
    ("reported", "state"),
    [
        ([("a", "success"), ("b", "success")], "success"),
        ([("a", "success"), ("b", "pending")], "pending"),
        ([("a", "pending"), ("b", "error")], "failure"),
        ([("a", "failure"), ("A", "success")], "success"),
    ],
)
def test_the_combined_status_is_the_worst_of_the_newest(world, reported, state):
    """Of each context, whatever its case, only the newest status counts."""
    for context, one in reported:
        world.state.add_status(world.head, context, one)
    assert world.get("commits/main/status").json["state"] == state


def test_a_job_is_a_check_run(world):
    """Every job of a run is a check of GitHub Actions, under the same id and leading to the job's page."""
    run = started(world, lint="success", test=None)
    assert checks(world) == [
        ("test", "in_progress", None, "github-actions"),
        ("lint", "completed", "success", "github-actions"),
    ]
    (test, lint) = world.get("commits/main/check-runs").json["check_runs"]
    job = world.get(f"actions/runs/{run.id}/jobs").json["jobs"][0]
    assert (job["id"], job["name"], job["html_url"]) == (lint["id"], "lint", lint["html_url"])
    assert world.get(f"check-runs/{test['id']}/annotations").json == []


def test_check_runs_are_filtered(world):
    """By name, status and app; `latest` is one for each name and suite, not one for each name."""
    run = started(world, test="failure")
    started(world, test="success")
    world.state.rerun(run, jobs={"test": "success"})
    world.state.add_check(world.head, "cov", app=App(id=5, slug="cov", name="Cov"))
    test = ("test", "completed", "success", "github-actions")
    assert checks(world, "?check_name=test") == [test, test]
    failed = ("test", "completed", "failure", "github-actions")
    assert checks(world, "?check_name=test&filter=all") == [test, test, failed]
    assert checks(world, "?app_id=5") == [("cov", "completed", "success", "cov")]
    assert checks(world, "?status=in_progress") == []


def test_a_run_is_run_again_under_its_id(world):
    """The attempts of a run keep their own jobs and results; the run shows the newest."""
    run = started(world, test="failure")
    world.clock.now += 60
    world.state.rerun(run, jobs={"test": None})
    read = world.get(f"actions/runs/{run.id}").json
    assert (read["run_attempt"], read["run_number"], read["status"], read["conclusion"]) == (2, 1, "in_progress", None)
    assert (read["name"], read["display_title"], read["event"]) == ("Publish to PyPI", "Turn the wheel (#7)", "push")
    world.state.set_jobs(run, {"test": "success"})
    assert world.get(f"actions/runs/{run.id}").json["conclusion"] == "success"
    assert [attempt.conclusion for attempt in run.attempts] == ["failure", "success"]
    newest, every = (world.get(f"actions/runs/{run.id}/jobs{q}").json["total_count"] for q in ("", "?filter=all"))
    assert (newest, every) == (1, 2)


def test_runs_are_filtered(world):
    """By commit, event, branch and by status or conclusion, which share one parameter."""
    world.tag("v1", world.first)
    done, running = started(world, test="success"), started(world, "refs/tags/v1", test=None)
    for query, found in {
        "": [running, done],
        f"?head_sha={world.head}": [done],
        "?branch=v1": [running],
        "?status=success": [done],
        "?status=in_progress": [running],
        "?event=schedule": [],
    }.items():
        body = world.get(f"actions/runs{query}").json
        assert [r["id"] for r in body["workflow_runs"]] == [r.id for r in found]
    assert world.get("actions/workflows/publish.yml/runs").json["total_count"] == 2


def test_a_start_up_failure_has_no_checks(world):
    """A workflow that GitHub cannot read leaves a run and nothing else."""
    run = started(world)
    world.state.finish(run, "startup_failure")
    read = world.get(f"actions/runs/{run.id}").json
    assert (read["status"], read["conclusion"], checks(world)) == ("completed", "startup_failure", [])


@pytest.mark.parametrize(
    ("jobs", "conclusion"),
    [
        ({"a": "success", "b": "skipped"}, "success"),
        ({"a": "skipped"}, "skipped"),
        ({"a": "cancelled", "b": "failure"}, "failure"),
        ({"a": "neutral", "b": "success"}, "success"),
        ({"a": "success", "b": None}, None),
    ],
)
def test_a_run_ends_as_its_jobs_do(world, jobs, conclusion):
    """The worst job decides; a run of skipped jobs is skipped, one with a skipped publish job is green."""
    run = started(world, **jobs)
    assert world.get(f"actions/runs/{run.id}").json["conclusion"] == conclusion


def dispatch(world, token=None, **body):
    path = "actions/workflows/publish.yml/dispatches"
    return world.post(path, token=token or world.token("github_token", actions="write"), body={"ref": "main", **body})


def test_a_workflow_is_started_by_hand(world):
    """A dispatch, also by a `GITHUB_TOKEN`, queues a run with the given inputs and the defaults of the others."""
    assert dispatch(world, inputs={"dry_run": True}).status == 204
    world.tag("v1", world.first)
    answer = dispatch(world, ref="v1", inputs={"target_env": "pypi"}, return_run_details=True).json
    first, second = world.state.runs
    assert (first.event, first.inputs) == ("workflow_dispatch", {"dry_run": "true", "target_env": "testpypi"})
    assert (second.id, second.inputs) == (answer["workflow_run_id"], {"dry_run": "false", "target_env": "pypi"})
    started = [(e.name, e.ref, e.sha, e.inputs.dry_run, e.inputs.target_env) for e in world.state.events]
    assert started == [
        ("workflow_dispatch", "refs/heads/main", world.head, True, "testpypi"),
        ("workflow_dispatch", "refs/tags/v1", world.first, False, "pypi"),
    ]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"ref": "gone"}, "No ref found for: gone"),
        ({"ref": "bare"}, "Workflow does not have 'workflow_dispatch' trigger"),
        ({"inputs": {"speed": "9"}}, 'Unexpected inputs provided: ["speed"]'),
        (
            {"inputs": {"target_env": "moon"}},
            "Provided value 'moon' for input 'target_env' not in the list of allowed values",
        ),
    ],
)
def test_a_dispatch_that_fits_nothing_is_refused(world, body, message):
    """The ref must exist, and its version of the file says whether and with what it can be started."""
    world.commit("No dispatch", {CI: "on: push\njobs: {}\n"}, branch="bare")
    assert dispatch(world, **body).said == (422, message)
    assert world.state.runs == []


def test_workflows_are_those_of_the_default_branch(world):
    """They are listed with their state, found by id and by file name, and a disabled one cannot be started."""
    world.commit("Elsewhere", {".github/workflows/other.yml": "on: push\n"}, branch="side")
    (flow,) = world.get("actions/workflows").json["workflows"]
    assert (flow["name"], flow["path"], flow["state"]) == ("Publish to PyPI", CI, "active")
    assert world.get(f"actions/workflows/{flow['id']}").json == flow
    assert world.get("actions/workflows/other.yml").said == (404, "Not Found")
    world.state.disabled_workflows.add(CI)
    assert dispatch(world).said == (422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow")


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("on: workflow_dispatch\n", CI, None),
        ("name: By hand\non: [push, workflow_dispatch]\n", "By hand", None),
        ("on:\n  workflow_dispatch:\n", CI, None),
        ("on: push\n", CI, "Workflow does not have 'workflow_dispatch' trigger"),
        (
            "on:\n  workflow_dispatch:\n    inputs:\n      speed: {required: true}\n",
            CI,
            "Required input 'speed' not provided",
        ),
        (
            "on: push\non: workflow_dispatch\n",
            CI,
            "failed to parse workflow: (Line: 2, Col: 1): the key `on` is there already, in line 1",
        ),
        (
            "on: {workflow_dispatch: {inputs: {speed: {type: velocity}}}}\n",
            CI,
            "failed to parse workflow: the input `speed` has the unknown type `velocity`",
        ),
    ],
)
def test_the_file_says_whether_it_can_be_started(world, text, name, said):
    """All spellings of the trigger count; a file that cannot be read or wants more input is refused."""
    world.commit("Other triggers", {CI: f"{text}jobs: {{}}\n"})
    assert world.get("actions/workflows").json["workflows"][0]["name"] == name
    answer = dispatch(world)
    assert (answer.status, answer.json and answer.json["message"]) == ((422, said) if said else (204, None))
