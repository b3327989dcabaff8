"""The second half of a release by pull request: once it is merged, the tag is put on the commit that the branch got.

Which commit that is, GitHub says: the merge, the squashed commit, or the last of the rebased ones; the branch may have
moved on since. What the files of that commit say decides whether it is the release at all.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from tagship.errors import Conflict, PlanRefused, ToolFailed, Unreachable
from tagship.operate.apart import apart
from tagship.operate.follow import wait
from tagship.operate.proposal import PREFIX
from tagship.operate.release import Action, Push, Rehearse, Tag, Wanted
from tagship.operate.situation import PATIENCE, RELEASE
from tagship.project.discover import Project
from tagship.project.version_literals import Written
from tagship.project.version_sources import find
from tagship.services.git import Git
from tagship.services.pulls import Pull, Pulls
from tagship.services.world import Clock
from tagship.versions import TagVersion, parse, parse_tag

DAY = 86400.0
"""Seconds until nobody waits for a merge any longer."""
PAGES = 10
"""Of a hundred pull requests each, among which that of the release is looked for."""
BRISK, SLOW = 30, 60.0
"""After so many looks, seconds between two of them."""
STATES: Mapping[str, str] = {
    "clean": "it can be merged",
    "blocked": "reviews or checks are missing",
    "behind": "it has to be brought up to date with {base} first",
    "dirty": "it conflicts with {base}",
    "unstable": "it can be merged, and a check that is not required failed or goes on",
}
"""What GitHub says of an open one (docs.github.com, GraphQL, MergeStateStatus)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The newest pull request of a release."""

    pull: Pull
    release: TagVersion


@dataclass(frozen=True, kw_only=True, slots=True)
class Landed:
    """What the remote has of it, once it is merged."""

    commit: str
    """What the branch got by it."""
    on_branch: bool
    """Whether the commit is part of the branch."""
    declared: str | None
    """The version in the files of that commit; None where the tags are the version."""
    tag_here: str | None
    tag_there: str | None
    """The commits that the tag means."""


def search(pages: Iterable[Sequence[Pull]], project: Project, branches: Collection[str]) -> tuple[Found, ...]:
    """The pull requests of releases on the first page that has some, the newest first; a fork's are nobody's release.

    Args:
        pages: of all pull requests, the newest first.
        branches: into which releases are merged.
    """
    for page in islice(pages, PAGES):
        found = []
        for pull in page:
            release = parse_tag(pull.head.ref.removeprefix(PREFIX), project.tags.value)
            ours = pull.head.ref.startswith(PREFIX) and pull.is_ours and pull.base.ref in branches
            if ours and isinstance(release, TagVersion):
                found.append(Found(pull=pull, release=release))
        if found:
            return tuple(found)
    return ()


def choose(found: Sequence[Found], tags: Collection[str], branches: Sequence[str]) -> Found:
    """The one to go on with: the newest; one that was closed without a merge does not hide an earlier one that waits.

    Args:
        found: the newest first.
        tags: of the remote.

    Raises:
        PlanRefused: there is none.
    """
    if not found:
        raise PlanRefused(
            f"Nothing was tagged: there is no pull request of a release into {' or '.join(branches)}",
            remedy="tagship release PART --pull-request opens one. Where the version was raised in another way: pull, "
            "and tagship release without a part.",
        )
    alive = next((one for one in found if one.pull.state == "open" or one.pull.merged_at is not None), None)
    waits = alive is not None and alive.release.tag not in tags
    return alive if alive is not None and waits else found[0]


def until_merged(pulls: Pulls, pull: Pull, clock: Clock, say: Callable[[str], None]) -> Pull:
    """Wait until it is merged, and say so.

    Raises:
        PlanRefused: it was closed.
        ToolFailed: it takes more than a day.
    """
    begin, attempt, state = clock.now(), 0, ""
    say(f"waiting until #{pull.number} is merged; Ctrl-C stops the waiting, and no more")
    while pull.merged_at is None:
        refuse_closed(pull)
        if pull.mergeable_state != state and pull.mergeable_state in STATES:
            state = pull.mergeable_state
            say(f"#{pull.number}: {STATES[state].format(base=pull.base.ref)}")
        if clock.now() - begin >= DAY:
            raise ToolFailed(
                f"Nothing was tagged: pull request #{pull.number} is open after a day",
                remedy="Once it is merged: tagship release --merged",
                url=pull.html_url,
            )
        if attempt:
            clock.sleep(wait(attempt - 1) if attempt < BRISK else SLOW)
        attempt += 1
        try:
            pull = pulls.get(pull.number)
        except Unreachable:
            continue  # a later look may succeed
    say(f"#{pull.number} is merged")
    return pull


def refuse_closed(pull: Pull) -> None:
    """Refuse one that was closed and not merged."""
    if pull.state == "closed" and pull.merged_at is None:
        raise PlanRefused(
            f"Nothing was tagged: pull request #{pull.number} was closed without a merge",
            remedy="If it should be released after all: open it again and merge it, or run tagship release PART "
            "--pull-request once more.",
            url=pull.html_url,
        )


def observe(git: Git, project: Project, found: Found, beside: str) -> Landed:
    """Look at what the remote has of a merged one.

    Args:
        beside: the project's folder, relative to the repository.

    Raises:
        PlanRefused: the clone is too shallow to tell.
        ToolFailed: the remote cannot be reached.
    """
    if git.is_shallow():
        raise PlanRefused(
            "Nothing was tagged: the history is cut off (a shallow clone)",
            remedy="git fetch --unshallow --tags; actions/checkout with fetch-depth: 0",
        )
    base, tag, commit = found.pull.base.ref, found.release.tag, found.pull.merge_commit_sha or ""
    git.text("fetch", "--quiet", "origin", f"+refs/heads/{base}:refs/remotes/origin/{base}", timeout=PATIENCE)
    rows = git.text("ls-remote", "origin", f"refs/tags/{tag}", f"refs/tags/{tag}^{{}}", timeout=PATIENCE).splitlines()
    peeled = {name: sha for sha, name in (row.split("\t") for row in rows)}
    there = peeled.get(f"refs/tags/{tag}^{{}}", peeled.get(f"refs/tags/{tag}"))
    on_branch = bool(commit) and git.contains(commit, f"refs/remotes/origin/{base}")
    declared = None
    if on_branch and isinstance(project.version, Written):
        with apart(git, commit) as inside:
            source = find(inside.root / beside)
            declared = source.version if isinstance(source, Written) else ""
    return Landed(
        commit=commit,
        on_branch=on_branch,
        declared=declared,
        tag_here=git.commit(f"refs/tags/{tag}"),
        tag_there=there,
    )


def decide(found: Found, landed: Landed, wanted: Wanted) -> tuple[Action, ...]:
    """The steps after the merge: tag, rehearsal, push; none where the tag is there.

    Raises:
        PlanRefused: it is not merged, or not what it says.
        Conflict: the tag means another commit.
    """
    pull, tag, name = found.pull, found.release.tag, f"pull request #{found.pull.number}"
    refuse_closed(pull)
    if pull.merged_at is None:
        raise PlanRefused(
            f"Nothing was tagged: {name} is not merged yet",
            remedy="Merge it, and run the same command again; --wait waits for it.",
            url=pull.html_url,
        )
    if not landed.on_branch:
        raise PlanRefused(
            f"Nothing was tagged: {pull.base.ref} does not have {landed.commit[:12] or 'the commit'} of {name}",
            remedy=f"Was {pull.base.ref} reset since? Then raise the version again: tagship release PART "
            "--pull-request.",
            url=pull.html_url,
        )
    if landed.declared is not None and parse(landed.declared) != found.release.version:
        says = f"says {landed.declared}" if landed.declared else "declares no version"
        raise PlanRefused(
            f"Nothing was tagged: {name} is about {found.release.version}, and its commit on {pull.base.ref} {says}",
            remedy="It was changed before the merge, or by a merge after. Release what is declared now: pull, and "
            "tagship release without a part.",
            where=landed.commit,
            url=pull.html_url,
        )
    for where, commit in (("the remote", landed.tag_there), ("this clone", landed.tag_here)):
        if commit not in (None, landed.commit):
            raise Conflict(
                f"Nothing was tagged: {where} has the tag {tag} at {commit}, not at {landed.commit} of {name}",
                remedy=f"If nobody has it yet: git tag --delete {tag}"
                if where == "this clone"
                else "Find out who pushed it; a tag is never moved.",
                where=tag,
            )
    if landed.tag_there is not None:
        return ()
    message = f"{RELEASE}{found.release.version}"
    return (
        *([Tag(name=tag, message=message, sign=wanted.sign, commit=landed.commit)] if not landed.tag_here else []),
        *([Rehearse(tag=tag)] if wanted.rehearse else []),
        Push(branch="", tag=tag, undo=f"git tag --delete {tag}"),
    )
