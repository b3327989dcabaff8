"""Stands in for actions/checkout: a real fetch from the repository of the rehearsal, as deep as was asked for."""

import base64
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from tagship.rehearsal.act.steps.step import Step
from tagship.services.addresses import GITHUB
from tagship.services.git import Git

_COMMIT = re.compile(r"[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")
_HEADER = f"http.{GITHUB}/.extraheader"
_BRANCH, _TAG = "refs/heads/", "refs/tags/"
_TAGS = "+refs/tags/*:refs/tags/*"
_KEEPS_TAGS = (6, 0, 2)
"""From this version on, an annotated tag is fetched as one; before, its name was given to the commit."""
_KEEPS_CREDENTIALS = (6,)
"""From this version on, credentials lie in a file outside of the repository."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What is to be checked out (src/input-helper.ts)."""

    ref: str
    """As given, or the run's own; empty for a commit."""
    commit: str
    """Empty where the ref was given: then it is what the ref means now."""
    tags: bool
    """Whether all tags are fetched as well."""
    peeled: bool
    """Whether the name of the run's tag is given to its commit."""

    @classmethod
    def of(cls, step: Step) -> "Wanted":
        """By the inputs of a step."""
        ref, tags, peeled = step.text("ref"), step.true("fetch-tags"), step.before(*_KEEPS_TAGS)
        if _COMMIT.fullmatch(ref):
            return cls(ref="", commit=ref, tags=tags, peeled=peeled)
        own = "" if ref else step.variables["GITHUB_SHA"]
        return cls(ref=ref or step.variables["GITHUB_REF"], commit=own, tags=tags, peeled=peeled)

    def specs(self) -> tuple[str, ...]:
        """What is fetched with a depth (src/ref-helper.ts, getRefSpec)."""
        tags = (_TAGS,) if self.tags and not self.peeled else ()
        ref, source = self.ref, self.commit or self.ref
        if ref.startswith(_BRANCH):
            return (*tags, f"+{source}:refs/remotes/origin/{ref.removeprefix(_BRANCH)}")
        if ref.startswith(_TAG):
            return tags or (f"+{source if self.peeled else ref}:{ref}",)
        if self.commit:
            return (*tags, self.commit)
        if ref.startswith("refs/"):
            return (*tags, f"+{ref}:{ref}")
        return (f"+{_BRANCH}{ref}*:refs/remotes/origin/{ref}*", *(tags or (f"+{_TAG}{ref}*:{_TAG}{ref}*",)))


def run(step: Step) -> None:
    """Fetch and check out (actions/checkout v7.0.1, src/git-source-provider.ts)."""
    own = step.variables["GITHUB_REPOSITORY"]
    wanted = step.text("repository") or own
    folder = Path(os.path.normpath(step.workspace / step.text("path")))
    if not folder.is_relative_to(step.workspace):
        step.fail(f"Repository path '{folder}' is not under '{step.workspace}'")
    if wanted.lower() != own.lower():
        step.doubt(f"actions/checkout of {wanted}: another repository cannot be fetched, its folder is empty")
        folder.mkdir(parents=True, exist_ok=True)
        return
    git = Git(step.shell, folder)
    _prepare(step, git, f"{GITHUB}/{own}")
    kept = _log_in(step, git)
    what = Wanted.of(step)
    _fetch(step, git, what)
    _sparse(step, git)
    git.text("-c", "advice.detachedHead=false", "checkout", "--quiet", "--force", *_place(step, git, what))
    if step.text("submodules").lower() in ("true", "recursive") and (folder / ".gitmodules").is_file():
        step.doubt("actions/checkout: submodules, which lie in other repositories")
    if step.true("lfs"):
        step.note("actions/checkout: files that Git LFS keeps, which are pointers here")
    if not step.true("persist-credentials"):
        _log_out(git, kept)
    commit = git.text("rev-parse", "HEAD")
    step.say(f"Checked out {commit}")
    step.output("commit", commit)
    step.output("ref", what.ref)


def _prepare(step: Step, git: Git, origin: str) -> None:
    """An empty repository, or what an earlier checkout left; everything else goes (src/git-directory-helper.ts)."""
    folder = git.root
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ".git").is_dir() or git.maybe("remote", "get-url", "origin") != origin:
        found = list(folder.iterdir())
        if found:
            step.say(f"Deleting the contents of '{folder}'")
        for path in found:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        git.text("init", "--quiet", ".")
        git.text("remote", "add", "origin", origin)
    elif step.true("clean"):
        git.text("clean", "-ffdx", "--quiet")
        git.text("reset", "--hard", "--quiet", "HEAD")


def _log_in(step: Step, git: Git) -> Path:
    """Use the token as the action does (src/git-auth-helper.ts); later steps push with it, where it stays.

    Returns:
        the file in which the credentials are.
    """
    login = base64.b64encode(f"x-access-token:{step.text('token')}".encode()).decode()
    step.say(f"::add-mask::{login}")
    kept = git.root / ".git" / "config"
    if not step.before(*_KEEPS_CREDENTIALS):
        kept = step.temporary / f"git-credentials-{os.getpid()}.config"
        inside = git.root / ".git"
        for where in (inside, inside / "worktrees" / "*"):
            git.text("config", "--local", f"includeIf.gitdir:{where}.path", str(kept))
    git.text("config", "--file", str(kept), _HEADER, f"AUTHORIZATION: basic {login}")
    return kept


def _log_out(git: Git, kept: Path) -> None:
    git.text("config", "--file", str(kept), "--unset-all", _HEADER)
    if kept.parent != git.root / ".git":
        kept.unlink()
        for name in git.lines("config", "--local", "--name-only", "--get-regexp", r"^includeif\.gitdir:.*\.path$"):
            git.text("config", "--local", "--unset-all", name)


def _fetch(step: Step, git: Git, what: Wanted) -> None:
    depth = step.text("fetch-depth") or "1"
    if depth.isdecimal() and int(depth):
        follow = () if what.tags and what.peeled else ("--no-tags",)
        _get(step, git, f"--depth={depth}", *follow, "origin", *what.specs())
    else:  # what is no number is 0 as well
        deeper = ("--unshallow",) if (git.root / ".git" / "shallow").exists() else ()
        _get(step, git, *deeper, "--no-tags", "origin", f"+{_BRANCH}*:refs/remotes/origin/*", _TAGS)
        if _moved(git, what) or (what.peeled and what.commit and what.ref.startswith(_TAG)):
            _get(step, git, "--no-tags", "origin", *what.specs())
    if _moved(git, what):
        step.fail(
            f"The ref '{what.ref}' does not point to the expected commit '{what.commit}'. The ref may have been "
            "updated after the workflow was triggered."
        )


def _get(step: Step, git: Git, *words: str) -> None:
    fetched = git.run("fetch", "--quiet", "--prune", "--no-recurse-submodules", *words, timeout=600)
    if not fetched.ok and fetched.stderr.strip():  # git says nothing where no name fits a pattern
        step.fail(fetched.tail(5))


def _moved(git: Git, what: Wanted) -> bool:
    """Whether the run's branch or tag means another commit by now (src/ref-helper.ts, testRef)."""
    here = what.ref.replace(_BRANCH, "refs/remotes/origin/", 1)
    return bool(what.commit) and what.ref.startswith((_BRANCH, _TAG)) and git.commit(here) != what.commit


def _place(step: Step, git: Git, what: Wanted) -> tuple[str, ...]:
    """A branch is checked out as one; a tag or commit is not (src/ref-helper.ts, getCheckoutInfo)."""
    branch = what.ref.removeprefix(_BRANCH)
    remote = f"refs/remotes/origin/{branch}"
    if what.ref and not branch.startswith("refs/") and git.commit(remote) is not None:
        return ("-B", branch, remote)
    if what.ref and not what.ref.startswith("refs/"):
        if git.commit(f"{_TAG}{what.ref}") is None:
            step.fail(f"A branch or tag with the name '{what.ref}' could not be found")
        return ("--detach", f"{_TAG}{what.ref}")
    return ("--detach", what.ref if what.ref.startswith(_TAG) else what.commit or what.ref)


def _sparse(step: Step, git: Git) -> None:
    patterns = step.lines("sparse-checkout")
    if patterns:
        mode = () if step.true("sparse-checkout-cone-mode") else ("--no-cone",)
        git.text("sparse-checkout", "set", *mode, *patterns)
