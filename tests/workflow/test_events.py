"""What starts a workflow, row by row as GitHub documents it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagship.workflow.document import Document, read
from tagship.workflow.events import (
    LARGEST_INPUTS,
    Happened,
    Input,
    NotStarted,
    Started,
    filled,
    inputs,
    invalid,
    refused,
    skips,
    started,
)

JOBS = "jobs:\n  build: {runs-on: ubuntu-latest, steps: [{run: 'true'}]}\n"
PUBLISH = """\
on:
  push: {branches: [main], tags: ["v*.*.*"]}
  workflow_dispatch:
    inputs:
      dry_run: {type: boolean, default: false}
      target_env: {type: choice, options: [testpypi, pypi], default: testpypi}
      override_reason: {type: string, default: ""}
"""


def document(on: str) -> Document:
    """A workflow with these triggers."""
    return read(f"{on}\n{JOBS}".encode(), "publish.yml")


def push(ref: str, **more: object) -> Happened:
    """A push of a branch or, where the name is `tags/...`, of a tag."""
    return Happened(name="push", ref=f"refs/{ref if ref.startswith('tags/') else f'heads/{ref}'}", **more)


def runs(on: str, event: Happened, *changed: str) -> bool:
    """Whether it is started; paths are known where some are given."""
    return isinstance(started(document(on), event, changed or None), Started)


PUSHES = (
    ("on: push", "main tags/v1 feature/x", ""),
    ("on: [push, pull_request]", "main tags/v1", ""),
    ("on: {push: }", "main tags/v1", ""),
    ("on: {push: {branches: [main, 'releases/**']}}", "main releases/10 releases/beta/a", "dev tags/main tags/v1"),
    ("on: {push: {branches: main}}", "main", "dev"),
    ("on: {push: {branches-ignore: [main, 'releases/**-alpha']}}", "dev", "main releases/beta/3-alpha tags/v1"),
    ("on: {push: {branches: ['releases/**', '!releases/**-alpha']}}", "releases/10", "releases/10-alpha main"),
    ("on: {push: {branches: ['!main']}}", "", "main dev"),
    ("on: {push: {tags: [v2, 'v1.*']}}", "tags/v2 tags/v1.9.1", "tags/v3 main v2"),
    ("on: {push: {tags-ignore: [v2, 'v1.*']}}", "tags/v3", "tags/v2 tags/v1.0 main"),
    ("on: {push: {branches: [main], tags: ['v*']}}", "main tags/v1.0", "dev tags/release-1"),
    ("on: {push: {branches-ignore: ['**'], tags: ['v*']}}", "tags/v1", "main tags/x"),
    ("on: {push: {branches: []}}", "", "main tags/v1"),
    ("on: pull_request", "", "main tags/v1"),
)
"""Triggers, what starts them, what does not; most are examples of "Workflow syntax"."""


@pytest.mark.parametrize(("on", "starting", "others"), PUSHES, ids=[row[0] for row in PUSHES])
def test_pushes_of_branches_and_tags(on: str, starting: str, others: str) -> None:
    """A push starts what its filters let through; filters of one kind alone shut the other kind out."""
    refs = starting.split() + others.split()
    assert [ref for ref in refs if runs(on, push(ref))] == starting.split()


PATHS = (
    ("paths: ['**.js']", "a.js src/b.js,README.md", "README.md"),
    ("paths: ['sub-project/**', '!sub-project/docs/**']", "sub-project/index.js", "sub-project/docs/readme.md x"),
    ("paths-ignore: ['docs/**']", "a.py docs/a.md,a.py", "docs/a.md docs/a.md,docs/b.md"),
    ("branches: [dev], paths: ['**']", "", "a.py"),
)


@pytest.mark.parametrize(("filters", "starting", "others"), PATHS, ids=[row[0] for row in PATHS])
def test_paths(filters: str, starting: str, others: str) -> None:
    """One changed file that passes is enough; with `paths-ignore` all must be ignored to keep the workflow still."""
    pushes = starting.split() + others.split()
    on = f"on: {{push: {{{filters}}}}}"
    assert [files for files in pushes if runs(on, push("main"), *files.split(","))] == starting.split()


def test_paths_are_not_looked_at_for_tags_nor_where_they_are_unknown() -> None:
    """A tag that changes nothing of the named paths starts the workflow all the same; so does an unknown change."""
    on = "on: {push: {paths: ['src/**']}}"
    assert runs(on, push("tags/v1"), "README.md")
    assert runs(on, push("main"))
    assert not runs(on, push("main"), "README.md")
    assert not isinstance(started(document(on), push("main"), ()), Started)


@pytest.mark.parametrize(
    ("message", "word"),
    [
        ("Release [skip ci]", "[skip ci]"),
        ("[ci skip] x", "[ci skip]"),
        ("x\n\nbody [no ci]", "[no ci]"),
        ("[skip actions]", "[skip actions]"),
        ("[actions skip]", "[actions skip]"),
        ("x\n\n\nskip-checks: true", "skip-checks: true"),
        ("x\n\n\nCo-authored-by: a <a@b>\nskip-checks:true\n", "skip-checks: true"),
        ("x\r\n\r\n\r\nskip-checks: true\r\n", "skip-checks: true"),
        ("skip-checks: true is mentioned", ""),
        ("skip ci", ""),
        ("x\n\nskip-checks: true\n\nmore", ""),
    ],
)
def test_words_that_skip(message: str, word: str) -> None:
    """Each documented spelling in the message keeps a push still, and nothing else does."""
    assert skips(message) == word
    assert runs("on: push", push("tags/v1.0", message=message)) is (not word)
    assert runs("on: workflow_dispatch", Happened(name="workflow_dispatch", ref="refs/heads/main", message=message))


def test_more_than_three_tags_start_nothing() -> None:
    """Three tags at once are three events, four are none; a branch beside them is not concerned."""
    assert [runs("on: push", push("tags/v1", tags=count)) for count in (1, 3, 4)] == [True, True, False]
    assert runs("on: push", push("main", tags=4))


EVERYTHING = "on: {push: , release: , schedule: [{cron: '0 0 * * *'}], workflow_dispatch: , repository_dispatch: }"


@pytest.mark.parametrize(
    ("name", "by_token", "elsewhere"),
    [
        ("push", False, True),
        ("release", False, True),
        ("schedule", False, False),
        ("workflow_dispatch", True, False),
        ("repository_dispatch", True, False),
    ],
)
def test_who_caused_it_and_where_the_file_is(name: str, by_token: bool, elsewhere: bool) -> None:
    """A GITHUB_TOKEN starts dispatches only; what has no ref of its own needs the file on the default branch."""
    event = {"name": name, "ref": "refs/heads/main"}
    assert runs(EVERYTHING, Happened(**event))
    assert runs(EVERYTHING, Happened(**event, by_token=True)) is by_token
    assert runs(EVERYTHING, Happened(**event, on_default_branch=False)) is elsewhere


@pytest.mark.parametrize(
    ("on", "name", "action", "starts"),
    [
        ("on: release", "release", "created", True),
        ("on: {release: {types: [published]}}", "release", "published", True),
        ("on: {release: {types: [published]}}", "release", "created", False),
        ("on: {release: {types: published}}", "release", "published", True),
        ("on: {repository_dispatch: {types: [go]}}", "repository_dispatch", "go", True),
        ("on: {repository_dispatch: {types: [go]}}", "repository_dispatch", "stop", False),
        ("on: {schedule: [{cron: '1 2 * * *'}]}", "schedule", "", True),
        ("on: push", "schedule", "", False),
    ],
)
def test_types(on: str, name: str, action: str, starts: bool) -> None:
    """Activities start a workflow that names them, or names none."""
    assert runs(on, Happened(name=name, ref="refs/tags/v1.0", action=action)) is starts


def by_hand(**given: object) -> Started | NotStarted:
    """A manual dispatch of the publishing workflow."""
    return started(document(PUBLISH), Happened(name="workflow_dispatch", ref="refs/heads/main", inputs=given))


def test_inputs_of_a_dispatch_are_strings_with_defaults() -> None:
    """Booleans, numbers and what was not given arrive as strings."""
    rest = {"target_env": "testpypi", "override_reason": ""}
    assert by_hand() == Started({"dry_run": "false", **rest})
    assert by_hand(dry_run=True) == by_hand(dry_run="true") == Started({"dry_run": "true", **rest})
    assert filled({"n": 3}, {"n": Input(type="number"), "b": Input(type="boolean")}) == {"n": "3", "b": "false"}


@pytest.mark.parametrize(
    ("known", "given", "said"),
    [
        ({}, {"x": 1, "y": 2}, 'Unexpected inputs provided: ["x","y"]'),
        ({"x": Input(required=True)}, {}, "Required input 'x' not provided"),
        ({"x": Input(required=True, default="")}, {}, ""),
        ({"x": Input(type="choice", options=("a", "b"))}, {"x": "a"}, ""),
        (
            {"x": Input(type="choice", options=("a", "b"))},
            {"x": "c"},
            "Provided value 'c' for input 'x' not in the list of allowed values",
        ),
        ({"x": Input(type="boolean")}, {"x": False}, ""),
        (
            {"x": Input(type="boolean")},
            {"x": "no"},
            "Provided value 'no' for input 'x' not in the list of allowed values",
        ),
        ({"x": Input(type="number")}, {"x": "-1.5"}, ""),
        ({"x": Input(type="number")}, {"x": "1e3"}, "Provided value '1e3' for input 'x' is not a number"),
        ({"x": Input()}, {"x": "a" * (LARGEST_INPUTS - 1)}, ""),
        ({"x": Input()}, {"x": "a" * LARGEST_INPUTS}, "inputs are too large."),
    ],
)
def test_inputs_are_refused_like_on_github(known: dict, given: dict, said: str) -> None:
    """Unknown, missing, ill-typed and too large inputs are refused in the words of the dispatch endpoint."""
    assert refused(given, known) == said


@pytest.mark.parametrize(
    ("on", "why"),
    [
        (
            "on: {push: {branches: [a], branches-ignore: [b]}}",
            "`push` may have `branches` or `branches-ignore`, not both",
        ),
        ("on: {push: {tags: ['v[']}}", "`v[` of `push` is no filter pattern"),
        ("on: {workflow_dispatch: {inputs: {a: {type: text}}}, push: }", "the input `a` has the unknown type `text`"),
        ("on: {workflow_dispatch: {inputs: {a: {type: choice}}}, push: }", "the input `a` is a choice without options"),
        (
            "on: {workflow_dispatch: {inputs: {a: {type: boolean, default: maybe}}}, push: }",
            "the default of the input `a` is none of its values: `maybe`",
        ),
        (PUBLISH, ""),
    ],
)
def test_triggers_that_github_refuses(on: str, why: str) -> None:
    """A mistake in any trigger keeps every event from starting the workflow, and is named."""
    assert invalid(document(on)) == why
    assert started(document(on), push("main")) == (NotStarted(why) if why else Started({}))


@pytest.mark.parametrize(
    ("file", "event", "why"),
    [
        (None, push("tags/v1.0"), "refs/tags/v1.0 has no such workflow file"),
        (
            document("on: push\non: release"),
            push("main"),
            "GitHub refuses the file: line 2: the key `on` is there already, in line 1",
        ),
        (document("on: [release, schedule]"), push("main"), "it is not started by `push`, only by release, schedule"),
        (
            document(PUBLISH),
            push("tags/release-1"),
            "tag release-1: it fits none of the `tags`: v*.*.*",
        ),
        (
            document("on: {push: {tags: ['v*']}}"),
            push("main"),
            "its `push` has filters for tags only, so no branch starts it",
        ),
        (
            document(PUBLISH),
            push("tags/v1.0.0", message="1.0 [skip ci]"),
            "the message of the pushed commit has [skip ci]",
        ),
        (
            document("on: push"),
            push("main", by_token=True),
            "what a workflow does with its GITHUB_TOKEN starts no other workflow",
        ),
    ],
)
def test_it_says_why_nothing_starts(file: Document | None, event: Happened, why: str) -> None:
    """The reason names the filter, the word or the file that keeps the workflow still."""
    assert started(file, event) == NotStarted(why)


def test_inputs_are_read_in_the_order_of_the_file() -> None:
    """Types, defaults and options of the inputs come as written; an input may be bare."""
    trigger = document(
        "on: {workflow_dispatch: {inputs: {b: , a: {type: boolean, default: True, required: true}}}}"
    ).triggers
    known = inputs(trigger["workflow_dispatch"])
    assert list(known.items()) == [("b", Input()), ("a", Input(type="boolean", default="true", required=True))]


NAMES = st.text("abv1./-", min_size=1, max_size=8)


@given(st.lists(NAMES | NAMES.map("!{}".format) | st.sampled_from(["*", "**", "v*"]), min_size=1, max_size=4), NAMES)
def test_ignoring_is_the_opposite_of_naming(patterns: list[str], name: str) -> None:
    """For every list of patterns a branch starts exactly one of the filter and its `-ignore` form."""
    listed = ", ".join(f"'{pattern}'" for pattern in patterns)
    named, ignored = (
        runs(f"on: {{push: {{{key}: [{listed}]}}}}", push(name)) for key in ("branches", "branches-ignore")
    )
    assert named is not ignored


@given(st.text(max_size=60), st.sampled_from(["push", "workflow_dispatch", "release"]))
def test_any_file_can_be_asked(on: str, name: str) -> None:
    """Whatever stands in the file, the answer is that it starts or why it does not."""
    answer = started(document(f"on: {on}"), Happened(name=name, ref="refs/heads/main"))
    assert isinstance(answer, Started) or answer.why
