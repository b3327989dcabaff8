"""What a job of a workflow is for, seen from its steps: publishing to an index, deploying, documentation, judging."""

import re
from collections.abc import Mapping
from typing import Literal

from tagship.project.ci_names import show
from tagship.project.pyproject import Table, table, tables

Role = Literal["", "publishes", "deploys", "docs", "judges", "may fail"]
Publishing = tuple[str, Literal["trusted-publishing", "token", "unknown"], Literal["pypi", "testpypi", "unknown"]]
"""Environment, authorisation, index."""

_THEN = r"[\s\\]+(?:-[^\s\\]+[\s\\]+)*"
"""Between a program and its command: options, and lines that go on."""
_UPLOADERS = re.compile(
    rf"\btwine{_THEN}upload|\b(uv|poetry|flit|hatch|pdm|rye|maturin|semantic-release){_THEN}publish"
    rf"|\bmaturin{_THEN}upload|\bsetup\.py\s+[^\n]{{0,999}}upload\b"
    r"|\bcurl\b[^\n]{0,999}\bupload\.pypi\.|\bcurl\b[^\n]{0,999}pypi\.[a-z]+/legacy"
)
_PYPI_ACTION = re.compile(
    r"pypi.{0,999}(publish|upload|releas|deploy)|(publish|upload|releas|deploy).{0,999}pypi|poetry-publish|python-semantic-release/",
    re.I,
)
_TOKEN = re.compile(
    r"TWINE_PASSWORD|UV_PUBLISH_(TOKEN|PASSWORD)|POETRY_PYPI_TOKEN|FLIT_PASSWORD|HATCH_INDEX_AUTH|PYPI\w{0,99}TOKEN",
    re.I,
)
_DEPLOYING_ACTION = re.compile(
    r"(?:^|[/_-])(?:deploy|publish|releas|gh-pages)(?!.{0,999}(?:test|result|report|coverage))", re.I
)
_DEPLOYING_COMMAND = re.compile(
    r"\bgh\s+release\s+create|\bgh-deploy\b|\bmike\s+deploy|\bdocker\s+push|\bnpm\s+publish"
)
_JUDGE = "re-actors/alls-green"
"""An action that fails where a job that is needed did not succeed, and knows which may fail."""
_DOCS = re.compile(r"\b(docs?|documentation|docset|pages|mkdocs|sphinx)\b", re.I)
_TEST_INDEX = re.compile(r"test[.-]?pypi", re.I)


def role(job_id: str, job: Table) -> Role:
    """What a job is for; empty where it is none of these."""
    if _uploads(job):
        return "publishes"
    for step in tables(job, "steps"):
        if _DEPLOYING_ACTION.search(_action(step)) or _DEPLOYING_COMMAND.search(show(step.get("run"))):
            return "deploys"
        if _action(step) == _JUDGE:
            return "judges"
    if show(job.get("continue-on-error")) == "true":
        return "may fail"
    named = f"{job_id} {show(job.get('name'))}"
    return "docs" if is_docs(named) and "test" not in named.lower() else ""


def is_docs(name: str) -> bool:
    """Whether a job or a workflow file is named for documentation."""
    return bool(_DOCS.search(name.replace("_", " ")))


def publishing(workflow: Table) -> Mapping[str, Publishing]:
    """The jobs of a workflow that upload to an index, by their id."""
    jobs = table(workflow, "jobs")
    found: dict[str, Publishing] = {}
    for job_id in jobs:
        job = table(jobs, job_id)
        if not _uploads(job):
            continue
        environment = job.get("environment")
        name = table(job, "environment").get("name") if isinstance(environment, dict) else environment
        words = " ".join(_words(job))
        found[job_id] = (show(name), _auth(workflow, job, words), "testpypi" if _TEST_INDEX.search(words) else "pypi")
    return found


def uploads(step: Table) -> bool:
    """Whether a step of a job uploads to an index."""
    action, command = _action(step), show(step.get("run"))
    if _PYPI_ACTION.search(action) or _UPLOADERS.search(command):
        return True
    if action == "PyO3/maturin-action" and table(step, "with").get("command") in ("upload", "publish"):
        return True
    # `tox -e release` and the like: a token for the index is handed to a command
    return bool(command and _TOKEN.search(" ".join([*table(step, "env"), *map(show, table(step, "env").values())])))


def _uploads(job: Table) -> bool:
    return any(uploads(step) for step in tables(job, "steps"))


def _auth(workflow: Table, job: Table, words: str) -> Literal["trusted-publishing", "token", "unknown"]:
    permissions = job.get("permissions", workflow.get("permissions"))
    identity = permissions == "write-all" or (isinstance(permissions, dict) and permissions.get("id-token") == "write")
    given = any("password" in table(step, "with") for step in tables(job, "steps")) or _TOKEN.search(words)
    return "token" if given else "trusted-publishing" if identity else "unknown"


def _action(step: Table) -> str:
    """`owner/name` of the step's action, the version left out."""
    return show(step.get("uses")).partition("@")[0]


def _words(value: object) -> list[str]:
    if isinstance(value, dict):
        return [word for key, item in value.items() for word in (str(key), *_words(item))]
    if isinstance(value, list):
        return [word for item in value for word in _words(item)]
    return [show(value)]
