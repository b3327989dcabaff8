"""What counts as a difference between two workflows, and how a file shows that tagship wrote it."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tagship.project.yaml_nodes import Items, Mapping, Node, Scalar, read
from tagship.workflow import files
from tagship.workflow.drift import Difference, differences, with_pins_of, without_pins
from tagship.workflow.files import Edit, File, decide
from tagship.workflow.render import render
from tests.workflow.variants import VARIANTS

ONE = """\
name: Publish
on:
  push:
    branches: [main]
jobs:
  build:
    needs: [gate, check]
    permissions: {contents: read}
    steps:
      - name: Check out
        uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with: {fetch-depth: 0}
      - run: make build
      - name: Upload
        if: success()
        run: |
          make upload
"""


def found(there: str, wanted: str = ONE) -> list[str]:
    """The differences of two texts, a line each."""
    nodes = [read(text.encode())[0] for text in (there, wanted)]
    assert nodes[0] is not None and nodes[1] is not None
    return [difference.words for difference in differences(nodes[0], nodes[1])]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("contents: read", "contents: write", "line 8, jobs.build.permissions.contents: write, instead of read"),
        ("{contents: read}", "read-all", "line 8, jobs.build.permissions: read-all, instead of {contents}"),
        ("[gate, check]", "[check]", "jobs.build.needs[gate]: is missing: gate"),
        ("[main]", "[main, dev]", "line 4, on.push.branches[dev]: dev, which is not tagship's"),
        ("        if: success()\n", "", "jobs.build.steps[Upload].if: is missing: success()"),
        ("      - run: make build\n", "", "jobs.build.steps[make build]: is missing: {run}"),
        (
            "fetch-depth: 0",
            "fetch-depth: '0'",
            "line 12, jobs.build.steps[Check out].with.fetch-depth: 0, instead of 0",
        ),
        ("make upload", "make all", "line 16, jobs.build.steps[Upload].run: make all, instead of make upload"),
        ("@3d3c42e5aac5ba805825da76410c181273ba90b1", "@v7", "jobs.build.steps[Check out].uses: actions/checkout@v7"),
        (
            "    needs:",
            "    continue-on-error: true\n    needs:",
            "line 7, jobs.build.continue-on-error: true, which is",
        ),
    ],
)
def test_what_means_something_else_is_named_by_its_place(old: str, new: str, words: str) -> None:
    """One changed permission, condition, step, input or trigger is one difference, with path, line and both values."""
    assert old in ONE
    (only,) = found(ONE.replace(old, new))
    assert words in only


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", f"@{'a' * 40} # v8"),
        ("[gate, check]", "\n      - gate\n      - check # twice"),
        ("[main]", "main"),
        ("name: Publish\n", '# a comment\nname: "Publish"\n'),
        ("make upload\n", "make upload\n\n# the end\n"),
    ],
)
def test_what_means_the_same_is_none(old: str, new: str) -> None:
    """Moved pins, quotes, comments, and one value for a list of it are no differences."""
    assert old in ONE
    assert found(ONE.replace(old, new)) == []


def test_the_order_of_keys_means_nothing_and_that_of_steps_does() -> None:
    """Permissions before needs is the same job; two steps that changed places are not."""
    lines = ONE.splitlines(keepends=True)
    lines[6], lines[7] = lines[7], lines[6]
    assert found("".join(lines)) == []
    step = "      - run: make build\n"
    moved = ONE.replace(step, "").replace("    steps:\n", f"    steps:\n{step}")
    assert found(moved) == [
        "jobs.build.steps[Check out]: is missing: {name, uses, with}",
        "line 11, jobs.build.steps[Check out]: {name, uses, with}, which is not tagship's",
    ]


def spoiled(node: Node) -> Iterator[Node]:
    """The tree with one value changed, or one entry of a mapping or list taken out: each in turn."""
    match node:
        case Scalar():
            yield replace(node, text=f"{node.text}?", value=f"{node.text}?")
        case Mapping(entries=entries):
            for number, (key, value) in enumerate(entries):
                yield replace(node, entries=(*entries[:number], *entries[number + 1 :]))
                for other in spoiled(value):
                    yield replace(node, entries=(*entries[:number], (key, other), *entries[number + 1 :]))
        case Items(items=items):
            for number, item in enumerate(items):
                yield replace(node, items=(*items[:number], *items[number + 1 :]))
                for other in spoiled(item):
                    yield replace(node, items=(*items[:number], other, *items[number + 1 :]))


@pytest.mark.parametrize("name", [name for name in VARIANTS if "-" not in name])
def test_no_change_goes_unseen(name: str) -> None:
    """Whatever is changed in or taken out of a rendered workflow, wherever, is a difference: for each option alone."""
    wanted = read(render(VARIANTS[name]).encode())[0]
    assert wanted is not None
    mutants = list(spoiled(wanted))
    assert len(mutants) > 400
    assert [mutant for mutant in mutants if not any(differences(mutant, wanted))] == []
    assert list(differences(wanted, wanted)) == []


def test_long_values_are_shown_where_they_part() -> None:
    """Of two long values that begin alike, what is shown begins shortly before the first difference."""
    same = "x" * 200
    (difference,) = found(ONE.replace("make build", f"{same} one"), ONE.replace("make build", f"{same} two"))
    assert difference == f"line 13, jobs.build.steps[{same} two].run: … {'x' * 19} one, instead of … {'x' * 19} two"


def test_pins_that_somebody_moved_stay() -> None:
    """Rendering again takes the commits of the file that is there, for the actions that both use."""
    moved = ONE.replace("3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", f"{'a' * 40} # v8")
    assert with_pins_of(moved, ONE) == moved
    assert with_pins_of("", ONE) == ONE
    assert without_pins(moved) == without_pins(ONE)


@pytest.mark.parametrize("comment", ["# {}", "<!-- {} -->"])
def test_a_stamp_holds_as_long_as_nobody_edits(comment: str) -> None:
    """A stamped file is as written, also with other line ends and moved pins, and no longer after any other change."""
    text = files.stamped(ONE, comment)
    moved = text.replace("3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", f"{'a' * 40} # v8")
    assert [files.is_as_written(found) for found in (text, moved, text.rstrip())] == [True, True, True]
    edited = text.replace("# v7.0.1\n", "# v7.0.1\n        # mine\n")
    assert [files.is_as_written(found) for found in (edited, ONE, f"{text}more: 1\n", "")] == [False] * 4
    assert [files.is_stamped(found) for found in (edited, ONE)] == [True, False]


def test_edits_are_decided_from_the_files_alone() -> None:
    """What is missing is created, what differs is updated where it is ours, and nothing else is touched."""
    missing = File(path="a", there=None, wanted="new")
    same = File(path="b", there="old", wanted="new")
    ours = File(path="c", there="old", wanted="new", why=("it differs",))
    theirs = File(path="d", there="old", wanted="new", why=("it differs",), ours=False)
    wanted = (missing, same, ours, theirs)
    decided = [(edit.action, edit.file) for edit in decide(wanted)]
    assert decided == [("create", missing), ("keep", same), ("update", ours), ("differs", theirs)]
    assert decide(wanted, force=True)[3] == Edit(action="update", file=theirs)
    assert decide(()) == ()


def test_a_diff_can_be_applied(tmp_path: Path) -> None:
    """The diff of an update names the file as git does, and a new file comes from nowhere."""
    assert files.diff(File(path="x/y.txt", there="a\nb\n", wanted="a\nc")) == (
        "--- a/x/y.txt\n+++ b/x/y.txt\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n"
    )
    assert files.diff(File(path="x", there=None, wanted="a\n")) == "--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+a\n"


def test_differences_travel_as_they_are() -> None:
    """A difference is a record with a path, both values, and a line that is 0 where the place is missing."""
    node, other = read(b"a: {b: 1}")[0], read(b"a: {c: 2}")[0]
    assert node is not None and other is not None
    assert list(differences(node, other)) == [
        Difference(path="a.c", there="", wanted="2"),
        Difference(path="a.b", there="1", wanted="", line=1),
    ]
    assert re.fullmatch(r"line 1, a\.b: 1, which is not tagship's", list(differences(node, other))[1].words)
