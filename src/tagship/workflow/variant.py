"""Everything that one publishing workflow depends on, in one record, and how a project says it."""

import json
import re
from typing import Literal

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name, is_normalized_name
from packaging.version import Version

from tagship.errors import ProjectError
from tagship.model import Record
from tagship.project import layout, platform_wheels
from tagship.project.ci import FOLDER, Publisher
from tagship.project.discover import Project
from tagship.project.pyproject import parse, read_toml
from tagship.services.addresses import ELSEWHERE, GITHUB
from tagship.versions import released, tag_for
from tagship.workflow.document import read
from tagship.workflow.events import Happened, NotStarted, started
from tagship.workflow.permissions import of_job

RUNNER = "3.12.3"
"""The Python of GitHub's ubuntu-24.04 (github.com/actions/runner-images, images/ubuntu/Ubuntu2404-Readme.md)."""
OTHERS = ("3.13", "3.14", "3.15", "3.11", "3.10", "3.9", "3.8")
"""What can be set up beside it, the nearest first."""
READING = (("contents", "read"),)
RUNNERS = ("ubuntu-24.04", "ubuntu-24.04-arm", "windows-2025", "macos-15", "macos-15-intel")
"""Where cibuildwheel runs by default: each architecture natively."""
_SLUG = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")


class Variant(Record, frozen=True, kw_only=True):
    """One publishing workflow. Two projects with the same variant get the same file, byte for byte."""

    project: str
    """The name on the index."""
    repository: str
    """`owner/name`: the only repository in which it does anything, so that a fork's copy is still."""
    file: str = "publish.yml"
    """In `.github/workflows`; the trusted publisher is registered with this name."""
    package: str = "."
    """Folder of the package, where the repository holds several."""
    default_branch: str = "main"
    tags: str = "v*.*.*"
    """The filter for release tags, a glob of GitHub. It only starts the run; what a tag says, `plan` judges."""
    testpypi: str = "testpypi"
    """Environment of the job that publishes there."""
    pypi: str = "pypi"
    auth: Literal["trusted-publishing", "token"] = "trusted-publishing"
    allow_override: bool = False
    ci: str = ""
    """The workflow file that the run calls as its CI; empty where the CI that ran before counts."""
    ci_permissions: tuple[tuple[str, str], ...] = READING
    """What that workflow's jobs ask for: GitHub starts nothing where a caller does not grant it."""
    wheels: tuple[str, ...] = ()
    """The runners on which cibuildwheel makes the platform wheels; none where the build makes the only wheel."""
    itself: bool = False
    """Whether tagship is what is released: the tagship of the commit does it, since no index has that one yet."""
    python: tuple[str, ...] = ()
    """Versions to set up, where the runner's own Python is too old or too new for the project; the last one runs
    tagship."""

    @property
    def name(self) -> str:
        """What the list of workflows on GitHub shows."""
        return "Publish to PyPI" if self.package == "." else f"Publish {self.project} to PyPI"

    @property
    def watch(self) -> str:
        """File of the workflow that looks after the releases."""
        return self.file.replace("publish", "release-watch", 1).replace(".tagship.yml", ".yml")

    @property
    def watch_name(self) -> str:
        """What the list of workflows calls that."""
        return "Watch over releases" if self.package == "." else f"Watch over releases of {self.project}"

    @property
    def group(self) -> str:
        """Beginning of the concurrency group: packages that are released from one commit do not wait in one line."""
        return self.file.removesuffix(".yml")


def suffix(project: Project) -> str:
    """How the names of a package's workflow and environments end, where the repository holds several packages."""
    return f"-{project.normalised}" if project.package != "." else ""


def publishers(project: Project) -> tuple[Publisher, ...]:
    """The jobs that may publish the package, that of the file which tagship writes first.

    Where the repository holds several packages, a workflow is another one's where its file is named after that one, or
    where it is started by tags, and by none that this package has.
    """
    own = f"publish{suffix(project)}.yml"
    found = sorted(project.ci.publishers, key=lambda publisher: publisher.file != own)
    several = project.package != "." or project.packages
    return tuple(p for p in found if p.file == own or not (several and _is_of_another(p.file, project)))


def _is_of_another(file: str, project: Project) -> bool:
    members = layout.packages(project.top, parse(read_toml(project.top, "pyproject.toml")))
    others = {name for member in members if member.path != project.package for name in _names(member.name, member.path)}
    ours = _names(project.name.value, project.package)
    stem = file.rpartition(".")[0].lower().replace("_", "-")
    said = [name for name in others | ours if re.search(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", stem)]
    if said:
        return max(said, key=len) not in ours
    document = read((project.top / FOLDER / file).read_bytes(), f"{FOLDER}/{file}")
    push, tag = document.triggers.get("push"), tag_for(Version("1.2.3"), project.tags.value)
    if push is None or not push.filters.key("tags"):
        return False
    return isinstance(started(document, Happened(name="push", ref=f"refs/tags/{tag}")), NotStarted)


def _names(name: str | None, path: str) -> set[str]:
    """What a file may call a package: its name, or that of its folder."""
    return {canonicalize_name(said) for said in (name, path.rpartition("/")[2].strip(".")) if said}


def variant(project: Project) -> Variant:
    """The workflow that fits a project.

    Raises:
        ProjectError: what the workflow has to name is not known, or nothing that GitHub could have.
    """
    config, name, end = project.config, _name(project), suffix(project)
    branch = project.repository.default_branch
    if branch.value is None:
        raise ProjectError(
            "No workflow was written: the default branch is not known",
            remedy="Make a first commit, or fetch: git remote set-head origin --auto",
            where=branch.source,
        )
    return Variant(
        project=name,
        repository=_repository(project),
        file=f"publish{end}.yml",
        package=project.package,
        default_branch=branch.value,
        tags=_tags(project),
        testpypi=f"{config.environments.testpypi}{end}",
        pypi=f"{config.environments.pypi}{end}",
        auth=config.auth,
        allow_override=config.allow_override,
        ci=config.inline_ci,
        ci_permissions=_permissions(project) if config.inline_ci else READING,
        wheels=_wheels(project),
        python=_python(project.requires_python.value or ""),
        itself=project.normalised == "tagship",
    )


def _name(project: Project) -> str:
    name = project.name.value
    if name is None or not is_normalized_name(canonicalize_name(name)):
        raise ProjectError(
            f"No workflow was written: {'the project has no name' if name is None else f'{name!r} is no name'} that "
            "an index would take",
            remedy='Write it as a literal: [project] name in pyproject.toml, or name="…" in setup.py.',
            where=project.name.source,
        )
    return name


def _repository(project: Project) -> str:
    home = project.repository
    slug, host = home.slug.value or "", (home.host.value or "").lower()
    if host in ELSEWHERE or not _SLUG.fullmatch(slug):
        why = f"the repository is on {host}" if host in ELSEWHERE else home.slug.source.removeprefix("unknown: ")
        raise ProjectError(
            f"No workflow was written: which repository on GitHub it is for is not known ({why})",
            remedy=f"git remote add origin {GITHUB}/OWNER/NAME",
        )
    return slug


def _tags(project: Project) -> str:
    """The glob for the project's tags: `v*.*.*`, with fewer dots where its own releases have fewer."""
    scheme = project.tags.value
    dots = [tag.tag.removeprefix(scheme.prefix).count(".") for tag in released(project.repository.tags, scheme)]
    numbers = min(3, min(dots, default=2) + 1)
    return glob(scheme.prefix) + ("[0-9]*" if not scheme.prefix else "*") + ".*" * (numbers - 1)


def _wheels(project: Project) -> tuple[str, ...]:
    if project.config.wheels is not None:
        return project.config.wheels
    maker = platform_wheels.made_by(project.root)
    if maker not in (None, "cibuildwheel"):  # else a release would lack its wheels, and nobody would have said so
        raise ProjectError(
            f"No workflow was written: the platform wheels are made by {maker}, which tagship's workflow does not run",
            remedy=f"Let cibuildwheel make them: [tool.tagship] wheels = {json.dumps(RUNNERS)}; or publish what the "
            "one build makes, and no more: wheels = [].",
        )
    return () if maker is None else RUNNERS


def _permissions(project: Project) -> tuple[tuple[str, str], ...]:
    """All that the jobs of the called workflow ask for; a job that says nothing gets to read the code."""
    where = f"{FOLDER}/{project.config.inline_ci}"
    path = project.top / where
    document = read(path.read_bytes(), where) if path.is_file() else None
    if document is None or document.problems or "workflow_call" not in document.triggers:
        why = "there is none" if document is None else "it has no `workflow_call`"
        why = f"line {document.problems[0].line}: {document.problems[0].why}" if document and document.problems else why
        raise ProjectError(
            f"No workflow was written: {where}, which inline-ci names, cannot be called: {why}",
            remedy="Name a workflow that has `workflow_call` among its triggers.",
            where=where,
        )
    found = dict(READING)
    for name, job in document.jobs.items():
        if job.node.get("permissions") is not None or document.root.get("permissions") is not None:
            for scope, level in of_job(document, name).items():
                found[scope] = "write" if "write" in (level, found.get(scope)) else level
    if "id-token" in found:
        raise ProjectError(
            f"No workflow was written: {where}, which inline-ci names, asks for id-token: write",
            remedy="Take the job that needs it out of that workflow: nothing beside an upload may hold an identity.",
            where=where,
        )
    return tuple(found.items())


def _python(requires: str) -> tuple[str, ...]:
    """The versions to set up: the nearest that the project takes, and one that tagship takes where that is too old."""
    try:
        specifier = SpecifierSet(requires)
    except InvalidSpecifier:
        return ()  # the build says what is wrong with it
    if specifier.contains(RUNNER):
        return ()
    fitting = next((version for version in OTHERS if specifier.contains(f"{version}.99")), None)
    if fitting is None:
        return ()
    return (fitting, "3.12") if fitting in OTHERS[4:] else (fitting,)


def glob(name: str) -> str:
    """A name as a filter that matches it alone (docs.github.com, "Workflow syntax", "Filter pattern cheat sheet").

    No filter may hold an expression, nor what looks like one (GitHub's parser: "Unrecognized named-value").
    """
    return re.sub(r"([\\*?+\[\]!]|(?<=\$)\{(?=\{))", r"\\\1", name)
