"""What act says, line by line, as the jobs and steps of a run: for the screen while it runs, and for the result.

With `--json` act writes one object for each line of its log (nektos/act, pkg/runner/logger.go).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from tagship.errors import TagshipError, WorkflowFailed
from tagship.model import Fact
from tagship.rehearsal.github.state import Conclusion
from tagship.rehearsal.result import Job, Step
from tagship.services.reporter import Journal, Reporter
from tagship.shapes import read_json

KEPT = 200
"""Lines of a step's output that are kept, the last ones."""
SHOWN = 15
"""Lines of it that say why a job failed."""
LONGEST = 500
"""Characters of one line."""


class _Line(msgspec.Struct, rename={"job_id": "jobID", "step_id": "stepID", "nanoseconds": "executionTime"}):
    msg: str = ""
    level: str = ""
    job_id: str = ""
    matrix: dict[str, object] | None = None
    stage: str = ""
    step: str = ""
    step_id: list[str] = []
    step_result: str = msgspec.field(default="", name="stepResult")
    job_result: str = msgspec.field(default="", name="jobResult")
    nanoseconds: int = 0
    raw_output: bool = False
    command: str = ""
    arg: str = ""


@dataclass(kw_only=True, slots=True)
class _Running:
    """A job that has begun."""

    id: str
    in_matrix: bool
    journal: Journal
    steps: list[Step] = field(default_factory=list)
    output: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    step: str = ""
    over: list[str] = field(default_factory=list)
    """The id of the last step that ended."""


class Log:
    """Takes act's lines; `jobs` are those that ended.

    Args:
        now: the rehearsal's clock.
        ended: told the name and result of each job.
        refusals: why a job was not let in, by its id.
        facts: what its environment said, likewise.
    """

    def __init__(
        self,
        reporter: Reporter,
        now: Callable[[], float],
        ended: Callable[[str, Conclusion], None],
        refusals: Mapping[str, TagshipError],
        facts: Mapping[str, tuple[Fact, ...]],
    ) -> None:
        self._reporter = reporter
        self._now = now
        self._ended = ended
        self._refusals = refusals
        self._facts = facts
        self._running: dict[str, _Running] = {}
        self.jobs: dict[str, Job] = {}
        """By name, in the order of their ends."""
        self.errors: list[str] = []
        """What went wrong outside of any job."""

    def take(self, text: str) -> None:
        """Read one line; what is no line of act's log is passed over."""
        try:
            line = read_json(text, _Line)
        except msgspec.DecodeError:
            if text.startswith("Error:") and "failed" not in text:
                self.errors.append(text.removeprefix("Error:").strip())
            return
        if not line.job_id:
            if line.level in ("error", "fatal"):
                self.errors.append(line.msg.strip())
            return
        name = _name(line)
        job = self._running.get(name)
        if job is None and name not in self.jobs:
            journal = Journal(name, self._reporter, started=self._now())
            job = _Running(id=line.job_id, in_matrix=bool(line.matrix), journal=journal)
            self._running[name] = job
        if job is not None:
            self._step(job, line)
            if line.job_result:
                self._end(name, line.job_result)

    def close(self) -> None:
        """act is gone: what still runs was cut off."""
        for name in tuple(self._running):
            self._end(name, "cancelled")

    def _step(self, job: _Running, line: _Line) -> None:
        if line.stage != "Main" or not line.step_id:
            return
        if line.raw_output and line.step_id == job.over:  # act says how a step ended and what it said in any order
            said = [*job.steps[-1].said, _shown(line)][-KEPT:]
            job.steps[-1] = msgspec.structs.replace(job.steps[-1], said=tuple(said))
            return
        title = title_of(line.step)
        if title != job.step and len(line.step_id) == 1:
            job.step = title
            job.output.clear()
            job.journal.doing(title)
        if line.command == "error":
            job.errors.append(line.arg)
        elif line.raw_output:
            job.output = [*job.output[1 - KEPT :], _shown(line)]
        elif line.level == "error" and not line.step_result:
            job.errors.append(line.msg.strip())
        if line.step_result and len(line.step_id) == 1:
            result = _result(line.step_result)
            seconds = round(line.nanoseconds / 1e9, 4)
            job.steps.append(Step(name=title, result=result, seconds=seconds, said=tuple(job.output)))
            job.over = line.step_id

    def _end(self, name: str, result: str) -> None:
        job = self._running.pop(name)
        if job.in_matrix and result == "failure" and job.steps and all(s.result != "failure" for s in job.steps):
            result = "success"  # act gives all jobs of a matrix one result
        conclusion: Literal["success", "failure", "cancelled"] = (
            "success" if result == "success" else "cancelled" if result == "cancelled" else "failure"
        )
        error = None if conclusion == "success" else self._refusals.get(job.id) or _failure(name, job, conclusion)
        for fact in self._facts.get(job.id, ()):
            job.journal.fact(fact)
        if error is not None:
            job.journal.finding(error.finding())
        entry = job.journal.close(failed=error is not None, now=self._now())
        self.jobs[name] = Job(
            id=job.id,
            name=name,
            result=conclusion,
            started=entry.started,
            seconds=entry.seconds,
            steps=tuple(job.steps),
            finding=error.finding() if error is not None else None,
        )
        self._ended(name, conclusion)


def _failure(name: str, job: _Running, conclusion: str) -> WorkflowFailed:
    failed = next((step for step in job.steps if step.result == "failure"), None)
    if failed is None:
        why = "The job was cut off" if conclusion == "cancelled" else "The job failed before its first step"
        words = job.errors[-SHOWN:] or job.output[-SHOWN:]
        return WorkflowFailed(f"{why}\n" + "\n".join(words), remedy="Read its own words.", where=name)
    said = [line for line in failed.said if line.strip()][-SHOWN:]
    errors = [words for words in job.errors if not words.startswith("exit")]
    more = [line for words in errors for line in words.splitlines() if line not in said]
    return WorkflowFailed(
        f"The step {failed.name!r} failed\n" + "\n".join([*said, *more]),
        remedy="Correct the step, or what it runs; its own words are above.",
        where=name,
    )


def _name(line: _Line) -> str:
    values = ", ".join(str(value) for value in (line.matrix or {}).values())
    return f"{line.job_id} ({values})" if values else line.job_id


def _shown(line: _Line) -> str:
    return line.msg.rstrip("\n")[:LONGEST]


def title_of(step: str) -> str:
    """The name of a step on one line: act calls a nameless one by its whole script."""
    first = next((line.strip() for line in step.splitlines() if line.strip()), "")
    return first if len(first) <= 80 else f"{first[:79]}…"


def _result(said: str) -> Literal["success", "failure", "skipped"]:
    return "success" if said == "success" else "skipped" if said == "skipped" else "failure"
