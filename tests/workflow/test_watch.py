"""The workflow that looks after the releases: as text, as others judge it, and as `init` and `sync` keep it."""

import json
import subprocess
from pathlib import Path

import msgspec
import pytest

from tagship.workflow.document import read
from tagship.workflow.permissions import effective
from tagship.workflow.pins import PINS
from tagship.workflow.render import render_watch
from tagship.workflow.variant import Variant
from tests import goldens
from tests.adopting import Adopting
from tests.rehearsing import PYPROJECT
from tests.workflow.gha import GitHub
from tests.workflow.test_render import JUDGES, TOOLS, ZIZMOR
from tests.workflow.variants import VARIANTS

FILE = ".github/workflows/release-watch.yml"
ODD = {"repository": "own.er/na_me-", "default_branch": "a'b #1", "package": "pack: ages/x"}
KINDS: dict[str, Variant] = {
    **{name: VARIANTS[name] for name in ("simple", "token", "member", "python", "itself")},
    "odd": msgspec.structs.replace(VARIANTS["member"], **ODD),
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every kind as a workflow of its own."""
    folder = tmp_path_factory.mktemp("watching") / ".github" / "workflows"
    folder.mkdir(parents=True)
    for name, variant in KINDS.items():
        (folder / f"{name}.yml").write_text(render_watch(variant), encoding="utf-8")
    return folder


@pytest.mark.requirement("D6")
def test_the_simple_file() -> None:
    """The file that most projects get is the golden one, byte for byte."""
    goldens.same("release-watch.yml", render_watch(VARIANTS["simple"]))


@pytest.mark.requirement("A13", "D6")
@pytest.mark.parametrize("command", [*JUDGES.values(), ZIZMOR], ids=[*JUDGES, "zizmor"])
def test_nobody_finds_anything(command: tuple[str, ...], written: Path) -> None:
    """actionlint, the schema of workflows and zizmor's auditor find nothing in any kind of it."""
    whole = (str(TOOLS / command[0]), *command[1:], *sorted(map(str, written.iterdir())))
    done = subprocess.run(whole, cwd=written.parent.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert command != ZIZMOR or (json.loads(done.stdout), done.stderr.count("completed")) == ([], len(KINDS))


@pytest.mark.tool("node")
@pytest.mark.requirement("A13", "D6")
@pytest.mark.parametrize("kind", KINDS)
def test_github_takes_it(gha: GitHub, kind: str) -> None:
    """GitHub's own parser and its editor support find nothing in any kind of it."""
    source = render_watch(KINDS[kind])
    assert (gha.parse(source)["errors"], gha.diagnose(source)) == ([], [])


@pytest.mark.requirement("A13", "D6")
def test_what_its_jobs_may_do() -> None:
    """The job that runs the released code may read the code and no more; the one that tells holds the secret alone."""
    document = read(render_watch(VARIANTS["simple"]).encode(), "release-watch.yml")
    assert sorted(document.triggers) == ["schedule", "workflow_dispatch"]
    assert effective(document) == {
        "newest-release": {"contents": "read"},
        "set-up": {"contents": "read", "actions": "read", "checks": "read", "statuses": "read", "issues": "write"},
    }
    release, set_up = document.source.split("\n  set-up:\n")
    assert ("secrets." in release, "verify" in set_up, "environment: release-watch" in set_up) == (False, False, True)
    used = {line.strip().removeprefix("uses: ") for line in document.source.splitlines() if " uses: " in line}
    assert used <= {str(pin) for pin in PINS}


@pytest.mark.requirement("D6", "C6")
def test_init_writes_it_and_sync_keeps_it(adopting: Adopting) -> None:
    """With --watchdog it is written; sync follows the project, leaves moved pins, and shows what somebody edited."""
    there = adopting()
    there("init")
    before = there.state()
    assert there("init", "--watchdog") == 0
    assert there.made(before) == [FILE, "PUBLISHING.md"]
    assert f"(.github/workflows/{Path(FILE).name})" in there.text("PUBLISHING.md")
    there.replace(FILE, PINS[0].sha, "0" * 40)
    assert there("sync", "--check") == 0
    there.replace("pyproject.toml", 'requires-python = ">=3.9"', 'requires-python = ">=3.13"')
    assert there("sync") == 0
    assert there.text(FILE).count("Set up the Python that the project needs") == 2
    assert PINS[0].sha not in there.text(FILE)
    there.replace(FILE, "issues: write", "issues: read")
    ours = there.text(FILE)
    assert there("sync") == 17
    assert "jobs.set-up.permissions.issues: read, instead of write" in there.out
    assert there.text(FILE) == ours


@pytest.mark.requirement("D6", "A12")
def test_a_package_has_a_watch_of_its_own(adopting: Adopting) -> None:
    """A package further down gets a workflow of its own name, which looks at that package."""
    member = PYPROJECT.replace('name = "sample"', 'name = "sample-extra"')
    there = adopting({"packages/extra/pyproject.toml": member, "packages/extra/README.md": "x\n"})
    assert there("init", "--watchdog", at="packages/extra") == 0
    text = there.text(".github/workflows/release-watch-sample-extra.yml")
    assert "PACKAGE: packages/extra\n" in text
    assert 'tagship verify --published newest --package "$PACKAGE"\n' in text
    assert 'tagship watchdog "$PACKAGE"\n' in text
