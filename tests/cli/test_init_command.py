"""`tagship init` and `tagship sync` as commands: what they write, what they say, and how they end."""

import json
import os
import subprocess
import sys

import pytest

from tagship.errors import Drifted
from tagship.workflow.pins import PINS
from tests.adopting import Adopter, Adopting
from tests.cli.calling import IMPORTED, on_a_terminal
from tests.rehearsing import git

LAUNCHER, VERIFIER = "tools/bump_version.py", "tools/verify-setup.py"
TOOLS = [".github/scripts/verify_installation.py", LAUNCHER, VERIFIER]
WORKFLOW = ".github/workflows/publish.yml"
WRITTEN = [
    ".github/dependabot.yml",
    ".github/environments/pypi.yml",
    ".github/environments/testpypi.yml",
    ".github/tagship/build.txt",
    ".github/tagship/requirements.txt",
    WORKFLOW,
    "PUBLISHING.md",
]


@pytest.mark.requirement("C1", "A12")
def test_a_repository_is_set_up_without_questions(adopting: Adopting) -> None:
    """Init writes five files, leaves every other file alone, and says what was detected and what to register."""
    there = adopting()
    before = there.state()
    assert there("init") == 0
    assert there.made(before) == WRITTEN
    assert there.out.startswith("Detected\nname\tsample\tpyproject.toml:6 [project].name\n")
    assert "\nrequired ci\tci.yml\tdetected: ci.yml\n" in there.out
    assert (
        "\nPyPI, trusted publisher: https://pypi.org/manage/project/sample/settings/publishing/"
        "?provider=github&owner=owner&repository=sample&workflow_filename=publish.yml&environment=pypi\n"
        "  PyPI project name  sample\n  Owner              owner\n  Repository name    sample\n"
        "  Workflow name      publish.yml\n  Environment name   pypi\n"
        "  not there yet?     https://pypi.org/manage/account/publishing/\n"
    ) in there.out
    assert there.out.endswith("\n  git commit -m 'Publish with tagship'\n  tagship rehearse\n")
    assert there.err == ""


def test_a_terminal_shows_what_takes_time(adopting: Adopting) -> None:
    """On a terminal it is said that the locks are being made, which takes seconds; what stays is what a file gets."""
    there = adopting()
    shown = on_a_terminal("init", "--dry-run", cwd=there.root)
    assert "Locking what the workflow installs" in shown
    assert there("init", "--dry-run") == 0
    assert there.err == "Nothing was written.\n"


@pytest.mark.requirement("C1")
def test_a_second_run_changes_nothing(adopting: Adopting) -> None:
    """Init and sync after init keep every byte, and sync --check is content."""
    there = adopting()
    there("init")
    before = there.state()
    assert [there("init"), there("sync"), there("sync", "--check"), there("init", "--force")] == [0, 0, 0, 0]
    assert there.made(before) == []


@pytest.mark.requirement("C1")
def test_a_dry_run_writes_nothing_and_shows_everything(adopting: Adopting) -> None:
    """With --dry-run the output is a patch that makes the very files that init would write."""
    there = adopting()
    before = there.state()
    assert there("init", "--dry-run") == 0
    assert there.made(before) == []
    assert [line[6:] for line in there.out.splitlines() if line.startswith("+++ b/")] == [
        WORKFLOW,
        *(".github/tagship/requirements.txt", ".github/tagship/build.txt"),
        *(".github/environments/testpypi.yml", ".github/environments/pypi.yml"),
        *("PUBLISHING.md", ".github/dependabot.yml"),
    ]
    patch = there.out
    there("init")
    assert "".join(f"+{line}" for line in there.text(WORKFLOW).splitlines(keepends=True)) in patch


@pytest.mark.requirement("C1")
def test_the_result_as_json(adopting: Adopting) -> None:
    """--json prints what was detected, written and is to be registered, and nothing else on standard output."""
    there = adopting()
    assert there("init", "--json") == 0
    result = json.loads(there.out)
    assert sorted(result["written"]) == WRITTEN
    assert {(file["path"], file["action"]) for file in result["files"]} == {(path, "create") for path in WRITTEN}
    assert [entry["index"] for entry in result["register"]] == ["PyPI", "TestPyPI"]
    assert result["notes"] == []


@pytest.mark.requirement("C1", "A12")
def test_somebody_elses_workflow_is_shown_and_left_alone(adopting: Adopting) -> None:
    """Where publish.yml is not ours nothing at all is written; the difference is shown, and the exit code is 17."""
    own = "name: Mine\non: {push: {tags: ['*']}}\njobs:\n  go:\n    runs-on: ubuntu-latest\n    steps: [{run: make}]\n"
    there = adopting({WORKFLOW: own})
    before = there.state()
    assert there("init") == Drifted.exit_code == 17
    assert there.made(before) == []
    assert "\n-name: Mine\n" in there.out
    assert "\n    it was not written by tagship, and differs in 1" in there.out
    assert "Nothing was written: .github/workflows/publish.yml is not as tagship would write it" in there.err


@pytest.mark.requirement("C1")
def test_ours_can_be_written_beside_or_in_the_place_of_theirs(adopting: Adopting) -> None:
    """--alongside writes publish.tagship.yml and keeps theirs; --force replaces it."""
    there = adopting({WORKFLOW: "on: push\njobs: {go: {runs-on: x, steps: [{run: make}]}}\n"})
    theirs = there.text(WORKFLOW)
    assert there("init", "--alongside") == 0
    assert there.text(WORKFLOW) == theirs
    assert "Publish to PyPI" in there.text(".github/workflows/publish.tagship.yml")
    assert "workflow_filename=publish.tagship.yml" in there.out
    assert there("init", "--force") == 0
    assert there.text(WORKFLOW).startswith("# Publishes sample.")


@pytest.mark.requirement("C1", "C6")
def test_a_hand_edit_is_kept_and_named(adopting: Adopting) -> None:
    """After an edit that means something neither init nor sync touches the file; both name the place, exit code 17."""
    there = adopting()
    there("init")
    there.replace(WORKFLOW, "    timeout-minutes: 120\n", "    timeout-minutes: 500\n")
    before = there.state()
    expected = "jobs.wait-for-ci.timeout-minutes: 500, instead of 120\n"
    for words in (["init"], ["sync"], ["sync", "--check"]):
        assert there(*words) == 17
        assert expected in there.out
    assert there.made(before) == []
    assert there("sync", "--force") == 0
    assert there.made(before) == [WORKFLOW]
    assert there("sync", "--check") == 0


@pytest.mark.requirement("C6")
def test_pins_comments_and_order_are_no_drift(adopting: Adopting) -> None:
    """A moved pin, another comment and other quotes are no differences; a pin turned into a tag is one."""
    there = adopting()
    there("init")
    pin = next(pin for pin in PINS if pin.action == "actions/checkout")
    there.replace(WORKFLOW, str(pin), f"{pin.action}@{'1' * 40} # v99.0.0")
    there.replace(WORKFLOW, "branches: [main]", "branches:\n      - 'main' # ours")
    before = there.state()
    assert [there("sync", "--check"), there("sync"), there("init")] == [0, 0, 0]
    assert there.made(before) == []
    there.replace(WORKFLOW, f"{pin.action}@{'1' * 40} # v99.0.0", f"{pin.action}@v99")
    assert there("sync", "--check") == 17
    assert f"uses: {pin.action}@v99, instead of {pin.action}@{pin.sha}" in there.out


@pytest.mark.requirement("C6")
def test_a_change_of_the_project_is_rendered(adopting: Adopting) -> None:
    """A change of the configuration is named by --check, difference by difference, and written by sync; pins stay."""
    there = adopting()
    there("init")
    pin = next(pin for pin in PINS if pin.action == "actions/checkout")
    there.replace(WORKFLOW, str(pin), f"{pin.action}@{'1' * 40} # v99.0.0")
    there.write("pyproject.toml", there.text("pyproject.toml") + '\n[tool.tagship]\nenvironments = {pypi = "live"}\n')
    before = there.state()
    assert there("sync", "--check") == 17
    assert there.out == (
        f"  is out of date  {WORKFLOW}\n"
        "    line 152, jobs.publish-pypi.environment.name: pypi, instead of live\n"
        "  is missing      .github/environments/live.yml\n"
        "  is out of date  PUBLISHING.md\n    it is out of date\n"
    ).replace("152", there.out.partition("line ")[2].partition(",")[0])
    assert there.made(before) == []
    assert there("sync") == 0
    assert there.made(before) == [".github/environments/live.yml", WORKFLOW, "PUBLISHING.md"]
    assert there.text(WORKFLOW).count(f"{pin.action}@{'1' * 40} # v99.0.0") == before[WORKFLOW].decode().count("1" * 40)
    assert there("sync", "--check") == 0


@pytest.mark.requirement("C6")
def test_changed_build_requirements_are_locked_again(adopting: Adopting) -> None:
    """A build requirement that the lock lacks is named by --check without asking the index, and locked by sync."""
    there = adopting()
    there("init")
    there.replace("pyproject.toml", 'requires = ["hatchling"]', 'requires = ["hatchling", "hatch-vcs>=0.5"]')
    assert there("sync", "--check") == 17
    assert there.out == "  is out of date  .github/tagship/build.txt\n    it lacks hatch-vcs>=0.5\n"
    assert there("sync") == 0
    assert "\nhatch-vcs==0.5.0 \\\n    --hash=sha256:" in there.text(".github/tagship/build.txt")
    assert there("sync", "--check") == 0


def test_sync_needs_something_to_bring_up_to_date(adopting: Adopting) -> None:
    """Without a workflow of ours sync says that init comes first."""
    there = adopting()
    assert there("sync", "--check") == 3
    assert "Nothing was compared: there is no .github/workflows/publish.yml" in there.err
    assert "tagship init" in there.err


@pytest.mark.requirement("A7", "C1")
def test_what_cannot_be_detected_goes_into_the_configuration(adopting: Adopting) -> None:
    """--auth and --ci are written to [tool.tagship] beside what stands there, once, and decide what is rendered."""
    there = adopting({".github/workflows/ci.yml": None})
    before = there.text("pyproject.toml")
    assert there("init") == 0
    assert there.text("pyproject.toml") == before
    assert "\nNote: No CI was found that runs on pull requests and on pushes to main" in there.out
    assert there("init", "--auth", "token", "--ci", "buildbot/all", "--ci", "docs") == 0
    assert there.text("pyproject.toml") == before + '\n[tool.tagship]\nci = ["buildbot/all", "docs"]\nauth = "token"\n'
    assert "PYPI_API_TOKEN" in there.text(WORKFLOW)
    assert "Note" not in there.out
    after = there.state()
    assert there("init", "--auth", "token") == 0
    assert there.made(after) == []


@pytest.mark.requirement("B1", "C6")
def test_the_launchers(adopting: Adopting) -> None:
    """With --tools three launchers are written, of which sync keeps those that are there, and nobody's edits are lost.

    The words of the first are those of `tagship version`.
    """
    there = adopting()
    before = there.state()
    assert there("init", "--tools") == 0
    assert there.made(before) == sorted([*WRITTEN, *TOOLS])
    assert launched(there, "current") == (0, "1.0.0\n", "")
    git(there.root, "tag", f"v{launched(there, 'current')[1].strip()}")
    code, out, err = launched(there, "bump", "minor", "--dry-run")
    assert (code, err.splitlines()[0]) == (0, "1.0.0 would become 1.1.0 (minor)")
    assert '+version = "1.1.0"' in out
    assert launched(there, "validate", "1.2.3-rc.1")[0] == 2
    assert launched(there, "info")[1].startswith("version\t1.0.0\tpyproject.toml")
    for name in TOOLS:
        there.write(name, there.text(name).replace("python3", "python3.14"))
    (there.root / VERIFIER).unlink()
    assert there("sync", "--check") == Drifted.exit_code
    assert [name in there.out for name in TOOLS] == [True, True, False]
    assert there("sync") == Drifted.exit_code
    assert "python3.14" in there.text(LAUNCHER)


@pytest.mark.requirement("C2", "C6")
def test_the_launcher_of_the_doctor(adopting: Adopting) -> None:
    """`verify-setup.py verify` is `tagship doctor`, and `info` is `tagship config`, options and exit codes included."""
    there = adopting()
    there("init", "--tools")
    assert launched(there, "info", tool=VERIFIER) == launched(there, "config", tool=None)
    words = ("--offline", "--only", "local")
    assert launched(there, "verify", *words, tool=VERIFIER) == launched(there, "doctor", *words, tool=None)
    code, _, err = launched(there, "verify", "--token", "MISSING", tool=VERIFIER)
    assert (code, "Nothing was looked at: there is no token in a variable of that name" in err) == (2, True)
    for asked in ((), ("set",)):
        code, out, _ = launched(there, *asked, tool=VERIFIER)
        assert (code, out.partition(":")[0]) == (2, "Whether everything that a release needs is set up")
    assert launched(there, "--help", tool=VERIFIER)[0] == 0


@pytest.mark.requirement("B1", "C6")
@pytest.mark.parametrize(("tool", "word"), [(LAUNCHER, "current"), (VERIFIER, "verify")])
def test_a_launcher_without_tagship(adopting: Adopting, tool: str, word: str) -> None:
    """Where tagship is not installed, a launcher says how it runs all the same."""
    there = adopting()
    there("init", "--tools")
    done = subprocess.run(
        (sys.executable, "-S", "-E", tool, word), cwd=there.root, capture_output=True, text=True, check=False
    )
    words = f"tagship is not installed here: uv run {tool} …, or pip install tagship\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", words)


def launched(there: Adopter, *words: str, tool: str | None = LAUNCHER) -> tuple[int, str, str]:
    """A launcher, or without one tagship itself, run as a maintainer runs it."""
    environ = os.environ | {"PYTHONPATH": IMPORTED}
    command = (sys.executable, *((tool,) if tool else ("-m", "tagship")), *words)
    done = subprocess.run(command, cwd=there.root, env=environ, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr
