"""plan: what is to be released, and whether this event may release it.

Decided once, before anything is built: the version, where it goes, and why. A tag must be spelt right, lie on a
release branch and say what the project says; a push to the default branch gets a development version of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from packaging.version import Version

from tagship.checks.check import few
from tagship.errors import PlanRefused, ProjectError
from tagship.model import Event, Manifest, Plan, Target
from tagship.project.discover import Project, read
from tagship.project.version_literals import Written
from tagship.services.world import World
from tagship.stages import event
from tagship.stages.common import ok, problem, unknown
from tagship.versions import TagRefused, TagScheme, TagVersion, development, parse_tag, released


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """Everything the decision rests on."""

    event: Event
    scheme: TagScheme
    declared: Version | None
    """The version in the project's files; None where it is derived from tags, or computed."""
    tags: tuple[str, ...]
    commits: int
    shallow: bool
    release_branches: tuple[str, ...]
    on_release_branch: bool | None
    """None where this clone cannot tell."""
    tagged: str | None
    """The commit that the event's tag means in this clone; None where it has no such tag, or the event is none."""
    on_branch: bool
    """Whether the commit is on the event's branch."""
    branches: tuple[str, ...] = ()
    """Others that have the commit, where no release branch has it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """The decision."""

    version: Version
    tag: str | None
    target: Target
    reason: str


def decide(known: Known) -> Choice:
    """What this event releases.

    Raises:
        PlanRefused: it must not release anything; the remedy says what would.
    """
    happened, inputs = known.event, known.event.inputs
    if happened.tag is not None:
        choice = _tagged(known, happened.tag)
    elif happened.branch == happened.default_branch or happened.name == "workflow_dispatch":
        choice = _untagged(known)
    else:
        choice = Choice(
            version=_untagged(known).version,
            tag=None,
            target=Target.NONE,
            reason=f"{happened.branch} is not the default branch {happened.default_branch}",
        )
    if inputs.dry_run:
        reason = f"a dry run; it would be: {choice.reason}"
        return Choice(version=choice.version, tag=choice.tag, target=Target.NONE, reason=reason)
    return choice


def _tagged(known: Known, tag: str) -> Choice:
    parsed = parse_tag(tag, known.scheme)
    match parsed:
        case TagRefused():
            raise PlanRefused(f"The tag {tag} is not released: {parsed.why}", remedy=parsed.remedy, where=tag)
        case TagVersion(version=version):
            pass
    if known.tagged != known.event.sha:
        what = f"means the commit {known.tagged[:12]}" if known.tagged else "is not in this clone"
        raise PlanRefused(
            f"The tag {tag} is not released: it {what}, and {known.event.sha[:12]} is checked out",
            remedy=f"git checkout {tag}" if known.tagged else f"git fetch origin tag {tag} && git checkout {tag}",
            where=tag,
        )
    wanted_on = " or ".join(known.release_branches) or "the default branch"
    if known.on_release_branch is None:
        raise PlanRefused(
            f"The tag {tag} is not released: whether its commit is on {wanted_on} cannot be known in this clone",
            remedy=f"git fetch {'--unshallow ' if known.shallow else ''}origin '+refs/heads/*:refs/remotes/origin/*'; "
            "in a workflow: actions/checkout with fetch-depth: 0.",
            where=tag,
        )
    if not known.on_release_branch:
        others = f", but on {few(known.branches)}" if known.branches else ""
        wanted = ", ".join(f'"{name}"' for name in (*known.release_branches, *known.branches[:1]))
        raise PlanRefused(
            f"The tag {tag} is not released: its commit is not on {wanted_on}{others}",
            remedy="Merge the commit first, or name the branch that releases are made from: "
            f"[tool.tagship] release-branches = [{wanted}].",
            where=tag,
        )
    if known.declared is not None and known.declared.local is not None:
        raise PlanRefused(
            f"The tag {tag} is not released: the project says it is version {known.declared}, and package indexes "
            "refuse local versions",
            remedy=f"Take +{known.declared.local} away from the version in the project's files, and tag that commit.",
            where=tag,
        )
    if known.declared is not None and str(known.declared) != str(version):  # 1.0 is another file name than 1.0.0
        raise PlanRefused(
            f"The tag {tag} is not released: the project says it is version {known.declared}",
            remedy=f"Tag the commit that says {version}, or delete the tag and set the version first.",
            where=tag,
        )
    if known.event.name == "workflow_dispatch" and known.event.inputs.target_env == "testpypi":
        return Choice(version=version, tag=tag, target=Target.TESTPYPI, reason=f"a dispatch of {tag} to TestPyPI")
    return Choice(version=version, tag=tag, target=Target.PYPI, reason=f"the tag {tag}")


def _untagged(known: Known) -> Choice:
    happened = known.event
    if happened.name == "workflow_dispatch" and happened.inputs.target_env == "pypi":
        raise PlanRefused(
            f"Nothing is released to PyPI from the branch {happened.branch}",
            remedy="Dispatch it on a version tag: gh workflow run publish.yml --ref v1.2.3 --field target_env=pypi",
            where=happened.ref,
        )
    dispatched = happened.name == "workflow_dispatch" and not happened.inputs.dry_run
    if dispatched and happened.branch != happened.default_branch:
        raise PlanRefused(
            f"Nothing is released from the branch {happened.branch}: its versions could be those of other commits",
            remedy=f"Dispatch it on {happened.default_branch or 'the default branch'}, or on a version tag; on any "
            "branch a dry run works: --field dry_run=true",
            where=happened.ref,
        )
    if known.shallow:
        raise PlanRefused(
            "No development version: the history is cut off (a shallow clone), so commits cannot be counted",
            remedy="git fetch --unshallow; in a workflow: actions/checkout with fetch-depth: 0.",
        )
    if not known.on_branch:
        raise PlanRefused(
            f"Nothing is released: {happened.sha[:12]} is checked out, and is not on the branch {happened.branch}",
            remedy=f"git fetch origin {happened.branch} && git checkout {happened.branch}",
            where=happened.ref,
        )
    if happened.name == "push" and not happened.default_branch:
        raise PlanRefused(
            "Nothing is released: which branch is the default branch cannot be known in this clone",
            remedy="git remote set-head origin --auto",
            where=happened.ref,
        )
    releases = [tag.version for tag in released(known.tags, known.scheme)]
    version = development(known.declared, releases, known.commits)
    reason = f"the push to {happened.branch}" if happened.name == "push" else f"a dispatch on {happened.branch}"
    return Choice(version=version, tag=None, target=Target.TESTPYPI, reason=reason)


def run(manifest: Manifest, world: World) -> Manifest:
    """Make the plan, and look whether the index would take it.

    Raises:
        UsageError: there is no event to plan for.
        ProjectError: the project cannot be read.
        PlanRefused: this event must not release anything.
        Unreachable: the index cannot be asked about the project.
    """
    plan, known = make(world)
    where = world.index(plan.target).addresses.name if plan.target is not Target.NONE else "nowhere"
    world.journal.say(f"{plan.project} {plan.version} goes to {where}: {plan.reason}")
    _describe(known, world)
    if plan.target is not Target.NONE:
        _ask_index(plan, world)
    return Manifest(plan=plan, dists=manifest.dists, local=manifest.local, log=manifest.log)


def make(world: World) -> tuple[Plan, Known]:
    """The plan, from the event and this clone alone: wherever it is made again, it is the same.

    Raises:
        UsageError, ProjectError, PlanRefused: as above.
    """
    project = read(world.workspace.root / world.workspace.package, world.git)
    git = world.git
    commit = git.commit()
    if commit is None:
        raise PlanRefused("Nothing is released: there is no commit", remedy="git add . && git commit")
    _clean(world)
    happened = event.read(world.environment, commit, project.repository.default_branch.value or "")
    # What the event says of the default branch is known, what the clone shows of it may be a guess.
    named = (happened.default_branch,) if happened.default_branch else ()
    branches = project.config.release_branches or named
    on_release_branch = _on_any(world, commit, branches)
    known = Known(
        event=happened,
        scheme=project.tags.value,
        declared=Version(project.version.version) if isinstance(project.version, Written) else None,
        tags=project.repository.tags,
        commits=git.count(commit),
        shallow=git.is_shallow(),
        release_branches=branches,
        on_release_branch=on_release_branch,
        tagged=git.commit(happened.ref) if happened.tag is not None else None,
        on_branch=happened.branch is not None and _on_any(world, commit, (happened.branch,)) is True,
        branches=() if on_release_branch else _holding(world, commit),
    )
    choice = decide(known)
    plan = Plan(
        event=happened,
        project=_name(project),
        package=project.package,
        version=str(choice.version),
        tag=choice.tag,
        target=choice.target,
        reason=choice.reason,
        prerelease=choice.version.is_prerelease,
        auth=project.config.auth,
        epoch=git.commit_time(commit),
    )
    return plan, known


def _name(project: Project) -> str:
    if project.name.value is None:
        raise ProjectError(
            "Nothing is released: the project's name is not known",
            remedy='Write it as a literal: [project] name in pyproject.toml, or name="…" in setup.py.',
            where=project.name.source,
        )
    return project.name.value


def _holding(world: World, commit: str) -> tuple[str, ...]:
    """The remote's branches that have a commit."""
    words = ("for-each-ref", "--contains", commit, "--format=%(refname:lstrip=3)", "refs/remotes/origin")
    return tuple(name for name in world.git.lines(*words) if name != "HEAD")


def _clean(world: World) -> None:
    """Refuse changes that are not committed: the project is read from the files, and the commit is released.

    Raises:
        PlanRefused: there are some.
    """
    if not world.git.changed():
        return
    # Asked again with the repository's own filters, and without line ends: a fresh checkout may differ in both.
    quiet = ("--ignore-cr-at-eol", "--ignore-submodules=untracked", "--no-ext-diff")
    changes = world.git.lines("diff", "--numstat", *quiet, "HEAD")
    if changed := [line.split("\t", 2)[2] for line in changes]:
        raise PlanRefused(
            f"Nothing is released: changes that are not committed: {few(changed)}",
            remedy="Commit them, or put them aside: git stash",
            where=changed[0],
        )


def _on_any(world: World, commit: str, branches: Sequence[str]) -> bool | None:
    """Whether a commit is on one of the branches, as the remote has them where there is a remote.

    None where this clone has none of them, or not their whole history.
    """
    found: bool | None = None
    for branch in branches:
        refs = (f"refs/remotes/origin/{branch}", f"refs/heads/{branch}")
        ref = next((ref for ref in refs if world.git.commit(ref) is not None), None)
        if ref is not None and world.git.contains(commit, ref):
            return True
        if ref is not None and not world.git.is_shallow():
            found = False
    return found


def _describe(known: Known, world: World) -> None:
    happened = known.event
    ok(world, "plan.event", "the event may publish", f"{happened.name} {happened.ref} at {happened.sha[:12]}")
    if happened.tag is not None:
        ok(world, "plan.tag", "the tag says a version, on a release branch", happened.tag)
        if known.declared is None:
            title = "the version comes from the tag"
            unknown(world, "plan.declared", title, "known once it is built; the check compares")
        else:
            ok(world, "plan.declared", "the project declares that version", str(known.declared))


def _ask_index(plan: Plan, world: World) -> None:
    index = world.index(plan.target)
    page = index.page(plan.project)
    how = f"GET {index.page_url(plan.project)}"
    if page is None:
        ok(world, "index.project", f"the name on {index.addresses.name}", "the first release of this project", how)
        return
    if page.project_status.status in ("archived", "quarantined"):
        status = page.project_status.status
        problem(world, "index.project", f"the project on {index.addresses.name} takes uploads", status, how)
        settings = f"{index.addresses.web}/manage/project/{plan.project}/settings/"
        remedies = {
            "archived": f"Take it out of the archive, as its owner: {settings}",
            "quarantined": "Answer the index's administrators: they put it there, and only they can release it.",
        }
        raise PlanRefused(
            f"Nothing is released: {plan.project} is {status} on {index.addresses.name}",
            remedy=remedies[status],
            where=index.addresses.project_page(plan.project),
        )
    ok(world, "index.project", f"the project on {index.addresses.name}", page.project_status.status, how)
    there = page.others(plan.version, ())
    detail = f"there already: {', '.join(there)}; publish compares every byte" if there else "not there yet"
    ok(world, "index.version", f"{plan.version} on {index.addresses.name}", detail, how)
