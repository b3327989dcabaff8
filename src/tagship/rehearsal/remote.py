"""The repository on the embedded GitHub: a bare remote that is really pushed to, and the clones around it.

Objects are borrowed from the user's repository, which is only read. What the remote has at the start is what
GitHub would have once the current branch is pushed: the user's branches, the tags, and the commit at hand.
"""

from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from tagship.errors import PlanRefused
from tagship.project.discover import Project
from tagship.project.version_literals import Derived, Written
from tagship.project.version_sources import inject
from tagship.rehearsal.request import Request
from tagship.services.checkout import clone_at
from tagship.services.git import Git
from tagship.versions import TagRefused, next_patch, parse_tag, released, tag_for


@dataclass(frozen=True, kw_only=True, slots=True)
class Remote:
    """The remote and the clone from which the maintainer pushes."""

    bare: Git
    desk: Git
    branch: str
    """The default branch."""
    assumed: tuple[str, ...]
    """What had to be assumed about it, in words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pushed:
    """What the maintainer did."""

    ref: str
    said: str
    """In words: `push of the tag v1.2.3`."""


def create(source: Git, folder: Path, request: Request, default_branch: str | None) -> Remote:
    """Make the remote, and a clone of it at the commit that is rehearsed.

    Args:
        source: the user's repository, which is only read.
        default_branch: its name, or None where the repository does not show one.

    Raises:
        PlanRefused: there is no commit, or no such ref.
    """
    commit = _rehearsed(source, request)
    branch, assumed = default_branch or "main", []
    tip = _tip(source, branch)
    on_branch = source.maybe("symbolic-ref", "--quiet", "--short", "HEAD") == branch and commit == source.commit()
    if source.is_shallow():
        assumed.append("no tag is missing from this clone, which is shallow")
    if tip is None:
        tip = commit
        assumed.append(f"the default branch is {branch}, and ends at this commit")
    elif on_branch and tip != commit:
        tip = commit
        assumed.append(f"{branch} is pushed as it is here: the remote has another commit at its end")
    elif (request.assumptions.merged or (request.kind == "tag" and request.tag is None)) and not source.contains(
        commit, tip
    ):
        tip = commit
        assumed.append(f"this commit is merged into {branch}")
    bare = source.at(folder / "remote.git")
    source.text("clone", "--quiet", "--bare", "--shared", "--", str(source.root), str(bare.root))
    # Branches that the user never checked out; where both have one that parted, the user's own stays, and git says 1.
    theirs = ("refs/remotes/origin/*:refs/heads/*", "^refs/remotes/origin/HEAD")
    bare.run("fetch", "--quiet", "--no-tags", "--", str(source.root), *theirs)
    bare.text("update-ref", f"refs/heads/{branch}", tip)
    bare.text("symbolic-ref", "HEAD", f"refs/heads/{branch}")
    bare.text("config", "core.hooksPath", "hooks")
    desk = clone_at(bare, commit, folder / "desk", modules=source.root)
    return Remote(bare=bare, desk=desk, branch=branch, assumed=tuple(assumed))


def _rehearsed(source: Git, request: Request) -> str:
    """The commit that is rehearsed: that of a named tag or ref, else the one that is checked out."""
    named = request.tag if request.kind == "tag" else request.ref
    if named:
        for ref in (f"refs/tags/{named}", f"refs/heads/{named}", f"refs/remotes/origin/{named}"):
            commit = source.commit(ref)
            if commit is not None:
                return commit
        if request.kind == "dispatch":
            raise PlanRefused(
                f"Nothing was rehearsed: there is no branch or tag {named}",
                remedy="git branch --all; git tag",
                where=named,
            )
    commit = source.commit()
    if commit is None:
        raise PlanRefused(
            "Nothing was rehearsed: the repository has no commit",
            remedy="git add . && git commit",
            where=str(source.root),
        )
    return commit


def _tip(source: Git, branch: str) -> str | None:
    """Where the default branch ends on the user's remote, or locally where there is no remote."""
    for ref in (f"refs/remotes/origin/{branch}", f"refs/remotes/upstream/{branch}", f"refs/heads/{branch}"):
        commit = source.commit(ref)
        if commit is not None:
            return commit
    return None


def act(remote: Remote, request: Request, project: Project) -> Pushed:
    """Do what the maintainer would do, from the desk: a real push of a tag or branch, or a click on a button.

    Raises:
        PlanRefused: no tag can be named for this project.
        ProjectError: the version cannot be set.
    """
    if request.kind == "push":
        return _push_branch(remote)
    if request.kind == "dispatch":
        ref = request.ref or remote.branch
        kind = "tags" if remote.bare.commit(f"refs/tags/{ref}") is not None else "heads"
        return Pushed(ref=f"refs/{kind}/{ref}", said=f"manual dispatch on {ref}{_inputs(request)}")
    return _push_tag(remote, request, project)


def _inputs(request: Request) -> str:
    given = request.inputs
    return f" (target_env={given.target_env}{', dry_run=true' if given.dry_run else ''})"


def _push_branch(remote: Remote) -> Pushed:
    """Take the commit off the remote's branch, and push it."""
    ref = f"refs/heads/{remote.branch}"
    parent = remote.desk.maybe("rev-parse", "--verify", "--quiet", "HEAD^")
    remote.bare.text("update-ref", *(("-d", ref) if parent is None else (ref, parent)))
    _push(remote.desk, f"HEAD:{ref}")
    return Pushed(ref=ref, said=f"push to {remote.branch}")


def _push_tag(remote: Remote, request: Request, project: Project) -> Pushed:
    desk, tag, said = remote.desk, request.tag, ""
    branch = f"refs/heads/{remote.branch}"
    on_branch = desk.commit() == remote.bare.commit(branch)
    if tag is None:
        tag, version = next_tag(project, shallow=desk.is_shallow())
        if version is not None:
            edited = inject(desk.root / request.package, project.version, str(version)).edits
            said = f", after setting the version in {', '.join(edit.file for edit in edited)}"
            _commit(desk, f"Release {version}", [f"{request.package}/{edit.file}" for edit in edited])
        elif desk.tags_at("HEAD"):
            said = ", after one more commit: this one has a tag already"
            _commit(desk, f"Prepare {tag}", [])
    if desk.commit(f"refs/tags/{tag}") is not None:
        remote.bare.text("update-ref", "-d", f"refs/tags/{tag}")  # so that it can be pushed for the first time
    else:
        _make_tag(desk, tag, project)
    refs = [f"refs/tags/{tag}", *([f"HEAD:{branch}"] if on_branch else [])]
    _push(desk, *refs)
    return Pushed(ref=f"refs/tags/{tag}", said=f"push of the tag {tag}{said}")


def _push(desk: Git, *refs: str) -> None:
    """Push all of it or nothing.

    Raises:
        PlanRefused: the remote said no, in its words.
    """
    output = desk.run("push", "--quiet", "--atomic", "origin", *refs)
    if not output.ok:
        raise PlanRefused(
            f"Nothing was released: the remote refused the push of {refs[0].removeprefix('HEAD:')}\n{output.tail(8)}",
            remedy="Change the rule that the remote names, or let somebody push who may.",
            where=refs[0],
        )


def _make_tag(desk: Git, tag: str, project: Project) -> None:
    if desk.run("tag", "--", tag).ok:
        return
    if desk.maybe("rev-parse", "--verify", "--quiet", f"refs/tags/{tag}") is not None:
        raise PlanRefused(
            f"Nothing was rehearsed: the tag {tag} names something else than a commit",
            remedy="Delete it, and tag a commit.",
            where=tag,
        )
    parsed = parse_tag(tag, project.tags.value)
    better = parsed.suggestions if isinstance(parsed, TagRefused) else ()
    raise PlanRefused(
        f"Nothing was rehearsed: git takes no tag of the name {tag!r}",
        remedy=f"Use {' or '.join(better)}." if better else "Use a tag such as v1.2.3.",
        where=tag,
    )


def _commit(desk: Git, message: str, changed: list[str]) -> None:
    """Commit these files and no others: git touches every object it writes again, and they are the user's."""
    if changed:
        desk.text("add", "--force", "--", *changed)
    desk.text("commit", "--quiet", "--allow-empty", "--no-verify", "--message", message)


def next_tag(project: Project, *, shallow: bool = False) -> tuple[str, Version | None]:
    """The tag that comes next, and the version that has to be written first, or None where it is right already.

    It is the declared version's where that has no tag yet, else the next patch's; where tags are the only
    source of the version, the next patch after the newest.

    Raises:
        PlanRefused: the version is computed by the project's own code, or its tags are not in this clone.
    """
    scheme = project.tags.value
    versions = [tag.version for tag in released(project.repository.tags, scheme)]
    match project.version:
        case Written(version=text):
            declared = Version(text)
            version = declared if not declared.is_devrelease else Version(declared.base_version)
            if version in versions:
                version = next_patch(version)
                while version in versions:
                    version = next_patch(version)
            return tag_for(version, scheme), None if version == declared else version
        case Derived() if shallow and not versions:
            raise PlanRefused(
                "The next tag cannot be told: the version comes from the tags, and this clone is shallow and has none",
                remedy="git fetch --unshallow --tags; or name it: tagship rehearse --tag v1.2.3",
                where=project.version.where,
            )
        case Derived():
            version = next_patch(max(versions)) if versions else Version("0.1.0")
            return tag_for(version, scheme), None
        case _:
            raise PlanRefused(
                f"The next tag cannot be told: {project.version.why}",
                remedy=f"{project.version.remedy} Or name the tag: tagship rehearse --tag v1.2.3",
                where=project.version.where,
            )
