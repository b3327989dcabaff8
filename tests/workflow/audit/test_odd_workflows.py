"""Workflows as strangers write them: odd forms, other people's layouts, and what is no workflow at all."""

import time
from copy import deepcopy
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from tagship.workflow.audit import audit, publishes
from tagship.workflow.document import read

UPLOAD = "pypa/gh-action-pypi-publish@dc37677b2e1c63e2034f94d8a5b11f265b73ba33 # v1.14.2"


def found(source: str) -> list[tuple[str, int, str]]:
    """Code, line and title of every finding."""
    findings = audit(read(source.encode(), "release.yml"))
    return [(f.code, int(f.where.split(":")[1]), f.title) for f in findings]


def codes(source: str) -> set[str]:
    """The codes that are found."""
    return {code for code, _, _ in found(source)}


def job(*lines: str, on: str = "{push: {tags: ['v*']}}", head: str = "") -> str:
    """A workflow with one job that uploads: lines in the job, before its steps."""
    inside = "".join(f"    {line}\n" for line in lines)
    return f"on: {on}\n{head}jobs:\n  up:\n    runs-on: ubuntu-latest\n{inside}    steps:\n      - uses: {UPLOAD}\n"


@pytest.mark.parametrize(
    ("step", "uploads"),
    [
        ("uses: pypa/gh-action-pypi-publish@release/v1", True),
        ("run: twine upload dist/*", True),
        ("run: python -m twine upload dist/*", True),
        ('run: "python -m twine \\\\\\n  --no-color \\\\\\n  upload dist/*"', True),
        ("run: uv publish", True),
        ("run: uv --no-progress publish", True),
        ("run: poetry --no-ansi -n publish", True),
        ("run: uv --version", False),
        ("run: uv publish --dry-run", False),
        ("run: flit publish", True),
        ("run: hatch publish", True),
        ("run: poetry publish --build", True),
        ("run: pdm publish", True),
        ("run: maturin upload wheels/*", True),
        ("{uses: PyO3/maturin-action@v1, with: {command: upload}}", True),
        ("{uses: PyO3/maturin-action@v1, with: {command: build}}", False),
        ("run: curl -F content=@x.whl https://upload.pypi.org/legacy/", True),
        ("{run: tox -e release, env: {TWINE_PASSWORD: '${{ secrets.PYPI_TOKEN }}'}}", True),
        ("'run': '# twine upload dist/*'", False),
        ("run: pip install twine", False),
        ("run: gh release create v1", False),
    ],
)
def test_what_counts_as_an_upload(step: str, uploads: bool) -> None:
    """A workflow is judged where it uploads to an index, however it does that, and nowhere else."""
    source = f"on: push\njobs:\n  up:\n    runs-on: ubuntu-latest\n    steps:\n      - {step}\n"
    document = read(source.encode(), "release.yml")
    assert (publishes(document), bool(audit(document))) == (uploads, uploads)


@pytest.mark.parametrize(
    ("comment", "silent"),
    [("v8.0.1", True), ("8.0.1", True), ("v8", True), ("", True), ("pinned", True), ("v7", False), ("v8.0.0", False)],
)
def test_a_comment_may_name_the_version_in_every_usual_way(comment: str, silent: bool) -> None:
    """A commit and the version behind it disagree only where both cannot be right."""
    pinned = f"actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # {comment}"
    assert ("TS21" not in codes(job() + f"      - uses: {pinned}\n")) == silent


def test_a_reusable_workflow_is_not_blamed_for_what_its_caller_decides() -> None:
    """Gate, concurrency and fork guard of a called workflow are its caller's; the environment is its own."""
    called = codes(job(on="workflow_call"))
    assert {"TS04", "TS16", "TS20"} & called == set()
    assert "TS03" in called


@pytest.mark.parametrize(
    ("condition", "silent"),
    [
        ("github.ref_type == 'tag'", True),
        ("startsWith(github.ref, 'refs/tags/')", True),
        ("github.event_name == 'push'", True),
        ("github.ref == 'refs/heads/main'", True),
        ("github.repository == 'a/b'", False),
    ],
)
def test_a_start_by_hand_is_limited_by_its_condition(condition: str, silent: bool) -> None:
    """A dispatch is no finding where the upload asks for a tag or for another event."""
    source = job(f"if: {condition}", on="[push, workflow_dispatch]")
    assert ("TS19" not in codes(source)) == silent


def test_a_tag_that_is_checked_out_by_name_is_one() -> None:
    """A dispatch that builds the tag it was given publishes no branch."""
    source = job("needs: build", on="[push, workflow_dispatch]") + (
        "  build:\n    runs-on: x\n"
        "    steps: [{uses: actions/checkout@v4, with: {ref: 'refs/tags/${{ inputs.tag }}'}}]\n"
    )
    assert "TS19" not in codes(source)


@pytest.mark.parametrize(
    ("group", "silent"),
    [
        ("${{ github.ref }}", True),
        ("x-${{ github.workflow }}-${{ github.event.pull_request.number || github.ref }}", True),
        ("${{ github.event.release.tag_name }}", True),
        ("${{ github.event.release.tag }}", False),
        ("${{ github.event.push.ref }}", False),
        ("${{ github.ref == 'refs/heads/main' && 'main' || 'other' }}", False),
        ("${{ github.workflow }}", False),
        ("pypi", False),
    ],
)
def test_groups_are_judged_by_what_the_events_have(group: str, silent: bool) -> None:
    """A group tells versions apart where it has the ref, or a part of the event that exists."""
    source = job(on="{push: {tags: ['v*']}, release: {types: [published]}}", head=f'concurrency: "{group}"\n')
    assert ("TS16" not in codes(source)) == silent


@pytest.mark.parametrize(
    ("needed", "silent"),
    [
        ("steps: [{run: pytest}]", True),
        ("steps: [{run: tox -e py}]", True),
        ("steps: [{run: pytest || true}]", False),
        ("steps: [{run: pytest, continue-on-error: true}]", False),
        ("continue-on-error: true\n    steps: [{run: pytest}]", False),
        ("steps: [{uses: lewagon/wait-on-check-action@v1}]", True),
        ("steps: [{run: gh run watch 5}]", True),
        ("steps: [{run: make}]", False),
        ("steps: [{run: pip install tox}]", False),
        ("steps: [{run: pip install tox && tox -e py313}]", True),
        ("steps: [{run: nox -s release_build}]", False),
    ],
)
def test_what_counts_as_waiting_for_the_tests(needed: str, silent: bool) -> None:
    """An upload waits for the tests where a job before it runs them, or waits for them, and fails if they fail."""
    source = job("needs: before") + f"  before:\n    runs-on: ubuntu-latest\n    {needed}\n"
    assert ("TS04" not in codes(source)) == silent


def test_jobs_of_a_matrix_and_of_another_workflow_are_no_surprise() -> None:
    """Names known only at run time, called workflows and computed lists are read over."""
    source = job("needs: [ci, build]", "strategy: {matrix: '${{ fromJSON(needs.ci.outputs.m) }}'}") + (
        "  ci: {uses: ./.github/workflows/ci.yml}\n"
        "  build:\n    runs-on: '${{ matrix.os }}'\n    name: b ${{ matrix.os }} 🚀\n"
        "    strategy: {matrix: {os: [a, b]}}\n    steps: [{run: 'echo ${{ matrix.os }}'}]\n"
    )
    assert {"TS01", "TS04", "TS24"} & codes(source) == set()


@pytest.mark.parametrize(
    "source",
    [
        "",
        "# only words\n",
        "\x00\x01",
        "[" * 5000,
        "name: composite\nruns: {using: composite, steps: [{run: twine upload dist/*, shell: bash}]}\n",
        "on: push\njobs: {a: &a {runs-on: x, steps: [{run: twine upload}]}, b: {<<: *a}}\n",
        "on: push\njobs: {a: 1}\n",
        "on: push\non: push\njobs: {}\n",
    ],
)
def test_what_github_would_refuse_is_said_of_every_file(source: str) -> None:
    """A file that is no workflow is an error with its place, whether or not anything in it would publish."""
    assert "TS01" in codes(source)


def test_a_duplicate_key_hides_nothing() -> None:
    """A file with a problem is judged as far as it can be read."""
    assert {"TS01", "TS03", "TS04"} <= codes(job() + "on: push\n")


ODD = st.sampled_from(
    [
        *(None, True, 0, -1, 1.5, "", " ", "${{", "${{ }}", "${{ needs.x.outputs.y }}", "'", "always()", "write", "@"),
        *([], [None], [[]], {}, {"": ""}, {"a": [{}]}, "needs.up.result == 'success'", "🚀", "-r", "pip install", "a@"),
    ]
)
BASE = """\
on: {push: {tags: [v]}, workflow_dispatch: {inputs: {a: {type: string}}}}
permissions: {contents: read}
concurrency: {group: x, cancel-in-progress: true}
env: {A: '${{ secrets.B }}'}
jobs:
  ci: {uses: ./.github/workflows/ci.yml, secrets: inherit}
  build:
    needs: [ci]
    runs-on: [ubuntu-latest]
    outputs: {id: '${{ steps.up.outputs.artifact-id }}'}
    steps:
      - {uses: actions/checkout@v4, with: {fetch-depth: 0}}
      - {run: "pip install build\\npython -m build"}
      - {id: up, uses: actions/upload-artifact@v4, with: {name: dist}}
  publish:
    needs: [ci, build]
    if: ${{ !cancelled() && github.event.inputs.a == 'x' }}
    runs-on: {group: x, labels: [y]}
    environment: {name: pypi}
    permissions: {id-token: write}
    timeout-minutes: 5
    concurrency: {group: y}
    steps:
      - {uses: actions/download-artifact@v4, with: {artifact-ids: '${{ needs.build.outputs.id }}'}}
      - {run: sha256sum --check x, env: {X: '${{ needs.build.outputs.sums }}'}}
      - {uses: pypa/gh-action-pypi-publish@release/v1, with: {skip-existing: true, repository-url: x, attestations: no}}
  release:
    needs: publish
    runs-on: x
    steps: [{run: gh release create v1 dist/*}, {run: tagship verify}, {run: tagship gate}]
"""
PLACES = st.lists(st.tuples(st.integers(0, 200), ODD), min_size=1, max_size=4)


def _places(node: object) -> list[tuple[object, object]]:
    pairs = list(node.items()) if isinstance(node, dict) else list(enumerate(node)) if isinstance(node, list) else []
    return [place for key, value in pairs for place in ((node, key), *_places(value))]


@settings(max_examples=300)
@given(PLACES)
def test_no_value_in_any_place_breaks_a_rule(changes: list[tuple[int, object]]) -> None:
    """Whatever stands in place of any value of a workflow, every rule comes to an end, and findings have lines."""
    yaml = YAML(typ="safe", pure=True)
    tree = yaml.load(BASE)
    for number, odd in changes:
        places = _places(tree)
        if places:
            parent, key = places[number % len(places)]
            parent[key] = deepcopy(odd)  # type: ignore[index]
    stream = StringIO()
    yaml.dump(tree, stream)
    assert all(line >= 1 and code.startswith("TS") for code, line, _ in found(stream.getvalue()))


@pytest.mark.parametrize(
    "filling",
    ["curl ", "pip install x ", "|", "sha256sum ", "build ", "tagship ", "pypi ", "uv ", "gh release ", "\\\n", "-"],
)
def test_long_commands_take_time_in_proportion(filling: str) -> None:
    """A step of 100 kB full of what rules look for is judged within seconds."""
    body = (filling * (100_000 // len(filling))).replace("\n", "\n          ")
    source = job("permissions: {id-token: write}") + f"      - run: |\n          {body}\n"
    started = time.process_time()
    assert found(source)
    assert time.process_time() - started < 10


def test_many_jobs_take_time_in_bounds() -> None:
    """A chain of 5,000 jobs that all upload is judged in bounded time, and said to be too long."""
    chain = "".join(
        f"  j{n}: {{runs-on: x, needs: [{f'j{n - 1}' if n else ''}], steps: [{{run: uv publish}}]}}\n"
        for n in range(5000)
    )
    started = time.process_time()
    findings = found(f"on: push\njobs:\n{chain}")
    assert ("TS01", 3, "it has more than 500 jobs") in findings
    assert time.process_time() - started < 120
