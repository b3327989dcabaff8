"""Libraries that people drive GitHub with, at api.github.com itself, through the doors."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from tagship.services.secret import Secret
from tests.clients.conftest import python_with, tool
from tests.rehearsing import Opened

PROGRAMS = Path(__file__).parent / "programs"
TOOLS = Path(__file__).parents[1] / "tools"
PACKAGES = Path(__file__).parents[2] / ".cache/node"


def octokit(folder: Path) -> tuple[str, str]:
    """Node.js and our program, beside the packages that it imports."""
    node = tool("node")
    if not (PACKAGES / "node_modules/@octokit/plugin-rest-endpoint-methods").is_dir():
        pytest.skip("Octokit is not installed: run scripts/install-tools.sh")
    (folder / "node_modules").symlink_to(PACKAGES / "node_modules")
    return node, shutil.copy(TOOLS / "octokit.mjs", folder)


LIBRARIES = {
    "PyGithub": lambda folder: (python_with("github"), str(PROGRAMS / "with_pygithub.py")),
    "githubkit": lambda folder: (python_with("githubkit"), str(PROGRAMS / "with_githubkit.py")),
    "Octokit": octokit,
}
PARAMETERS = [pytest.param(n, marks=[pytest.mark.tool("node")] if n == "Octokit" else []) for n in LIBRARIES]


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_library_releases(opened: Opened, dists: list[Path], tmp_path: Path, name: str) -> None:
    """Each library reads the checks, starts a workflow, drafts, fills and publishes a release, and sees the same."""
    argv = LIBRARIES[name](tmp_path)
    github = opened.embedded.github
    token = github.issue_token("classic", {"repo": "write", "workflow": "write"})
    extra = {"GH_TOKEN": Secret(token.value)}
    output = opened.embedded.shell.run((*argv, str(dists[0])), cwd=tmp_path, extra=extra, timeout=120)
    assert output.ok, output.tail()
    assert json.loads(output.stdout) == {
        "default": "main",
        "checks": [["Tests", "completed", "success", "github-actions"]],
        "status": "pending",
        "run": [".github/workflows/ci.yml", "push", "success", ["Tests"]],
        "tag": "commit",
        "dispatched": True,
        "asset": ["uploaded", True, True],
        "release": ["v1.0.0", False, [dists[0].name]],
        "latest": "v1.0.0",
        "missing": 404,
    }
    (release,) = github.releases
    digest = hashlib.sha256(dists[0].read_bytes()).hexdigest()
    assert [(asset.name, asset.sha256) for asset in release.assets] == [(dists[0].name, digest)]
    assert (github.runs[-1].event, github.runs[-1].inputs) == ("workflow_dispatch", {"dry_run": "true"})
    asked = {exchange.url.split("/")[2] for exchange in opened.embedded.exchanges if exchange.service == "github"}
    assert asked == {"api.github.com", "uploads.github.com"}
