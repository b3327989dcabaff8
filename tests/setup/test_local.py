"""What the doctor says about the checkout."""

import pytest

from tagship import __version__
from tagship.model import Status
from tagship.setup.local import CHECKS
from tests.rehearsing import git
from tests.setup.rows import OK, PENDING, PROBLEM, UNKNOWN, Change, Row, edit, rows
from tests.setup.worlds import SLUG, SetUp, Stagehand

WORKFLOW = ".github/workflows/publish.yml"
LOCK = ".github/tagship/requirements.txt"


def _remote(*words: str) -> Change:
    def change(made: SetUp) -> None:
        git(made.root, "remote", *words)

    return change


def _configured(line: str) -> Change:
    return edit("pyproject.toml", "[dependency-groups]", f"[tool.tagship]\n{line}\n\n[dependency-groups]")


def _to(address: str, *more: str) -> Change:
    def change(made: SetUp) -> None:
        for line in more:
            _configured(line)(made)
        git(made.root, "remote", "set-url", "origin", address)

    return change


def _fork(made: SetUp) -> None:
    git(made.root, "remote", "add", "upstream", "git@github.com:original/sample.git")


def _no_origin(made: SetUp) -> None:
    git(made.root, "remote", "rename", "origin", "mine")
    git(made.root, "remote", "add", "theirs", "https://github.com/original/sample")


def _untracked(made: SetUp) -> None:
    git(made.root, "rm", "--quiet", "--cached", LOCK)
    git(made.root, "commit", "--quiet", "--message", "Ignore the lock")


def _changed(made: SetUp) -> None:
    (made.root / WORKFLOW).write_text((made.root / WORKFLOW).read_text() + "# a thought\n")


def _shallow(made: SetUp) -> None:
    whole = made.root.with_name("whole")
    made.root.rename(whole)
    git(whole.parent, "clone", "--quiet", "--depth", "1", f"file://{whole}", "checkout")
    git(made.root, "remote", "set-url", "origin", f"https://github.com/{SLUG}.git")


def _unfetched(made: SetUp) -> None:
    git(made.root, "update-ref", "-d", "refs/remotes/origin/main")
    git(made.root, "symbolic-ref", "--delete", "refs/remotes/origin/HEAD")


def _other_package(made: SetUp) -> None:
    made.write("extras/pyproject.toml", '[project]\nname = "sample-extras"\nversion = "1"\n')


NO_HOST = "PyPI trusts the workflows of github.com alone"
TABLE = [
    Row("local.name", "wrong", edit("pyproject.toml", '"sample"\nv', '"a sample"\nv'), PROBLEM,
        "'a sample' is no name that an index would take"),
    Row("local.name", "computed", edit("pyproject.toml", 'name = "sample"\n', ""), PROBLEM,
        "no project file says the name as a literal"),
    Row("local.remote", "none", _remote("remove", "origin"), PROBLEM, "the repository has no remote"),
    Row("local.remote", "ssh", _to(f"git@github.com:{SLUG}.git"), OK, SLUG),
    Row("local.remote", "other ssh", _to(f"ssh://git@github.com:22/{SLUG}"), OK, SLUG),
    Row("local.remote", "elsewhere", _to(f"https://gitlab.com/{SLUG}.git"), PROBLEM,
        "the repository is on gitlab.com"),
    Row("local.remote", "enterprise", _to(f"https://github.company.example/{SLUG}.git"), PROBLEM,
        f"the repository is on github.company.example; {NO_HOST}"),
    Row("local.remote", "enterprise with tokens", _to(f"https://github.company.example/{SLUG}", 'auth = "token"'), OK,
        f"{SLUG} on github.company.example; uploads are authorised by tokens"),
    Row("local.one-repository", "fork", _fork, PROBLEM,
        "origin is owner/sample, and upstream is original/sample: this looks like the clone of a fork"),
    Row("local.one-repository", "no origin", _no_origin, PROBLEM,
        "none of the remotes is called origin, and they disagree: mine is owner/sample, theirs is original/sample"),
    Row("local.one-repository", "a mirror", _remote("add", "mirror", f"https://gitlab.com/{SLUG}"), OK, SLUG),
    Row("local.version", "computed", edit("pyproject.toml", 'version = "1.0.0"', 'dynamic = ["version"]'), PROBLEM,
        "the version cannot be known: pyproject.toml declares none, and hatch is told no source for it"),
    Row("local.version", "from the tag", edit(
        "pyproject.toml", 'version = "1.0.0"', 'dynamic = ["version"]\n\n[tool.hatch.version]\nsource = "vcs"\n'
        "\n[project.urls]"), OK, "the tag is the version, by hatch-vcs"),
    Row("local.history", "shallow", _shallow, PROBLEM, "the clone is shallow: tags and branches may be missing"),
    Row("local.committed", "untracked", _untracked, PROBLEM, f"{LOCK} is not in git"),
    Row("local.committed", "changed", _changed, PROBLEM, f"{WORKFLOW} has changes"),
    Row("local.pushed", "ahead", lambda made: made.write(LOCK, "tagship==0.1.0\n", push=False), PENDING,
        f"main on GitHub has not got these as they are committed here: {LOCK}"),
    Row("local.pushed", "never fetched", _unfetched, UNKNOWN, "this clone does not know the branch main of origin"),
    Row("local.pushed", "no remote", _remote("remove", "origin"), UNKNOWN, "there is no remote"),
    Row("local.tagship", "older", edit(LOCK, f"tagship=={__version__}", "tagship==0.0.1"), PROBLEM,
        f"the workflow installs tagship 0.0.1, and this is {__version__}"),
    Row("local.tagship", "newer", edit(LOCK, f"tagship=={__version__}", "tagship==99.0"), PROBLEM,
        f"the workflow installs tagship 99.0, and this is {__version__}"),
    Row("local.packages", "another", _other_package, PROBLEM, "extras"),
]  # fmt: skip


@pytest.mark.requirement("C2")
@rows(TABLE)
def test_the_checkout(row: Row, worlds: Stagehand) -> None:
    """What is wrong with the checkout is named, what is unusual and right is ok, and a remedy is always there."""
    assert row.seen(worlds) == row.wanted


def test_a_good_checkout(worlds: Stagehand) -> None:
    """Every check of the checkout that applies is ok where everything is right."""
    with worlds.open("local") as made:
        result = made.doctor(checks=CHECKS)
    applying = {check.id for check in CHECKS} - {"local.packages"}
    assert {check.fact.id: check.fact.status for check in result.checks} == dict.fromkeys(applying, Status.OK)
