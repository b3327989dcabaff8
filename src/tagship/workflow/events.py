"""Does an event start a workflow? What GitHub decides before any job runs: triggers, filters, inputs, skip words.

Everything is decided from the file and a description of what happened, nothing is run. Sources, all docs.github.com:
"Events that trigger workflows", "Workflow syntax" (on.*), "Triggering a workflow", "Skipping workflow runs",
"GITHUB_TOKEN".
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tagship.project.patterns import is_valid, matches
from tagship.workflow.document import Document, Items, Trigger, scalars, text
from tagship.workflow.document import Mapping as Node

Name = Literal["push", "workflow_dispatch", "release", "schedule", "repository_dispatch"]
Value = str | bool | int | float

TAGS_AT_ONCE = 3
"""A push of more tags than this starts nothing ("Events that trigger workflows", push)."""
MOST_INPUTS = 25
LARGEST_INPUTS = 65_535
"""Characters of all inputs of a dispatch ("Events that trigger workflows", workflow_dispatch)."""
SKIP = ("[skip ci]", "[ci skip]", "[no ci]", "[skip actions]", "[actions skip]")
_SKIP_CHECKS = re.compile(r"\n\n([\w-]+: .*\n)*skip-checks: ?true\s*\Z")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_ON_DEFAULT_BRANCH = ("workflow_dispatch", "schedule", "repository_dispatch")
"""Events for which the file on the default branch counts, wherever else there is one."""
_BY_TOKEN = ("workflow_dispatch", "repository_dispatch")
"""The only events that start a workflow when a `GITHUB_TOKEN` caused them."""
_INPUT_TYPES = ("string", "boolean", "choice", "number", "environment")


@dataclass(frozen=True, kw_only=True, slots=True)
class Happened:
    """What happened in the repository."""

    name: Name
    ref: str
    """Full: `refs/tags/v1.0.0`; for a schedule, the default branch."""
    action: str = ""
    """The activity of a release (`published`), or the type of a repository dispatch."""
    inputs: Mapping[str, Value] = field(default_factory=dict)
    """Of a manual dispatch, as they were sent."""
    message: str = ""
    """Of the commit that was pushed last."""
    tags: int = 1
    """How many tags the push had."""
    by_token: bool = False
    """Whether a `GITHUB_TOKEN` of a workflow caused it."""
    on_default_branch: bool = True
    """Whether the workflow file is on the default branch."""


@dataclass(frozen=True, slots=True)
class Started:
    """The workflow runs."""

    inputs: Mapping[str, str]
    """Of a manual dispatch, defaults filled in, as `github.event.inputs` has them: all strings."""


@dataclass(frozen=True, slots=True)
class NotStarted:
    """The workflow does not run."""

    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Input:
    """An input of a manual dispatch."""

    type: str = "string"
    required: bool = False
    default: str | None = None
    """As the context has it: `false` for a boolean."""
    options: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What it is where nobody gives it."""
        return self.default if self.default is not None else "false" if self.type == "boolean" else ""


def started(
    document: Document | None, event: Happened, changed_paths: Sequence[str] | None = None
) -> Started | NotStarted:
    """Whether an event starts a workflow.

    Args:
        document: the file as it is at the event's ref; None where that has none.
        changed_paths: what the pushed commits changed; None where it is not known, and then every path filter passes.
    """
    if document is None:
        return NotStarted(f"{event.ref} has no such workflow file")
    if document.problems:
        first = document.problems[0]
        return NotStarted(f"GitHub refuses the file: line {first.line}: {first.why}")
    trigger = document.triggers.get(event.name)
    if trigger is None:
        return NotStarted(f"it is not started by `{event.name}`, only by {_listed(document.triggers, 'nothing')}")
    if event.by_token and event.name not in _BY_TOKEN:
        return NotStarted("what a workflow does with its GITHUB_TOKEN starts no other workflow")
    if event.name in _ON_DEFAULT_BRANCH and not event.on_default_branch:
        return NotStarted(f"for `{event.name}` the file must be on the default branch, and it is not")
    why = invalid(document) or _why_not(trigger, event, changed_paths)
    if why:
        return NotStarted(why)
    if event.name != "workflow_dispatch":
        return Started({})
    known = inputs(trigger)
    wrong = refused(event.inputs, known)
    return NotStarted(wrong) if wrong else Started(filled(event.inputs, known))


def invalid(document: Document) -> str:
    """What makes GitHub refuse the triggers as a whole, whatever happens; nothing for good ones."""
    for trigger in document.triggers.values():
        for name in ("branches", "tags", "paths"):
            if trigger.filters.key(name) and trigger.filters.key(f"{name}-ignore"):
                return f"`{trigger.event}` may have `{name}` or `{name}-ignore`, not both"
            for pattern in (*_patterns(trigger, name), *_patterns(trigger, f"{name}-ignore")):
                if not is_valid(pattern):
                    return f"`{pattern}` of `{trigger.event}` is no filter pattern"
    dispatch = document.triggers.get("workflow_dispatch")
    for name, spec in inputs(dispatch).items() if dispatch else ():
        if spec.type not in _INPUT_TYPES:
            return f"the input `{name}` has the unknown type `{spec.type}`"
        if (spec.type == "choice") != bool(spec.options):
            return f"the input `{name}` " + (
                "has options and is no choice" if spec.options else "is a choice without options"
            )
        if spec.default is not None and _does_not_fit(name, spec.default, spec):
            return f"the default of the input `{name}` is none of its values: `{spec.default}`"
    return _misshapen(document)


def _misshapen(document: Document) -> str:
    """What GitHub's schema wants to be a list or a mapping (npm @actions/workflow-parser, workflow-v1.0.json)."""
    custom = document.triggers.get("repository_dispatch")
    if custom and custom.filters.key("types") and not isinstance(custom.filters.get("types"), Items):
        return "the `types` of `repository_dispatch` must be a list"  # those of `release` may be one word
    dispatch = document.triggers.get("workflow_dispatch")
    for key, node in dispatch.filters.entries if dispatch else ():
        within = node.entries if isinstance(node, Node) else ((key, None),)
        empty = next((name for name, one in within if not isinstance(one, Node)), None)
        if empty is not None:
            return f"`{empty.text}` of `workflow_dispatch` must be a mapping"
    return ""


def inputs(dispatch: Trigger) -> Mapping[str, Input]:
    """The inputs that a manual dispatch knows, in the order of the file."""
    node = dispatch.filters.get("inputs")
    return {key.text: _input(value) for key, value in node.entries} if isinstance(node, Node) else {}


def refused(given: Mapping[str, Value], known: Mapping[str, Input]) -> str:
    """Why GitHub answers a dispatch with 422, in its words; nothing where it takes the inputs."""
    if len(given) > MOST_INPUTS:
        return f"Too many inputs provided, a maximum of {MOST_INPUTS} is allowed"
    if sum(len(name) + len(as_text(value)) for name, value in given.items()) > LARGEST_INPUTS:
        return "inputs are too large."
    unexpected = [name for name in given if name not in known]
    if unexpected:
        return f"Unexpected inputs provided: {json.dumps(unexpected, separators=(',', ':'))}"
    for name, spec in known.items():
        if name in given:
            wrong = _does_not_fit(name, as_text(given[name]), spec)
            if wrong:
                return wrong
        elif spec.required and spec.default is None:
            return f"Required input '{name}' not provided"
    return ""


def filled(given: Mapping[str, Value], known: Mapping[str, Input]) -> Mapping[str, str]:
    """The inputs of a run: what was given, and the defaults of the rest."""
    return {name: as_text(given[name]) if name in given else spec.text for name, spec in known.items()}


def as_text(value: Value) -> str:
    """A value as `github.event.inputs` has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def skips(message: str) -> str:
    """The words in a commit's message by which it starts no workflow of its push; nothing where there are none."""
    found = next((word for word in SKIP if word in message), "")
    return found or ("skip-checks: true" if _SKIP_CHECKS.search(message.replace("\r\n", "\n")) else "")


def _why_not(trigger: Trigger, event: Happened, changed_paths: Sequence[str] | None) -> str:
    match event.name:
        case "push":
            return _push(trigger, event, changed_paths)
        case "release" | "repository_dispatch":
            types = _patterns(trigger, "types")
            fits = not types or event.action in types
            return "" if fits else f"`{event.action}` is none of its types: {_listed(types)}"
        case "schedule" | "workflow_dispatch":
            return ""


def _push(trigger: Trigger, event: Happened, changed_paths: Sequence[str] | None) -> str:
    skipped = skips(event.message)
    if skipped:
        return f"the message of the pushed commit has {skipped}"
    is_tag = event.ref.startswith("refs/tags/")
    if is_tag and event.tags > TAGS_AT_ONCE:
        return f"{event.tags} tags were pushed at once, and more than {TAGS_AT_ONCE} start nothing"
    kind, mine, other = ("tag", "tags", "branches") if is_tag else ("branch", "branches", "tags")
    name = event.ref.removeprefix("refs/tags/").removeprefix("refs/heads/")
    if not _filtered(trigger, mine) and _filtered(trigger, other):
        return f"its `push` has filters for {other} only, so no {kind} starts it"
    for filters in [(mine, (name,)), *([] if is_tag or changed_paths is None else [("paths", changed_paths)])]:
        why = _filter(trigger, *filters)
        if why:
            return f"{kind} {name}: {why}"
    return ""


def _filter(trigger: Trigger, what: str, names: Sequence[str]) -> str:
    """Why none of the names gets through the filter of its kind; nothing where one does, or there is no filter."""
    wanted, ignored = _patterns(trigger, what), _patterns(trigger, f"{what}-ignore")
    shown = "what it changes" if what == "paths" else "it"
    if trigger.filters.key(what) and not any(matches(name, wanted) for name in names):
        return f"{shown} fits none of the `{what}`: {_listed(wanted, 'there are none')}"
    if trigger.filters.key(f"{what}-ignore") and all(matches(name, ignored) for name in names):
        return f"{shown} is ignored by `{what}-ignore`: {_listed(ignored)}"
    return ""


def _filtered(trigger: Trigger, what: str) -> bool:
    return bool(trigger.filters.key(what) or trigger.filters.key(f"{what}-ignore"))


def _patterns(trigger: Trigger, name: str) -> tuple[str, ...]:
    return tuple(scalar.text for scalar in scalars(trigger.filters.get(name)))


def _input(node: object) -> Input:
    if not isinstance(node, Node):
        return Input()
    default = scalars(node.get("default"))
    kind = text(node.get("type")) or "string"
    words = default[0].text if default else None
    return Input(
        type=kind,
        required=text(node.get("required")).lower() == "true",
        default=words.lower() if words and kind == "boolean" else words,
        options=tuple(option.text for option in scalars(node.get("options"))),
    )


def _does_not_fit(name: str, value: str, spec: Input) -> str:
    allowed = spec.options if spec.type == "choice" else ("true", "false") if spec.type == "boolean" else ()
    if allowed and value not in allowed:
        return f"Provided value '{value}' for input '{name}' not in the list of allowed values"
    if spec.type == "number" and not _NUMBER.fullmatch(value):
        return f"Provided value '{value}' for input '{name}' is not a number"
    return ""


def _listed(words: Iterable[str], nothing: str = "") -> str:
    return ", ".join(words) or nothing
