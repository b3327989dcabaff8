"""What can happen in a repository that publishes, and what its workflow gets to see of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product

from packaging.version import Version

from tagship.errors import PlanRefused
from tagship.model import Event, Inputs
from tagship.stages.plan import Known, decide
from tagship.versions import TagScheme
from tagship.workflow.document import Document, read
from tagship.workflow.events import Happened, NotStarted, started
from tagship.workflow.render import render
from tests.workflow.gha import GitHub, Results
from tests.workflow.variants import VARIANTS

SOURCES = {name: render(variant) for name, variant in VARIANTS.items()}
REPOSITORY = "owner/sample"
SHA = "5a" * 20
MAIN, FEATURE, TAG = "refs/heads/main", "refs/heads/feature/x", "refs/tags/v1.2.3"


@cache
def document(variant: str) -> Document:
    """A rendered workflow as it is read; few tests need more than one, and reading takes a while."""
    return read(SOURCES[variant].encode(), "publish.yml")


@dataclass(frozen=True, kw_only=True)
class Happening:
    """An event, and what the project is like when it happens."""

    words: str
    event: Happened
    declared: str = "1.2.3"
    merged: bool = True
    """Whether the commit is on the default branch."""
    repository: str = REPOSITORY

    def inputs(self, document: Document) -> Mapping[str, str] | str:
        """The inputs of the run, defaults filled in; the reason, where GitHub starts none."""
        found = started(document, self.event)
        return found.why if isinstance(found, NotStarted) else found.inputs

    def channel(self, given: Mapping[str, str]) -> str:
        """What the plan says: `none`, `testpypi` or `pypi`; `refused` where it says no."""
        inputs = Inputs(
            dry_run=given.get("dry_run") == "true",
            target_env="pypi" if given.get("target_env") == "pypi" else "testpypi",
        )
        event = Event(
            name="push" if self.event.name == "push" else "workflow_dispatch",
            repository=self.repository,
            ref=self.event.ref,
            sha=SHA,
            default_branch="main",
            inputs=inputs,
        )
        known = Known(
            event=event,
            scheme=TagScheme(),
            declared=Version(self.declared),
            tags=(),
            commits=7,
            shallow=False,
            release_branches=("main",),
            on_release_branch=self.merged,
            tagged=SHA if event.tag else None,
            on_branch=True,
        )
        try:
            return str(decide(known).target.value)
        except PlanRefused:
            return "refused"

    def context(self, given: Mapping[str, str]) -> dict[str, object]:
        """The contexts `github` and `inputs` of its run: a boolean input is one there, a word in the event."""
        kind, _, name = self.event.ref.removeprefix("refs/").partition("/")
        github = {
            "repository": self.repository,
            "event_name": self.event.name,
            "ref": self.event.ref,
            "ref_name": name,
            "ref_type": "tag" if kind == "tags" else "branch",
            "sha": SHA,
            "event": {"inputs": dict(given)},
        }
        known = {key: value == "true" if value in ("true", "false") else value for key, value in given.items()}
        return {"github": github, "inputs": known}


def push(ref: str, **more: object) -> Happened:
    """A push."""
    return Happened(name="push", ref=ref, **more)


def _dispatches() -> Iterator[Happening]:
    for ref, dry, target in product((MAIN, FEATURE, TAG), (None, False, True), (None, "testpypi", "pypi")):
        inputs = {name: value for name, value in (("dry_run", dry), ("target_env", target)) if value is not None}
        words = "".join(f", {name}={str(value).lower()}" for name, value in inputs.items())
        event = Happened(name="workflow_dispatch", ref=ref, inputs=inputs)
        yield Happening(words=f"dispatch on {ref.removeprefix('refs/').partition('/')[2]}{words}", event=event)


HAPPENINGS: tuple[Happening, ...] = (
    Happening(words="push to main", event=push(MAIN)),
    Happening(words="push to main, message with [skip ci]", event=push(MAIN, message="Words [skip ci]")),
    Happening(words="push to feature/x", event=push(FEATURE)),
    Happening(words="push to main of a fork", event=push(MAIN), repository="somebody/sample"),
    Happening(words="tag v1.2.3", event=push(TAG)),
    Happening(words="tag v1.2.3 of a fork", event=push(TAG), repository="somebody/sample"),
    Happening(words="tag v1.2.3 by a GITHUB_TOKEN", event=push(TAG, by_token=True)),
    Happening(words="tag v1.2.3, pushed with three others", event=push(TAG, tags=4)),
    Happening(words="tag v1.2.3, the project says 1.2.4", event=push(TAG), declared="1.2.4"),
    Happening(words="tag v1.2.3 on a branch that is not merged", event=push(TAG), merged=False),
    Happening(words="tag v1.2.3rc1", event=push("refs/tags/v1.2.3rc1"), declared="1.2.3rc1"),
    Happening(words="tag v1.2.3-rc.1", event=push("refs/tags/v1.2.3-rc.1"), declared="1.2.3rc1"),
    Happening(words="tag v1.2.3.dev1", event=push("refs/tags/v1.2.3.dev1"), declared="1.2.3.dev1"),
    Happening(words="tag v1.2.3+local", event=push("refs/tags/v1.2.3+local"), declared="1.2.3+local"),
    Happening(words="tag v01.2.3", event=push("refs/tags/v01.2.3")),
    Happening(words="tag v1.2", event=push("refs/tags/v1.2"), declared="1.2"),
    Happening(words="tag 1.2.3", event=push("refs/tags/1.2.3")),
    Happening(words="tag vendor.js.old", event=push("refs/tags/vendor.js.old")),
    Happening(words="branch named v1.2.3", event=push("refs/heads/v1.2.3")),
    *_dispatches(),
    Happening(
        words="dispatch on main, dry_run=maybe",
        event=Happened(name="workflow_dispatch", ref=MAIN, inputs={"dry_run": "maybe"}),
    ),
    Happening(
        words="dispatch on main, target_env=production",
        event=Happened(name="workflow_dispatch", ref=MAIN, inputs={"target_env": "production"}),
    ),
)


def outputs(channel: str) -> dict[str, dict[str, str]]:
    """What the validation puts out."""
    return {"pre-publish-validation": {"channel": channel}}


def jobs(
    gha: GitHub, happening: Happening, ends: Mapping[str, str] | None = None, variant: str = "simple"
) -> Results | str:
    """How each job ends after something happened; the reason, where no workflow starts.

    Args:
        ends: how jobs end that run; what is not named succeeds, but for what refuses the plan.
    """
    inputs = happening.inputs(document(variant))
    if isinstance(inputs, str):
        return inputs
    channel = happening.channel(inputs)
    refused = dict.fromkeys(("wait-for-ci", "build-sdist", "pre-publish-validation"), "failure")
    forced = {**(refused if channel == "refused" else {}), **(ends or {})}
    given = outputs("" if channel == "refused" else channel)
    return gha.run(SOURCES[variant], happening.context(inputs), ends=forced, outputs=given)
