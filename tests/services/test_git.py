"""The door to git: where somebody else wrote a repository's settings, it is read and none of their programs run."""

import os
from pathlib import Path

import pytest

from tagship.errors import ToolFailed
from tagship.services.git import Git
from tagship.services.shell import Shell
from tests.rehearsing import git, repository

OLD = 1_000_000_000
SIGNATURE = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n made up\n -----END PGP SIGNATURE-----\n"


@pytest.fixture
def opened(tmp_path: Path) -> Git:
    """Git in a repository with one commit."""
    return Git(Shell(dict(os.environ)), repository(tmp_path / "sample", {}))


def _loud(folder: Path) -> Path:
    """A program that leaves a trace when it is run, and passes on what it reads."""
    program = folder / "loud"
    program.write_text(f"#!/bin/sh\ntouch '{folder}/ran'\necho gpg: made up\ncat\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize("name", ["x", "a=b", "a.b", "a\x0cb", "a\u2028b", "é"])
def test_no_filter_runs_while_changes_are_looked_for(opened: Git, tmp_path: Path, name: str) -> None:
    """A clean filter stays off whatever it is called, and a file that was only touched counts as unchanged."""
    (opened.root / ".gitattributes").write_text(f"*.md filter={name}\n", encoding="utf-8")
    git(opened.root, "add", ".gitattributes")
    git(opened.root, "commit", "--quiet", "--message", "Attributes")
    with (opened.root / ".git" / "config").open("a", encoding="utf-8") as config:
        config.write(f'[filter "{name}"]\n\tclean = {_loud(tmp_path)}\n\trequired = true\n')
    os.utime(opened.root / "README.md", (OLD, OLD))
    assert opened.changed() == ()
    assert not (tmp_path / "ran").exists()


def test_the_filters_of_a_submodule_do_not_run_where_its_own_files_do_not_count(opened: Git, tmp_path: Path) -> None:
    """A submodule is compared by its commit alone, so that none of its settings matters."""
    inner = opened.root / "inner"
    inner.mkdir()
    git(inner, "init", "--quiet", "--initial-branch", "main")
    (inner / ".gitattributes").write_text("* filter=x\n")
    git(inner, "add", ".")
    git(inner, "commit", "--quiet", "--message", "Inside")
    git(opened.root, "-c", "advice.addEmbeddedRepo=false", "add", "inner")
    git(opened.root, "commit", "--quiet", "--message", "A submodule")
    git(inner, "config", "filter.x.clean", str(_loud(tmp_path)))
    os.utime(inner / ".gitattributes", (OLD, OLD))
    assert opened.changed(inside=False) == ()
    assert not (tmp_path / "ran").exists()
    (inner / ".gitattributes").write_text("")
    assert opened.changed(inside=False) == ()
    assert opened.changed() == ("inner",)


def test_who_wants_signatures_shown_gets_the_same_answers(opened: Git, tmp_path: Path) -> None:
    """`log.showSignature` neither runs a program nor puts its words into what is read of a signed commit."""
    plain = git(opened.root, "cat-file", "commit", "HEAD")
    (tmp_path / "signed").write_text(plain.replace("\n\n", f"\n{SIGNATURE}\n", 1) + "\n")
    signed = git(opened.root, "hash-object", "-t", "commit", "-w", str(tmp_path / "signed")).strip()
    expected = opened.commit_time("HEAD"), opened.text("log", "-1", "--format=%B", "HEAD")
    git(opened.root, "config", "log.showSignature", "true")
    git(opened.root, "config", "gpg.program", str(_loud(tmp_path)))
    assert (opened.commit_time(signed), opened.text("log", "-1", "--format=%B", signed)) == expected
    assert not (tmp_path / "ran").exists()


def test_what_git_prints_is_read_whole(tmp_path: Path) -> None:
    """Data is never its own end alone: five megabytes are all there, and more than is kept is an error."""
    big = repository(tmp_path / "big", {"file": "x" * 99 + "\n"})
    for size in (5, 65):
        (big / "file").write_text(("x" * 1023 + "\n") * 1024 * size)
        git(big, "add", "file")
        git(big, "commit", "--quiet", "--message", f"{size} MiB")
    opened = Git(Shell(dict(os.environ)), big)
    assert len(opened.text("show", "HEAD~1:file")) == 5 * 1024 * 1024 - 1
    with pytest.raises(ToolFailed, match="was not read: it says more than 64 MiB"):
        opened.text("show", "HEAD:file")
