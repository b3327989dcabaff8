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
    common = {"GH_PROMPT_DISABLED": "1", "NO_COLOR": "1"}

    def run(*words: str, code: int = 0, token: str = token) -> str:
        extra = {**common, "GH_TOKEN": Secret(token)}
        where = () if words[0] in ("api", "repo") else ("-R", "owner/sample")
        output = opened.embedded.shell.run((program, *words, *where), cwd=tmp_path, extra=extra, timeout=60)
        assert output.returncode == code, output.tail()
        return output.stdout if not code else output.stderr

    return run


def test_it_releases(opened: Opened, gh: Gh, dists: list[Path], tmp_path: Path) -> None:
    """`gh release` creates with a file, views, uploads another one, lists, downloads, drafts with notes and deletes."""
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
    gh("release", "download", "v1.0.0", "--dir", "got")
    assert {path.name: path.read_bytes() for path in (tmp_path / "got").iterdir()} == {
        path.name: path.read_bytes() for path in dists
    }
    assert gh("release", "create", "v2.0.0", "--draft", "--generate-notes").startswith(f"{PAGE}/untagged-")
    gh("release", "delete", "v1.0.0", "--yes")
    assert [(r.tag, r.draft) for r in opened.embedded.github.releases] == [("v2.0.0", True)]
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
    """`gh api` reads the repository and its tags, `gh repo view` shows it."""
    assert gh("repo", "view", "owner/sample").startswith("name:\towner/sample\n")
    assert gh("api", "repos/owner/sample", "--jq", ".default_branch") == "main\n"
    tags = json.loads(gh("api", "repos/owner/sample/git/matching-refs/tags/v"))
    assert [tag["ref"] for tag in tags] == ["refs/tags/v1.0.0"]


def test_its_json_says_what_the_world_says(opened: Opened, gh: Gh, dists: list[Path]) -> None:
    """`--json` and `--jq` of runs, workflows and releases give the same values as the world has."""
    (run,) = opened.embedded.github.runs
    fields = "databaseId,name,event,status,conclusion,headBranch,headSha,url,displayTitle"
    listed = json.loads(gh("run", "list", "--json", fields))
    shown = json.loads(gh("run", "view", str(run.id), "--json", f"{fields},jobs"))
    jobs = shown.pop("jobs")
    assert listed == [shown]
    assert shown == {
        "databaseId": run.id,
        "name": "Test Suite",
        "event": "push",
        "status": "completed",
        "conclusion": "success",
        "headBranch": run.suite.branch,
        "headSha": run.suite.sha,
        "url": f"https://github.com/owner/sample/actions/runs/{run.id}",
        "displayTitle": "A sample",
    }
    assert [(job["name"], job["conclusion"], [s["name"] for s in job["steps"]]) for job in jobs] == [
        ("Tests", "success", ["Run"])
    ]
    assert gh("run", "list", "--workflow", "ci.yml", "--json", "conclusion", "--jq", ".[].conclusion") == "success\n"
    named = [line.split("\t")[:2] for line in gh("workflow", "list").splitlines()]
    assert sorted(named) == [["Publish to PyPI", "active"], ["Test Suite", "active"]]
    assert "Publish to PyPI - publish.yml" in gh("workflow", "view", "publish.yml")
    gh("release", "create", "v1.0.0", str(dists[0]), "--draft", "--notes", "hello")
    draft = json.loads(gh("release", "view", "v1.0.0", "--json", "tagName,isDraft,assets,body,author"))
    assert (draft["tagName"], draft["isDraft"], draft["body"]) == ("v1.0.0", True, "hello")
    assert [(a["name"], a["state"], a["size"]) for a in draft["assets"]] == [
        (dists[0].name, "uploaded", dists[0].stat().st_size)
    ]
    assert gh("release", "edit", "v1.0.0", "--draft=false", "--latest") == f"{PAGE}/v1.0.0\n"
    pages = gh("api", "--paginate", "repos/owner/sample/releases?per_page=1", "--jq", ".[].tag_name")
    assert pages == "v1.0.0\n"


def test_it_watches_runs_again_and_cancels(opened: Opened, gh: Gh) -> None:
    """`gh run watch` ends with the run's result, `rerun` begins an attempt, `cancel` ends it, logs are shown."""
    github = opened.embedded.github
    (run,) = github.runs
    assert "has already completed with 'success'" in gh("run", "watch", str(run.id), "--exit-status")
    assert "✓ Tests in 0s" in gh("run", "view", str(run.id))
    github.set_jobs(run, {"Tests": "failure"})
    run.latest.jobs[0].log = "2026-01-02T03:04:05.0000000Z it broke\n"
    assert "it broke" in gh("run", "view", str(run.id), "--log-failed")
    gh("run", "view", str(run.id), "--exit-status", code=1)
    gh("run", "rerun", str(run.id), "--failed")
    assert (len(run.attempts), run.latest.status) == (2, "in_progress")
    gh("run", "cancel", str(run.id))
    assert (run.latest.status, run.latest.conclusion) == ("completed", "cancelled")
    gh("workflow", "disable", "ci.yml")
    assert ".github/workflows/ci.yml" in github.disabled_workflows
    gh("workflow", "enable", "ci.yml")
    assert github.disabled_workflows == set()


def test_it_says_which_permission_lacks(opened: Opened, gh: Gh) -> None:
    """With a job's token that may only read, gh shows GitHub's refusal, and nothing is made."""
    token = opened.embedded.github.issue_token("github_token", {"contents": "read"}).value
    said = gh("api", "-X", "POST", "repos/owner/sample/releases", "-f", "tag_name=v1.0.0", code=1, token=token)
    assert "Resource not accessible by integration (HTTP 403)" in said
    assert opened.embedded.github.releases == []
