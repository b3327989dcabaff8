"""How a pull request becomes commits of its base: merged, squashed or rebased, in the bare repository itself.

The trees come from `git merge-tree --write-tree` (git 2.38), the commits are written as objects, so that author,
committer and time are those that GitHub gives them (docs.github.com, "About pull request merges").
"""

from collections.abc import Sequence
from typing import Literal
from urllib.parse import urlsplit

from tagship.rehearsal.github.objects import Commit, Person, commit, commits
from tagship.services import addresses
from tagship.services.git import Git

Method = Literal["merge", "squash", "rebase"]
HOST = urlsplit(addresses.GITHUB).hostname


def merged_tree(git: Git, base: str, head: str) -> str | None:
    """The tree of a merge; None where the two conflict."""
    output = git.run("merge-tree", "--write-tree", base, head)
    return output.stdout.split("\n", 1)[0] if output.ok else None


def written(git: Git, tree: str, parents: Sequence[str], people: tuple[Person, Person], message: str) -> str:
    """Write a commit object; returns its id.

    Args:
        people: author and committer.
    """
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
    for role, who in zip(("author", "committer"), people, strict=True):
        lines.append(f"{role} {who.name} <{who.email}> {int(who.date)} +0000")
    data = "\n".join([*lines, "", message, ""]).encode()
    return git.run("hash-object", "-t", "commit", "-w", "--stdin", stdin=data).stdout.strip()


def merge(git: Git, ends: tuple[str, str], method: Method, who: tuple[str, float], message: str) -> str | None:
    """The new end of the base; None where it conflicts.

    Args:
        ends: where base and head end.
        who: the login of who merges, and when.
        message: of the merge or the squashed commit; rebased ones keep their own.
    """
    base, head = ends
    login, date = who
    github = Person(name="GitHub", email=f"noreply@{HOST}", date=date)
    if method == "rebase":
        return _rebased(git, ends, github)
    tree = merged_tree(git, base, head)
    if tree is None:
        return None
    parents = (base, head) if method == "merge" else (base,)
    author = Person(name=login, email=f"{login}@users.noreply.{HOST}", date=date)
    return written(git, tree, parents, (author, github), message)


def _rebased(git: Git, ends: tuple[str, str], github: Person) -> str | None:
    """Each commit of the head put on the base, one after another; merges are left out."""
    tip, head = ends
    for one in commits(git, "--reverse", "--topo-order", "--no-merges", f"{tip}..{head}"):
        tree = _picked(git, one, tip)
        if tree is None:
            return None
        tip = written(git, tree, (tip,), (one.author, github), one.message)
    return tip


def _picked(git: Git, one: Commit, onto: str) -> str | None:
    """The tree of a commit put on another: a merge whose common ancestor is the commit's own parent."""
    if not one.parents:
        return None
    below = commit(git, onto)
    beside = written(git, below.tree, one.parents[:1], (one.author, one.committer), "beside")
    return merged_tree(git, beside, one.sha)
