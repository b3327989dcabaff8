"""Our own workflows, locks, hooks and action: written by ourselves, and clean in every judge's eyes."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tagship.cli.app import COMMANDS, run
from tagship.project.yaml_nodes import Items, Mapping, plain, read, text
from tagship.workflow import document
from tagship.workflow.files import is_stamped
from tagship.workflow.pins import PINS
from tests.rehearsing import git, repository

ROOT = Path(__file__).resolve().parent.parent.parent
SHOWN = (".github", ".pre-commit-hooks.yaml", "action.yml")
pytestmark = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no git checkout")


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Our repository as it is here, in a clone that knows where it lives on GitHub."""
    copy = tmp_path / "tagship"
    for name in filter(None, git(ROOT, "ls-files", "-z").split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((ROOT / name).read_bytes())
    git(copy, "init", "--quiet", "--initial-branch", "main")
    git(copy, "remote", "add", "origin", "https://github.com/tagship/tagship.git")
    git(copy, "add", "--all", "--force")
    git(copy, "commit", "--quiet", "--message", "tagship")
    return copy


@pytest.mark.requirement("A13", "C6")
def test_what_tagship_writes_for_others_it_uses_itself(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Our workflows that publish and watch, locks, Dependabot entries and PUBLISHING.md are what sync would write."""
    written = (".github/workflows/publish.yml", ".github/workflows/release-watch.yml", "PUBLISHING.md")
    assert all(is_stamped((house / path).read_text()) for path in written)
    if os.environ.get("TAGSHIP_UPDATE_GOLDEN"):
        run(["sync", "--force", str(house)])
        for path in written:
            (ROOT / path).write_bytes((house / path).read_bytes())
    capsys.readouterr()
    assert run(["sync", "--check", str(house)]) == 0
    assert capsys.readouterr().out == "Everything is up to date.\n"


@pytest.mark.requirement("A3")
def test_our_release_waits_for_the_tests_and_the_security_scan(house: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a release of tagship waits for is detected: both workflows, and nothing else."""
    assert run(["config", str(house), "--json"]) == 0
    values = {value["name"]: value["value"] for value in json.loads(capsys.readouterr().out)["values"]}
    assert values["required ci"] == "ci.yml, security.yml"
    files = (".github/workflows/ci.yml", ".github/workflows/security.yml")
    assert [document.read((ROOT / file).read_bytes(), file).name for file in files] == ["Test Suite", "Security Scan"]


@pytest.mark.requirement("A13")
def test_zizmor_actionlint_and_our_own_rules_find_nothing(house: Path) -> None:
    """No finding, of any severity, in workflows, action, hooks and Dependabot's file, and nothing is ignored."""
    bin_folder = Path(sys.executable).parent
    zizmor = (
        bin_folder / "zizmor",
        "--offline",
        "--strict-collection",
        "--persona",
        "auditor",
        "--format",
        "json",
        ".",
    )
    found = subprocess.run(zizmor, cwd=house, capture_output=True, text=True, check=False)
    assert (found.returncode, json.loads(found.stdout)) == (0, [])
    workflows = sorted((house / ".github/workflows").iterdir())
    assert len(workflows) == 4
    linted = subprocess.run((bin_folder / "actionlint", *workflows), capture_output=True, text=True, check=False)
    assert (linted.returncode, linted.stdout) == (0, "")
    audited = subprocess.run(
        (sys.executable, "-m", "tagship", "audit", "--json", "--no-tools", str(house)),
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        check=False,
    )
    judged = json.loads(audited.stdout)["files"]
    assert audited.returncode == 0
    assert [(Path(file["file"]).name, file["publishes"], file["findings"]) for file in judged] == [
        ("ci.yml", False, []),
        ("publish.yml", True, []),
        ("release-watch.yml", False, []),
        ("security.yml", False, []),
    ]
    silenced = [path for path in (*workflows, house / "action.yml") if "ignore[" in path.read_text()]
    assert silenced == []


def test_every_action_is_one_of_the_pinned_ones() -> None:
    """Whatever our workflows and our action use is in the table of pins, at that commit, with its version behind it."""
    files = [*sorted((ROOT / ".github/workflows").iterdir()), ROOT / "action.yml"]
    used = {line for path in files for line in re.findall(r"^\s*(?:- )?uses: (.*)$", path.read_text(), re.MULTILINE)}
    assert used <= {str(pin) for pin in PINS}
    assert len(used) == 5


@pytest.mark.requirement("B7")
def test_the_hooks_run_commands_that_exist() -> None:
    """Each pre-commit hook names a command with options that it has, and looks at the files that it is about."""
    hooks = read((ROOT / ".pre-commit-hooks.yaml").read_bytes())[0]
    assert isinstance(hooks, Items)
    found = {text(hook.get("id")): plain(hook) for hook in hooks.items if isinstance(hook, Mapping)}
    assert list(found) == ["tagship-audit", "tagship-version", "tagship-sync"]
    for name, hook in found.items():
        assert isinstance(hook, dict)
        words = str(hook["entry"]).split()
        assert (words[0], words[1] in COMMANDS, hook["language"]) == ("tagship", True, "python")
        assert run([*words[1:], "--help"]) == 0
        seen = [path for path in WATCHED if re.search(str(hook["files"]), path)]
        assert seen == SEEN[name]


WATCHED = [
    ".github/workflows/publish.yml",
    ".github/tagship/build.txt",
    "packages/a/pyproject.toml",
    "PUBLISHING.md",
    "setup.py",
    "src/module.py",
    "src/pkg/__init__.py",
    "src/pkg/_version.py",
    "docs/PUBLISHING.md",
]
SEEN = {
    "tagship-audit": WATCHED[:1],
    "tagship-version": [WATCHED[2], WATCHED[4], *WATCHED[6:8]],
    "tagship-sync": WATCHED[:5],
}


@pytest.mark.requirement("B7")
def test_the_action_rehearses_a_repository(upstream: str, tmp_path: Path) -> None:
    """The action's own command, run as the runner runs it, releases a repository into the embedded world."""
    action = read((ROOT / "action.yml").read_bytes())[0]
    assert isinstance(action, Mapping)
    steps = action.get("runs", "steps")
    assert isinstance(steps, Items)
    install, rehearse = (text(step.get("run")) for step in steps.items[:2] if isinstance(step, Mapping))
    assert '--require-hashes --only-binary :all: -r "$GITHUB_ACTION_PATH/.github/tagship/requirements.txt"' in install
    (tmp_path / "runner").mkdir()
    variables = {
        "GITHUB_ACTION_PATH": str(ROOT),
        "RUNNER_TEMP": str(tmp_path / "runner"),
        "PYTHON": sys.executable,
        "REPOSITORY": str(repository(tmp_path / "repository", {})),
        "TAGSHIP_CACHE_DIR": str(tmp_path / "cache"),
        "UV_DEFAULT_INDEX": upstream,
    }
    command = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", rehearse)
    done = subprocess.run(
        command, cwd=tmp_path, env=os.environ | variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "sample 1.0.0 would be released on PyPI" in (tmp_path / "runner/tagship-rehearsal.html").read_text()
