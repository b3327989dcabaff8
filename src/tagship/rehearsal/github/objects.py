"""What the embedded GitHub reads from the bare repository: refs, commits, tag objects.

A ref name may mean a branch and a tag at once; like GitHub we look for `heads/x` and `tags/x` where the name
says so, and for the branch first where it does not.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from tagship.rehearsal.github.http import refusal
from tagship.rehearsal.github.repository import RepositoryState
from tagship.services.git import Git

_FIELDS = "%x00".join(("%H", "%T", "%P", "%an", "%ae", "%at", "%cn", "%ce", "%ct", "%B"))
_WIDTH = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Who did it, and when in seconds since 1970."""

    name: str
    email: str
    date: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Commit:
    """One commit."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Ref:
    """A full ref name and the object it points at."""

    name: str
    sha: str
    type: str
    """`commit`, or `tag` for an annotated tag."""
    peeled: str
    """The commit, also of an annotated tag."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TagObject:
    """An annotated tag."""

    sha: str
    tag: str
    message: str
    target: str
    target_type: str
    tagger: Person
    signed: bool


def refs(git: Git, prefix: str = "refs/") -> tuple[Ref, ...]:
    """The branches and tags whose full name begins with a prefix, sorted by name."""
    form = "%(refname)%00%(objectname)%00%(objecttype)%00%(*objectname)"
    found = (line.split("\0") for line in git.lines("for-each-ref", f"--format={form}", "refs/heads", "refs/tags"))
    return tuple(
        Ref(name=name, sha=sha, type=kind, peeled=peeled or sha)
        for name, sha, kind, peeled in found
        if name.startswith(prefix)
    )


def ref(git: Git, name: str) -> Ref | None:
    """One ref by its full name."""
    return next((found for found in refs(git, name) if found.name == name), None)


def commit_of(repo: RepositoryState, name: str) -> str:
    """The commit that a ref, branch, tag or SHA means.

    The id of a tag object is refused with 422, as for what does not exist
    (getplumber/plumber#401).
    """
    found = find_commit(repo, name)
    if found is None:
        raise refusal(422, f"No commit found for SHA: {name}")
    return found


def find_commit(repo: RepositoryState, name: str) -> str | None:
    """The same, or None where there is none."""
    git = repo.git
    if re.fullmatch(r"[0-9a-f]{40}", name):
        return name if git.maybe("cat-file", "-t", name) == "commit" else None
    if not re.fullmatch(r"[A-Za-z0-9][^\s~^:?*\[\\]*", name) or ".." in name:
        return None
    if name == "HEAD":
        return git.commit(f"refs/heads/{repo.default_branch}")
    short = name.removeprefix("refs/")
    places = [f"refs/{short}"] if short.startswith(("heads/", "tags/")) else [f"refs/heads/{name}", f"refs/tags/{name}"]
    if re.fullmatch(r"[0-9a-f]{7,39}", name):
        places.append(name)
    return next((sha for place in places if (sha := git.commit(place)) is not None), None)


def commits(git: Git, *words: str) -> tuple[Commit, ...]:
    """Commits as `git log` selects and orders them."""
    fields = git.text("log", "-z", f"--format={_FIELDS}%x00", *words).split("\0")
    rows = [fields[i : i + _WIDTH] for i in range(0, len(fields) - _WIDTH + 1, _WIDTH + 1)]
    return tuple(_commit(row) for row in rows)


@lru_cache(maxsize=4096)
def commit(git: Git, sha: str) -> Commit:
    """One commit that exists, by its full SHA: cached, since it cannot change."""
    return commits(git, "-1", sha)[0]


def tag_object(git: Git, sha: str) -> TagObject | None:
    """An annotated tag by the id of its object, or None where that is none."""
    if not re.fullmatch(r"[0-9a-f]{40}", sha) or git.maybe("cat-file", "-t", sha) != "tag":
        return None
    head, _, message = git.run("cat-file", "tag", sha).stdout.partition("\n\n")
    lines = dict(line.split(" ", 1) for line in head.splitlines() if " " in line)
    who = re.fullmatch(r"(.*) <(.*)> (\d+) [+-]\d{4}", lines.get("tagger", ""))
    tagger = Person(name=who[1], email=who[2], date=float(who[3])) if who else Person(name="", email="", date=0)
    return TagObject(
        sha=sha,
        tag=lines["tag"],
        message=message,
        target=lines["object"],
        target_type=lines["type"],
        tagger=tagger,
        signed="-----BEGIN " in message,
    )


def touches_workflows(git: Git, base: str, commit_sha: str) -> bool:
    """Whether a commit adds or changes a file under `.github/workflows` relative to another."""
    return bool(git.text("diff", "--name-only", "--diff-filter=AM", base, commit_sha, "--", ".github/workflows"))


def _commit(row: Sequence[str]) -> Commit:
    sha, tree, parents, name, email, date, c_name, c_email, c_date, message = row
    return Commit(
        sha=sha,
        tree=tree,
        parents=tuple(parents.split()),
        author=Person(name=name, email=email, date=float(date)),
        committer=Person(name=c_name, email=c_email, date=float(c_date)),
        message=message.rstrip("\n"),
    )
