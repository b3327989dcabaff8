"""What GitHub should be set to: only checks that every pull request really gets are required of one."""

import json
from pathlib import Path

import pytest

from tagship.project.discover import read
from tagship.services.git import Git
from tagship.services.shell import Shell
from tagship.setup.wanted import ACTIONS_APP, wanted
from tagship.workflow.variant import variant
from tests.rehearsing import PYPROJECT, git, repository

MATRIX = """\
name: Test Suite
on:
  push: {branches: [main]}
  pull_request: PULLS
jobs:
  test:
    name: Tests
    strategy: {matrix: {python: ["3.11", "3.12"]}}
    runs-on: ubuntu-latest
    steps: [{run: pytest}]
  lint:
    runs-on: ubuntu-latest
    steps: [{run: ruff check}]
"""
BOTH = [("Tests (3.11)", ACTIONS_APP), ("Tests (3.12)", ACTIONS_APP)]
LINT = ("lint", ACTIONS_APP)


def required(folder: Path, pulls: str = "", ci: list[str] | None = None) -> list[tuple[str, int | None]]:
    """The required checks of the sample with that CI."""
    config = f"\n[tool.tagship]\nci = {json.dumps(ci)}\n" if ci else ""
    files = {".github/workflows/ci.yml": MATRIX.replace("PULLS", pulls), "pyproject.toml": PYPROJECT + config}
    root = repository(folder / "sample", files)
    git(root, "remote", "add", "origin", "https://github.com/owner/sample.git")
    project = read(root, Git(Shell({}), root))
    return [(check.context, check.app) for check in wanted(project, variant(project)).checks]


@pytest.mark.parametrize(
    ("pulls", "ci", "checks"),
    [
        ("", None, [*BOTH, LINT]),
        ("{branches: [main, 'release/**']}", None, [*BOTH, LINT]),
        ("{branches: [develop]}", None, []),
        ("{branches-ignore: ['m*']}", None, []),
        ("{paths: ['src/**']}", None, []),
        ("{paths-ignore: ['docs/**']}", None, []),
        ("", ["Tests"], BOTH),
        ("", ["lint"], [LINT]),
        ("", ["Test Suite"], []),
        ("", ["Buildbot"], [("Buildbot", None)]),
        ("{paths: ['src/**']}", ["Tests"], []),
    ],
)
def test_what_a_pull_request_has_to_pass(
    pulls: str, ci: list[str] | None, checks: list[tuple[str, int | None]], tmp_path: Path
) -> None:
    """Every entry of a matrix by its name; nothing that a filter keeps from running, which would wait for ever."""
    assert required(tmp_path, pulls, ci) == checks
