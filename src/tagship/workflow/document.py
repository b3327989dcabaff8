"""A GitHub workflow as a document: triggers, jobs and steps with the lines where they stand, values as written.

Nothing is executed and nothing raises for what stands in the file: what GitHub would refuse is a `Problem`. Source of
the form: docs.github.com, "Workflow syntax for GitHub Actions".
"""

from collections.abc import Iterator
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from functools import cached_property

from tagship.project.yaml_nodes import Items, Mapping, Node, Problem, Scalar, scalars, text, walk
from tagship.project.yaml_nodes import read as read_yaml

__all__ = [
    "Document",
    "Expression",
    "Items",
    "Job",
    "Mapping",
    "Node",
    "Problem",
    "Scalar",
    "Step",
    "Trigger",
    "read",
    "scalars",
    "text",
    "walk",
]
MOST_JOBS = 500
"""Jobs of a workflow that are read; a graph of more takes time out of all proportion, and no project has them."""
_EMPTY = Mapping(line=1, column=1, entries=())


@dataclass(frozen=True, kw_only=True, slots=True)
class Expression:
    """What stands between `${{` and `}}`."""

    text: str
    """Without the blanks around it."""
    line: int
    column: int
    """Place of the `$`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trigger:
    """An event that starts the workflow."""

    event: str
    line: int
    filters: Mapping
    """`branches`, `tags`, `paths`, `types`, `inputs` and so on; empty where there are none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step of a job."""

    number: int
    """From 0."""
    line: int
    node: Mapping

    @property
    def id(self) -> str:
        """Its `id`, or nothing."""
        return text(self.node.get("id"))

    @property
    def condition(self) -> str:
        """Its `if`, without `${{ }}` around it."""
        return _bare(text(self.node.get("if")))

    @property
    def uses(self) -> Scalar | None:
        """The action that it runs."""
        return _scalar(self.node.get("uses"))

    @property
    def action(self) -> str:
        """The action without its version: `owner/name`, `owner/name/path`, `./path`; nothing for a command."""
        return text(self.uses).partition("@")[0]

    @property
    def run(self) -> Scalar | None:
        """The commands that it runs."""
        return _scalar(self.node.get("run"))

    @property
    def inputs(self) -> Mapping:
        """What it gives to its action: `with`."""
        return _mapping(self.node.get("with"))

    @property
    def env(self) -> Mapping:
        """Its variables."""
        return _mapping(self.node.get("env"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One job."""

    id: str
    line: int
    node: Mapping

    @property
    def needs(self) -> tuple[str, ...]:
        """The jobs that it waits for."""
        return tuple(need.text for need in scalars(self.node.get("needs")))

    @property
    def condition(self) -> str:
        """Its `if`, without `${{ }}` around it."""
        return _bare(text(self.node.get("if")))

    @property
    def uses(self) -> str:
        """The workflow that it calls, or nothing."""
        return text(self.node.get("uses"))

    @property
    def environment(self) -> str:
        """The name of its environment, as written; empty where it has none."""
        found = self.node.get("environment")
        return text(found.get("name") if isinstance(found, Mapping) else found)

    @property
    def steps(self) -> tuple[Step, ...]:
        """Its steps, in order."""
        found = self.node.get("steps")
        nodes = found.items if isinstance(found, Items) else ()
        steps = (node for node in nodes if isinstance(node, Mapping))
        return tuple(Step(number=number, line=node.line, node=node) for number, node in enumerate(steps))

    @property
    def env(self) -> Mapping:
        """Its variables."""
        return _mapping(self.node.get("env"))


@dataclass(frozen=True, kw_only=True)
class Document:
    """One workflow file."""

    file: str
    """As it is to be named to people: `.github/workflows/publish.yml`."""
    source: str
    root: Mapping
    """Empty where nothing could be read."""
    problems: tuple[Problem, ...]
    """Why GitHub would refuse it, in the order of the lines; empty for a good one."""

    @property
    def name(self) -> str:
        """Its name, as written; the file's where it has none."""
        return text(self.root.get("name")) or self.file

    @cached_property
    def triggers(self) -> MappingOf[str, Trigger]:
        """The events that start it, in any of the three spellings of `on`."""
        on = self.root.get("on")
        if isinstance(on, Mapping):
            found = ((key.text, key.line, _mapping(value)) for key, value in on.entries)
        else:
            found = ((event.text, event.line, _EMPTY) for event in scalars(on))
        return {event: Trigger(event=event, line=line, filters=filters) for event, line, filters in found}

    @cached_property
    def jobs(self) -> MappingOf[str, Job]:
        """Its jobs by id, in the order of the file."""
        found = _mapping(self.root.get("jobs"))
        return {
            key.text: Job(id=key.text, line=key.line, node=value)
            for key, value in found.entries[:MOST_JOBS]
            if isinstance(value, Mapping)
        }

    def before(self, job: Job) -> tuple[Job, ...]:
        """Every job that a job waits for, directly or through others."""
        if job.id not in self._before:
            self._before[job.id] = self._follow(job)
        return self._before[job.id]

    @cached_property
    def _before(self) -> dict[str, tuple[Job, ...]]:
        """What `before` has answered already."""
        return {}

    def _follow(self, job: Job) -> tuple[Job, ...]:
        found: dict[str, Job] = {}
        todo = list(job.needs)
        while todo:
            need = self.jobs.get(todo.pop())
            if need is not None and need.id not in found:
                found[need.id] = need
                todo.extend(need.needs)
        return tuple(found.values())

    def expressions(self, node: Node | None) -> tuple[Expression, ...]:
        """Every expression in the values below a node."""
        return tuple(found for scalar in walk(node) for found in self._expressions(scalar))

    def comment(self, scalar: Scalar) -> str:
        """The comment behind a value, on the same line; empty where there is none."""
        rest = self.source[scalar.end :].partition("\n")[0].strip()
        return rest.lstrip("# ").strip() if rest.startswith("#") else ""

    def _expressions(self, scalar: Scalar) -> Iterator[Expression]:
        found = tuple(_spans(scalar.text))
        written = self.source[scalar.start : scalar.end]
        places = tuple(_spans(written)) if found else ()
        for number, (start, end) in enumerate(found):
            line, column = scalar.line, scalar.column
            if len(places) == len(found):
                before = written[: places[number][0]]
                line += before.count("\n")
                column = len(before) - before.rfind("\n") if "\n" in before else scalar.column + len(before)
            yield Expression(text=scalar.text[start + 3 : end - 2].strip(), line=line, column=column)


def read(data: bytes, file: str) -> Document:
    """Read a workflow.

    Args:
        data: the file's bytes.
        file: how it is to be named.
    """
    root, source, problems = read_yaml(data)
    document = Document(file=file, source=source, root=root if isinstance(root, Mapping) else _EMPTY, problems=problems)
    if problems:
        return document
    found = sorted(_problems(document, root), key=lambda problem: (problem.line, problem.column))
    return Document(file=file, source=source, root=document.root, problems=tuple(found))


def _problems(document: Document, root: Node | None) -> Iterator[Problem]:
    """What makes well-formed YAML no workflow, as far as the rest of the package would stumble over it."""
    if not isinstance(root, Mapping):
        yield Problem(line=1, column=1, why="the file is empty" if root is None else "it is no mapping")
        return
    if root.get("runs") is not None and root.get("jobs") is None:
        yield Problem(line=root.line, column=root.column, why="it is an action, not a workflow")
        return
    for name in ("on", "jobs"):
        if root.get(name) is None:
            yield Problem(line=root.line, column=root.column, why=f"it is no workflow: `{name}` is missing")
    jobs = root.get("jobs")
    if isinstance(jobs, Mapping):
        yield from _not_jobs(jobs)
    for job in document.jobs.values():
        yield from _unreachable(document, job)
        yield from _incomplete(job)
    for node in (root, *(job.node for job in document.jobs.values())):
        concurrency = node.get("concurrency")
        if isinstance(concurrency, Mapping) and concurrency.get("group") is None:
            yield Problem(line=concurrency.line, column=concurrency.column, why="`concurrency` has no `group`")
    for scalar in walk(jobs):
        if scalar.text.count("${{") > len(tuple(_spans(scalar.text))):
            yield Problem(line=scalar.line, column=scalar.column, why="an expression `${{` is not closed")


def _not_jobs(jobs: Mapping) -> Iterator[Problem]:
    """What stands under `jobs` and cannot be read as one."""
    if len(jobs.entries) > MOST_JOBS:
        yield Problem(line=jobs.line, column=jobs.column, why=f"it has more than {MOST_JOBS:,} jobs")
    for key, value in jobs.entries:
        if not isinstance(value, Mapping):
            yield Problem(line=key.line, column=key.column, why=f"the job `{key.text}` is no mapping")


def _unreachable(document: Document, job: Job) -> Iterator[Problem]:
    """Needs that can never be met."""
    for need in scalars(job.node.get("needs")):
        if need.text not in document.jobs:
            why = f"the job `{job.id}` needs `{need.text}`, which does not exist"
            yield Problem(line=need.line, column=need.column, why=why)
    if job in document.before(job):
        yield Problem(line=job.line, column=1, why=f"the job `{job.id}` needs itself")


def _incomplete(job: Job) -> Iterator[Problem]:
    """What a job or one of its steps must have."""
    if not job.uses and job.node.get("runs-on") is None:
        yield Problem(line=job.line, column=1, why=f"the job `{job.id}` has no `runs-on`")
    if not job.uses and not job.steps:
        yield Problem(line=job.line, column=1, why=f"the job `{job.id}` has no steps")
    for step in job.steps:
        if (step.uses is None) == (step.run is None):
            both = "has both `uses` and `run`" if step.uses else "has neither `uses` nor `run`"
            yield Problem(line=step.line, column=step.node.column, why=f"a step of `{job.id}` {both}")


def _spans(words: str) -> Iterator[tuple[int, int]]:
    """Begin and end of every expression; `}}` between quotes does not end one. Linear in the text."""
    start = words.find("${{")
    while start >= 0:
        end, quoted = start + 3, False
        while end < len(words) and (quoted or not words.startswith("}}", end)):
            quoted ^= words[end] == "'"
            end += 1
        if end >= len(words):
            return
        yield start, end + 2
        start = words.find("${{", end + 2)


def _bare(condition: str) -> str:
    """A condition without the `${{ }}` around the whole of it, which GitHub allows to be left out."""
    words = condition.strip()
    spans = tuple(_spans(words))
    return words[3:-2].strip() if spans == ((0, len(words)),) else words


def _mapping(node: Node | None) -> Mapping:
    return node if isinstance(node, Mapping) else _EMPTY


def _scalar(node: Node | None) -> Scalar | None:
    return node if isinstance(node, Scalar) else None
