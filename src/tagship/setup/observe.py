"""Looks at the checkout, GitHub and the indexes, side by side, and decides nothing."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from tagship.checks.rulebook.names import likeliest
from tagship.errors import ProjectError, TagshipError
from tagship.model import Target
from tagship.project import hashed
from tagship.project.ci import FOLDER
from tagship.project.discover import Project
from tagship.project.repository import slug_of
from tagship.services.addresses import GITHUB, PYPI, TESTPYPI
from tagship.services.git import Git
from tagship.services.github_settings import (
    CONTENTS,
    read_good_run,
    read_other,
    read_settings,
    read_workflows,
    seen,
    unseen,
)
from tagship.services.github_shapes import Repository, Settings
from tagship.services.index_settings import Listing, read_listing, unlisted
from tagship.services.reading import Asked, Hidden, Reading, begin
from tagship.services.world import LOOK, World
from tagship.setup.index import repositories
from tagship.setup.observed import Files, Local, Observed, Runs
from tagship.setup.wanted import Wanted, wanted
from tagship.stages.gate_judge import Seen
from tagship.workflow import dependabot
from tagship.workflow.adopt import Adoption, Wish, gather
from tagship.workflow.document import read as read_workflow
from tagship.workflow.extras import TOOLS
from tagship.workflow.locks import Desk
from tagship.workflow.variant import Variant, variant

T = TypeVar("T")
SETTINGS = (
    *dependabot.FILES,
    *dependabot.RENOVATE,
    *(f"{folder}{name}" for name in ("CODEOWNERS", "SECURITY.md") for folder in (".github/", "", "docs/")),
    f"{FOLDER}/actions.lock",
    hashed.TOOLS,
)
"""Files that are read as text; CODEOWNERS in the order in which GitHub looks (docs.github.com, "About code owners")."""
SET_UP = (FOLDER, hashed.FOLDER, ".github/environments", ".github/dependabot", ".github/CODEOWNERS")
"""What belongs to the set-up of a release, whoever wrote it."""
NAMED = 3
"""How many of the repositories that an index names are asked for."""
LARGEST = 2**20
"""Bytes of such a file; GitHub itself ignores a larger CODEOWNERS from 3 MB on."""
OFFLINE = Hidden(why="nothing outside of the checkout was looked at", remedy="Leave out --offline.")


def observe(world: World, project: Project, *, offline: bool = False, seconds: float = LOOK) -> Observed:
    """Look at everything that the checks judge.

    Args:
        world: its GitHub is the project's repository.
        offline: look at nothing but the checkout; the rest is unknown.
        seconds: how long the services may take, all together; what they have not said by then is unknown.

    Raises:
        ProjectError: the repository has no commit, so that there is nothing that GitHub could have.
    """
    if world.git.commit() is None:
        raise ProjectError("Nothing was looked at: there is no commit yet", remedy="git add . && git commit")
    with world.http.within(seconds):
        return _observe(world, project, offline=offline)


def _observe(world: World, project: Project, *, offline: bool) -> Observed:
    runs = aside(world, "GitHub Actions", partial(_runs, project=project)) if not offline else None
    asked = _asked(project)
    github = aside(world, "GitHub", partial(_settings, project=project, asked=asked)) if not offline else None
    pypi, testpypi = (
        aside(world, index.name, partial(_listing, project=project, target=index.target)) if not offline else None
        for index in (PYPI, TESTPYPI)
    )
    kept, files = _kept(world, project), _files(world.git)
    observed = Observed(
        now=world.clock.now(),
        project=project,
        local=_local(world.git, project, kept),
        wanted=_wanted(project),
        kept=kept,
        asked=asked,
        files=files,
        runs=runs.result() if runs is not None else _no_runs(OFFLINE),
        github=github.result() if github is not None else unseen(OFFLINE),
        pypi=pypi.result() if pypi is not None else unlisted(OFFLINE),
        testpypi=testpypi.result() if testpypi is not None else unlisted(OFFLINE),
        expires=world.github.expires,
    )
    return observed if offline else replace(observed, elsewhere=_elsewhere(world, observed))


def aside(world: World, name: str, look: Callable[[World], T]) -> Asked[T]:
    """Begin to look at a service, beside all others, and report when that begins and ends.

    Args:
        name: as people call it: `PyPI`.
    """
    own = world.during(name)

    def ask() -> T:
        try:
            return look(own)
        finally:
            own.journal.close(failed=False, now=own.clock.now())

    return begin(ask)


def _local(git: Git, project: Project, kept: Adoption | TagshipError) -> Local:
    output = git.run("config", "--local", "-z", "--get-regexp", r"^remote\..*\.url$").stdout
    pairs = (item.partition("\n") for item in output.split("\0") if item)
    remotes = {key.removeprefix("remote.").removesuffix(".url"): slug_of(address) for key, _, address in pairs}
    ours = [file.path for file in kept.files] if isinstance(kept, Adoption) else [*TOOLS]
    paths = tuple(dict.fromkeys((*SET_UP, *ours)))
    others = git.text("ls-files", "--others", "-z", "--", *paths).split("\0")
    return Local(
        changed=tuple(name for name in git.changed(inside=False) if name.startswith(paths)),
        untracked=tuple(name for name in others if name),
        unpushed=_unpushed(git, project, [*remotes], paths),
        shallow=git.is_shallow(),
        remotes=remotes,
        message=git.maybe("log", "-1", "--format=%B") or "",
        tagged=_tagged(git),
    )


def _tagged(git: Git) -> dict[str, str]:
    lines = git.lines("for-each-ref", "refs/tags", "--format=%(refname)%09%(objectname)%09%(*objectname)")
    refs = (line.split("\t") for line in lines)
    return {name: pointed or object for name, object, pointed in refs}


def _unpushed(git: Git, project: Project, remotes: list[str], paths: tuple[str, ...]) -> Reading[tuple[str, ...]]:
    remote = next((name for name in ("origin", "upstream", *remotes) if name in remotes), None)
    branch = project.repository.default_branch.value
    if remote is None or branch is None or not git.commit(f"refs/remotes/{remote}/{branch}"):
        why = f"this clone does not know the branch {branch} of {remote}" if remote else "there is no remote"
        return Reading(hidden=Hidden(why=why, remedy=f"git fetch {remote}" if remote else ""), how="git branch -r")
    theirs = f"{remote}/{branch}"
    names = git.text("diff", "--name-only", "--no-ext-diff", "-z", f"refs/remotes/{theirs}", "HEAD", "--", *paths)
    return Reading(value=tuple(name for name in names.split("\0") if name), how=f"git diff {theirs} HEAD")


def _files(git: Git) -> Files:
    root = git.root
    workflows = tuple(
        read_workflow(path.read_bytes(), f"{FOLDER}/{path.name}")
        for path in sorted((root / FOLDER).glob("*.y*ml"))
        if path.is_file()
    )
    texts = {name: text for name in SETTINGS if (text := _text(root / name)) is not None}
    secret = git.text("ls-files", "-z", "--", ".pypirc", "**/.pypirc").split("\0")
    return Files(workflows=workflows, texts=texts, pypirc=tuple(name for name in secret if name))


def _text(path: Path) -> str | None:
    if not path.is_file():
        return None
    with path.open("rb") as stream:
        return stream.read(LARGEST).decode("utf-8", errors="replace")


def _wanted(project: Project) -> Variant | TagshipError:
    try:
        return variant(project)
    except TagshipError as error:
        return error


def _kept(world: World, project: Project) -> Adoption | TagshipError:
    try:
        return gather(project, Desk(uv=world.uv, git=world.git), Wish(settings={}, lock=False))
    except TagshipError as error:
        return error


def _asked(project: Project) -> Wanted | TagshipError:
    try:
        return wanted(project, variant(project))
    except TagshipError as error:
        return error


def _settings(world: World, project: Project, asked: Wanted | TagshipError) -> Settings:
    names = project.config.environments
    if (hidden := elsewhere(project)) is not None:
        return unseen(hidden)
    world.journal.doing("the settings of the repository")
    others = tuple(p.environment for p in project.ci.publishers if p.environment)
    if not isinstance(asked, Wanted):
        return read_settings(world.github, (names.testpypi, names.pypi, *others))
    return read_settings(world.github, (*(one.name for one in asked.environments), *others), asked.people)


def elsewhere(project: Project) -> Hidden | None:
    """Why GitHub is not asked about a repository; None where it lives there.

    A server of GitHub Enterprise is another one: PyPI does not trust its workflows, a token of one is nothing to the
    other, and on github.com a stranger may have the same name.
    """
    home = project.repository
    if home.on_github is not None:
        return None
    host = home.host.value
    if host is None or home.slug.value is None:
        remedy = "Look in a clone whose origin is on GitHub: git remote --verbose"
        return Hidden(why="there is no remote that names a repository on GitHub", remedy=remedy)
    words = f"the repository is on {host}, and tagship asks {GITHUB.removeprefix('https://')} alone about settings"
    remedy = f"Look at the settings on {host} yourself; --allow-unknown accepts what stays unknown."
    return Hidden(why=words, remedy=remedy)


def _listing(world: World, project: Project, target: Target) -> Listing:
    if project.normalised is None:
        remedy = 'Write it as a literal: [project] name in pyproject.toml, or name="…" in setup.py.'
        return unlisted(Hidden(why="the project has no name that can be read", remedy=remedy))
    world.journal.doing("the project and who published it")
    return read_listing(world.index(target), project.normalised, likeliest(project.normalised))


def _elsewhere(world: World, observed: Observed) -> dict[str, Reading[Repository]]:
    """What GitHub knows of the repositories that an index names instead of this one."""
    if observed.github.repository.value is None:
        return {}
    found = [repositories(listing) for listing in (observed.pypi, observed.testpypi)]
    asked = {name for names in found if not observed.names & {*names} for name in names[:NAMED]}
    readings = {name: begin(partial(read_other, world.github, name)) for name in sorted(asked)}
    return {name: reading.result() for name, reading in readings.items()}


def _no_runs(why: Hidden) -> Runs:
    return Runs(workflows=Reading(hidden=why), head=Reading(hidden=why), watched=Reading(hidden=why))


def _runs(world: World, project: Project) -> Runs:
    github, branch = world.github, project.repository.default_branch.value
    if (hidden := elsewhere(project)) is not None:
        return _no_runs(hidden)
    if branch is None:
        return _no_runs(Hidden(why="the default branch is not known", remedy="git remote set-head origin --auto"))

    def head() -> Seen | None:
        sha = github.branch_commit(branch)
        if sha is None:
            github.read("", Repository)  # what one may not see at all is no missing branch
            return None
        named = any(check.names for check in project.required_ci.value)
        return Seen(
            sha=sha,
            runs=github.workflow_runs(sha),
            checks=github.check_runs(sha),
            statuses=github.statuses(sha) if named else (),
        )

    workflows, made = begin(partial(read_workflows, github)), _wanted(project)
    watch = made.watch if isinstance(made, Variant) else ""
    watching = (project.top / FOLDER / watch).is_file()
    return Runs(
        head=seen(github, f"/commits/{branch}/check-runs", CONTENTS, head),
        workflows=workflows.result(),
        watched=read_good_run(github, watch) if watching else Reading(),
    )
