"""GitHub's own parser and language service read what tagship writes, and agree with what tagship reads."""

from itertools import product

import pytest

from tagship.workflow.document import Document, read, scalars
from tagship.workflow.events import inputs, invalid
from tagship.workflow.permissions import SCOPES, effective, problems
from tagship.workflow.render import render
from tests.workflow.gha import GitHub
from tests.workflow.variants import VARIANTS

pytestmark = pytest.mark.tool("node")

JOBS = "jobs:\n  build: {runs-on: ubuntu-latest, steps: [{run: 'true'}]}\n"


@pytest.mark.requirement("A1", "A13")
@pytest.mark.parametrize("variant", VARIANTS)
def test_nothing_is_wrong_with_what_tagship_writes(gha: GitHub, variant: str) -> None:
    """No variant of the workflow has an error or a warning of GitHub's parser or of its editor support."""
    source = render(VARIANTS[variant])
    assert (gha.parse(source)["errors"], gha.diagnose(source)) == ([], [])


@pytest.mark.parametrize(
    ("old", "new", "refused", "underlined"),
    [
        ("permissions: {}", "permision: {}", "Unexpected value 'permision'", ""),
        ("actions: read", "action: read", "Unexpected value 'action'", ""),
        ("id-token: write", "id-token: read", "Unexpected value 'read'", ""),
        ("!inputs.dry_run", "!input.dry_run", "Unrecognized named-value: 'input'", ""),
        ("!inputs.dry_run", "!inputs.dryrun", "", "Context access might be invalid: dryrun"),
        ("outputs.channel ==", "outputs.chanel ==", "", "Context access might be invalid: chanel"),
        ("needs: [wait-for-ci, ", "needs: [wait-for-c, ", "depends on unknown job 'wait-for-c'", ""),
        ("type: boolean", "type: bool", "Unexpected value 'bool'", ""),
    ],
)
def test_the_judges_find_what_is_wrong(gha: GitHub, old: str, new: str, refused: str, underlined: str) -> None:
    """A slip in the file is refused by the parser, or at least underlined by the editor."""
    source = render(VARIANTS["simple"])
    assert old in source
    wrong = source.replace(old, new, 1)
    errors = gha.parse(wrong)["errors"]
    assert (bool(errors), refused in str(errors)) == (bool(refused), True)
    assert (refused or underlined) in str(gha.diagnose(wrong))


def as_github(document: Document) -> dict[str, dict[str, object]]:
    """The triggers as tagship reads them, in the form in which GitHub's parser answers."""
    events: dict[str, dict[str, object]] = {}
    for name, trigger in document.triggers.items():
        found = {
            key.text: [item.text for item in scalars(value)]
            for key, value in trigger.filters.entries
            if key.text != "inputs"
        }
        asked = {
            key: {"type": one.type, "required": one.required, "default": one.default, "options": list(one.options)}
            for key, one in inputs(trigger).items()
        }
        events[name] = {**found, **({"inputs": asked} if trigger.filters.key("inputs") else {})}
    return events


def normal(events: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
    """GitHub's answer with what it leaves out where the file says nothing, and defaults as the texts that they are."""
    for event in events.values():
        for name, one in dict(event.get("inputs") or {}).items():
            default = one.get("default")
            words = str(default).lower() if isinstance(default, bool) else None if default is None else str(default)
            event["inputs"][name] = {
                "type": one.get("type", "string"),
                "required": one.get("required", False),
                "default": words,
                "options": one.get("options", []),
            }
    return events


TRIGGERS = (
    "on: push",
    "on: [push, workflow_dispatch]",
    "'on': {push: }",
    "on: {push: {branches: main}}",
    "on: {push: {branches: [main, 'releases/**', '!releases/old']}}",
    "on: {push: {branches-ignore: [dev], tags-ignore: ['v*-rc*']}}",
    "on: {push: {tags: ['v[0-9]+.*'], paths: ['src/**', '!src/docs/**']}, pull_request: {paths-ignore: [docs]}}",
    "on: {release: {types: [published, created]}, repository_dispatch: {types: [go]}}",
    "on: {release: {types: published}, workflow_dispatch: }",
    "on: {workflow_dispatch: {inputs: {}}}",
    "on: {workflow_dispatch: {inputs: {a: {}, b: {required: true}, c: {default: 'x y'}}}}",
    "on: {workflow_dispatch: {inputs: {dry_run: {type: boolean, default: true}, n: {type: boolean}}}}",
    "on: {workflow_dispatch: {inputs: {to: {type: choice, options: [a, b], default: b}}}}",
    "on: {workflow_dispatch: {inputs: {where: {type: environment, required: true}}}}",
)


@pytest.mark.parametrize("on", TRIGGERS)
def test_triggers_are_read_as_github_reads_them(gha: GitHub, on: str) -> None:
    """Every spelling of the triggers means the same events, filters and inputs to GitHub and to us."""
    source = f"{on}\n{JOBS}"
    theirs, ours = gha.parse(source), read(source.encode(), "publish.yml")
    assert (theirs["errors"], ours.problems, invalid(ours)) == ([], (), "")
    assert as_github(ours) == normal(theirs["events"])


@pytest.mark.parametrize(
    ("on", "why"),
    [
        ("{repository_dispatch: {types: go}}", "the `types` of `repository_dispatch` must be a list"),
        ("{workflow_dispatch: {inputs: }}", "`inputs` of `workflow_dispatch` must be a mapping"),
        ("{workflow_dispatch: {inputs: [a]}}", "`inputs` of `workflow_dispatch` must be a mapping"),
        ("{workflow_dispatch: {inputs: {a: , b: {}}}}", "`a` of `workflow_dispatch` must be a mapping"),
        ("{workflow_dispatch: {inputs: {a: text}}}", "`a` of `workflow_dispatch` must be a mapping"),
        ("{workflow_dispatch: {inputs: {a: {type: list}}}}", "the input `a` has the unknown type `list`"),
        ("{workflow_dispatch: {inputs: {a: {type: choice}}}}", "the input `a` is a choice without options"),
        ("{workflow_dispatch: {inputs: {a: {options: [b]}}}}", "the input `a` has options and is no choice"),
    ],
)
def test_triggers_that_github_refuses_start_nothing(gha: GitHub, on: str, why: str) -> None:
    """What GitHub's parser or its editor finds wrong in the triggers is wrong to us too, in our words."""
    source = f"on: {on}\n{JOBS}"
    assert invalid(read(source.encode(), "publish.yml")) == why
    assert gha.parse(source)["errors"] or gha.diagnose(source)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_workflow_means_the_same_to_github_and_to_us(gha: GitHub, variant: str) -> None:
    """Triggers, order of jobs, conditions and permissions of every variant are what GitHub's parser understands."""
    source = render(VARIANTS[variant])
    theirs, ours = gha.parse(source), read(source.encode(), "publish.yml")
    assert as_github(ours) == normal(theirs["events"])
    assert {name: list(job.needs) for name, job in ours.jobs.items()} == theirs["needs"]
    jobs = theirs["tree"]["jobs"]
    assert theirs["tree"]["permissions"] == {}
    assert effective(ours) == {name: job.get("permissions", {}) for name, job in jobs.items()}
    stated = {name: job.condition for name, job in ours.jobs.items() if job.condition}
    completed = gha.conditions(source)
    assert {name: completed[name] for name in ours.jobs if name not in stated} == dict.fromkeys(
        ours.jobs.keys() - stated.keys(), "success()"
    )
    for name, condition in stated.items():
        assert completed[name] in (condition, f"success() && ({condition})")


@pytest.mark.parametrize("scope", [*SCOPES, "content", "id_token", "metadata"])
def test_permissions_are_refused_where_github_refuses_them(gha: GitHub, scope: str) -> None:
    """GitHub's parser takes exactly the scopes and levels that we take."""
    for level, top in product(("read", "write", "none", "admin"), (True, False)):
        block = f"permissions: {{{scope}: {level}}}"
        source = f"on: push\n{block}\n{JOBS}" if top else f"on: push\n{JOBS.replace('runs-on', f'{block}, runs-on')}"
        document = read(source.encode(), "publish.yml")
        assert bool(gha.parse(source)["errors"]) == bool(problems(document)), source
