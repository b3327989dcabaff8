"""The GitHub command line at github.com itself, through the doors: what people type around a release."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tagship.services.secret import Secret
from tests.clients.conftest import tool
from tests.rehearsing import Opened

Gh = Callable[..., str]
pytestmark = pytest.mark.tool("gh")
PAGE = "https://github.com/owner/sample/releases/tag"


@pytest.fixture
def gh(opened: Opened, tmp_path: Path) -> Gh:
    """Run gh as the maintainer; it must succeed unless an exit code is expected."""
    program = tool("gh")
    scopes = {"repo": "write", "workflow": "write", "read:org": "write"}
    token = opened.embedded.github.issue_token("classic", scopes).value
    extra = {"GH_TOKEN": Secret(token), "GH_PROMPT_DISABLED": "1", "NO_COLOR": "1"}

    def run(*words: str, code: int = 0) -> str:
        where = () if words[0] == "api" else ("-R", "owner/sample")
        output = opened.embedded.shell.run((program, *words, *where), cwd=tmp_path, extra=extra, timeout=60)
        assert output.returncode == code, output.tail()
        return output.stdout if not code else output.stderr

    return run


def test_it_releases(opened: Opened, gh: Gh, dists: list[Path]) -> None:
    """`gh release` creates with a file, views, uploads another one, and lists."""
    wheel, sdist = (str(path) for path in dists)
    assert gh("release", "create", "v1.0.0", wheel, "--notes", "hello", "--verify-tag") == f"{PAGE}/v1.0.0\n"
    gh("release", "upload", "v1.0.0", sdist)
    shown = gh("release", "view", "v1.0.0")
    assert [line for line in shown.splitlines() if line.startswith(("tag:", "asset:", "hello"))] == [
        "tag:\tv1.0.0",
        f"asset:\t{dists[0].name}",
        f"asset:\t{dists[1].name}",
        "hello",
    ]
    assert gh("release", "list").split("\t")[:3] == ["v1.0.0", "Latest", "v1.0.0"]
    assert [(r.tag, len(r.assets)) for r in opened.embedded.github.releases] == [("v1.0.0", 2)]
    hosts = {exchange.url.split("/")[2] for exchange in opened.embedded.exchanges}
    assert {"api.github.com", "uploads.github.com"} <= hosts


def test_a_tag_that_is_missing_is_refused(gh: Gh) -> None:
    """With --verify-tag a release of a tag that was never pushed is not made."""
    assert "tag v9 doesn't exist in the repo owner/sample" in gh(
        "release", "create", "v9", "--notes", "x", "--verify-tag", code=1
    )


def test_it_lists_and_starts_runs(opened: Opened, gh: Gh) -> None:
    """`gh run list` shows the CI of the commit; `gh workflow run` starts the publish workflow."""
    rows = [line.split("\t")[:4] for line in gh("run", "list").splitlines()]
    assert ["completed", "success", "A sample", "Test Suite"] in rows
    gh("workflow", "run", "publish.yml", "--ref", "main", "--field", "dry_run=true")
    assert opened.embedded.github.runs[-1].inputs == {"dry_run": "true"}
    assert "missing.yml" in gh("workflow", "run", "missing.yml", code=1)


def test_it_asks_the_api(gh: Gh) -> None:
    """`gh api` reads the repository and its tags."""
    assert gh("api", "repos/owner/sample", "--jq", ".default_branch") == "main\n"
    tags = json.loads(gh("api", "repos/owner/sample/git/matching-refs/tags/v"))
    assert [tag["ref"] for tag in tags] == ["refs/tags/v1.0.0"]
