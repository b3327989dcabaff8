"""A release whose commit goes through a pull request, for branches that take no pushes: up to the pull request.

The commit is made beside the user's checkout, which stays as it is, and pushed on a branch of its own. The same
command again finds what is there: a branch with the same contents and its pull request are taken as they are.
The tag follows once it is merged: merged.py.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import assert_never

from tagship.errors import Conflict, PlanRefused, Refused, TagshipError, UnknownOutcome
from tagship.operate.apart import apart, sweep
from tagship.operate.pushing import Parcel, push
from tagship.operate.release import Commit, Hands, Rehearse, Wanted, act, look, words
from tagship.operate.situation import PATIENCE, RELEASE, Situation
from tagship.project.version_edits import JOURNAL
from tagship.services.git import Git
from tagship.services.pulls import Pull, Pulls, Rule
from tagship.words import many

PREFIX = "release/"
"""How the branches begin; the tag follows."""
BINDING = ("pull_request", "required_status_checks", "merge_queue")
"""Rules with which no commit is pushed that was not on another branch before (docs.github.com, "Available rules")."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Branch:
    """The branch of the release, as the remote has it."""

    commit: str
    date: str
    """On which day its commit was made, `2026-11-20`: that of the changelog's section."""
    author: str
    same: Callable[[Wanted, str], bool]
    """Whether it is this release, made from that commit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What GitHub and the remote know about the release already."""

    branch: Branch | None
    pulls: tuple[Pull, ...]
    """Those of the branch, the newest first."""
    untagged: Pull | None
    """The merged one of the version that is declared, where that has no tag."""
    rules: tuple[Rule, ...] | None
    """Those in force for the base; None where they cannot be seen."""
    fork: bool
    anonymous: bool
    """Whether there is no token."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PushBranch:
    """Push the commit as a branch of its own."""

    branch: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Open:
    """Open the pull request."""

    branch: str
    base: str
    title: str
    body: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Adopt:
    """Take the one that is open."""

    pull: Pull


Step = Commit | Rehearse | PushBranch | Open | Adopt


def decide(now: Situation, seen: Seen, wanted: Wanted, body: str) -> tuple[Step, ...]:
    """The steps to the pull request.

    Raises:
        PlanRefused: the repository, or what is there already, is not as it has to be.
        Conflict: the remote has the branch with something else on it.
    """
    look(now, wanted)
    _look(now, seen, wanted)
    branch, base, title = f"{PREFIX}{wanted.tag}", now.branch or "", f"{RELEASE}{wanted.version}"
    opening = Open(branch=branch, base=base, title=title, body=body)
    if seen.branch is None:
        return (
            Commit(message=title, contents=wanted.contents),
            *([Rehearse(tag=wanted.tag, merged=True)] if wanted.rehearse else []),
            PushBranch(branch=branch),
            opening,
        )
    if not seen.branch.same(wanted, now.head):
        raise Conflict(
            f"Nothing was released: the remote has the branch {branch} already, with something else on it "
            f"(by {seen.branch.author}, {seen.branch.date}), or made from an older {base}",
            remedy=f"If it is right: merge its pull request, then tagship release --merged. To begin anew: "
            f"git push origin --delete {branch}, which closes its pull request, and the same command again.",
            where=branch,
        )
    is_open = _open_one(seen.pulls, base)
    return (Adopt(pull=is_open),) if is_open is not None else (opening,)


def _open_one(pulls: tuple[Pull, ...], base: str) -> Pull | None:
    """The pull request that is open for a base already; one into another branch, or from a fork, is somebody's."""
    return next((pull for pull in pulls if pull.state == "open" and pull.base.ref == base and pull.is_ours), None)


def _look(now: Situation, seen: Seen, wanted: Wanted) -> None:
    if seen.fork:
        raise _no(
            "origin is a fork, and its tags publish nothing",
            "Release from a clone of the repository itself: git clone, or git remote set-url origin ADDRESS.",
        )
    if seen.anonymous:
        raise _no(
            "there is no token with which a pull request could be opened",
            "gh auth login; or set GH_TOKEN to a token with the permissions contents: write and pull_requests: write.",
        )
    if not wanted.contents:
        raise _no("there is nothing to change that a pull request could carry", "tagship release, which pushes the tag")
    if now.ahead:
        raise _no(
            f"{now.branch} has {many(now.ahead, 'commit')} that the remote has not, and they would be part of it",
            f"Bring them there by a pull request of their own; git reset --keep origin/{now.branch} leaves them out.",
        )
    merged = next((pull for pull in (*seen.pulls, seen.untagged) if pull is not None and pull.merged_at), None)
    if merged is not None:
        raise PlanRefused(
            f"Nothing was released: pull request #{merged.number} was merged, and its tag was not pushed",
            remedy="tagship release --merged",
            where=merged.head.ref,
            url=merged.html_url,
        )


def _no(why: str, remedy: str) -> PlanRefused:
    return PlanRefused(f"Nothing was released: {why}", remedy=remedy)


def said(step: Step) -> str:
    """What a step will do."""
    match step:
        case PushBranch(branch=branch):
            return f"push it as {branch}; this clone stays as it is"
        case Open(branch=branch, base=base, title=title):
            return f"open a pull request from {branch} into {base}: {title}"
        case Adopt(pull=pull):
            return f"nothing more: pull request #{pull.number} is open  {pull.html_url}"
        case Commit() | Rehearse():
            return words(step)
        case _:
            assert_never(step)


def needs(rules: tuple[Rule, ...] | None) -> str:
    """What a merge waits for, in words."""
    if rules is None:
        return "reviews and checks as the repository asks for them"
    approvals = max((rule.parameters.required_approving_review_count for rule in rules), default=0)
    checks = {check.context: None for rule in rules for check in rule.parameters.required_status_checks}
    parts = ([many(approvals, "approving review")] if approvals else []) + list(checks)
    return ", ".join(parts) or "nobody but whoever merges it; let its checks end first"


def takes_no_pushes(rules: tuple[Rule, ...] | None) -> bool:
    """Whether a branch is known to take changes by pull request alone."""
    return any(rule.type in BINDING for rule in rules or ())


def branch_there(git: Git, name: str, beside: Path) -> Branch | None:
    """The branch of a release on the remote, fetched but not made here; None where there is none.

    Args:
        beside: the project's folder, relative to the repository.

    Raises:
        ToolFailed: the remote cannot be reached.
    """
    ref = f"refs/heads/{name}"
    there = git.text("ls-remote", "origin", ref, timeout=PATIENCE).split()
    if not there:
        return None
    commit = there[0]
    git.text("fetch", "--quiet", "--no-tags", "origin", ref, timeout=PATIENCE)
    date, author = git.text("show", "--no-patch", "--date=short", "--format=%ad%n%an", commit).split("\n")

    def same(wanted: Wanted, base: str) -> bool:
        names = git.text("diff", "--name-only", "--no-ext-diff", "-z", base, commit).split("\0")[:-1]
        ours = {(beside / file).as_posix(): data for file, data in wanted.contents.items()}
        return (
            git.maybe("rev-parse", f"{commit}^@") == base
            and sorted(names) == sorted(ours)
            and all(_blob(git, file, data) == git.maybe("rev-parse", f"{commit}:{file}") for file, data in ours.items())
        )

    return Branch(commit=commit, date=date, author=author, same=same)


def _blob(git: Git, file: str, data: bytes) -> str:
    """The id that git gives to contents of a file."""
    return git.run("hash-object", "--stdin", "--path", file, stdin=data).stdout.strip()


def perform(steps: tuple[Step, ...], hands: Hands, pulls: Pulls) -> Pull:
    """Do it step by step; what is there at the end is a pull request. The clone is as it was at every moment.

    Raises:
        TagshipError: a step failed; the message says what was pushed.
    """
    sweep(hands.git)
    for step in steps:
        if isinstance(step, Adopt):
            return step.pull
    local = tuple(step for step in steps if not isinstance(step, Open))
    if local:
        _make(local, hands)
    return _open(next(step for step in steps if isinstance(step, Open)), hands, pulls)


def _make(steps: tuple[Step, ...], hands: Hands) -> None:
    """Commit, rehearse and push, beside the user's checkout."""
    with apart(hands.git, "HEAD") as git:
        root = git.root / hands.root.resolve().relative_to(hands.git.root.resolve())
        inside = replace(hands, git=git, root=root, journal=git.root.parent / JOURNAL)
        for step in steps:
            match step:
                case PushBranch(branch=branch):
                    ref = f"refs/heads/{branch}"
                    undo = f"git push origin --delete {branch}"
                    parcel = Parcel(refs=(f"HEAD:{ref}",), named=branch, key=ref, undo=undo)
                    hands.say(push(git, parcel, hands.patience))
                case Commit() | Rehearse():
                    act(step, inside)
                case _:
                    continue


def _open(step: Open, hands: Hands, pulls: Pulls) -> Pull:
    """Open it, or find the one that is there after all."""
    try:
        pull = pulls.open(step.branch, step.base, step.title, step.body)
    except UnknownOutcome as error:
        found = _open_one(pulls.of(step.branch), step.base)
        if found is None:
            raise _not_opened(step, error) from None
        pull = found
    except TagshipError as error:
        raise _not_opened(step, error) from None
    hands.say(f"opened pull request #{pull.number}  {pull.html_url}")
    return pull


def _not_opened(step: Open, error: TagshipError) -> TagshipError:
    remedy = error.remedy
    if isinstance(error, Refused) and "GitHub Actions is not permitted" in error.message:
        remedy = (
            "Settings, Actions, General: allow GitHub Actions to create pull requests; or give another token, with "
            "which its CI would start by itself as well."
        )
    return type(error)(
        f"No pull request was opened, and {step.branch} is pushed: {error.message}",
        remedy=f"{remedy} The same command again goes on from there; to take it back: "
        f"git push origin --delete {step.branch}",
        where=error.where,
        url=error.url,
    )
