"""What the jobs of a workflow do on the way to an index: who builds, who tests, who uploads, who releases on GitHub.

Rules ask here, so that a project is judged by what its jobs do and not by what they are called.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from tagship.project.ci_names import combinations, filled
from tagship.project.ci_roles import uploads
from tagship.project.pyproject import Table
from tagship.project.yaml_nodes import plain
from tagship.services.addresses import PYPI
from tagship.workflow.document import Document, Items, Job, Mapping, Node, Scalar, Step, scalars, text, walk

Index = Literal["pypi", "testpypi", "other", "unknown"]

_PYPI_HOST = PYPI.web.rpartition("/")[2]
_TEST_INDEX = re.compile(r"test[.-]?pypi", re.IGNORECASE)
_MAIN_INDEX = re.compile(r"(?<!test)(?<!test[._-])pypi", re.IGNORECASE)
_OTHER_INDEX = re.compile(r"--(repository-url|repository|publish-url|index|index-url)[ =]|\s-r\s")
_BUILD = re.compile(
    r"\b(python\S{0,999}|pyproject-build|uvx|pipx run)\s+(-\w+\s+)*(-m\s+)?build\b(?!==|\s*(>|$)\s*\S*requirements)"
    r"|\b(uv|hatch|poetry|flit|pdm|rye|maturin|pyproject-)\s*build\b|\bsetup\.py\s[^\n]{0,999}\b(sdist|bdist\w*)\b"
    r"|\bpip\d*\s+wheel\b|\bcibuildwheel\b|\bflit\s+publish|\bpoetry\s+publish\s[^\n]{0,999}--build|\bmaturin\s+publish"
    r"|\bmake\s+(dist|build|sdist|wheels?)(?![\w-])|\btagship\s+build\b"
)
_BUILDING_ACTION = re.compile(
    r"^(pypa/cibuildwheel|PyO3/maturin-action|hynek/build-and-inspect-python-package|pypa/build)|OpenAstronomy/build",
    re.IGNORECASE,
)
_TEST = re.compile(
    r"\b(pytest|py\.test|tox|nox|unittest|runtests?|ctest|coverage run|cargo test|npm test|stestr|trial)\b"
    r"|\b(make|just|poe|invoke|inv|hatch run|hatch|uv run|task)\s+\S*(test|check|ci)\b|\btests?/?\S*\.(py|sh)\b"
)
_NO_TEST = re.compile(r"\b(install|add|sync)\b|\b(tox|nox)\b.*(build|release|publish|upload|docs?\b|lint|notes)")
_TESTING_NAME = re.compile(
    r"(?:^|[\s/_.-])(tests?(?![\s_.-]*pypi)|testing|ci|checks?|coverage)(?:$|[\s/_.-])", re.IGNORECASE
)
_WAIT_ACTION = re.compile(
    r"wait.{0,999}(check|status|workflow|run|ci|github)|checks?-(passed|status)|alls-green", re.IGNORECASE
)
_WAIT = re.compile(
    r"\bgh\s+run\s+(watch|list|view)|\bgh\s+pr\s+checks|check-runs|/actions/runs|/commits/\S{1,999}/status"
)
_RELEASE = re.compile(
    r"\bgh\s+release\s+(create|edit|upload)\b|\btagship\s+github-release\b|/releases\b(?=[^\n]{0,999}-X\s*POST)"
)
_RELEASE_ACTION = re.compile(
    r"^(softprops/action-gh-release|actions/(create-release|upload-release-asset)|ncipollo/release-action"
    r"|marvinpinto/action-automatic-releases|svenstaro/upload-release-action|python-semantic-release/.*)$"
)
_IGNORED = re.compile(r"\|\|\s*(true|:|exit 0|echo\b)|^[^\S\n]*set \+e\b", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """A step that uploads to an index."""

    job: Job
    step: Step
    index: Index


def commands(step: Step) -> str:
    """The commands of a step, lines that go on joined, comments left out."""
    joined = text(step.run).replace("\\\n", " ")
    return "\n".join(line for line in joined.splitlines() if not line.lstrip().startswith("#"))


def ignores_failure(step: Step) -> bool:
    """Whether a step, or a command in it, may fail without consequence."""
    return text(step.node.get("continue-on-error")) == "true" or bool(_IGNORED.search(commands(step)))


def runs(step: Step, name: str) -> bool:
    """Whether a step runs the command `tagship NAME`."""
    return bool(re.search(rf"\btagship\s+{name}\b", commands(step)))


@dataclass(frozen=True)
class Lane:
    """A workflow seen from its uploads."""

    document: Document

    @cached_property
    def uploads(self) -> tuple[Upload, ...]:
        """Every upload, in the order of the file."""
        return tuple(self._uploads())

    @cached_property
    def uploaders(self) -> tuple[Job, ...]:
        """The jobs that upload to an index."""
        return tuple({upload.job.id: upload.job for upload in self.uploads}.values())

    @cached_property
    def before(self) -> tuple[Job, ...]:
        """The jobs that an upload waits for."""
        ids = {job.id for upload in self.uploaders for job in self.document.before(upload)}
        return tuple(job for job in self.document.jobs.values() if job.id in ids)

    @cached_property
    def releasers(self) -> tuple[Job, ...]:
        """The jobs that make or fill a release on GitHub."""
        return tuple(job for job in self.document.jobs.values() if any(map(releases, job.steps)))

    @cached_property
    def makers(self) -> tuple[Job, ...]:
        """The jobs before an upload that build, or hand files over."""
        return tuple(
            job
            for job in self.before
            if any(builds(step) or step.action == "actions/upload-artifact" for step in job.steps)
        )

    @cached_property
    def after(self) -> tuple[Job, ...]:
        """The jobs that wait for an upload."""
        ids = {job.id for job in self.uploaders}
        return tuple(j for j in self.document.jobs.values() if ids & {b.id for b in self.document.before(j)} - {j.id})

    @cached_property
    def whole(self) -> tuple[Job, ...]:
        """Every job that has a part in the release, in the order of the file."""
        ids = {job.id for job in (*self.uploaders, *self.before, *self.after, *self.releasers)}
        return tuple(job for job in self.document.jobs.values() if job.id in ids)

    @cached_property
    def trusted(self) -> tuple[Job, ...]:
        """The jobs whose code can change what is published: they hold an identity, make, upload or release files."""
        ids = {job.id for job in (*self.uploaders, *self.makers, *self.releasers)}
        jobs = self.document.jobs.values()
        return tuple(job for job in jobs if job.id in ids or self.permission(job, "id-token") == "write")

    @property
    def called(self) -> bool:
        """Whether only other workflows start this one: triggers, gates and concurrency are the caller's then."""
        return set(self.document.triggers) == {"workflow_call"}

    def permission(self, job: Job, scope: str) -> str:
        """What a job may do with a scope: `write`, `read`, `none`, or nothing where the repository's settings say.

        Source: docs.github.com, "Workflow syntax", permissions: a job's own replace the workflow's, what is not
        named is none; the default never holds an identity.
        """
        given = self.granted(job.node.get("permissions") or self.document.root.get("permissions"), scope)
        return "none" if not given and scope == "id-token" else given

    def granted(self, permissions: Node | None, scope: str) -> str:
        """What a `permissions` node says about a scope; nothing where it is not there."""
        if isinstance(permissions, Mapping):
            return text(permissions.get(scope)) or "none"
        whole = {"write-all": "write", "read-all": "none" if scope == "id-token" else "read"}
        return whole.get(text(permissions), "")

    def secrets(self, node: Node | None) -> Iterator[tuple[int, str]]:
        """Line and name of every secret that a node hands on, GitHub's own token left out."""
        for expression in self.document.expressions(node):
            for name in re.findall(r"\bsecrets\s*(?:\.\s*|\[\s*')(\w+)", expression.text):
                if name.upper() != "GITHUB_TOKEN":
                    yield expression.line, name

    def tokens(self, upload: Upload) -> bool:
        """Whether an upload is authorised by a token or password instead of the job's identity."""
        given = upload.step.inputs.get("password") or upload.step.inputs.get("token")
        handed = (*self.secrets(upload.step.env), *self.secrets(upload.job.env))
        return given is not None or bool(handed)

    @cached_property
    def gates(self) -> frozenset[str]:
        """The ids of the jobs that show that tests passed."""
        return frozenset(job.id for job in self.document.jobs.values() if self._gates(job))

    def _gates(self, job: Job) -> bool:
        """Whether a job shows that tests passed: it runs them, waits for them, or calls a workflow that does."""
        if text(job.node.get("continue-on-error")) == "true":
            return False
        if job.uses:
            return bool(_TESTING_NAME.search(job.uses.partition("@")[0]) or _TESTING_NAME.search(job.id))
        named = bool(_TESTING_NAME.search(job.id)) and job not in self.uploaders
        return any(self._shows(step) for step in job.steps) or (
            named and any(not ignores_failure(step) for step in job.steps)
        )

    def ours(self, name: str) -> tuple[Job, ...]:
        """The jobs that run `tagship NAME`."""
        return tuple(job for job in self.document.jobs.values() if any(runs(step, name) for step in job.steps))

    @cached_property
    def generated(self) -> bool:
        """Whether tagship's own stages make the files: the order of the stages is known then."""
        return bool(self.ours("build"))

    def stops(self, job: Job, name: str) -> bool:
        """Whether a job runs `tagship NAME` always, and fails where it fails."""
        own = [step for step in job.steps if runs(step, name) and not step.condition and not ignores_failure(step)]
        return bool(own) and text(job.node.get("continue-on-error")) in ("", "false")

    def _shows(self, step: Step) -> bool:
        if ignores_failure(step):
            return False
        words = commands(step)
        tested = any(key.text == "CIBW_TEST_COMMAND" for key, _ in step.env.entries) or any(
            _TEST.search(command) and not _NO_TEST.search(command) for command in re.split(r"\n|;|&&", words)
        )
        return bool(tested or _WAIT.search(words) or _WAIT_ACTION.search(step.action)) or runs(step, "(gate|test)")

    def rows(self, upload: Upload) -> tuple[Upload, ...]:
        """The upload as each row of its job's matrix makes it; what only the run knows stays as it is written."""
        matrix = upload.job.node.get("strategy", "matrix")
        rows = combinations(plain(matrix)) if matrix is not None else None
        return tuple(_in_row(upload, row) for row in rows or ({},))

    def _uploads(self) -> Iterator[Upload]:
        for job in self.document.jobs.values():
            for step in job.steps:
                data = plain(step.node)
                words = f"{text(step.run)}\n{step.action}"
                if isinstance(data, dict) and uploads({str(key): value for key, value in data.items()}):
                    if re.search(r"--dry-run\b", words) or (step.run is not None and not commands(step).strip()):
                        continue
                    yield Upload(job=job, step=step, index=_index(job, step))


def builds(step: Step) -> bool:
    """Whether a step builds distributions."""
    if step.action:
        making = text(step.inputs.get("command")) not in ("upload", "publish")
        return bool(_BUILDING_ACTION.search(step.action)) and making
    return bool(_BUILD.search(commands(step)))


def releases(step: Step) -> bool:
    """Whether a step makes or fills a release on GitHub."""
    return bool(_RELEASE_ACTION.search(step.action) or _RELEASE.search(commands(step)))


def _index(job: Job, step: Step) -> Index:
    address = text(step.inputs.get("repository-url") or step.inputs.get("repository_url"))
    if not address and step.action == "pypa/gh-action-pypi-publish":
        return "pypi"
    words = " ".join(scalar.text for scalar in walk(step.node))
    if address:
        if "${{" in address:
            return "unknown"
        return "testpypi" if _TEST_INDEX.search(address) else "pypi" if _PYPI_HOST in address else "other"
    if _TEST_INDEX.search(f"{words} {job.environment}"):
        return "unknown" if step.run is not None and _MAIN_INDEX.search(commands(step)) else "testpypi"
    return "other" if step.run is not None and _OTHER_INDEX.search(commands(step)) else "pypi"


def _in_row(upload: Upload, row: Table) -> Upload:
    entries = tuple((key, _filled(value, row)) for key, value in upload.job.node.entries)
    job = replace(upload.job, node=replace(upload.job.node, entries=entries))
    step = job.steps[upload.step.number]
    return Upload(job=job, step=step, index=_index(job, step))


def _filled(node: Node, row: Table) -> Node:
    match node:
        case Scalar():
            return replace(node, text=filled(node.text, row))
        case Items():
            return replace(node, items=tuple(_filled(item, row) for item in node.items))
        case Mapping():
            return replace(node, entries=tuple((key, _filled(value, row)) for key, value in node.entries))


def index_named(words: str) -> Index | Literal[""]:
    """The index that a name says: that of a job, of an action; nothing where it says none."""
    return "testpypi" if _TEST_INDEX.search(words) else "pypi" if _MAIN_INDEX.search(words) else ""


def labels(job: Job) -> tuple[str, ...]:
    """The labels of the runner that a job asks for; a runner group as `group: NAME`."""
    asked = job.node.get("runs-on")
    if isinstance(asked, Mapping):
        return (f"group: {text(asked.get('group'))}", *(label.text for label in scalars(asked.get("labels"))))
    return tuple(label.text for label in scalars(asked))
