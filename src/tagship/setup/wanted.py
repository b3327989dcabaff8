"""What GitHub's settings should be for a project: from its configuration, its CI and its environment files.

One record, from which the doctor's checks and the plan of `doctor --apply` both come.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from tagship.model import Record
from tagship.project.ci import FOLDER, Workflow
from tagship.project.config import Check
from tagship.project.discover import Project
from tagship.project.patterns import matches
from tagship.project.yaml_nodes import Mapping, scalars
from tagship.project.yaml_nodes import read as read_yaml
from tagship.versions import next_patch, released, tag_for
from tagship.workflow import environments
from tagship.workflow.environments import Environment
from tagship.workflow.pins import PINS
from tagship.workflow.variant import Variant

ACTIONS_APP = 15368
"""Number of the app GitHub Actions, which alone may report a check of that name."""
_USES = re.compile(r"(?:^|[\s{,-])[\"']?uses[\"']?\s*:\s*[\"']?([^\s\"'#,}]+)")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class RequiredCheck(Record, frozen=True, kw_only=True):
    """A check that a pull request has to pass."""

    context: str
    app: int | None
    """None where the check may come from anybody."""


class Wanted(Record, frozen=True, kw_only=True):
    """What should be set."""

    repository: str
    """`owner/name`."""
    default_branch: str
    environments: tuple[Environment, ...]
    """For TestPyPI and for PyPI."""
    prefix: str
    """What every release tag begins with; may be empty."""
    tags: str
    """The pattern of release tags."""
    tag: str
    """The release tag that comes next, about: what a rule has to be in force for."""
    checks: tuple[RequiredCheck, ...]
    known: tuple[str, ...]
    """The names of all checks that jobs of this repository make on pull requests; `*` for what only a run knows."""
    actions: tuple[str, ...]
    """The actions of the workflow that publishes."""
    unpinned: tuple[str, ...]
    """`ci.yml: actions/checkout@v6`: what could not run any more if every action had to be pinned."""

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody who is to approve deployments."""
        return tuple(dict.fromkeys(name for one in self.environments for name in one.reviewers))


def wanted(project: Project, variant: Variant) -> Wanted:
    """What GitHub should be set to.

    Raises:
        ProjectError: a file of an environment cannot be understood.
    """
    scheme = project.tags.value
    tags = re.sub(r"\\([+!{])", r"\1", variant.tags)  # a filter of a workflow escapes more than a pattern of a ref
    newest = max((tag.version for tag in released(project.repository.tags, scheme)), default=None)
    return Wanted(
        repository=variant.repository,
        default_branch=variant.default_branch,
        environments=tuple(environments.read(project.top, environment) for environment in environments.wanted(variant)),
        prefix=scheme.prefix,
        tags=tags,
        tag=tag_for(next_patch(newest), scheme) if newest else f"{scheme.prefix}1.2.3",
        checks=tuple(dict.fromkeys(_required(project))),
        known=tuple(name for w in project.ci.workflows if _on_pulls(w.triggers) for j in w.jobs for name in j.checks),
        actions=tuple(pin.action for pin in PINS if variant.wheels or pin.action != "pypa/cibuildwheel"),
        unpinned=tuple(_unpinned(project.top)),
    )


def _on_pulls(triggers: tuple[str, ...]) -> bool:
    return bool({"pull_request", "pull_request_target"} & {*triggers})


def _required(project: Project) -> Iterator[RequiredCheck]:
    """The required CI by the names that its checks have on a pull request, as far as they are certain.

    What may not run on a pull request, or is named by the run alone, would make every one wait for ever.
    """
    flows = project.ci.workflows
    inside = [*(flow.name for flow in flows), *(name for flow in flows for job in flow.jobs for name in job.checks)]
    for check in project.required_ci.value:
        if check.workflow or any(_is_named(name, check) for name in inside):
            yield from (RequiredCheck(context=name, app=ACTIONS_APP) for name in _makers(project, check))
        elif check.app != "github-actions":  # another CI, whose check or status anybody may report
            yield from (RequiredCheck(context=name, app=None) for name in check.names[:1] if "*" not in name)


def _makers(project: Project, check: Check) -> tuple[str, ...]:
    """The names of the checks that a piece of required CI stands for; a matrix makes several of one name."""
    names = [
        name
        for workflow in project.ci.workflows
        if check.workflow in ("", workflow.file) and _always_on_pulls(project, workflow)
        for job in workflow.jobs
        if job.role in ("", "judges")
        for name in job.checks
        if "*" not in name
    ]
    return tuple(name for name in names if not check.names or _is_named(name, check))


def _is_named(name: str, check: Check) -> bool:
    """Whether it is one of the names of a check, the suffix of a matrix aside."""
    return any(name == one or name.startswith(f"{one} (") for one in check.names)


def _always_on_pulls(project: Project, workflow: Workflow) -> bool:
    """Whether every pull request to the default branch starts a workflow, whatever it changes."""
    if "pull_request" not in workflow.triggers:
        return False
    root = read_yaml((project.top / FOLDER / workflow.file).read_bytes())[0]
    trigger = root.get("on", "pull_request") if isinstance(root, Mapping) else None
    if not isinstance(trigger, Mapping):
        return True
    branch = project.repository.default_branch.value or ""
    only, never = ([one.text for one in scalars(trigger.get(key))] for key in ("branches", "branches-ignore"))
    reached = (not only or matches(branch, only)) and not matches(branch, never)
    return reached and trigger.get("paths") is None and trigger.get("paths-ignore") is None


def _unpinned(top: Path) -> Iterator[str]:
    for path in sorted((top / FOLDER).glob("*.y*ml")):
        if not path.is_file():
            continue
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        named = (used for line in lines if not line.lstrip().startswith("#") for used in _USES.findall(line))
        for used in dict.fromkeys(named):
            if not used.startswith(("./", "$/", "docker://")) and not _COMMIT.fullmatch(used.rpartition("@")[2]):
                yield f"{path.name}: {used}"
