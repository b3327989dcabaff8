"""Checks of the CI that a release waits for: found, run for every commit that may be released, and alive."""

import difflib
import shlex
from collections.abc import Iterator

from tagship.checks.check import few
from tagship.errors import GateClosed
from tagship.model import Page, Severity
from tagship.project.ci import FOLDER, Workflow
from tagship.project.config import Check as Required
from tagship.setup.check import Check, Group, Seen, ok, pending, problem, unknown
from tagship.setup.observed import Observed
from tagship.stages import gate
from tagship.stages.gate_judge import ACTIONS, Closed, Open, Waiting, is_called, judge, never
from tagship.workflow.document import Mapping, Node, text

_ALONE = ("github.run_id", "github.run_number", "github.sha")
"""What makes a concurrency group of each commit its own."""


def _found(observed: Observed) -> Seen:
    try:
        required = gate.required_of(observed.project)
    except GateClosed as closed:
        return problem(closed.message.removeprefix("Not published: "), closed.where, remedy=closed.remedy)
    return ok(few([check.label for check in required], 6), observed.project.required_ci.source)


def _pieces(observed: Observed) -> tuple[Required, ...]:
    """What has to have run before; nothing where the run calls its CI itself."""
    return () if observed.project.config.inline_ci else observed.project.required_ci.value


def _makers(check: Required, observed: Observed) -> tuple[Workflow, ...]:
    """The workflows that run for it, as far as their files say."""
    workflows = observed.project.ci.workflows
    if check.workflow:
        return tuple(w for w in workflows if w.file == check.workflow.rpartition("/")[2])
    return tuple(w for w in workflows if any(_is_made(name, check) for job in w.jobs for name in job.checks))


def _is_made(shown: str, check: Required) -> bool:
    """Whether a job that is shown as this may be one of the names; a `*` in it stands for what only the run knows."""
    return is_called(shown, check.names) or any(is_called(name, (shown,)) for name in check.names if "*" in shown)


def _pushes(observed: Observed) -> Iterator[Seen]:
    branch = observed.project.repository.default_branch.value or "the default branch"
    for check in _pieces(observed):
        hopeless = never(check, observed.project.ci)
        makers = _makers(check, observed)
        if hopeless is not None:
            how = f"{FOLDER}/{check.workflow}"
            yield problem(f"{hopeless.title} {hopeless.how}", how, remedy=hopeless.remedy, about=check.label)
        elif makers and not any(maker.on_default_branch for maker in makers):
            remedy = f"Let pushes to {branch} start it: `push: {{branches: [{branch}]}}`"
            how = few([f"{FOLDER}/{maker.file}" for maker in makers])
            yield problem(f"{check.label} does not run for a push to {branch}", how, remedy=remedy, about=check.label)
        elif makers:
            how = few([f"{FOLDER}/{maker.file}" for maker in makers])
            yield ok(f"{check.label} runs for every push to {branch}", how, about=check.label)


def _paths(observed: Observed) -> Iterator[Seen]:
    for file, maker in _workflows(observed).items():
        only = [path for path in maker.paths if not path.startswith("!")]
        how = observed.files.pushed(file)
        if only:
            yield problem(f"it runs only where {few(only)} change{'s' if len(only) == 1 else ''}", how, about=file)
        else:
            but = ", but for those that are left out" if maker.paths else ""
            yield ok(f"any file may change{but}", how, about=file)


def _ignored(observed: Observed) -> Iterator[Seen]:
    for file, maker in _workflows(observed).items():
        if left_out := [path[1:] for path in maker.paths if path.startswith("!")]:
            words = f"a commit that changes nothing but {few(left_out)} has no run, and cannot be released"
            yield problem(words, observed.files.pushed(file), about=file)


def _workflows(observed: Observed) -> dict[str, Workflow]:
    """By file: the workflows that something required comes from."""
    return {maker.file: maker for check in _pieces(observed) for maker in _makers(check, observed)}


def _cancelled(observed: Observed) -> Iterator[Seen]:
    for file in _workflows(observed):
        document = observed.files.workflow(file)
        if document is None:
            continue
        nodes = [document.root, *(job.node for job in document.jobs.values())]
        line = next((line for node in nodes if (line := _cancels(node.get("concurrency")))), 0)
        if line:
            yield problem("a newer push cancels the run of an older one", f"{FOLDER}/{file}:{line}", about=file)
        else:
            yield ok("each push keeps its run", f"{FOLDER}/{file}", about=file)


def _cancels(concurrency: Node | None) -> int:
    """The line that cancels runs of the default branch; 0 where none does, or an expression says when."""
    if not isinstance(concurrency, Mapping):
        return 0
    cancel, group = concurrency.get("cancel-in-progress"), text(concurrency.get("group"))
    alone = any(word in group for word in _ALONE)
    return cancel.line if cancel is not None and text(cancel) == "true" and not alone else 0


def _names(observed: Observed) -> Iterator[Seen]:
    seen = observed.runs.head.value
    there = seen.names() if seen is not None else ()
    for check in _pieces(observed):
        if not check.names:
            continue
        makers = _makers(check, observed)
        how = observed.project.required_ci.source
        if makers:
            yield ok(f"{few([maker.file for maker in makers])} makes it", how, about=check.label)
        elif any(is_called(name, check.names) for name in there):
            yield ok("the default branch has it", observed.runs.head.how, about=check.label)
        elif check.app not in ("", ACTIONS):
            words = f"it comes from the app {check.app}, and was not seen"
            yield unknown(words, observed.runs.head.how, about=check.label)
        else:
            made = [name for w in observed.project.ci.workflows for job in w.jobs for name in job.checks]
            close = difflib.get_close_matches(check.names[0], (*made, *there), n=1, cutoff=0.5)
            meant = f"Did you mean {close[0]!r}? " if close else ""
            remedy = f"{meant}Correct the name in [tool.tagship] ci; a check is called as its page on GitHub shows it."
            words = "no workflow makes a check of that name"
            hidden = observed.runs.head.hidden
            if hidden is not None and check.app != ACTIONS:
                words += f"; whether another CI does was not seen: {hidden.why}"
                yield unknown(words, observed.runs.head.how, remedy=f"{hidden.remedy} {remedy}", about=check.label)
            else:
                yield problem(words, how, remedy=remedy, about=check.label)


def _twice(observed: Observed) -> Iterator[Seen]:
    for check in _pieces(observed):
        makers = [maker.file for maker in _makers(check, observed)]
        if check.names and len(makers) > 1:
            words = f"{few(makers)} make a check of that name, and all of them have to succeed"
            yield problem(words, observed.project.required_ci.source, about=check.label)


def _computed(observed: Observed) -> Iterator[Seen]:
    for check in _pieces(observed):
        shown = [name for maker in _makers(check, observed) for job in maker.jobs for name in job.checks]
        exact = any(is_called(name, check.names) for name in shown if "*" not in name)
        if check.names and shown and not exact and not any("*" in name for name in check.names):
            words = "only the running workflow knows whether one of its jobs has that name"
            yield problem(words, observed.project.required_ci.source, about=check.label)


def _active(observed: Observed) -> Iterator[Seen]:
    wanted = [*_workflows(observed), *([observed.variant.file] if observed.workflow is not None else [])]
    listed = {one.path.rpartition("/")[2]: one for one in observed.runs.workflows.get() or ()}
    how = observed.runs.workflows.how
    for file in dict.fromkeys(wanted):
        one = listed.get(file)
        if one is None:
            yield pending("GitHub does not list it yet: it is not on the default branch", how, about=file)
        elif one.state == "active":
            yield ok("active", how, url=one.html_url, about=file)
        else:
            why = " because nothing happened for 60 days" if one.state == "disabled_inactivity" else ""
            remedy = f"gh workflow enable {shlex.quote(file)}"
            yield problem(f"it is disabled{why} ({one.state})", how, remedy=remedy, url=one.html_url, about=file)


def _succeeded(observed: Observed) -> Iterator[Seen]:
    pieces = _pieces(observed)
    if not pieces:
        return
    seen, how = observed.runs.head.get(), observed.runs.head.how
    branch = observed.project.repository.default_branch.value
    if seen is None:
        yield pending(f"GitHub has no branch {branch} yet", how, remedy=f"git push --set-upstream origin {branch}")
        return
    at = f"for {seen.sha[:10]}, the newest commit of {branch}"
    for check in pieces:
        match judge(check, seen):
            case Open(url=url):
                yield ok(f"it succeeded {at}", how, url=url, about=check.label)
            case Waiting(appeared=True, how=words, url=url):
                yield pending(f"it {words} {at}", how, remedy="Wait for it.", url=url, about=check.label)
            case Waiting():
                yield problem(f"it did not run {at}", how, about=check.label)
            case Closed(how=words, url=url, remedy=remedy):
                yield problem(f"it {words}, {at}", how, remedy=remedy, url=url, about=check.label)


CHECKS = (
    Check(
        id="ci.found",
        page=Page(
            code="TD20",
            title="There is CI that a release waits for",
            why="Nothing is published unless the required CI of that very commit succeeded; where none is found, "
            "nothing is published at all.",
            remedy='Add a workflow for pull requests and pushes, or name it: [tool.tagship] ci = ["ci.yml"].',
        ),
        group=Group.CI,
        look=_found,
    ),
    Check(
        id="ci.pushes",
        page=Page(
            code="TD21",
            title="The required CI runs for pushes to the default branch",
            why="The run of a pull request is about a merge that was never made: it says nothing about the commit that "
            "is released.",
            remedy="Let pushes to the default branch start it, too.",
            source="GitHub documentation, Events that trigger workflows, pull_request",
        ),
        group=Group.CI,
        look=_pushes,
    ),
    Check(
        id="ci.paths",
        page=Page(
            code="TD22",
            title="The required CI runs whatever files a commit changes",
            why="A commit that changes none of them has no run, and cannot be released; a commit that raises the "
            "version may be such a one.",
            remedy="Take `paths` off its `push`, or name other CI in [tool.tagship] ci.",
            severity=Severity.WARNING,
        ),
        group=Group.CI,
        look=_paths,
    ),
    Check(
        id="ci.ignored-paths",
        page=Page(
            code="TD29",
            title="The required CI leaves out no commit",
            why="The gate stays closed for a commit without a run.",
            remedy="Release a commit that changes something else, too; or take `paths-ignore` off its `push`.",
            severity=Severity.NOTE,
        ),
        group=Group.CI,
        look=_ignored,
    ),
    Check(
        id="ci.cancelled",
        page=Page(
            code="TD23",
            title="A newer push to the default branch does not cancel the required CI",
            why="A cancelled run is no success: the commit before the last one could not be released.",
            remedy="cancel-in-progress: ${{ github.event_name == 'pull_request' }}",
            severity=Severity.WARNING,
            source="GitHub documentation, Workflow syntax, concurrency",
        ),
        group=Group.CI,
        look=_cancelled,
    ),
    Check(
        id="ci.names",
        page=Page(
            code="TD24",
            title="Every required name is that of a check",
            why="The gate waits for a check of that name until its time is over, and then publishes nothing.",
            remedy="Correct the name in [tool.tagship] ci.",
        ),
        group=Group.CI,
        look=_names,
    ),
    Check(
        id="ci.one-maker",
        page=Page(
            code="TD25",
            title="One workflow makes the check of a required name",
            why="A name says nothing about the workflow: one that somebody adds later counts as well.",
            remedy='Say which: [tool.tagship] ci = [{workflow = "ci.yml", names = ["NAME"]}].',
            severity=Severity.NOTE,
        ),
        group=Group.CI,
        look=_twice,
    ),
    Check(
        id="ci.known-names",
        page=Page(
            code="TD26",
            title="The names of the required checks stand in the workflow",
            why="A name that is computed while the workflow runs may change, and the gate would wait in vain.",
            remedy='Require the workflow instead of the name: [tool.tagship] ci = ["ci.yml"].',
            severity=Severity.NOTE,
        ),
        group=Group.CI,
        look=_computed,
    ),
    Check(
        id="ci.active",
        page=Page(
            code="TD27",
            title="The workflows of the CI and of the release are active",
            why="GitHub disables scheduled workflows of a repository in which nothing happened for 60 days, and "
            "anybody who may write can disable one: then nothing starts, and nothing says so.",
            remedy="gh workflow enable FILE",
            source="GitHub documentation, Disabling and enabling a workflow",
        ),
        group=Group.CI,
        look=_active,
    ),
    Check(
        id="ci.succeeded",
        page=Page(
            code="TD28",
            title="The required CI succeeded for the newest commit of the default branch",
            why="That commit is the one that is released next.",
            remedy="Push a commit that starts it, or look why it did not run: the page Actions of the repository.",
        ),
        group=Group.CI,
        look=_succeeded,
    ),
)
