"""What starts nothing is named: commits that skip workflows, tags of a workflow, workflows behind a release."""

import pytest

from tagship.setup.starting import CHECKS
from tests.setup.rows import OK, PROBLEM, UNKNOWN, Row, edit, rows, write
from tests.setup.worlds import SetUp, Stagehand

SHA = "3d3c42e5aac5ba805825da76410c181273ba90b1"


def job(on: str, *steps: str) -> str:
    """A workflow of one job."""
    rows = "".join(f"      - {step}\n" for step in steps)
    return f"on: {on}\npermissions: {{contents: write}}\njobs:\n  own:\n    runs-on: ubuntu-latest\n    steps:\n{rows}"


UPLOAD = f"pypa/gh-action-pypi-publish@{SHA}"
PUSH = "{push: {branches: [main]}}"
TAGGED = "own.yml", "its job own makes tags ({}) with the token of its run, which start no workflow"
BEHIND = "own.yml", "a release starts it, and not one that the publishing workflow makes"
SEALED = f"{BEHIND[1]}; and nothing can be attached to an immutable release"


def _right(made: SetUp) -> None:
    """Change nothing."""


def _skip(made: SetUp) -> None:
    made.write("README.md", "# 1.0.0\n", message="Release 1.0.0 [skip ci]")


OWN = ".github/workflows/own.yml"
TABLE = [
    Row("workflow.skipped", "an ordinary message", _right, OK, "its message does not"),
    Row("workflow.skipped", "[skip ci]", _skip, PROBLEM, "the message of the newest commit has [skip ci]"),
    Row("workflow.tagged-by-token", "people make tags", _right, OK,
        "no workflow makes tags with the token of its run"),
    Row("workflow.tagged-by-token:own.yml", "a workflow does",
        write(OWN, job(PUSH, "run: git push --follow-tags")), PROBLEM, TAGGED[1].format("git push --follow-tags")),
    Row("workflow.tagged-by-token", "the project has no name",
        edit("pyproject.toml", 'name = "sample"\n', ""), UNKNOWN,
        "the project has no name that an index would take"),
    Row("workflow.behind-release", "the project has no name",
        edit("pyproject.toml", 'name = "sample"\n', ""), UNKNOWN,
        "the project has no name that an index would take"),
    Row("workflow.behind-release", "none waits", _right, OK, "none waits for a release"),
    Row("workflow.behind-release:own.yml", "one waits",
        write(OWN, job("{release: {types: [published]}}", "run: make docs")), PROBLEM, SEALED),
]  # fmt: skip


@rows(TABLE)
def test_what_starts_nothing_is_said(worlds: Stagehand, row: Row) -> None:
    """In this world the check says just this, and what to do where it is not ok."""
    assert row.seen(worlds) == row.wanted


@pytest.mark.parametrize(
    ("text", "id", "said"),
    [
        (job(PUSH, "run: git tag v1.0.0 && git push origin v1.0.0"), "workflow.tagged-by-token", "git tag v1.0.0"),
        (job(PUSH, "run: git push --follow-tags"), "workflow.tagged-by-token", "git push --follow-tags"),
        (job(PUSH, "run: gh release create v1"), "workflow.tagged-by-token", "gh release create"),
        (job(PUSH, f"uses: googleapis/release-please-action@{SHA}"), "workflow.tagged-by-token", "googleapis/"),
        (job("{release: {types: [published]}}", "run: make docs"), "workflow.behind-release", SEALED),
    ],
)
def test_a_workflow_that_leads_nowhere_is_named(worlds: Stagehand, text: str, id: str, said: str) -> None:
    """The file and what it does are said, whoever makes the tag."""
    with worlds.open("starting") as made:
        made.write(".github/workflows/own.yml", text)
        (found,) = made.problems(CHECKS).items()
        assert found[0] == f"{id}:own.yml"
        assert said in found[1]


@pytest.mark.parametrize(
    "text",
    [
        job(PUSH, "run: git push origin main"),
        job(PUSH, "run: git checkout $(git tag -l | tail -1) && git push origin HEAD:stable"),
        job(PUSH, "run: git tag | tail -1 && git push origin HEAD:stable"),
        job(PUSH, "run: |\n          gh release create v1 \\\n            --draft --notes-file notes.md"),
        job(PUSH, "run: git push --tags\n        env: {GH_TOKEN: '${{ secrets.RELEASE_TOKEN }}'}"),
        job(PUSH, "run: git push --tags", "run: gh workflow run publish.yml --ref v1.0.0"),
        job("{push: {tags: ['v*']}}", "run: gh release create v1"),
        job(PUSH, "run: gh release create v1", f"uses: {UPLOAD}"),
        job("{release: {types: [published]}, push: {tags: ['v*']}}", "run: make docs"),
    ],
)
def test_what_leads_somewhere_is_left_alone(worlds: Stagehand, text: str) -> None:
    """A token of its own, a dispatch, or the tag's own push start what they are meant to."""
    with worlds.open("starting") as made:
        made.write(".github/workflows/own.yml", text)
        assert made.problems(CHECKS) == {}


def test_behind_a_workflow_of_ones_own_releases_start_what_waits_for_them(worlds: Stagehand) -> None:
    """Where people make the releases themselves, a workflow that waits for one is left alone."""
    with worlds.open("starting") as made:
        made.write(".github/workflows/publish.yml", job("{release: {types: [published]}}", "run: twine upload dist/*"))
        assert {id for id in made.problems(CHECKS) if id.startswith("workflow.behind-release")} == set()


def test_a_workflow_written_by_hand_may_wait_for_releases(worlds: Stagehand) -> None:
    """Where people make the releases on GitHub, a publishing workflow that waits for them is started by them."""
    with worlds.open("starting") as made:
        made.write(".github/workflows/publish.yml", job("{release: {types: [published]}}", f"uses: {UPLOAD}"))
        assert made.problems(CHECKS) == {}


@pytest.mark.parametrize(
    ("reviewers", "prevented", "said"),
    [
        (("owner",), True, {"github.approval:pypi": "owner alone may approve, and not what they started themselves"}),
        (("owner", "second"), True, {}),
        (("owner",), False, {}),
    ],
)
def test_an_approval_that_nobody_can_give_is_named(
    worlds: Stagehand, reviewers: tuple, prevented: bool, said: dict
) -> None:
    """One reviewer who may not approve their own release is named; a second one, or self-review, is a way out."""
    with worlds.open("starting") as made:
        pypi = made.github.environments["pypi"]
        pypi.reviewers, pypi.prevent_self_review = reviewers, prevented
        assert made.problems(CHECKS) == said
