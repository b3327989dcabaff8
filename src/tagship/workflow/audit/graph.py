"""Rules about the order of the jobs: what an upload waits for, what can start it, what can stop it half way."""

import re
from collections.abc import Iterator

from tagship.model import Page, Severity
from tagship.workflow.audit.lane import Lane, Upload, builds, commands, releases, runs
from tagship.workflow.audit.payloads import exists
from tagship.workflow.audit.rule import Hit, Rule
from tagship.workflow.document import Job, Mapping, Step, text

_STATUS = re.compile(r"(!\s*)?\b(always|failure|cancelled)\s*\(\s*\)")
_NEGATED = re.compile(r"!\s*\(")
_COMPARED = re.compile(r"[\w.\-]+(?:\[[^\]]*\])?\s*[!=]=\s*'[^']*'")
_OF_REF = re.compile(
    r"\bgithub\.(ref|ref_name|sha|run_id|run_number|head_ref)(?![\w.])|\binputs\.\w+|\bgithub\.event\.inputs\.\w+"
)
_EVENT_PATH = re.compile(r"\bgithub\.event((?:\.[\w-]+)+)")
_KNOWS_EVENT = re.compile(r"pull_request|refs/|ref_type|event_name|github\.ref")
_TAGS_ONLY = re.compile(
    r"refs/tags|ref_type|github\.ref\s*==|event_name|github\.event\.(release|action)|outputs\.|needs\."
)
_OWN = re.compile(r"github\.(repository|repository_owner|repository_id|event\.repository\.(fork|full_name))\b")
_RISKY = ("pull_request_target", "issue_comment", "issues", "discussion_comment", "fork", "watch")

BEFORE = {
    "gate": "without waiting for the CI",
    "test": "what was not tested",
    "check": "what was never checked",
}
"""The stages without which nothing may be uploaded, and what it means that one is missing."""


def _ungated(lane: Lane) -> Iterator[Hit]:
    """An upload that no test precedes; where tagship's stages make the files, all of them count and nothing else."""
    if lane.called or _after_ci(lane):
        return
    stages = {stage: {job.id for job in lane.ours(stage)} for stage in BEFORE}
    for upload in lane.uploads:
        before = lane.document.before(upload.job)
        if lane.generated:
            for stage, words in BEFORE.items():
                if stages[stage].isdisjoint(job.id for job in before):
                    title = f"`{upload.job.id}` uploads {words}: no job before it runs `tagship {stage}`"
                    yield Hit(line=upload.job.line, title=title, severity=_milder(upload))
        elif lane.gates.isdisjoint(job.id for job in (*before, upload.job)):
            own = any(step.action == "pypa/cibuildwheel" for job in before for step in job.steps)
            why = "cibuildwheel may test every wheel; its configuration was not read." if own else ""
            title = f"`{upload.job.id}` uploads whether or not the tests pass"
            yield Hit(line=upload.job.line, title=title, severity=Severity.NOTE if own else _milder(upload), why=why)
    for stage in (*BEFORE, "plan", "build") if lane.generated else ("gate",):
        for job in lane.ours(stage):
            if not lane.stops(job, stage):
                yield Hit(line=job.line, title=f"`{job.id}` goes on where `tagship {stage}` did not succeed")


def _after_ci(lane: Lane) -> bool:
    """Whether the workflow runs after another one and asks how that ended."""
    words = " ".join(job.condition for job in lane.whole)
    return set(lane.document.triggers) == {"workflow_run"} and "workflow_run.conclusion" in words


def _milder(upload: Upload) -> Severity | None:
    return None if upload.index in ("pypi", "unknown") else Severity.WARNING


def _regardless(lane: Lane) -> Iterator[Hit]:
    """A condition that lets an upload run although something before it failed."""
    for upload in lane.uploads:
        for kind, condition, line in (
            ("job", upload.job.condition, upload.job.line),
            ("step", upload.step.condition, upload.step.line),
        ):
            for found in _STATUS.finditer(condition):
                if found[2] != "failure" and kind == "job" and _asks_results(upload.job, upload.job.needs):
                    continue
                if found[2] == "failure" and found[1]:
                    continue
                what = "".join(found[0].split())
                title = f"the {kind} that uploads runs on `{what}`, whatever failed before it"
                yield Hit(line=line, title=title)


def _asks_results(job: Job, needs: tuple[str, ...]) -> bool:
    """Whether the condition of a job is false unless each of the jobs succeeded; what is negated asks nothing."""
    asked = set(re.findall(r"needs\.([\w-]+)\.result\s*==\s*'success'", job.condition))
    return bool(needs) and asked >= set(needs) and not _NEGATED.search(job.condition)


def _ids(lane: Lane) -> set[str]:
    """The jobs that put files onto PyPI, and those that verify them."""
    uploading = {upload.job.id for upload in lane.uploads if upload.index == "pypi"}
    return uploading | {job.id for job in lane.ours("verify")}


def _cancelled(lane: Lane) -> Iterator[Hit]:
    """Concurrency that stops a run, or a job of it, while it uploads."""
    root = lane.document.root
    places = [(root.get("concurrency"), "run")] + [(job.node.get("concurrency"), job.id) for job in lane.uploaders]
    for concurrency, what in places:
        if not isinstance(concurrency, Mapping):
            continue
        cancel = concurrency.get("cancel-in-progress")
        words = text(cancel)
        alone = "github.run_id" in text(concurrency.get("group"))
        if cancel is None or words == "false" or alone or ("${{" in words and _KNOWS_EVENT.search(words)):
            continue
        where = "the whole run" if what == "run" else f"`{what}`"
        unsure = Severity.WARNING if "${{" in words else None
        yield Hit(line=cancel.line, title=f"{where} is cancelled while it uploads", severity=unsure)


def _group(lane: Lane) -> Iterator[Hit]:
    """Runs of different versions that share a concurrency group, or runs of one version that share none."""
    if lane.called:
        return
    concurrency = lane.document.root.get("concurrency")
    own = [job for job in lane.uploaders if job.node.get("concurrency") is not None]
    if concurrency is None and len(own) < len(lane.uploaders):
        title = "two runs for the same tag can upload at the same time"
        why = "There is no `concurrency`. With a group that is too wide, it is the other way round:"
        yield Hit(line=lane.document.root.line, title=title, severity=Severity.NOTE, why=why)
    for node in (concurrency, *(job.node.get("concurrency") for job in own)):
        group = node.get("group") if isinstance(node, Mapping) else node
        words = " ".join(expression.text for expression in lane.document.expressions(group))
        paths = [path for path in _EVENT_PATH.findall(words) if not path.startswith(".inputs")]
        good = [path for path in paths if any(exists(event, path) for event in lane.document.triggers)]
        if group is None or _OF_REF.search(_COMPARED.sub("", words)) or good:
            continue
        why = f"`github.event{paths[0]}` does not exist for {', '.join(lane.document.triggers)}." if paths else ""
        yield Hit(line=group.line, title="all versions share one concurrency group", why=why)


def _unplaced(lane: Lane) -> Iterator[Hit]:
    """An upload without an environment."""
    for upload in lane.uploads:
        if not upload.job.environment and upload.index != "other":
            title = f"`{upload.job.id}` uploads without an environment"
            yield Hit(line=upload.job.line, title=title, severity=_milder(upload))
        elif upload.index == "pypi" and re.search(r"test[\s._-]*pypi", upload.job.environment, re.IGNORECASE):
            title = f"`{upload.job.id}` uploads to PyPI from the environment `{upload.job.environment}`"
            yield Hit(line=upload.job.line, title=title)


def _released(lane: Lane) -> Iterator[Hit]:
    """A release on GitHub that is public before the files are on the index and verified."""
    if not any(upload.index == "pypi" for upload in lane.uploads):
        return
    verifiers = lane.ours("verify")
    for job in lane.releasers:
        before = lane.document.before(job)
        steps = [step for step in job.steps if releases(step)]
        after = any(other in lane.uploaders for other in before) or _uploads_first(lane, job, steps[0])
        if not after and not all(_draft(step) for step in steps):
            yield Hit(line=steps[0].line, title=f"`{job.id}` releases on GitHub before the files are on the index")
        elif (verifiers or lane.generated) and not any(other in verifiers for other in before):
            yield Hit(line=job.line, title=f"`{job.id}` releases on GitHub what was not verified")
        if _STATUS.search(job.condition) and not _asks_results(job, tuple(set(job.needs) & _ids(lane))):
            yield Hit(line=job.line, title=f"`{job.id}` releases on GitHub whatever failed before it")
        for stage in ("verify", "github-release", "summary"):
            for other in lane.ours(stage):
                if not lane.stops(other, stage):
                    yield Hit(line=other.line, title=f"`{other.id}` goes on where `tagship {stage}` did not succeed")
        if "workflow_dispatch" in lane.document.triggers and not _TAGS_ONLY.search(job.condition):
            for step in steps:
                if re.search(r"\bgh\s+release\s+create\b(?![^\n]{0,999}--verify-tag)", commands(step)):
                    title = f"`{job.id}` makes the tag where there is none"
                    yield Hit(line=step.line, title=title, severity=Severity.NOTE)


def _uploads_first(lane: Lane, job: Job, release: Step) -> bool:
    return any(upload.job == job and upload.step.number < release.number for upload in lane.uploads)


def _draft(step: Step) -> bool:
    return text(step.inputs.get("draft")) == "true" or "--draft" in commands(step) or runs(step, "github-release")


def _by_hand(lane: Lane) -> Iterator[Hit]:
    """A manual start that uploads a branch to PyPI, or an upload that does not ask where this version goes."""
    dispatch = lane.document.triggers.get("workflow_dispatch")
    for upload in lane.uploads:
        conditions = [upload.step.condition, upload.job.condition]
        conditions += [job.condition for job in lane.document.before(upload.job)]
        fetched = (step for job in (upload.job, *lane.document.before(upload.job)) for step in job.steps)
        conditions += [text(step.inputs.get("ref")) for step in fetched if step.action == "actions/checkout"]
        if lane.generated:
            asked = re.search(rf"\.outputs\.channel\s*==\s*'{upload.index}'", upload.job.condition)
            if not asked or _NEGATED.search(upload.job.condition) or "||" in upload.job.condition:
                title = f"`{upload.job.id}` uploads to {upload.index} what the plan sends elsewhere"
                yield Hit(line=upload.job.line, title=title, severity=Severity.ERROR)
        elif dispatch and upload.index == "pypi" and not any(map(_TAGS_ONLY.search, conditions)):
            yield Hit(line=dispatch.line, title=f"a start by hand on any branch lets `{upload.job.id}` upload to PyPI")


def _elsewhere(lane: Lane) -> Iterator[Hit]:
    """Events that others can cause, and uploads that run in forks."""
    for trigger in lane.document.triggers.values():
        if trigger.event in _RISKY:
            yield Hit(line=trigger.line, title=f"`{trigger.event}` starts a workflow that publishes")
        elif trigger.event == "workflow_run" and not trigger.filters.get("branches"):
            title = "`workflow_run` starts a workflow that publishes, for runs of every branch and fork"
            yield Hit(line=trigger.line, title=title, severity=Severity.WARNING)
    for job in lane.uploaders:
        conditions = (job.condition, *(other.condition for other in lane.document.before(job)))
        steps = (upload.step.condition for upload in lane.uploads if upload.job == job)
        if not lane.called and not any(map(_OWN.search, (*conditions, *steps))):
            title = f"`{job.id}` also tries to upload in forks"
            yield Hit(line=job.line, title=title, severity=Severity.NOTE)


def _rebuilt(lane: Lane) -> Iterator[Hit]:
    """Files that are built where they are uploaded or released, or again after they were checked."""
    ours = lane.ours("build")
    for job in lane.whole:
        for step in job.steps:
            if not builds(step):
                continue
            if job in lane.uploaders or job in lane.releasers:
                yield Hit(line=step.line, title=f"`{job.id}` builds what it publishes")
            elif ours and job not in ours[:1] and job not in lane.makers:
                yield Hit(line=step.line, title=f"`{job.id}` builds once more")


GRAPH: tuple[Rule, ...] = (
    Rule(
        find=_unplaced,
        page=Page(
            code="TS03",
            title="An upload has no environment",
            why="A publisher without an environment accepts every job of the file, on every branch; only an "
            "environment has reviewers and rules about which tags may use it.",
            remedy="Give the job `environment: pypi`, register the publisher with it, and let it accept only tags.",
            source="pypi/warehouse, warehouse/oidc/models/github.py: an empty environment matches every job",
            incident="fastapi/typer and simonw/sqlite-utils publish without one.",
        ),
    ),
    Rule(
        find=_ungated,
        page=Page(
            code="TS04",
            title="An upload does not wait for the tests",
            why="Whoever pushes a tag publishes that commit, tested or not.",
            remedy="Let the job need the jobs that test this commit, or one that waits for them: `tagship gate`.",
            incident="Twenty-five of 39 workflows of well-known projects publish to PyPI whatever the tests say.",
        ),
    ),
    Rule(
        find=_regardless,
        page=Page(
            code="TS05",
            title="An upload runs although something failed",
            why="A status function switches off the rule that a job waits for the success of those it needs.",
            remedy="Remove it; where it must stay, ask `needs.JOB.result == 'success'` of every job that is needed.",
            source="GitHub documentation, Evaluate expressions, status check functions",
        ),
    ),
    Rule(
        find=_cancelled,
        page=Page(
            code="TS06",
            title="A run is cancelled while it uploads",
            why="The index keeps the files that arrived; the release stays half until somebody completes it, and "
            "cannot be completed after 14 days.",
            remedy="Set `cancel-in-progress: false`, with a group for each tag.",
            incident="vllm-project/semantic-router#3513; the same setting is in attrs, click, flask and structlog.",
        ),
    ),
    Rule(
        find=_rebuilt,
        page=Page(
            code="TS10",
            title="Files are built outside the one job that builds",
            why="What is uploaded is not what was tested and checked, and every build dependency runs where the "
            "right to publish is.",
            remedy="Build once, in a job without rights, and hand the files over as an artifact.",
            source="pypa/gh-action-pypi-publish, README, non-goals",
            incident="PyO3/setuptools-rust and pypa/flit build in the job that uploads.",
        ),
    ),
    Rule(
        find=_group,
        page=Page(
            code="TS16",
            title="The concurrency group does not tell versions apart",
            why="GitHub keeps one waiting run for each group, and replaces the release that waits without a word.",
            remedy="Put the ref into it: `publish-${{ github.ref }}`.",
            source="GitHub documentation, Concurrency; Webhook events and payloads",
            incident="pallets/flask and pallets/click: `github.event.push.ref` is no part of the event, so that all "
            "tags share the group `publish-`.",
        ),
    ),
    Rule(
        find=_released,
        page=Page(
            code="TS18",
            title="The GitHub release comes too early",
            why="People are told of a version that cannot be installed yet, or never can.",
            remedy="Let it wait for the upload and for its verification; make it as a draft and publish it last.",
            severity=Severity.WARNING,
            incident="pallets/flask makes it beside the upload, but as a draft that people publish later.",
        ),
    ),
    Rule(
        find=_by_hand,
        page=Page(
            code="TS19",
            title="A start by hand can publish a branch",
            why="A button uploads whatever the chosen branch has, and no tag says later what that was.",
            remedy="Ask `github.ref_type == 'tag'` in the condition, and let the environment accept only tags.",
            severity=Severity.WARNING,
            incident="PyO3/setuptools-rust: a dispatch on any branch publishes.",
        ),
    ),
    Rule(
        find=_elsewhere,
        page=Page(
            code="TS20",
            title="Others can start it, or it runs elsewhere",
            why="A fork runs the same workflow with its own tags; events such as `pull_request_target` give a "
            "stranger's pull request the rights of the repository.",
            remedy="Start it by tags, branches and by hand only, and ask `github.repository == 'OWNER/NAME'`.",
            source="GitHub documentation, Secure use reference; PyPI refuses identities of pull_request_target",
            incident="pyca/cryptography publishes on `workflow_run`.",
        ),
    ),
)
