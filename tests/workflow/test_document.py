"""Reading a workflow: strict YAML with places, jobs and steps as types."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagship.project.yaml_nodes import BIGGEST
from tagship.workflow.document import Document, Expression, Problem, read, scalars, text

PUBLISH = """\
name: Publish # to the index
on:
  push: {tags: ["v*"]}
  workflow_dispatch:
permissions: {}
x-common: &env
  PYTHON: 3.10
  AGREED: yes
jobs:
  build:
    runs-on: ubuntu-24.04
    env: *env
    steps:
      - uses: actions/checkout@v4 # v4.2.2
        with: {fetch-depth: 0}
      - id: make
        if: ${{ github.ref == 'refs/tags/v1' }}
        run: |
          echo ${{ github.ref }}
          echo "${{ '}}' }}" > x
  publish:
    needs: [build]
    if: github.event_name == 'push'
    environment: {name: pypi, url: 'https://x/'}
    uses: ./.github/workflows/up.yml
  last:
    needs: publish
    environment: testpypi
    runs-on: "${{ matrix.os }}"
    steps: [{run: echo}]
"""


def document(source: str | bytes) -> Document:
    """A document of the file `publish.yml`."""
    return read(source if isinstance(source, bytes) else source.encode(), "publish.yml")


def test_jobs_steps_and_triggers_are_read_with_their_lines() -> None:
    """What stands in a workflow comes back as types, values as written, aliases followed, conditions bare."""
    found = document(PUBLISH)
    assert (found.name, found.problems) == ("Publish", ())
    assert [(t.event, t.line, t.filters.names()) for t in found.triggers.values()] == [
        ("push", 3, ("tags",)),
        ("workflow_dispatch", 4, ()),
    ]
    jobs = found.jobs.values()
    assert [(job.id, job.line, job.needs, job.condition, job.environment, job.uses) for job in jobs] == [
        ("build", 10, (), "", "", ""),
        ("publish", 21, ("build",), "github.event_name == 'push'", "pypi", "./.github/workflows/up.yml"),
        ("last", 26, ("publish",), "", "testpypi", ""),
    ]
    assert [job.id for job in found.before(found.jobs["last"])] == ["publish", "build"]
    steps = found.jobs["build"].steps
    assert [(step.number, step.line, step.id, step.action, step.condition) for step in steps] == [
        (0, 14, "", "actions/checkout", ""),
        (1, 16, "make", "", "github.ref == 'refs/tags/v1'"),
    ]
    assert steps[0].uses is not None
    assert found.comment(steps[0].uses) == "v4.2.2"
    env = found.jobs["build"].env
    assert [(env.get(key).text, env.get(key).value) for key in env.names()] == [("3.10", 3.1), ("yes", "yes")]


def test_expressions_have_places() -> None:
    """Each `${{ }}` is found with the line and column where it stands, in blocks as well; `}}` in quotes ends none."""
    found = document(PUBLISH)
    assert found.expressions(found.root) == (
        Expression(text="github.ref == 'refs/tags/v1'", line=17, column=13),
        Expression(text="github.ref", line=19, column=16),
        Expression(text="'}}'", line=20, column=17),
        Expression(text="matrix.os", line=29, column=15),
    )


@pytest.mark.parametrize("on", ["push", "[push]", "{push: }", "{push: {}}", "\n  push:\n"])
def test_on_is_a_word_in_every_spelling(on: str) -> None:
    """`on` is the key that it looks like, and its three forms mean the same."""
    found = document(f"on: {on}\njobs: {{}}\n")
    assert ({event: t.filters.names() for event, t in found.triggers.items()}, found.problems) == ({"push": ()}, ())


@pytest.mark.parametrize(
    ("source", "line", "column", "why"),
    [
        ("on: push\njobs: {}\non: push\n", 3, 1, "the key `on` is there already, in line 1"),
        ("on: {push: 1, Push: 2}\njobs: {}\n", 1, 15, "the key `Push` is there already, in line 1"),
        ("on: push\njobs:\n\ta: 1\n", 3, 1, "found character '\\t' that cannot start any token"),
        ("on: [push\n", 2, 1, "expected ',' or ']', but got '<stream end>'"),
        ("on: push\njobs: *x\n", 2, 7, "found undefined alias 'x'"),
        ("on: push\njobs: {a: &a {b: 1}, c: {<<: *a}}\n", 2, 26, "GitHub does not know merge keys (`<<`)"),
        ("on: push\njobs: {a: !x {}}\n", 2, 11, "GitHub does not know the tag !x"),
        ("on: push\njobs: {[a]: {}}\n", 2, 8, "a key is no single value"),
        ("on: push\n---\njobs: {}\n", 2, 1, "but found another document"),
        ("on: push\njobs: {a: b\0}\n", 2, 12, "the character '\\x00' is not allowed in YAML"),
        ("on: push\njobs: {a: 🚀\x07}\n", 2, 12, "the character '\\x07' is not allowed in YAML"),
        ("", 1, 1, "the file is empty"),
        ("# nothing\n", 1, 1, "the file is empty"),
        ("- a\n", 1, 1, "it is no mapping"),
        ("\n\nname: x\non: push\n", 3, 1, "it is no workflow: `jobs` is missing"),
        ("name: x\nruns: {using: composite, steps: []}\n", 1, 1, "it is an action, not a workflow"),
        ("on: push\njobs:\n  a: 1\n", 3, 3, "the job `a` is no mapping"),
        (
            "on: push\njobs:\n  a: {runs-on: x, needs: [b], steps: [{run: x}]}\n",
            3,
            27,
            "the job `a` needs `b`, which does not exist",
        ),
        ("on: push\njobs:\n  a: {runs-on: x, needs: a, steps: [{run: x}]}\n", 3, 1, "the job `a` needs itself"),
        ("on: push\njobs:\n  a: {runs-on: x, steps: [{run: '${{ x'}]}\n", 3, 33, "an expression `${{` is not closed"),
        ("on: push\njobs:\n  a: {steps: [{run: x}]}\n", 3, 1, "the job `a` has no `runs-on`"),
        ("on: push\njobs:\n  a: {runs-on: x}\n", 3, 1, "the job `a` has no steps"),
        (
            "on: push\njobs:\n  a: {runs-on: x, steps: [{name: x}]}\n",
            3,
            27,
            "a step of `a` has neither `uses` nor `run`",
        ),
        (
            "on: push\njobs:\n  a: {runs-on: x, steps: [{run: x, uses: y}]}\n",
            3,
            27,
            "a step of `a` has both `uses` and `run`",
        ),
        ("on: push\nconcurrency: {cancel-in-progress: true}\njobs: {}\n", 2, 14, "`concurrency` has no `group`"),
        ("[" * 60 + "]" * 60, 1, 52, "it is nested deeper than 50 levels"),
        ("[" * 100_000, 1, 1, "it is nested deeper than 50 levels"),
        (b"on: \xff\n", 1, 1, "byte 4 is not UTF-8"),
        (b"a" * (BIGGEST + 1), 1, 1, "the file is larger than 1,048,576 bytes"),
    ],
)
def test_what_github_refuses_is_a_problem_with_its_place(source: str | bytes, line: int, column: int, why: str) -> None:
    """A file that GitHub would refuse has a problem with line and column, and is still a document."""
    assert document(source).problems[0] == Problem(line=line, column=column, why=why)


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    """CRLF and a byte order mark are read over: same jobs, same lines, same texts."""
    windows = document(b"\xef\xbb\xbf" + PUBLISH.replace("\n", "\r\n").encode())
    assert windows.root == document(PUBLISH).root


def test_an_anchor_may_be_used_again() -> None:
    """An alias means the anchor before it, however often that name was used."""
    found = document("on: push\njobs: {}\nenv: {a: &x 1, b: &x 2, c: *x}\n")
    assert (text(found.root.get("env", "c")), found.problems) == ("2", ())


def test_odd_values_are_no_crash() -> None:
    """Where a list, a mapping or nothing stands in place of a value, the properties say nothing."""
    found = document(
        "on: 3\njobs: {a: {needs: {b: c}, if: [1], steps: [1, null, {uses: [x]}], env: [], environment: [x]}}"
    )
    odd = found.jobs["a"]
    assert (odd.needs, odd.condition, odd.environment, [step.action for step in odd.steps]) == ((), "", "", [""])
    assert (scalars(None), text(None), odd.env.names()) == ((), "", ())


PIECES = st.sampled_from(
    [
        *("on:", "jobs:", "steps:", "needs: ", "if: ", "a: ", "b: ", " ", "  ", "\n", "- ", "? ", ": ", ","),
        *("[", "]", "{", "}", "&x ", "*x", "<<: ", "'", '"', "|\n", ">-\n", "# c", "${{", "}}", "!", "!!str "),
        *("---\n", "%", "\t", "🚀", "1.0"),
    ]
)


@settings(max_examples=400)
@given(st.lists(PIECES, max_size=60).map("".join))
def test_pieces_of_yaml_never_crash_the_reader(source: str) -> None:
    """Whatever is put together from YAML's own signs is read in bounded time, as a document or with problems."""
    found = document(source)
    assert found.problems or found.root.get("jobs") is not None
    for job in found.jobs.values():
        assert found.before(job) is not None and job.steps is not None
    assert all(expression.line >= 1 for expression in found.expressions(found.root))


@settings(max_examples=200)
@given(st.binary(max_size=400))
def test_bytes_never_crash_the_reader(data: bytes) -> None:
    """Any bytes at all are read without an exception."""
    assert document(data).file == "publish.yml"


@pytest.mark.parametrize("filling", ["${{", "'", "${{ ' }}", "a", "\\"])
def test_large_values_take_time_in_proportion(filling: str) -> None:
    """A value of 200 kB full of unfinished expressions or quotes is read within seconds."""
    started = time.process_time()
    found = document(f"on: push\njobs: {{}}\nname: |\n  {filling * (200_000 // len(filling))}\n")
    assert len(found.name) > 190_000 and found.expressions(found.root) is not None
    assert time.process_time() - started < 10
