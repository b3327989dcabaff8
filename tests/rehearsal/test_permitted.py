"""Settings of GitHub Actions that keep a workflow from running are refusals of the embedded GitHub as well."""

import os
from pathlib import Path

import pytest

from tagship.rehearsal import permitted
from tagship.rehearsal.github import RepositoryState
from tagship.services.git import Git
from tagship.services.shell import Shell
from tagship.workflow.document import read
from tests.rehearsing import repository

SHA = "3d3c42e5aac5ba805825da76410c181273ba90b1"
FILE = ".github/workflows/ci.yml"
BECAUSE = "is not allowed in ada/engine because all actions must be"


def state(folder: Path, **policy: object) -> RepositoryState:
    """A repository of ada's with a policy."""
    made = RepositoryState(owner="ada", name="engine", git=Git(Shell({}), folder), clock=lambda: 0.0)
    for name, value in policy.items():
        setattr(made.policy, name, value)
    return made


@pytest.mark.parametrize(
    ("uses", "policy", "why"),
    [
        ("actions/checkout@v7", {}, ""),
        ("actions/checkout@v7", {"sha_pinning_required": True}, "pinned to a full-length commit SHA."),
        (f"actions/checkout@{SHA}", {"sha_pinning_required": True}, ""),
        ("./.github/actions/own", {"sha_pinning_required": True, "allowed": "local_only"}, ""),
        (f"actions/checkout@{SHA}", {"allowed": "local_only"}, "from a repository owned by ada."),
        ("Ada/tools@v1", {"allowed": "local_only"}, ""),
        ("actions/checkout@v7", {"allowed": "selected", "github_owned": True}, ""),
        ("pypa/build@v1", {"allowed": "selected", "patterns": ("pypa/*",)}, ""),
        (
            "pypa/build@v1",
            {"allowed": "selected", "github_owned": True, "patterns": ("pypa/other@*",)},
            "from a repository owned by ada, or match one of the patterns that are allowed.",
        ),
        ("pypa/build@v1", {"allowed": "selected", "verified": True}, ""),
    ],
)
def test_an_action_that_is_not_allowed_ends_the_run(tmp_path: Path, uses: str, policy: dict, why: str) -> None:
    """What the settings do not allow is refused in GitHub's words, our own actions aside."""
    text = f"on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps: [{{uses: {uses}}}]\n"
    said = permitted.refused(state(tmp_path, **policy), read(text.encode(), FILE))
    assert said == (f"The action {uses} {BECAUSE} {why}" if why else "")


@pytest.mark.parametrize(
    ("policy", "doubt"),
    [
        ({"verified": True}, ""),
        ({"allowed": "selected"}, ""),
        ({"allowed": "selected", "verified": True, "github_owned": True, "patterns": ("pypa/*",)}, ""),
        (
            {"allowed": "selected", "verified": True},
            f"whether GitHub has verified who made actions/checkout@{SHA}, pypa/build@v1, and lets it run",
        ),
        (
            {"allowed": "selected", "verified": True, "github_owned": True},
            "whether GitHub has verified who made pypa/build@v1, and lets it run",
        ),
    ],
)
def test_who_is_verified_is_not_guessed(tmp_path: Path, policy: dict, doubt: str) -> None:
    """An action that may run for its verified creator alone is a doubt, neither allowed nor refused."""
    text = (
        "on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n"
        f"    steps: [{{uses: actions/checkout@{SHA}}}, {{uses: ada/tools@v1}}, {{uses: pypa/build@v1}}]\n"
    )
    document = read(text.encode(), FILE)
    assert permitted.unproven(state(tmp_path, **policy), document) == doubt


def test_what_is_switched_off_runs_for_nobody(tmp_path: Path) -> None:
    """A disabled workflow and disabled Actions are told apart."""
    made = state(tmp_path)
    assert permitted.barred(made, FILE) == ""
    made.disabled_workflows.add(FILE)
    assert permitted.barred(made, FILE) == "ci.yml is disabled"
    made.policy.enabled = False
    assert permitted.barred(made, FILE) == "GitHub Actions is disabled for this repository"


@pytest.mark.parametrize(
    ("lock", "why"),
    [
        ("workflows:\n  '.github/workflows/ci.yml': ['actions/cache@v5']\n", "lacks actions/checkout@v7"),
        ("workflows:\n  '.github/workflows/ci.yml': ['actions/checkout@v7']\n", ""),
        ("workflows:\n  '.github/workflows/other.yml': []\n", ""),
        ("workflows: [", ""),
    ],
)
def test_a_lock_that_lacks_an_action_ends_the_run(tmp_path: Path, lock: str, why: str) -> None:
    """Only a listed workflow is held to the lock, and a broken lock to nothing."""
    root = repository(tmp_path / "engine", {".github/workflows/actions.lock": lock})
    made = RepositoryState(owner="ada", name="engine", git=Git(Shell(dict(os.environ)), root), clock=lambda: 0.0)
    text = b"on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps: [{uses: actions/checkout@v7}]\n"
    said = permitted.unlocked(made, "HEAD", read(text, FILE))
    assert said == (f".github/workflows/actions.lock {why}" if why else "")
