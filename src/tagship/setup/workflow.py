"""Checks of the workflow that publishes: there, valid, tagship's own, and started by what a maintainer does."""

import shlex

from packaging.version import Version

from tagship.checks.check import few
from tagship.model import Page, Severity
from tagship.project import hashed
from tagship.project.ci import FOLDER
from tagship.services.addresses import PYPI
from tagship.setup.check import Check, Group, Seen, ok, problem
from tagship.setup.observed import Observed, is_ours
from tagship.versions import next_patch, released, tag_for
from tagship.workflow import permissions
from tagship.workflow.audit import audit
from tagship.workflow.audit.lane import Lane
from tagship.workflow.document import Document, Job
from tagship.workflow.events import Happened, NotStarted, started

SYNC = "See what differs: tagship sync --check. Write it again: tagship sync"


def _present(observed: Observed) -> Seen:
    wanted = observed.variant
    path = f"{FOLDER}/{wanted.file}"
    if observed.workflow is not None:
        return ok(wanted.file if observed.ours is not None else f"{wanted.file}, written by hand", path)
    alike = (d for d in observed.files.workflows if d.name == wanted.name)  # not that of another package
    ours = next((d.file for d in alike if is_ours(d)), None)
    if ours is not None:
        return problem(
            f"{ours} is the workflow that tagship wrote, under another name; PyPI trusts a workflow by its file's name",
            path,
            remedy=f"git mv {shlex.quote(ours)} {path}",
        )
    others = list(dict.fromkeys(p.file for p in observed.project.ci.publishers))
    write = "tagship init" if wanted.package == "." else f"tagship init {shlex.quote(wanted.package)}"
    if others:
        words = f"there is no {path}, and {few(others)} upload{'s by itself' if len(others) == 1 else ' by themselves'}"
        return problem(words, path, remedy=f"{write}; until then, what is there is judged by: tagship audit")
    return problem(f"there is no {path}", path, remedy=write)


def _valid(observed: Observed) -> tuple[Seen, ...]:
    document = observed.workflow
    if document is None:
        return ()
    wrong = {f.code: f for f in reversed(audit(document)) if f.severity is Severity.ERROR}
    seen = tuple(problem(f.title, f.where, remedy=f.remedy, about=code) for code, f in sorted(wrong.items()))
    return seen or (ok("no error was found", f"tagship audit {document.file}"),)


def _unchanged(observed: Observed) -> Seen | tuple[()]:
    if observed.workflow is None:
        return ()
    file = observed.adoption.workflow
    if not file.why:
        return ok("it means what tagship would write", "tagship sync --check")
    remedy = SYNC if file.ours else f"{SYNC} --force; or undo the edit"
    if observed.ours is None:
        remedy = "See what ours would be: tagship init --dry-run; have it beside yours: tagship init --alongside"
    return problem(few(list(file.why)), "tagship sync --check", remedy=remedy)


def _locks(observed: Observed) -> tuple[Seen, ...]:
    if observed.ours is None:
        return ()
    found = [file for file in observed.adoption.files if file.path.startswith(f"{hashed.FOLDER}/")]
    return tuple(
        problem(few(list(file.why)), file.path, about=file.path)
        if file.why or file.there is None
        else ok("exact versions with digests", file.path, about=file.path)
        for file in found
    )


def _documents(observed: Observed) -> tuple[Seen, ...]:
    if observed.ours is None:
        return ()
    adoption = observed.adoption
    others = [f for f in adoption.files if f != adoption.workflow and not f.path.startswith(f"{hashed.FOLDER}/")]
    return tuple(
        problem(few(list(file.why)) or "it is missing", file.path, about=file.path)
        if file.why or file.there is None
        else ok("up to date, or your own", file.path, about=file.path)
        for file in others
    )


def _push(observed: Observed) -> Seen | tuple[()]:
    branch = observed.variant.default_branch
    if observed.ours is None:
        return ()
    return _starts(observed, f"refs/heads/{branch}", f"a push to {branch}")


def _tag(observed: Observed) -> Seen | tuple[()]:
    document = observed.workflow
    if document is not None and observed.ours is None and "push" not in document.triggers:
        return ()  # started by hand or by a release, as somebody wanted it
    scheme = observed.project.tags.value
    before = released(observed.project.repository.tags, scheme)
    tag = tag_for(next_patch(before[-1].version) if before else Version("1.0.0"), scheme)
    return _starts(observed, f"refs/tags/{tag}", f"a tag like {tag}")


def _starts(observed: Observed, ref: str, words: str) -> Seen | tuple[()]:
    document = observed.workflow
    if document is None or document.problems:
        return ()
    how = observed.files.pushed(observed.variant.file)
    result = started(document, Happened(name="push", ref=ref))
    if isinstance(result, NotStarted):
        return problem(f"{words} does not start the workflow: {result.why}", how)
    return ok(f"{words} does", how)


def _environments(observed: Observed) -> tuple[Seen, ...]:
    document = observed.ours
    uploads = Lane(document).uploads if document is not None else ()
    named = {"pypi": observed.variant.pypi, "testpypi": observed.variant.testpypi}
    seen: list[Seen] = []
    for upload in uploads:
        how, there = f"{document.file if document else ''}:{upload.job.line}", upload.job.environment
        wanted = named.get(upload.index)
        if wanted is None or there.lower() == wanted.lower():  # names of environments have no case
            seen.append(ok(f"{upload.job.id} uses {there or 'none'}", how, about=upload.job.id))
        else:
            words = f"{upload.job.id} uses {there or 'no environment'}, and the configuration says {wanted}"
            seen.append(problem(words, how, about=upload.job.id))
    return tuple({one.about: one for one in seen}.values())


def _gate(observed: Observed) -> tuple[Seen, ...]:
    document = observed.ours
    if document is None:
        return ()
    lane = Lane(document)
    gates = {job.id for job in lane.ours("gate") if lane.stops(job, "gate")}
    return tuple(_gated(document, job, gates or set(lane.gates)) for job in lane.uploaders)


def _gated(document: Document, job: Job, gates: set[str]) -> Seen:
    how = f"{document.file}:{job.line}"
    before = [other.id for other in document.before(job) if other.id in gates]
    if before:
        return ok(f"{job.id} waits for {few(before)}", how, about=job.id)
    return problem(f"{job.id} waits for no job that asks how the CI ended", how, about=job.id)


def _identity(observed: Observed) -> Seen | tuple[()]:
    document = observed.ours
    if document is None:
        return ()
    lane, how = Lane(document), f"{document.file}, permissions"
    holders = {name for name, scopes in permissions.effective(document).items() if scopes.get("id-token") == "write"}
    uploaders = {job.id for job in lane.uploaders}
    needed = uploaders if observed.variant.auth == "trusted-publishing" else set()
    if more := holders - needed:
        return problem(f"{few(sorted(more))} may ask for an identity, and should not", how)
    if less := needed - holders:
        return problem(f"{few(sorted(less))} cannot ask for an identity: id-token: write is missing", how)
    return ok(f"{few(sorted(needed))} alone" if needed else "no job: uploads are authorised by tokens", how)


CHECKS = (
    Check(
        id="workflow.present",
        page=Page(
            code="TD10",
            title="There is a workflow that publishes",
            why="Without it a tag starts nothing. Its file name is part of what PyPI is told to trust.",
            remedy="tagship init",
            source=f"{PYPI.docs}/trusted-publishers/adding-a-publisher/",
        ),
        group=Group.WORKFLOW,
        look=_present,
    ),
    Check(
        id="workflow.valid",
        page=Page(
            code="TD11",
            title="GitHub can run the publishing workflow, and the audit finds no error in it",
            why="A file that GitHub refuses starts nothing and says so nowhere near the tag.",
            remedy="tagship audit shows every finding with its line; `tagship sync` writes our own file again.",
        ),
        group=Group.WORKFLOW,
        look=_valid,
    ),
    Check(
        id="workflow.unchanged",
        page=Page(
            code="TD12",
            title="The workflow is as tagship writes it for this project",
            why="What was tested and rehearsed of the workflow holds for the file that tagship writes; the project or "
            "its configuration may also have changed since.",
            remedy=SYNC,
        ),
        group=Group.WORKFLOW,
        look=_unchanged,
    ),
    Check(
        id="workflow.locks",
        page=Page(
            code="TD13",
            title="What the workflow installs is locked",
            why="Each job installs tagship from this lock, with digests; where it is missing or incomplete, pip "
            "refuses and the release stops.",
            remedy="tagship sync",
            source="https://pip.pypa.io/en/stable/topics/secure-installs/#hash-checking-mode",
        ),
        group=Group.WORKFLOW,
        look=_locks,
    ),
    Check(
        id="workflow.push",
        page=Page(
            code="TD14",
            title="A push to the default branch starts the workflow",
            why="Development versions reach TestPyPI by such a push: the release that is tried before the release.",
            remedy=SYNC,
            source="GitHub documentation, Events that trigger workflows, push",
        ),
        group=Group.WORKFLOW,
        look=_push,
    ),
    Check(
        id="workflow.tag",
        page=Page(
            code="TD15",
            title="A version tag starts the workflow",
            why="A tag that fits no filter publishes nothing, and nothing tells you.",
            remedy=f"{SYNC}; [tool.tagship] tag says how tags are spelt.",
            source="GitHub documentation, Workflow syntax, on.push",
        ),
        group=Group.WORKFLOW,
        look=_tag,
    ),
    Check(
        id="workflow.environments",
        page=Page(
            code="TD16",
            title="The publishing jobs use the environments of the configuration",
            why="The environment is part of what PyPI trusts, and its rules on GitHub decide which refs may publish.",
            remedy=f"{SYNC}; or say the names that are used: [tool.tagship.environments]",
        ),
        group=Group.WORKFLOW,
        look=_environments,
    ),
    Check(
        id="workflow.gate",
        page=Page(
            code="TD17",
            title="Nothing is uploaded before the CI of the commit succeeded",
            why="A release that nobody tested cannot be taken back.",
            remedy=SYNC,
        ),
        group=Group.WORKFLOW,
        look=_gate,
    ),
    Check(
        id="workflow.identity",
        page=Page(
            code="TD18",
            title="The publishing jobs alone may ask for an identity",
            why="Who holds `id-token: write` can upload in the project's name; who should publish and lacks it cannot.",
            remedy=SYNC,
            source=f"{PYPI.docs}/trusted-publishers/security-model/",
        ),
        group=Group.WORKFLOW,
        look=_identity,
    ),
    Check(
        id="workflow.documents",
        page=Page(
            code="TD19",
            title="What tagship keeps beside the workflow is up to date",
            why="Maintainers follow these pages on the day of a release.",
            remedy="tagship sync",
            severity=Severity.NOTE,
        ),
        group=Group.WORKFLOW,
        look=_documents,
    ),
)
