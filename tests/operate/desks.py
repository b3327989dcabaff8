"""A maintainer's clone of a repository on the embedded GitHub, for releases by pull request."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tagship.rehearsal.github import Rule, Ruleset
from tagship.rehearsal.github.threads import Issue
from tagship.services.github import GitHub
from tagship.services.http import Http
from tagship.services.secret import Secret
from tests.cli.calling import Answer, call, inside
from tests.rehearsing import IDENTITY, PYPROJECT, Opened, Stage, git, repository

CHANGELOG = "# Changelog\n\n## Unreleased\n\n- The wheel turns.\n\n## 1.0.0 - 2026-01-02\n\n- First.\n"
PUBLISH = "name: Publish to PyPI\non:\n  push: {tags: ['v*']}\njobs: {}\n"
BRANCH = "release/v1.1.0"
RAISED = PYPROJECT.replace('version = "1.0.0"', 'version = "1.1.0"')
REVIEWS = {
    "dismiss_stale_reviews_on_push": True,
    "require_code_owner_review": False,
    "require_last_push_approval": False,
    "required_approving_review_count": 0,
    "required_review_thread_resolution": False,
}
QUIET = ("--yes", "--no-rehearsal", "--no-watch")


@dataclass(frozen=True)
class Desk:
    """A maintainer's clone of the repository on the embedded GitHub."""

    opened: Opened
    clone: Path
    upstream: str

    @property
    def bare(self) -> Path:
        """The repository on GitHub."""
        return self.opened.embedded.github.git.root

    def token(self, kind: str = "classic", **permissions: str) -> str:
        """A token; a maintainer's unless said otherwise."""
        return self.opened.embedded.github.issue_token(kind, permissions or {"repo": "write"}).value  # type: ignore[arg-type]

    def environ(self, token: str = "") -> dict[str, str]:
        """The variables of a machine that is led into the world."""
        inside = dict(self.opened.embedded.shell.environment)
        who = {name: value for name, value in IDENTITY.items() if not name.endswith("DATE")}
        return {**inside, **who, "GH_TOKEN": token, "UV_DEFAULT_INDEX": self.upstream, "HOME": os.environ["HOME"]}

    def release(self, *words: str, token: str | None = None, apart: bool = False, **more: str) -> Answer:
        """Run `tagship release WORDS`.

        Args:
            apart: in a process of its own, because it is killed or somebody does something else meanwhile; so is
                whatever rehearses, which shuts its process in.
        """
        value = self.token() if token is None else token
        run = call if apart or "--no-rehearsal" not in words else inside
        return run("release", *words, cwd=self.clone, environ=self.environ(value) | more)

    def git(self, *words: str) -> str:
        """Run git in the clone, through the doors."""
        environ = os.environ | self.environ()
        done = subprocess.run(
            ("git", *words), cwd=self.clone, env=environ, check=True, capture_output=True, text=True, timeout=60
        )
        return done.stdout.strip()

    @property
    def state(self) -> tuple[str, ...]:
        """The clone: commit, branch, local branches, tags, changes, worktrees."""
        words = ("rev-parse HEAD", "branch", "tag", "status --short", "worktree list")
        return tuple(git(self.clone, *word.split()) for word in words)

    @property
    def remote(self) -> dict[str, str]:
        """The branches and tags on GitHub, with their commits."""
        rows = git(self.bare, "for-each-ref", "--format=%(refname:short) %(objectname) %(*objectname)").splitlines()
        return {row.split()[0]: row.split()[-1] for row in rows}

    @property
    def issues(self) -> list[Issue]:
        """The pull requests on GitHub."""
        return self.opened.embedded.github.issues

    @property
    def github(self) -> GitHub:
        """GitHub, as a maintainer asks it."""
        place = self.opened.embedded
        http = Http(proxy=place.doors.url, ca=place.ca, agent="tagship/test")
        return GitHub(http, "owner/sample", Secret(self.token()))

    def merge(self, method: str = "merge", number: int = 1) -> str:
        """Merge a pull request as a maintainer does on the website; returns the commit that the base got."""
        reply = self.github.change("PUT", f"/pulls/{number}/merge", {"merge_method": method})
        return reply.json(dict[str, object])["sha"]  # type: ignore[return-value]

    def protect(self, approvals: int = 0) -> None:
        """Let main take changes by pull request alone."""
        rules = (Rule(type="pull_request", parameters=REVIEWS | {"required_approving_review_count": approvals}),)
        ruleset = Ruleset(id=7, name="main", target="branch", created=0, include=("~DEFAULT_BRANCH",), rules=rules)
        self.opened.embedded.github.rulesets.append(ruleset)

    def elsewhere(self, branch: str, message: str, **files: str) -> str:
        """Somebody else's commit on a branch of GitHub."""
        other = self.clone.parent / "other"
        if not other.exists():
            git(self.clone.parent, "clone", "--quiet", str(self.bare), "other")
        git(other, "fetch", "--quiet", "origin")
        start = f"origin/{branch}" if branch in self.remote else "origin/main"
        git(other, "switch", "--quiet", "--no-track", "-C", branch, start)
        for name, text in files.items():
            (other / name.replace("_", ".")).write_text(text)
        git(other, "add", "--all")
        git(other, "commit", "--quiet", "--allow-empty", "--message", message)
        sha = git(other, "rev-parse", "HEAD")
        git(self.bare, "fetch", "--quiet", str(other), f"+{branch}:{branch}")
        return sha


@pytest.fixture
def desk(stage: Stage, tmp_path: Path, upstream: str) -> Iterator[Desk]:
    """A clone at github.com, with the token of its owner in the address, as git's helper would give it."""
    files = {"CHANGELOG.md": CHANGELOG, ".github/workflows/publish.yml": PUBLISH}
    with stage.open(repository(tmp_path / "sample", files)) as opened:
        desk = Desk(opened, tmp_path / "clone", upstream)
        desk.clone.mkdir()
        desk.git("clone", "--quiet", "https://github.com/owner/sample.git", ".")
        desk.git("remote", "set-url", "--push", "origin", f"https://owner:{desk.token()}@github.com/owner/sample.git")
        yield desk
