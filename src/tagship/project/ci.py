"""What a repository's GitHub workflows do: which of them are the CI that a release waits for, which publish.

Read as strictly as GitHub does (a duplicate key is a problem, not a silent loss), without running anything.
It takes a YAML parser that is slow to import, so `discover` reads it only when somebody asks.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from tagship.model import Record
from tagship.project import ci_names, yaml_nodes
from tagship.project.ci_roles import Role, is_docs, publishing, role
from tagship.project.config import Check
from tagship.project.patterns import matches
from tagship.project.pyproject import Table, table, texts

FOLDER = ".github/workflows"
_MAY_SKIP = re.compile(r"refs/tags|ref_type|github\.event\.release|event_name\s*==\s*'(?!push')")
"""Conditions under which a job has no result for the push of a branch, or another one for that of a tag."""


_ACTS: Mapping[Role, str] = {"publishes": "publishes", "deploys": "deploys", "docs": "builds documentation"}
"""What jobs do that no release waits for, the weightiest first."""


class Problem(Record, frozen=True, kw_only=True):
    """A workflow file that GitHub would refuse."""

    where: str
    """`.github/workflows/ci.yml:12`."""
    why: str


class Job(Record, frozen=True, kw_only=True):
    """One job of a workflow."""

    id: str
    checks: tuple[str, ...]
    """The names of its checks; `*` stands for a part that only the running workflow knows."""
    condition: str = ""
    """Its `if:`; where there is one, it may be skipped."""
    needs: tuple[str, ...] = ()
    role: Role = ""


class Publisher(Record, frozen=True, kw_only=True):
    """A job that uploads to an index."""

    file: str
    """File name of the workflow, as a trusted publisher is registered with."""
    job: str
    environment: str
    """The GitHub environment of the job; empty where it has none."""
    auth: Literal["trusted-publishing", "token", "unknown"]
    index: Literal["pypi", "testpypi", "unknown"]


class Workflow(Record, frozen=True, kw_only=True):
    """One workflow file."""

    file: str
    """File name inside `.github/workflows`."""
    name: str
    triggers: tuple[str, ...]
    on_default_branch: bool
    """Whether a push to the default branch starts it, paths aside."""
    paths: tuple[str, ...]
    """The path filters of that push; those of `paths-ignore` begin with `!`."""
    jobs: tuple[Job, ...]
    required: tuple[Check, ...]
    """What of it a release waits for by default."""
    why: str
    """Why it is, or is not, waited for."""

    @property
    def is_unproven(self) -> bool:
        """Whether it tests pull requests, and shows nothing of the pushed commit that is released."""
        words = " ".join((self.file, self.name, *(name for job in self.jobs for name in (job.id, *job.checks))))
        return not self.required and "pull_request" in self.triggers and "test" in words.lower()


class CI(Record, frozen=True, kw_only=True):
    """All workflows of a repository."""

    workflows: tuple[Workflow, ...] = ()
    publishers: tuple[Publisher, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def required(self) -> tuple[Check, ...]:
        """What a release waits for by default; empty means that nothing was found, which is not a success."""
        return tuple(check for workflow in self.workflows for check in workflow.required)


def read(root: Path, default_branch: str | None) -> CI:
    """Read every workflow of a repository; never raises for what stands in the files.

    Args:
        root: the repository's root.
        default_branch: None where it is unknown; main and master then both count.
    """
    problems: list[Problem] = []
    data: dict[str, Table] = {}
    for path in sorted(path for path in (root / FOLDER).glob("*.y*ml") if path.is_file()):  # a link may lead nowhere
        parsed = _load(path)
        if isinstance(parsed, Problem):
            problems.append(parsed)
        else:
            data[path.name] = parsed
    branches = (default_branch,) if default_branch else ("main", "master")
    workflows = tuple(_workflow(file, data, branches) for file in data)
    publishers = tuple(
        Publisher(file=file, job=job, environment=env, auth=auth, index=index)
        for file in data
        for job, (env, auth, index) in publishing(data[file]).items()
    )
    return CI(workflows=workflows, publishers=publishers, problems=tuple(problems))


def _load(path: Path) -> Table | Problem:
    where = f"{FOLDER}/{path.name}"
    root, _, problems = yaml_nodes.read(path.read_bytes())
    for problem in problems:
        return Problem(where=f"{where}:{problem.line}", why=problem.why)
    data = yaml_nodes.plain(root) if root is not None else None
    if not isinstance(data, dict) or not isinstance(data.get("jobs"), dict) or "on" not in data:
        return Problem(where=where, why="it is no workflow: `on` or `jobs` is missing")
    return {str(key): value for key, value in data.items()}


def _workflow(file: str, files: Mapping[str, Table], branches: tuple[str, ...]) -> Workflow:
    data = files[file]
    triggers = _triggers(data["on"])
    push = triggers.get("push")
    on_default = push is not None and any(_runs_on(push, branch) for branch in branches)
    paths = (*texts(push or {}, "paths"), *(f"!{p}" for p in texts(push or {}, "paths-ignore")))
    jobs = tuple(_job(job_id, table(data, "jobs", str(job_id)), files) for job_id in table(data, "jobs"))
    everywhere = push is not None and not {"branches", "branches-ignore", "tags", "tags-ignore"} & push.keys()
    runs = on_default and ("pull_request" in triggers or (everywhere and "pull_request_target" not in triggers))
    required, why = _requirement(file, jobs, paths) if runs else ((), _why_not(triggers, on_default))
    if "pull_request" not in triggers:
        why = why.replace("runs on pull requests and on pushes to the default branch", "runs on every push")
    return Workflow(
        file=file,
        name=str(data.get("name") or f"{FOLDER}/{file}"),
        triggers=tuple(triggers),
        on_default_branch=on_default,
        paths=paths,
        jobs=jobs,
        required=required,
        why=why,
    )


def _job(job_id: str, job: Table, files: Mapping[str, Table]) -> Job:
    def called(file: str) -> Table | None:
        return table(files[file], "jobs") if file in files else None

    condition = job.get("if")
    return Job(
        id=job_id,
        checks=ci_names.names(job_id, job, called),
        condition="" if condition is None else ci_names.show(condition).strip(),
        needs=texts(job, "needs"),
        role=_role(job_id, job, called),
    )


def _role(job_id: str, job: Table, called: ci_names.Called) -> Role:
    """What a job is for; one that calls a workflow of this repository is for what acts in there."""
    file = (ci_names.inside(ci_names.show(job.get("uses"))) or "").partition(f"{FOLDER}/")[2]
    inner = called(file) or {}
    acts = [found for i in inner if (found := role(i, table(inner, i))) in ("publishes", "deploys")]
    return acts[0] if acts else role(job_id, job)


def _triggers(on: object) -> dict[str, Table]:
    """The events of `on:` in any of its three spellings, with their filters."""
    if isinstance(on, dict):
        return {str(event): table({"": filters}, "") for event, filters in on.items()}
    return {event: {} for event in texts({"": on}, "")}


def _runs_on(push: Table, branch: str) -> bool:
    if "branches" in push:
        return matches(branch, texts(push, "branches"))
    if "branches-ignore" in push:
        return not matches(branch, texts(push, "branches-ignore"))
    return "tags" not in push and "tags-ignore" not in push  # with tags alone, no branch starts it


def _why_not(triggers: Mapping[str, Table], on_default: bool) -> str:
    if on_default:
        return "not waited for: it does not run on pull requests"
    if "push" in triggers:
        return "not waited for: pushes to the default branch do not start it"
    return f"not waited for: it runs on {', '.join(triggers) or 'nothing'} only, not on pushes"


def _requirement(file: str, jobs: tuple[Job, ...], paths: tuple[str, ...]) -> tuple[tuple[Check, ...], str]:
    """What is waited for of a workflow that runs on pull requests and on the default branch, and why."""
    acting = [job for role in _ACTS for job in jobs if job.role == role]
    named_docs = is_docs(Path(file).stem) and not any("test" in " ".join((job.id, *job.checks)).lower() for job in jobs)
    if jobs and (named_docs or all(job in acting for job in jobs)):
        docs = named_docs or (any(job.role == "docs" for job in jobs) and all(job.role != "publishes" for job in jobs))
        what = "only builds or deploys documentation" if docs else f"only acts on the outside ({_acts(acting)})"
        return (), f"not waited for: it {what}"
    if any(not path.startswith("!") for path in paths):
        return (), f"not waited for: it runs only where certain paths change ({', '.join(paths)})"
    if acting:
        names = _names_before(jobs, acting)
        rest = "its other jobs are waited for by name" if names else "no other job runs for every push"
        return tuple(
            Check(workflow=file, names=(n,)) for n in names
        ), f"not waited for as a whole: {_acts(acting)}; {rest}"
    if paths:
        return (Check(workflow=file),), (
            "waited for: runs on pull requests and on the default branch;"
            f" a commit that changes nothing but {', '.join(p[1:] for p in paths)} has no run and cannot be released"
        )
    return (Check(workflow=file),), "waited for: runs on pull requests and on pushes to the default branch"


def _acts(acting: list[Job]) -> str:
    return f"{acting[0].id} {_ACTS[acting[0].role]}"


def _names_before(jobs: tuple[Job, ...], acting: list[Job]) -> tuple[str, ...]:
    """Names, without matrix suffixes, of the jobs that run for every push and neither act nor wait for one that does.

    A condition that cannot be judged counts as met: a job that is skipped after all closes the gate by its name,
    while one that is left out here would open it silently. A job that judges others stands for them, since it alone
    knows which of them may fail.
    """
    out = {job.id for job in jobs if job in acting or _MAY_SKIP.search(job.condition)}
    while more := {j.id for j in jobs if j.id not in out and "always()" not in j.condition and out & {*j.needs}}:
        out |= more
    out |= {id for job in jobs if job.id not in out and job.role == "judges" for id in job.needs}
    free = (job for job in jobs if job.id not in out and job.role != "may fail")
    names = (re.sub(r" \([^()]*\)$", "", name) for job in free for name in job.checks)
    return tuple(dict.fromkeys(name for name in names if name.strip("* /")))
