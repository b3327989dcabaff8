"""`tagship release`: the whole process on the maintainer's machine, up to the push that starts the workflow.

Everything is looked at first, then decided at once by a pure function, then shown, and only then done. What is done
before the push is local and is put back when anything fails; the push is atomic and never forced, and where its answer
is lost the remote is asked what arrived.
"""

import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import assert_never

import msgspec

from tagship.errors import PlanRefused, TagshipError, ToolFailed, UnknownOutcome
from tagship.operate.pushing import Parcel, push
from tagship.operate.situation import PATIENCE, RELEASE, Situation
from tagship.project.version_edits import write
from tagship.rehearsal.result import Rehearsal
from tagship.services.git import Git
from tagship.services.shell import Shell
from tagship.shapes import read_json
from tagship.words import many

REHEARSAL = 3600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """The release that is asked for."""

    version: str
    tag: str
    contents: Mapping[str, bytes] = field(default_factory=dict)
    """New contents by file, relative to the project: the version, the changelog."""
    branch: str | None = None
    """A branch that is released from although it is no release branch by itself."""
    sign: bool = False
    rehearse: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Commit:
    """Write the files and commit them."""

    message: str
    contents: Mapping[str, bytes]


@dataclass(frozen=True, kw_only=True, slots=True)
class Tag:
    """Tag the commit."""

    name: str
    message: str
    sign: bool
    commit: str = "HEAD"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rehearse:
    """Rehearse the tag, as it stands in this clone."""

    tag: str
    merged: bool = False
    """Whether the commit counts as merged, which it is to be."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Push:
    """Push branch and tag, both or none."""

    branch: str
    """Empty where its commits are there."""
    tag: str
    undo: str
    """The command that takes back what was done here, for where nobody can say what arrived."""


Action = Commit | Tag | Rehearse | Push


def decide(now: Situation, wanted: Wanted) -> tuple[Action, ...]:
    """The steps of a release.

    Raises:
        PlanRefused: the repository is not in a state to release from; the remedy says how it gets there.
    """
    look(now, wanted)
    message = f"{RELEASE}{wanted.version}"
    undo = f"git tag --delete {wanted.tag}" + (f" && git reset --keep {now.head}" if wanted.contents else "")
    return (
        *([Commit(message=message, contents=wanted.contents)] if wanted.contents else []),
        Tag(name=wanted.tag, message=message, sign=wanted.sign),
        *([Rehearse(tag=wanted.tag)] if wanted.rehearse else []),
        Push(branch=now.branch or "", tag=wanted.tag, undo=undo),
    )


def words(action: Action) -> str:
    """What a step will do."""
    match action:
        case Commit(message=message, contents=contents):
            return f"commit {', '.join(contents)}: {message}"
        case Tag(name=name, sign=sign, commit=commit):
            where = "" if commit == "HEAD" else f" at {commit[:12]}"
            return f"tag {name}{where}{', signed' if sign else ''}"
        case Rehearse(merged=True):
            return "rehearse it, offline, as if it were merged"
        case Rehearse():
            return "rehearse it, offline; if it would not succeed, all of this is taken back"
        case Push(branch=branch, tag=tag):
            return f"push {branch} and {tag}, both or none" if branch else f"push {tag}"
        case _:
            assert_never(action)


def _on_a_branch(now: Situation, wanted: Wanted) -> PlanRefused | None:
    if now.busy:
        return _no(f"git is in the middle of a {now.busy}", f"Finish it, or end it: git {now.busy} --abort")
    if now.branch is None:
        branch = (*now.release_branches, "main")[0]
        return _no("no branch is checked out (a detached HEAD)", f"git switch {shlex.quote(branch)}")
    if now.branch not in now.release_branches and now.branch != wanted.branch:
        branches = " or ".join(now.release_branches) or "the default branch"
        usual, meant = map(shlex.quote, ((*now.release_branches, "main")[0], now.branch))
        remedy = f"git switch {usual}; or, if it is meant: --branch {meant}"
        return _no(f"{now.branch} is checked out, and releases are made from {branches}", remedy)
    return None


def _clean(now: Situation, wanted: Wanted) -> PlanRefused | None:
    if now.changed:
        files = ", ".join(now.changed[:3]) + (f" and {len(now.changed) - 3} more" if len(now.changed) > 3 else "")
        return _no(f"there are changes that are not committed: {files}", "Commit them, or put them aside: git stash")
    return None


def _up_to_date(now: Situation, wanted: Wanted) -> PlanRefused | None:
    if not now.remote:
        return _no("there is no remote called origin to push to", "git remote add origin ADDRESS")
    if now.shallow:
        return _no("the history is cut off (a shallow clone)", "git fetch --unshallow --tags")
    if now.behind and now.ahead:
        return _no(
            f"{now.branch} and the remote's have parted: {now.ahead} here, {now.behind} there", "git pull --rebase"
        )
    if now.behind:
        return _no(f"{now.branch} lacks {many(now.behind, 'commit')} of the remote's", "git pull --ff-only")
    return None


def _tag_is_free(now: Situation, wanted: Wanted) -> PlanRefused | None:
    if now.tag_there is not None:
        return _no(f"the remote has the tag {wanted.tag} already", "Release the next version: a tag is never moved.")
    if now.tag_here is not None:
        same = now.tag_here == now.head and not wanted.contents
        remedy = f"git push origin {wanted.tag}" if same else f"If nobody has it yet: git tag --delete {wanted.tag}"
        return _no(f"this clone has the tag {wanted.tag} already, and the remote has not", remedy)
    return None


def _none_begun(now: Situation, wanted: Wanted) -> PlanRefused | None:
    """Whoever is killed before the push and says the same once more would skip a version."""
    if now.begun in ("", f"{RELEASE}{wanted.version}"):
        return None
    version, branch = now.begun.removeprefix(RELEASE), shlex.quote(now.branch or "HEAD")
    return _no(
        f"the release of {version} was begun here, and not pushed",
        f"To go on: tagship release, without a part; where it has its tag: git push --atomic origin {branch} TAG. "
        "To take it back: git reset --keep HEAD~1, and git tag --delete TAG where it has one.",
    )


_LOOKS = (_on_a_branch, _clean, _up_to_date, _none_begun, _tag_is_free)


def look(now: Situation, wanted: Wanted) -> None:
    """Refuse where the repository is not in a state to release from.

    Raises:
        PlanRefused: with the way there.
    """
    refusal = next((found for look in _LOOKS if (found := look(now, wanted)) is not None), None)
    if refusal is not None:
        raise refusal


def _no(why: str, remedy: str) -> PlanRefused:
    return PlanRefused(f"Nothing was released: {why}", remedy=remedy)


@dataclass(frozen=True, kw_only=True, slots=True)
class Hands:
    """What acting takes."""

    git: Git
    """The user's own, at the root of the repository: hooks, signing and credentials are theirs."""
    shell: Shell
    root: Path
    """The project's folder."""
    journal: Path
    package: str
    say: Callable[[str], None]
    patience: float = PATIENCE


def perform(actions: tuple[Action, ...], before: Situation, hands: Hands) -> None:
    """Do it step by step. What fails before the push is taken back.

    Raises:
        TagshipError: a step failed; the message says what state the repository is in.
    """
    for action in actions:
        try:
            act(action, hands)
        except UnknownOutcome:
            raise  # what is local may be public by now
        except BaseException as error:
            if not isinstance(action, Push) or isinstance(error, TagshipError):
                take_back(actions, before, hands)
            raise


def _parcel(action: Push) -> Parcel:
    tag = f"refs/tags/{action.tag}"
    refs = (f"HEAD:refs/heads/{action.branch}", tag) if action.branch else (tag,)
    named = " and ".join(name for name in (action.branch, action.tag) if name)
    return Parcel(refs=refs, named=named, key=tag, undo=action.undo)


def act(action: Action, hands: Hands) -> None:
    """Do one step.

    Raises:
        TagshipError: it failed.
    """
    git, say = hands.git, hands.say
    match action:
        case Commit(message=message, contents=contents):
            write(hands.root, contents, hands.journal)
            git.text("add", "--", *(str(hands.root / file) for file in contents))
            _git(hands, "commit", "--quiet", "--message", message)
            say(f"committed {', '.join(contents)}: {message}")
        case Tag(name=name, message=message, sign=sign, commit=commit):
            _git(hands, "tag", "--sign" if sign else "--annotate", "--message", message, name, commit)
            say(f"tagged {name}")
        case Rehearse():
            say("rehearsing …")
            _rehearse(action, hands)
        case Push():
            say(push(git, _parcel(action), hands.patience))
        case _:
            assert_never(action)


def _git(hands: Hands, *words: str) -> None:
    output = hands.git.run(*words, timeout=hands.patience)
    if not output.ok:
        how = f"took longer than {hands.patience:g} s, its hooks included" if output.timed_out else "failed"
        raise ToolFailed(
            f"Nothing was released, and everything is as it was: git {words[0]} {how}\n{output.tail(12)}",
            remedy="Read what git or its hook said; run the same command again when it is mended.",
        )


def _rehearse(action: Rehearse, hands: Hands) -> None:
    """In a process of its own, which shuts itself in for good; -P: nothing of the repository is imported before."""
    tag, more = action.tag, ("--package", hands.package, *(["--merged"] if action.merged else []))
    words = (sys.executable, "-P", "-m", "tagship", "rehearse", str(hands.git.root), "--tag", tag, "--json")
    output = hands.shell.run((*words, *more), cwd=hands.git.root, timeout=REHEARSAL)
    try:
        result = read_json(output.stdout, Rehearsal)
    except msgspec.DecodeError:
        raise ToolFailed(
            f"Nothing was released, and everything is as it was: the rehearsal failed\n{output.tail(12)}",
            remedy=f"tagship rehearse --tag {tag}",
        ) from None
    if result.exit_code:
        cause = next((finding for _, finding in result.causes), None)
        raise PlanRefused(
            f"Nothing was released, and everything is as it was: {result.headline}",
            remedy=cause.remedy if cause else "tagship rehearse shows what could not be known; --no-rehearsal goes on.",
            where=cause.where if cause else "",
        )
    hands.say(f"rehearsed in {result.seconds:.1f} s: {result.headline}")


def take_back(actions: tuple[Action, ...], before: Situation, hands: Hands) -> None:
    """Make the local repository what it was: only what these actions made goes."""
    for action in actions:
        match action:
            case Tag(name=name) if before.tag_here is None:
                hands.git.run("tag", "--delete", name)
            case Commit(contents=contents):
                hands.git.run("reset", "--quiet", "--keep", before.head)
                hands.git.run("checkout", "--quiet", before.head, "--", *(str(hands.root / file) for file in contents))
            case _:
                continue
