"""The GitHub command line against the embedded GitHub, and the GraphQL it sends."""

import shutil
import subprocess
from pathlib import Path

import pytest

GH = shutil.which("gh")
needs_gh = [pytest.mark.tool("gh"), pytest.mark.skipif(GH is None, reason="gh is not installed")]


@pytest.fixture
def gh(world, tmp_path):
    """Run gh against the world: an enterprise host over plain HTTP, which gh speaks to *.localhost."""
    value = world.token("classic", repo="write", workflow="write", **{"read:org": "write"}).value
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "GH_HOST": "github.localhost",
        "GH_TOKEN": value,
        "HTTP_PROXY": world.url,
        "GH_PROMPT_DISABLED": "1",
        "NO_COLOR": "1",
    }

    def run(*words: str) -> str:
        command = [str(GH), *words, *(() if words[0] == "repo" else ("-R", "github.localhost/ada/engine"))]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def query(world, text, token=None, **variables):
    body = {"query": text, "variables": variables}
    return world.post("/graphql", token=token or world.token(), body=body).json


class TestGh:
    """What people type."""

    pytestmark = needs_gh

    def test_it_releases(self, world, gh, tmp_path: Path):
        """`gh release` creates with files, lists, views, drafts, uploads, publishes, downloads and deletes."""
        world.tag("v1", world.first, annotated=True)
        (tmp_path / "a.whl").write_bytes(b"made-up wheel")
        page = "http://github.localhost/ada/engine/releases/tag"
        assert gh("release", "create", "v1", "a.whl", "--notes", "hello", "--verify-tag") == f"{page}/v1\n"
        assert gh("release", "create", "v2", "--draft", "--generate-notes").startswith(f"{page}/untagged-")
        assert "asset:\ta.whl\n--\nhello\n" in gh("release", "view", "v1")
        gh("release", "upload", "v2", "a.whl")
        assert gh("release", "edit", "v2", "--draft=false") == f"{page}/v2\n"
        rows = [line.split("\t")[:3] for line in gh("release", "list").splitlines()]
        assert rows == [["v2", "Latest", "v2"], ["v1", "", "v1"]]
        gh("release", "download", "v2", "--dir", "got")
        assert (tmp_path / "got" / "a.whl").read_bytes() == b"made-up wheel"
        gh("release", "delete", "v1", "--yes")
        assert [(r.tag, [a.name for a in r.assets]) for r in world.state.releases] == [("v2", ["a.whl"])]

    def test_it_follows_runs(self, world, gh):
        """`gh run` lists, views and watches; `gh workflow` lists, views and starts."""
        event = world.state.event("push", "refs/heads/main")
        run = world.state.add_run(event, ".github/workflows/publish.yml", jobs={"build": "success"})
        row = ["completed", "success", "Turn the wheel (#7)", "Publish to PyPI", "main", "push", str(run.id)]
        assert gh("run", "list").split("\t")[:7] == row
        assert "✓ build in 0s" in gh("run", "view", str(run.id))
        assert "has already completed with 'success'" in gh("run", "watch", str(run.id))
        assert gh("workflow", "list").startswith("Publish to PyPI\tactive\t")
        assert "Total runs 1" in gh("workflow", "view", "publish.yml")
        gh("workflow", "run", "publish.yml", "--field", "dry_run=true")
        assert world.state.runs[-1].inputs == {"dry_run": "true", "target_env": "testpypi"}

    def test_it_shows_the_repository(self, gh):
        """`gh repo view` finds the repository."""
        assert gh("repo", "view", "github.localhost/ada/engine").startswith("name:\tada/engine\n")


def test_releases_come_in_pages_with_a_cursor(world):
    """The cursor of one page leads to the next, and the last says so."""
    token = world.token()
    for tag in ("v1", "v2", "v3"):
        world.post("releases", token=token, body={"tag_name": tag})
    text = """query($c: String) { repository(owner: "ada", name: "engine") {
        releases(first: 2, after: $c) { nodes { tagName } totalCount pageInfo { hasNextPage endCursor } } } }"""
    first = query(world, text)["data"]["repository"]["releases"]
    rest = query(world, text, c=first["pageInfo"]["endCursor"])["data"]["repository"]["releases"]
    assert [n["tagName"] for n in first["nodes"] + rest["nodes"]] == ["v3", "v2", "v1"]
    assert [first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"], rest["totalCount"]] == [True, False, 3]


def test_a_ref_is_found_by_its_full_name(world):
    """An annotated tag's target is the tag object, and its target the commit."""
    tag = world.tag("v1", world.first, annotated=True)
    text = """{ repository(owner: "ada", name: "engine") { ref(qualifiedName: "refs/tags/v1") {
        name prefix target { __typename oid ... on Tag { target { oid } } } } } }"""
    target = {"__typename": "Tag", "oid": tag, "target": {"oid": world.first}}
    found = {"name": "v1", "prefix": "refs/tags/", "target": target}
    assert query(world, text) == {"data": {"repository": {"ref": found}}}


def test_drafts_are_not_in_the_graph_of_readers(world):
    """A reader finds no draft by its tag, a writer does."""
    world.post("releases", token=world.token(), body={"tag_name": "v1", "draft": True})
    text = '{ repository(owner: "ada", name: "engine") { release(tagName: "v1") { isDraft } } }'
    reader = world.token("github_token", contents="read")
    assert query(world, text, reader)["data"]["repository"] == {"release": None}
    assert query(world, text)["data"]["repository"] == {"release": {"isDraft": True}}


def test_what_is_not_in_the_schema_is_an_error(world):
    """An unknown field and an unknown repository are errors with status 200; nobody asks anonymously."""
    unknown = query(world, '{ repository(owner: "ada", name: "engine") { speed } }')
    assert [e["message"] for e in unknown["errors"]] == ["Field 'speed' doesn't exist on type 'Repository'"]
    missing = query(world, '{ repository(owner: "ada", name: "other") { id } }')
    assert (missing["data"], missing["errors"][0]["type"]) == ({"repository": None}, "NOT_FOUND")
    assert world.post("/graphql", body={"query": "{ viewer { login } }"}).said == (401, "Requires authentication")


def test_new_features_are_found_by_introspection(world):
    """A client that asks which fields a release has is told."""
    answer = query(world, '{ Release: __type(name: "Release") { fields { name } } }')
    assert "immutable" in [field["name"] for field in answer["data"]["Release"]["fields"]]
