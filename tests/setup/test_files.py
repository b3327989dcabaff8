"""What the doctor says about the files that keep a repository safe."""

import pytest

from tagship.setup.files import CHECKS
from tests.rehearsing import git
from tests.setup.rows import OK, PROBLEM, UNKNOWN, Change, Row, edit, rows, write
from tests.setup.worlds import SetUp, Stagehand

WORKFLOW = ".github/workflows/publish.yml"
BOT = ".github/dependabot.yml"
LOCK = ".github/workflows/actions.lock"
USED = (
    "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1",
    "actions/upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a",
    "actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c",
    "pypa/gh-action-pypi-publish@dc37677b2e1c63e2034f94d8a5b11f265b73ba33",
)
COOLDOWN = "    cooldown:\n      default-days: 7 # a bad version is mostly found within days\n"
OLD = (
    'on: {push: {tags: ["v*"]}}\njobs:\n  deploy:\n    runs-on: ubuntu-latest\n    steps:\n'
    "    - run: twine upload dist/*\n      env: {TWINE_PASSWORD: '${{ secrets.PYPI }}'}\n"
)
PYPIRC = "[pypi]\nusername = __token__\npassword = made-up-for-this-test\n"


def _locked(*names: str) -> Change:
    listed = "".join(f"        - '{name}'\n" for name in names)
    return write(LOCK, f"version: 'v0.0.2'\nworkflows:\n    '{WORKFLOW}':\n{listed}dependencies: {{}}\n")


def _elsewhere(made: SetUp) -> None:
    git(made.root, "remote", "set-url", "origin", "https://gitlab.com/owner/sample.git")


def _renovate(made: SetUp) -> None:
    made.write(BOT, None)
    made.write("renovate.json", "{}\n")


def _owners(line: str) -> Change:
    return write(".github/CODEOWNERS", f"# who\n{line}\n")


NOT_KNOWN = "which repository on GitHub it is for is not known (the repository is on gitlab.com)"
NOBODY = "nobody owns .github/workflows"
TABLE = [
    Row("security.updates", "none", write(BOT, None), PROBLEM,
        "no entry for github-actions in /, no entry for pip in /.github/tagship"),
    Row("security.updates", "another bot", _renovate, OK, "Renovate"),
    Row("security.cooldown", "none", edit(BOT, f"/\n    schedule:\n      interval: weekly\n{COOLDOWN}",
        "/\n    schedule:\n      interval: weekly\n"), PROBLEM, "no cooldown for github-actions in /"),
    Row("security.owners", "none", write(".github/CODEOWNERS", None), PROBLEM, "there is no CODEOWNERS"),
    *(Row("security.owners", line[:40], _owners(line), OK, "@owner own it")
      for line in ("* @owner", "/.github/ @owner", ".github @owner", "*.yml @owner", "/.github/**  @owner # us",
                   "workflows/ @owner", "**/publish.yml @owner", "/.github/workflows/* @owner",
                   "/.git???/**/*.y*l @owner", f"/{'**/' * 9000}publish.yml @owner")),
    *(Row("security.owners", line[:40], _owners(line), PROBLEM, NOBODY)
      for line in ("docs/ @owner", "/.github/* @owner", "/workflows/ @owner", "* @owner\n/.github/", "# * @owner",
                   "[.]github/ @owner", f"{'*' * 99}x @owner", f"/{'**/' * 9000}x @owner", f"/{'**?' * 99}x @owner")),
    Row("security.actions-lock", "not in it", write(LOCK, "version: 'v0.0.2'\nworkflows: {}\n"), OK,
        f"{WORKFLOW} is not in it, and runs as it is"),
    Row("security.actions-lock", "all", _locked(*USED), OK, "it has every action of the workflow"),
    Row("security.actions-lock", "one lacks", _locked(*USED[1:]), PROBLEM,
        f"it lacks {USED[0]}: GitHub would start no job, and say so nowhere"),
    Row("security.actions-lock", "broken", write(LOCK, "workflows: [\n"), UNKNOWN,
        "it cannot be read, and GitHub ignores such a file without a word"),
    Row("security.one-route:old.yml", "another", write(".github/workflows/old.yml", OLD), PROBLEM,
        "deploy of old.yml uploads as well"),
    Row("security.no-passwords:old.yml", "a token", write(".github/workflows/old.yml", OLD), PROBLEM,
        "its job deploy uploads with a token, and the project is set to trusted publishing"),
    Row("security.no-passwords:tools/.pypirc", "a file", write("tools/.pypirc", PYPIRC), PROBLEM,
        "it is committed, and holds passwords or tokens"),
    Row("security.policy", "none", write("SECURITY.md", None), PROBLEM, "there is no SECURITY.md"),
    *(Row(f"security.{id}", "elsewhere", _elsewhere, UNKNOWN, NOT_KNOWN) for id in ("updates", "one-route")),
]  # fmt: skip


@pytest.mark.requirement("C2", "C4")
@rows(TABLE)
def test_the_files(row: Row, worlds: Stagehand) -> None:
    """Updates, owners, locks and what an older way to publish left behind are named, with a remedy."""
    assert row.seen(worlds) == row.wanted


def test_good_files(worlds: Stagehand) -> None:
    """Every check of the files that applies is ok where everything is right."""
    for auth in ("trusted-publishing", "token"):
        with worlds.open(f"files-{auth}", auth=auth) as made:  # type: ignore[arg-type]
            result = made.doctor(checks=CHECKS)
        assert {check.fact.id for check in result.checks} == {check.id for check in CHECKS} - {"security.actions-lock"}
        assert {check.fact.status for check in result.checks} == {OK}
