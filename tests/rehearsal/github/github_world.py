"""A served embedded GitHub for the tests, and a client."""

import atexit
import json
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import urllib3
from werkzeug.serving import WSGIRequestHandler, make_server

from tagship.rehearsal.github import EmbeddedGitHub, RepositoryState, Token
from tagship.services.git import Git
from tagship.services.shell import Shell

NOON = 1_790_000_000.0
IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "1780000000 +0200",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_COMMITTER_DATE": "1780000000 +0200",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
}
WORKFLOW = """\
name: Publish to PyPI
on:
  push:
    tags: ['v*']
  workflow_dispatch:
    inputs:
      dry_run: {type: boolean, default: false}
      target_env: {type: choice, options: [testpypi, pypi], default: testpypi}
jobs:
  build: {runs-on: ubuntu-latest, steps: [{run: 'true'}]}
"""


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    now: float = NOON

    def __call__(self) -> float:
        return self.now


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    data: bytes

    @property
    def json(self):
        return json.loads(self.data) if self.data else None

    @property
    def said(self) -> tuple:
        """Status and message of a refusal, with its errors where there are some."""
        body = self.json
        return (self.status, body["message"], *([body["errors"]] if "errors" in body else []))


@dataclass
class World:
    """A repository with two commits on main, and everything around it."""

    state: RepositoryState
    work: Git
    clock: Clock
    url: str
    first: str
    head: str
    pool: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(retries=False))

    def token(self, kind="classic", **permissions: str) -> Token:
        """A token; a classic one with all of `repo` and `workflow` unless said otherwise."""
        if kind == "classic" and not permissions:
            permissions = {"repo": "write", "workflow": "write"}
        return self.state.issue_token(kind, permissions)

    def ask(self, method: str, path: str, *, token=None, body=None, headers=None, data=None) -> Answer:
        """Ask; a path without a slash in front is inside the repository."""
        full = path if path.startswith("/") else "/repos/ada/engine" + (f"/{path}" if path else "")
        sent = {"User-Agent": "test/1", **(headers or {})}
        if token is not None:
            sent["Authorization"] = f"Bearer {token.value}"
        if body is not None:
            data = json.dumps(body)
        reply = self.pool.request(method, self.url + full, headers=sent, body=data, redirect=False)
        return Answer(reply.status, reply.headers, reply.data)

    def get(self, path: str, **how) -> Answer:
        return self.ask("GET", path, **how)

    def post(self, path: str, **how) -> Answer:
        return self.ask("POST", path, **how)

    def patch(self, path: str, **how) -> Answer:
        return self.ask("PATCH", path, **how)

    def commit(self, message: str, files: Mapping[str, str], *, branch: str = "main") -> str:
        """Commit on a branch and push it."""
        return commit(self.work, message, files, branch)

    def tag(self, name: str, sha: str, *, annotated: bool = False) -> str:
        """Tag and push; the id of the tag object, or of the commit."""
        words = ("-a", "-m", f"Release {name}") if annotated else ()
        self.work.text("tag", *words, name, sha)
        self.work.text("push", "-q", "origin", f"refs/tags/{name}")
        return self.work.text("rev-parse", f"refs/tags/{name}")


class Quiet(WSGIRequestHandler):
    """Requests are asserted, not logged."""

    protocol_version = "HTTP/1.1"

    def log_request(self, *words) -> None:
        pass


@cache
def template() -> tuple[Path, str, str]:
    """A bare repository with two commits and a clone that pushes to it, made once: to be copied."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    git = git_in(folder)
    for path in (folder / "bare.git", git.root):
        path.mkdir()
    git.at(folder / "bare.git").text("init", "-q", "--bare", "-b", "main")
    git.text("init", "-q", "-b", "main")
    git.text("remote", "add", "origin", "../bare.git")
    first = commit(git, "Begin", {"README.md": "engine\n", ".github/workflows/publish.yml": WORKFLOW})
    return folder, first, commit(git, "Turn the wheel (#7)", {"engine.py": "x = 1\n"})


def git_in(folder: Path) -> Git:
    """Git in the clone, as Ada."""
    return Git(Shell({"PATH": os.environ["PATH"], "HOME": str(folder)}), folder / "work", extra=IDENTITY)


def commit(git: Git, message: str, files: Mapping[str, str], branch: str = "main") -> str:
    """Commit on a branch and push it."""
    git.text("checkout", "-q", "-B", branch)
    for name, text in files.items():
        path = git.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git.text("add", "-A")
    git.text("commit", "-q", "--allow-empty", "-m", message)
    git.text("push", "-q", "origin", branch)
    return git.text("rev-parse", "HEAD")


@contextmanager
def served(folder: Path, **settings: object) -> Iterator[World]:
    """A world in a folder, served on loopback until the end of the block."""
    made, first, head = template()
    shutil.copytree(made, folder, dirs_exist_ok=True)
    git, clock = git_in(folder), Clock()
    state = RepositoryState(owner="ada", name="engine", git=git.at(folder / "bare.git"), clock=clock, **settings)
    server = make_server("127.0.0.1", 0, EmbeddedGitHub(state), threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    world = World(state, git, clock, f"http://127.0.0.1:{server.server_port}", first, head)
    try:
        yield world
    finally:
        world.pool.clear()
        server.shutdown()
        thread.join()
        server.server_close()
