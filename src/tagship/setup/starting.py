"""Checks of what starts nothing: a commit that asks for it, tags that a workflow makes, workflows behind a release;
and of a job that waits for nobody.

GitHub starts no workflow for what a job does with its GITHUB_TOKEN, and none for a push whose commit asks to be
skipped. Neither says so anywhere: the tag is there, and nothing happens.
"""

import re
from collections.abc import Iterator

from tagship.model import Page, Severity
from tagship.services.addresses import GITHUB
from tagship.setup.check import Check, Group, Seen, ok, problem
from tagship.setup.observed import Observed
from tagship.workflow.audit.lane import commands
from tagship.workflow.document import Document, Job, walk
from tagship.workflow.events import Happened, NotStarted, skips, started

_TAGGING = re.compile(
    r"\bgit\s+push\b[^\n]{0,999}(--tags|--follow-tags|refs/tags/)"
    r"|\bgit[ \t]+tag[ \t]+(?!-l\b|-n|--(?:list|sort|points-at|(?:no-)?(?:contains|merged)|column|format)\b|[|)>;&])"
    r"(?s:.{0,2000})\bgit\s+push\b"
    r"|\bgh\s+release\s+create\b(?![^\n]{0,999}\s(?:--draft|-d)\b)"
    r"|\bsemantic-release\s+(version|publish)\b|\bcz\s+bump\b(?s:.{0,2000})\bgit\s+push\b"
)
_TAGGING_ACTION = re.compile(
    r"(google\S*/release-please-action|python-semantic-release/python-semantic-release|\S+/semantic-release-action"
    r"|\S+/github-tag-action|\S+/(action-gh-release|release-action|create-release))",
    re.IGNORECASE,
)
_OWN_TOKEN = re.compile(r"\bsecrets\.(?!GITHUB_TOKEN\b)\w+|\bsteps\.[\w-]+\.outputs\.token\b", re.IGNORECASE)
_DISPATCH = re.compile(r"\bgh\s+workflow\s+run\b|/dispatches\b")


def _skipped(observed: Observed) -> Seen | tuple[()]:
    document = observed.workflow
    if document is not None and "push" not in document.triggers:
        return ()  # no message skips what a release or somebody starts
    word = skips(observed.local.message)
    if word:
        return problem(f"the message of the newest commit has {word}", "git log -1")
    return ok("its message does not", "git log -1")


def _tagging(observed: Observed) -> Iterator[Seen]:
    publisher, found = observed.workflow, False
    if publisher is None:
        return
    complete = {one.file for one in observed.project.ci.publishers}  # what uploads by itself needs no other workflow
    for document in observed.files.workflows:
        push = document.triggers.get("push")
        if document.file.rpartition("/")[2] in complete or (push is not None and push.filters.key("tags")):
            continue  # what a tag started does not make it
        for job in document.jobs.values():
            what = _tags(document, job)
            if what:
                found = True
                words = f"its job {job.id} makes tags ({what}) with the token of its run, which start no workflow"
                yield problem(words, document.file, about=document.file.rpartition("/")[2])
    if not found:
        yield ok("no workflow makes tags with the token of its run", publisher.file)


def _tags(document: Document, job: Job) -> str:
    """How a job makes tags that start nothing; nothing where it makes none, or in a way that starts something."""
    words = " ".join(scalar.text for scalar in walk(job.node))
    if _OWN_TOKEN.search(words) or _DISPATCH.search(words):
        return ""
    for step in job.steps:
        if _TAGGING_ACTION.fullmatch(step.action):
            return step.action
        found = _TAGGING.search(commands(step))
        if found:
            return " ".join(found[0].split()[:3])
    return ""


def _behind(observed: Observed) -> Iterator[Seen]:
    if observed.ours is None:
        return  # people make the releases, and what people make starts workflows
    tag = Happened(name="push", ref="refs/tags/v1.0.0")
    made = Happened(name="release", ref=tag.ref, action="published", by_token=True)
    waiting = [document for document in observed.files.workflows if "release" in document.triggers]
    for document in waiting:
        name, why = document.file.rpartition("/")[2], started(document, made)
        if isinstance(why, NotStarted) and isinstance(started(document, tag), NotStarted):
            sealed = observed.github.immutable.value  # None where it could not be seen
            more = "; and nothing can be attached to an immutable release" if sealed and sealed.enabled else ""
            yield problem(
                f"a release starts it, and not one that the publishing workflow makes{more}", name, about=name
            )
    if not waiting:
        yield ok("none waits for a release", ".github/workflows")


def _approval(observed: Observed) -> Iterator[Seen]:
    for name in dict.fromkeys((observed.variant.testpypi, observed.variant.pypi)):
        there = observed.github.environment(name)
        if there is None or not there.reviewers:
            continue
        how, people = observed.github.environments.how, [one.reviewer.name for one in there.reviewers]
        if people[1:] or there.reviewers[0].type == "Team" or not there.prevents_self_review:
            yield ok(f"{' or '.join(people)} approves", how, about=name)
        else:
            yield problem(f"{people[0]} alone may approve, and not what they started themselves", how, about=name)


CHECKS = (
    Check(
        id="workflow.skipped",
        page=Page(
            code="TD95",
            title="The newest commit does not ask GitHub to skip workflows",
            why="A tag on a commit with such a word starts nothing, and its CI did not run: the push succeeds, and "
            "nobody hears of it.",
            remedy="Tag another commit: git commit --allow-empty -m 'Prepare the release'. Once tagged, start the "
            "workflow by hand: gh workflow run publish.yml --ref TAG --field target_env=pypi",
            source="GitHub documentation, Skipping workflow runs",
            incident=f"{GITHUB}/Smart-AI-Memory/attune-ai/pull/1070",
        ),
        group=Group.WORKFLOW,
        look=_skipped,
    ),
    Check(
        id="workflow.tagged-by-token",
        page=Page(
            code="TD96",
            title="No workflow makes release tags with the token of its run",
            why="GitHub starts no workflow for a tag that was pushed with a GITHUB_TOKEN: the version is tagged, and "
            "never published.",
            remedy="Push the tag yourself, or with the token of a GitHub App; or let the workflow start the other one: "
            "gh workflow run publish.yml --ref TAG --field target_env=pypi",
            severity=Severity.WARNING,
            source="GitHub documentation, GITHUB_TOKEN",
            incident=f"{GITHUB}/littlebearapps/untether/issues/376",
        ),
        group=Group.WORKFLOW,
        look=_tagging,
    ),
    Check(
        id="workflow.behind-release",
        page=Page(
            code="TD97",
            title="No workflow waits for a release that would not start it",
            why="The GitHub release is made with the token of the publishing workflow, and starts nothing. What waits "
            "for `release` never runs.",
            remedy="Let it wait for the workflow instead: `workflow_run: {workflows: [Publish to PyPI], types: "
            "[completed]}`; files of a release are attached by the workflow that makes it.",
            severity=Severity.WARNING,
            source="GitHub documentation, GITHUB_TOKEN; Immutable releases",
            incident=f"{GITHUB}/libredb/libredb-studio/issues/154",
        ),
        group=Group.WORKFLOW,
        look=_behind,
    ),
    Check(
        id="github.approval",
        page=Page(
            code="TD47",
            title="Somebody else than who starts a release can approve it",
            why="Where one person is the only reviewer, and nobody may approve what they started themselves, that "
            "person's release waits for 30 days and fails.",
            remedy="Add a second reviewer, or allow self-review on the page of the environment; or let somebody else "
            "push the tags.",
            severity=Severity.WARNING,
            source="GitHub documentation, Deployments and environments",
            incident=f"{GITHUB}/eugenelim/agent-ready-repo/pull/931",
        ),
        group=Group.GITHUB,
        look=_approval,
    ),
)
