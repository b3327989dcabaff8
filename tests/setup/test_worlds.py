"""The world in which everything is right, and that each check has a world in which it is ok, a problem, unknown.

The rows of the tables of the other files say what a check says in one world; they are collected here, and make
docs/doctor-worlds.md.
"""

import importlib
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tagship.model import Status
from tagship.setup.check import Group
from tagship.setup.doctor import CHECKS
from tests.rehearsing import git
from tests.setup.broken import BROKEN
from tests.setup.worlds import Auth, Said, Stagehand

RELEASED = Said(where="", words="released")
PAGE = Path(__file__).parents[2] / "docs" / "doctor-worlds.md"
TABLES = {
    "test_local": "TABLE",
    "test_workflow": "TABLE",
    "test_ci_checks": "TABLE",
    "test_files": "TABLE",
    "test_starting_nothing": "TABLE",
    "test_github": "TABLE",
    "test_index_checks": "ROWS",
    "test_tokens": "ROWS",
    "test_schedule": "TABLE",
}
"""The tables of rows, by their files."""
FILES = "files of the checkout are there or not, and say what they say"
NEVER = dict.fromkeys(
    (
        *("local.name", "local.remote", "local.one-repository", "local.version", "local.history", "local.committed"),
        *("local.tagship", "local.packages", "workflow.skipped", "ci.found", "ci.pushes"),
        *("ci.paths", "ci.ignored-paths", "ci.cancelled", "ci.one-maker", "ci.known-names", "security.cooldown"),
        *("security.owners", "security.no-passwords", "security.policy"),
    ),
    FILES,
) | {"security.reader-token": "GitHub says it beside each answer"}
"""Checks that are never unknown, and why."""
SILENT = dict.fromkeys(
    ("local.packages", "ci.ignored-paths", "ci.one-maker", "ci.known-names"), "left out where nothing is wrong"
)
"""Checks that are never ok, and why."""
MOVED = "the tag of the newest release was moved"
HEAD = """\
# Worlds of the doctor

Each check of `tagship doctor` is tried in a world in which it is ok, in one in which it is a problem, or still to be
done, and in one in which it could not be seen. A row of the table is three rows of the tests, each of which compares
all that the check says.

| check | ok | problem, or still to be done | unknown |
| --- | --- | --- | --- |
"""


@pytest.mark.requirement("C2")
@pytest.mark.parametrize("ref", ["refs/tags/v1.0.0", "refs/heads/main"])
@pytest.mark.parametrize("auth", ["trusted-publishing", "token"])
def test_a_right_set_up_releases(worlds: Stagehand, auth: Auth, ref: str) -> None:
    """Where everything is right the doctor names no problem, and the release succeeds on both indexes."""
    with worlds.open(f"right-{auth}-{ref.rpartition('/')[2]}", auth=auth) as made:
        assert made.problems() == {}
        assert made.release(ref=ref) == RELEASED


@pytest.mark.requirement("C2")
def test_before_the_first_release_nothing_is_wrong(worlds: Stagehand) -> None:
    """Before anything was released the doctor names no problem, and the first release succeeds."""
    with worlds.open("fresh", fresh=True) as made:
        assert made.problems() == {}
        assert made.release() == RELEASED


def _rows() -> Iterator[tuple[str, Status, str]]:
    """Id of the check, what it says, and what was changed, of every row."""
    for module, name in TABLES.items():
        for row in getattr(importlib.import_module(f"tests.setup.{module}"), name):
            if hasattr(row, "says"):
                for id, said in row.says.items():
                    if said is not None:
                        yield id, Status(said.partition(":")[0]), row.what
            else:
                yield row.id, row.status, row.why
    yield "index.commit", Status.PROBLEM, MOVED
    for broken in BROKEN:
        yield broken.named, Status.PENDING if broken.fresh else Status.PROBLEM, broken.what


@pytest.mark.requirement("C2")
def test_the_command_says_so_too(worlds: Stagehand) -> None:
    """At the default addresses `tagship doctor` ends with 0 where all is right, and with 2 where much is unseen."""
    with worlds.open("command") as made:
        # not the lock's digest of tagship itself, which changes with every edit of the sources beside this test
        words = [word for group in Group if group is not Group.WORKFLOW for word in ("--only", group)]
        right, blind = made.command(*words, token=made.token()), made.command(*words)
        assert (right.returncode, blind.returncode) == (0, 2), right.stdout + right.stderr
        assert made.command("--allow-unknown", *words).returncode == 0


Found = dict[str, dict[Status, list[str]]]


@pytest.fixture(scope="module")
def found(worlds: Stagehand) -> Found:
    """The worlds of each check, by what it says there."""
    found: Found = defaultdict(lambda: defaultdict(list))
    auths: tuple[Auth, ...] = ("trusted-publishing", "token")
    for auth in auths:
        with worlds.open(f"found-{auth}", auth=auth) as made:
            for seen in made.doctor().checks:
                if seen.fact.status is Status.OK:
                    found[seen.fact.id.partition(":")[0]][Status.OK].append("everything is right")
    for id, status, what in _rows():
        kept = Status.PROBLEM if status is Status.PENDING else status
        found[id.partition(":")[0]][kept].append(what)
    return found


def _page(found: Found) -> str:
    lines = []
    for check in CHECKS:
        seen = found[check.id]
        cells = [
            seen[status][0].replace("|", "\\|") if seen[status] else ""
            for status in (Status.OK, Status.PROBLEM, Status.UNKNOWN)
        ]
        cells[0] = cells[0] or f"never: {SILENT[check.id]}"
        cells[2] = cells[2] or f"never: {NEVER[check.id]}"
        lines.append(f"| `{check.id}` | {' | '.join(cells)} |")
    return HEAD + "\n".join(lines) + "\n"


@pytest.mark.parametrize("id", [check.id for check in CHECKS])
def test_a_check_has_three_worlds(found: Found, id: str) -> None:
    """There is a row in which it is ok, one in which it is not, and one in which it is unknown, or a reason."""
    lacks = [status.value for status in (Status.OK, Status.PROBLEM, Status.UNKNOWN) if not found[id][status]]
    assert lacks == [*(["ok"] if id in SILENT else []), *(["unknown"] if id in NEVER else [])]


def test_a_tag_that_was_moved_is_named(worlds: Stagehand) -> None:
    """The certificate of the release says another commit than its tag has."""
    with worlds.open("moved") as made:
        was = git(made.root, "rev-parse", "v0.9.0")
        git(made.root, "tag", "--force", "v0.9.0", "HEAD")
        now = git(made.root, "rev-parse", "HEAD")
        said = made.problems([check for check in CHECKS if check.id == "index.commit"])
        assert said == {"index.commit:pypi": f"0.9.0 was made from {was[:12]}, and v0.9.0 is {now[:12]}"}


def test_the_table_of_worlds_is_in_the_documentation(found: Found) -> None:
    """`docs/doctor-worlds.md` is made from the rows: TAGSHIP_UPDATE_GOLDEN=1 writes it again."""
    if os.environ.get("TAGSHIP_UPDATE_GOLDEN"):
        PAGE.write_text(_page(found))
    assert PAGE.read_text() == _page(found)
