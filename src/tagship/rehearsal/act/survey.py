"""What a workflow needs, read from the file before it runs: jobs, labels, actions, and what cannot be rehearsed."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tagship.project.ci_names import inside
from tagship.rehearsal.act.standins import Standin, refusal, standin
from tagship.workflow import document
from tagship.workflow.document import Document, Items, Job, text, walk

HOSTED = re.compile(r"ubuntu|linux|self-hosted", re.IGNORECASE)
ELSEWHERE = re.compile(r"windows|macos", re.IGNORECASE)
_SECRET = re.compile(r"""\bsecrets\s*(?:\.\s*([A-Za-z_]\w*)|\[\s*['"](\w+)['"]\s*\])""")
_GH = re.compile(r"(?m)^\s*(?:\w+=\S*\s+)*gh\s+\w")
_OWN = re.compile(rb"""(?m)^([ \t]*(?:-[ \t]+)?uses:[ \t]*['"]?)\$/""")
_SHELLS = ("", "bash", "sh", "python")
"""Between act and these stands `grant`; no other shell asks the job's environment, nor has its token."""
_PATH = re.compile("PATH")
"""By which the shells are found."""
_KEPT = re.compile(
    r"PATH|GITHUB_(ACTIONS?|ACTION_\w+|ACTOR|ACTOR_ID|API_URL|BASE_REF|ENV|EVENT_NAME|EVENT_PATH|GRAPHQL_URL|HEAD_REF|JOB|OUTPUT"
    r"|PATH|REF|REF_\w+|REPOSITORY|REPOSITORY_\w+|RETENTION_DAYS|RUN_\w+|SERVER_URL|SHA|STATE|STEP_SUMMARY"
    r"|TRIGGERING_ACTOR|WORKFLOW|WORKFLOW_\w+|WORKSPACE)|RUNNER_\w+"
)
"""The same, and what no `env` of a step changes on GitHub, where act lets it: `grant` knows the job by it
(docs.github.com, "Variables reference")."""
INPUT = re.compile(r"\$\{\{\s*(?:github\.event\.)?inputs\.([\w-]+)\s*\}\}")
"""An input in the name of an environment, whose value is known before the job begins."""
_DEEPEST = 4
"""Composite actions inside of each other, and reusable workflows (docs.github.com, "Reuse workflows")."""


@dataclass(kw_only=True, slots=True)
class Survey:
    """What was found. `doubtful` are the jobs that do less here than on GitHub, with the reason."""

    document: Document
    has_node: bool
    """Whether there is a `node` on this machine, as on GitHub's."""
    actions: dict[str, Standin] = field(default_factory=dict)
    """By `owner/name@ref`, those of local actions included."""
    labels: set[str] = field(default_factory=set)
    called: dict[str, str] = field(default_factory=dict)
    """Jobs of reusable workflows, with the job that calls them."""
    standing: dict[str, tuple[str, Job]] = field(default_factory=dict)
    """The same jobs themselves, each with the name of its file."""
    doubtful: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    """The jobs that GitHub does not begin, with its words."""
    notes: list[str] = field(default_factory=list)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The names of the secrets that the workflow reads, which GitHub keeps in upper case."""
        found = _SECRET.findall(self.document.source)
        return tuple(dict.fromkeys((name or other).upper() for name, other in found))

    def doubt(self, job: str, why: str) -> None:
        """A job does less here than on GitHub."""
        self.doubtful.setdefault(job, why)
        self.notes.append(f"job {job}: {why}")


@dataclass(frozen=True, kw_only=True, slots=True)
class _At:
    """Where a step stands."""

    file: Document
    outer: str
    """The job of the workflow itself."""
    job: str
    """The same, or that of a workflow that it calls."""
    root: Path
    depth: int


def reads(text: str, secret: str) -> bool:
    """Whether a text of a workflow reads a secret by its name."""
    return secret in ((name or other).upper() for name, other in _SECRET.findall(text))


def survey(found: Document, root: Path, *, has_gh: bool, has_node: bool) -> Survey:
    """Look through a workflow.

    Args:
        root: the checkout, in which local actions and reusable workflows lie.
        has_gh: whether there is a `gh` on this machine, as on GitHub's.
        has_node: likewise.
    """
    made = Survey(document=found, has_node=has_node)
    for job in found.jobs.values():
        _job(made, job, _At(file=found, outer=job.id, job=job.id, root=root, depth=0))
        if not has_gh and any(_GH.search(step.run.text) for step in job.steps if step.run is not None):
            made.doubt(job.id, "uses gh, which is not installed here")
    _concurrency(made)
    made.notes = list(dict.fromkeys(made.notes))
    return made


def _job(made: Survey, job: Job, at: _At) -> None:
    outer = at.outer
    for label in _labels(job):
        if ELSEWHERE.search(label) and not HOSTED.search(label):
            made.doubt(outer, f"runs on {label}, and here on this machine")
        made.labels.add(label)
    for name in ("container", "services"):
        if job.node.get(name) is not None:
            made.doubt(outer, f"needs containers (`{name}`), which are not rehearsed")
    if "${{" in INPUT.sub("", job.environment):
        made.doubt(outer, f"its environment is `{job.environment}`, whose value a rehearsal does not know")
    for node in (at.file.root, job.node):
        _shell(made, node.get("defaults", "run", "shell"), at)
        _variables(made, node.get("env"), at, _PATH)
    for step in job.steps:
        _step(made, step.node, at)
    if job.uses:
        _called(made, job.uses, at)
    for step in job.steps:
        _action(made, step.uses, step.inputs.names(), at)


def _step(made: Survey, node: document.Mapping, at: _At) -> None:
    """What is between act and the commands of a step."""
    _shell(made, node.get("shell"), at)
    _variables(made, node.get("env"), at, _KEPT)


def _shell(made: Survey, node: document.Node | None, at: _At) -> None:
    if text(node).split(" ")[0] not in _SHELLS:
        made.doubt(at.outer, f"runs `{text(node)}`, which is not given what the job may have on GitHub")


def _variables(made: Survey, env: document.Node | None, at: _At, kept: re.Pattern[str]) -> None:
    for name in env.names() if isinstance(env, document.Mapping) else ():
        if kept.fullmatch(name):
            made.doubt(at.outer, f"sets {name} by `env`, and is not given what the job may have on GitHub")


def _labels(job: Job) -> Iterator[str]:
    """The labels of the runner; where an expression names them, every value of the matrix that could be one."""
    written = [scalar.text for scalar in walk(job.node.get("runs-on"))]
    if any("${{" in label for label in written):
        matrix = job.node.get("strategy", "matrix")
        written += [s.text for s in walk(matrix) if HOSTED.search(s.text) or ELSEWHERE.search(s.text)]
    yield from (label for label in written if "${{" not in label)


def _called(made: Survey, uses: str, at: _At) -> None:
    path = inside(uses)
    if path is None:
        made.doubt(at.outer, f"calls {uses}, which is not rehearsed")
        return
    file = at.root / path
    if not file.is_file() or at.depth >= _DEEPEST:
        return  # act says so
    inner = document.read(file.read_bytes(), uses)
    for job in inner.jobs.values():
        made.called[job.id] = at.outer
        made.standing[job.id] = file.name, job
        _job(made, job, replace(at, file=inner, job=job.id, depth=at.depth + 1))


def _action(made: Survey, step: document.Scalar | None, given: tuple[str, ...], at: _At) -> None:
    uses, outer = text(step), at.outer
    if step is None or not uses:
        return
    if (path := inside(uses)) is not None:
        _local(made, path, at)
        return
    if uses.startswith("docker://"):
        made.doubt(outer, f"uses {uses}, a container, which is not rehearsed")
        return
    if ".." in uses.split("/"):  # its stand-in would be written there
        made.doubt(outer, f"uses {uses}, whose path leads out of its repository")
        return
    found = standin(uses, at.file.comment(step))
    made.actions[uses] = found
    if said := refusal(found, uses):
        made.refused.setdefault(at.job, said)
    if found.missing:
        made.doubt(outer, f"uses {uses}, which is not rehearsed")
    elif found.not_rehearsed:
        made.notes.append(f"{found.action}: {found.not_rehearsed}")
    odd = [name for name in given if name.lower() not in found.inputs and name.lower() not in found.ignored]
    if odd and not found.missing:
        made.notes.append(f"{found.action}: its input {', '.join(odd)} is not rehearsed")


def _local(made: Survey, path: str, at: _At) -> None:
    """An action of the repository itself: act runs it, and what it uses needs stand-ins as well."""
    folder = at.root / path
    file = next((folder / name for name in ("action.yml", "action.yaml") if (folder / name).is_file()), None)
    if file is None:  # it may come with a step, a checkout into a folder for one, and then nobody has looked at it
        made.doubt(at.outer, f"uses ./{path}, which the commit does not have")
    if file is None or at.depth >= _DEEPEST:
        return
    inner = document.read(file.read_bytes(), file.name)
    runs = inner.root.get("runs")
    if not isinstance(runs, document.Mapping):
        return
    if text(runs.get("using")).startswith("node") and not made.has_node:
        made.doubt(at.outer, f"uses ./{path}, which needs node, and here is none")
    if text(runs.get("using")) == "docker":
        made.doubt(at.outer, f"uses ./{path}, a container, which is not rehearsed")
    steps = runs.get("steps")
    for step in steps.items if isinstance(steps, Items) else ():
        if isinstance(step, document.Mapping):
            given, uses = step.get("with"), step.get("uses")
            names = given.names() if isinstance(given, document.Mapping) else ()
            named = uses if isinstance(uses, document.Scalar) else None
            _step(made, step, at)
            _action(made, named, names, replace(at, file=inner, depth=at.depth + 1))


def respell(root: Path) -> None:
    """Write `uses: ./` for `uses: $/` in the workflows and actions that act reads: it knows the older word alone.

    Both name a path of the same commit, since act reads the workflow from the very checkout that it calls into.
    """
    for file in (*root.glob(".github/**/*.y*ml"), *root.glob("action.y*ml")):
        if file.is_file() and not file.is_symlink():
            data = file.read_bytes()
            new = _OWN.sub(rb"\1./", data)
            if new != data:
                file.write_bytes(new)


def _concurrency(made: Survey) -> None:
    """What runs of the workflow do to each other: one at a time is rehearsed."""
    for node in (made.document.root, *(job.node for job in made.document.jobs.values())):
        if text(node.get("concurrency", "cancel-in-progress")) not in ("", "false"):
            made.notes.append("concurrency: cancel-in-progress, by which a second run can end an upload half-way")


def surprises(seen: Survey, results: Mapping[str, str]) -> Mapping[str, str]:
    """The jobs that act is known to judge in another way than GitHub, after they ran (nektos/act, pkg/runner).

    Args:
        results: of the jobs, by id.
    """
    found = seen.document
    doubts: dict[str, str] = {
        caller: f"{inner} of the workflow that it calls was skipped, of which act says nothing"
        for inner, caller in seen.called.items()
        if inner not in results and results.get(caller, "success") == "success"
    }
    for job in found.jobs.values():
        tolerated = text(job.node.get("continue-on-error")) not in ("", "false")
        if tolerated and results.get(job.id) == "failure":
            doubts[job.id] = "its failure is allowed (continue-on-error), which act does not know"
        for need in job.needs:
            if results.get(need) == "skipped" and results.get(job.id) != "skipped" and _reads(job, need):
                doubts[job.id] = f"it reads outputs of {need}, which was skipped: empty on GitHub, and not in act"
    return doubts


def _reads(job: Job, need: str) -> bool:
    return any(f"needs.{need}.outputs" in scalar.text for scalar in walk(job.node))
