"""Stands in for actions/checkout: a real fetch from the repository of the rehearsal, as deep as was asked for."""

import base64

from tagship.rehearsal.act.steps.step import Step
from tagship.services.addresses import GITHUB
from tagship.services.git import Git

_COMMIT = 40
_HEADER = f"http.{GITHUB}/.extraheader"


def run(step: Step) -> None:
    """Fetch and check out (actions/checkout v7.0.1, src/git-source-provider.ts)."""
    own = step.variables["GITHUB_REPOSITORY"]
    wanted = step.text("repository") or own
    if wanted.lower() != own.lower():
        step.note(f"actions/checkout of {wanted}: another repository cannot be fetched, its folder is empty")
        (step.workspace / step.text("path")).mkdir(parents=True, exist_ok=True)
        return
    folder = step.workspace / step.text("path")
    folder.mkdir(parents=True, exist_ok=True)
    git = Git(step.shell, folder)
    git.text("init", "--quiet", ".")
    if git.maybe("remote", "get-url", "origin") is None:
        git.text("remote", "add", "origin", f"{GITHUB}/{own}")
    _log_in(step, git)
    sha = step.variables["GITHUB_SHA"]
    ref = step.text("ref")
    target = ref or sha
    words = ("fetch", "--quiet", "--no-recurse-submodules", *_depth(step), "origin", *_specs(step, target))
    fetched = git.run(*words, timeout=600)
    if not fetched.ok and fetched.stderr.strip():  # git says nothing where no name fits a pattern
        step.fail(fetched.tail(5))
    _sparse(step, git)
    found = _found(git, target)
    if found is None:
        step.fail(f"A branch or tag with the name '{ref}' could not be found")
    git.text("-c", "advice.detachedHead=false", "checkout", "--quiet", "--force", *_place(step, git, ref, found))
    if step.text("submodules").lower() in ("true", "recursive"):
        step.note("actions/checkout: submodules, which lie in other repositories")
    if not step.true("persist-credentials"):
        git.text("config", "--local", "--unset-all", _HEADER)
    commit = git.text("rev-parse", "HEAD")
    step.say(f"Checked out {commit}")
    step.output("commit", commit)
    step.output("ref", ref or step.variables["GITHUB_REF"])


def _log_in(step: Step, git: Git) -> None:
    """Use the token as the action does (src/git-auth-helper.ts); later steps push with it, where it stays."""
    login = base64.b64encode(f"x-access-token:{step.text('token')}".encode()).decode()
    step.say(f"::add-mask::{login}")
    git.text("config", "--local", _HEADER, f"AUTHORIZATION: basic {login}")


def _depth(step: Step) -> tuple[str, ...]:
    depth = step.text("fetch-depth") or "1"
    if depth == "0":
        return ()
    return (f"--depth={depth}", *(() if step.true("fetch-tags") else ("--no-tags",)))


def _specs(step: Step, target: str) -> tuple[str, ...]:
    """What is fetched (src/ref-helper.ts, getRefSpecForAllHistory and getRefSpec)."""
    if (step.text("fetch-depth") or "1") == "0":
        return "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"
    ref = step.text("ref") or step.variables["GITHUB_REF"]
    source = target if not step.text("ref") else ref
    if ref.startswith("refs/heads/"):
        return (f"+{source}:refs/remotes/origin/{ref.removeprefix('refs/heads/')}",)
    if ref.startswith("refs/"):
        return (f"+{source}:{ref}",)
    if len(ref) == _COMMIT:
        return (ref,)
    return f"+refs/heads/{ref}*:refs/remotes/origin/{ref}*", f"+refs/tags/{ref}*:refs/tags/{ref}*"


def _found(git: Git, target: str) -> str | None:
    short = target.removeprefix("refs/heads/")
    names = (f"refs/remotes/origin/{short}", f"refs/tags/{target}", target)
    return next((name for name in names if git.commit(name) is not None), None)


def _place(step: Step, git: Git, ref: str, found: str) -> tuple[str, ...]:
    """A branch is checked out as one; a tag or commit is not (src/ref-helper.ts, getCheckoutInfo)."""
    branch = (ref or step.variables["GITHUB_REF"]).removeprefix("refs/heads/")
    remote = f"refs/remotes/origin/{branch}"
    if branch.startswith("refs/") or git.commit(remote) is None:
        return ("--detach", git.text("rev-parse", f"{found}^{{commit}}"))
    return ("-B", branch, remote)


def _sparse(step: Step, git: Git) -> None:
    patterns = step.lines("sparse-checkout")
    if patterns:
        mode = () if step.true("sparse-checkout-cone-mode") else ("--no-cone",)
        git.text("sparse-checkout", "set", *mode, *patterns)
