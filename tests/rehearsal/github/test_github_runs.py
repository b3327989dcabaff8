"""What can be done with a workflow run at the embedded GitHub: run again, cancelled, its logs read."""

import io
import zipfile

import pytest

CI = ".github/workflows/publish.yml"


def started(world, **jobs):
    """A run of a push to main."""
    return world.state.add_run(world.state.event("push", "refs/heads/main"), CI, jobs=jobs)


def act(world, path, method="POST"):
    """Do something as a job that may."""
    return world.ask(method, f"actions/{path}", token=world.token("github_token", actions="write"))


def results(run):
    """Names and conclusions of all attempts."""
    return [{job.name: job.conclusion for job in attempt.jobs} for attempt in run.attempts]


def test_failed_jobs_are_run_again(world):
    """Jobs that succeeded are taken over with their result, the others begin again, under the same run."""
    run = started(world, build="success", test="failure", publish="skipped")
    assert act(world, f"runs/{run.id}/rerun-failed-jobs").status == 201
    first = {"build": "success", "test": "failure", "publish": "skipped"}
    assert results(run) == [first, {"build": "success", "test": None, "publish": None}]
    read = world.get(f"actions/runs/{run.id}").json
    assert (read["run_attempt"], read["status"], read["conclusion"]) == (2, "in_progress", None)
    ids = [{job.id for job in attempt.jobs} for attempt in run.attempts]
    assert not ids[0] & ids[1], "every attempt has jobs of its own"


def test_all_jobs_are_run_again(world):
    """A re-run begins every job again, those that succeeded, too."""
    run = started(world, build="success", test="failure")
    assert act(world, f"runs/{run.id}/rerun").status == 201
    assert results(run) == [{"build": "success", "test": "failure"}, {"build": None, "test": None}]


def test_what_cannot_be_run_again_is_refused(world):
    """A run that is not over, one of long ago, and one of which nothing failed."""
    running, old, good = started(world, test=None), started(world, test="failure"), started(world, test="success")
    assert act(world, f"runs/{running.id}/rerun").said == (403, "This workflow is already running")
    assert act(world, f"runs/{good.id}/rerun-failed-jobs").status == 403
    world.clock.now += 31 * 24 * 3600
    said = "Unable to retry this workflow run because it was created over a month ago"
    assert act(world, f"runs/{old.id}/rerun").said == (403, said)
    assert [len(run.attempts) for run in (running, old, good)] == [1, 1, 1]


def test_a_run_is_cancelled(world):
    """What was over stays, the rest is cancelled; a run that is over cannot be."""
    run = started(world, build="success", publish=None)
    assert act(world, f"runs/{run.id}/cancel").status == 202
    assert results(run) == [{"build": "success", "publish": "cancelled"}]
    assert world.get(f"actions/runs/{run.id}").json["conclusion"] == "cancelled"
    assert act(world, f"runs/{run.id}/cancel").said == (409, "Cannot cancel a workflow run that is completed.")


def test_logs_are_behind_a_redirect(world):
    """The log of a run is an archive, at an address that needs no token; there is none while it runs."""
    run = started(world, **{"build / wheel": "success", "test": "failure"})
    for number, job in enumerate(run.latest.jobs):
        job.log = f"log {number}\n"
    token = world.token("github_token", actions="read")
    answer = world.get(f"actions/runs/{run.id}/logs", token=token)
    assert answer.status == 302
    archive = zipfile.ZipFile(io.BytesIO(world.get(answer.headers["Location"].removeprefix(world.url)).data))
    assert {name: archive.read(name) for name in archive.namelist()} == {
        "0_build  wheel.txt": b"log 0\n",
        "build  wheel/1_Run.txt": b"log 0\n",
        "1_test.txt": b"log 1\n",
        "test/1_Run.txt": b"log 1\n",
    }
    world.state.rerun(run, jobs={"test": None})
    assert world.get(f"actions/runs/{run.id}/logs", token=token).said == (404, "Not Found")
    assert world.get("/ada/engine/actions/downloads/made-up").said == (404, "Not Found")


def test_a_workflow_is_disabled_and_enabled(world):
    """A disabled workflow says so and cannot be started."""
    dispatched = {"token": world.token("github_token", actions="write"), "body": {"ref": "main"}}
    states = []
    for how, status in (("disable", 422), ("enable", 204)):
        assert act(world, f"workflows/publish.yml/{how}", "PUT").status == 204
        states.append(world.get("actions/workflows/publish.yml").json["state"])
        assert world.post("actions/workflows/publish.yml/dispatches", **dispatched).status == status
    assert states == ["disabled_manually", "active"]


TYPED = """\
on:
  workflow_dispatch:
    inputs:
      dry: {type: boolean}
      n: {type: number}
      name: {required: true}
jobs: {build: {runs-on: ubuntu-latest, steps: [{run: 'true'}]}}
"""


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"name": "x", "dry": True, "n": 3}, None),
        ({"name": "x", "dry": "true", "n": "-1.5"}, None),
        ({}, "Required input 'name' not provided"),
        ({"name": "x", "dry": "yes"}, "Provided value 'yes' for input 'dry' not in the list of allowed values"),
        ({"name": "x", "n": "many"}, "Provided value 'many' for input 'n' is not a number"),
        ({f"i{n}": "x" for n in range(26)}, "Too many inputs provided, a maximum of 25 is allowed"),
    ],
)
def test_inputs_are_of_their_types(world, inputs, said):
    """Booleans, numbers and required inputs are checked, and there are 25 at most."""
    world.commit("Typed inputs", {CI: TYPED})
    token = world.token("github_token", actions="write")
    answer = world.post("actions/workflows/publish.yml/dispatches", token=token, body={"ref": "main", "inputs": inputs})
    assert (answer.status, answer.json and answer.json["message"]) == ((422, said) if said else (204, None))
    assert len(world.state.runs) == (said is None)
