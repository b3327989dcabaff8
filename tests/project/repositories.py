"""Repositories for the tests of discovery: real git in a folder, nothing of the machine's own configuration."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from tagship.project.discover import Project, read
from tagship.services.git import Git
from tagship.services.shell import Shell


def git_in(root: Path) -> Git:
    """Git that knows an author and ignores the settings of whoever runs the tests."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(root.parent),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "A Maintainer",
        "GIT_AUTHOR_EMAIL": "maintainer@example.org",
        "GIT_COMMITTER_NAME": "A Maintainer",
        "GIT_COMMITTER_EMAIL": "maintainer@example.org",
    }
    return Git(Shell(environment), root)


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files below a folder, their folders included."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def repository(root: Path, files: Mapping[str, str | bytes], *, tags: Sequence[str] = (), remote: str = "") -> Git:
    """A repository with one commit on `main`, tags on it, and the address of `origin`."""
    write(root, files)
    git = git_in(root)
    git.text("init", "-q", "-b", "main")
    git.text("add", ".")
    git.text("commit", "-q", "-m", "Begin")
    for tag in tags:
        git.text("tag", tag)
    if remote:
        git.text("remote", "add", "origin", remote)
    return git


def project(root: Path, files: Mapping[str, str | bytes], *, tags: Sequence[str] = (), remote: str = "") -> Project:
    """The same, read."""
    return read(root, repository(root, files, tags=tags, remote=remote))
