"""Everything that tagship keeps in an adopter's repository, gathered: what is wanted, what is there, what to know.

Nothing is written here. `init` writes the result, `sync` brings it up to date, `sync --check` only looks at it.
"""

import shlex
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import tomlkit

from tagship.errors import TagshipError
from tagship.project import hashed
from tagship.project import notes as notes_of
from tagship.project.ci import FOLDER
from tagship.project.discover import Project
from tagship.project.yaml_nodes import read as read_yaml
from tagship.services.addresses import GITHUB
from tagship.shapes import shaped
from tagship.words import many
from tagship.workflow import dependabot, drift, environments, extras, files, locks
from tagship.workflow.extras import Extra
from tagship.workflow.files import File
from tagship.workflow.locks import Desk
from tagship.workflow.render import render, render_watch
from tagship.workflow.variant import Variant, variant


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What is asked for, beyond what the project itself says."""

    settings: Mapping[str, str | tuple[str, ...]]
    """Keys of the configuration that are to be written, as spelt there."""
    upgrade: bool = False
    """Whether locks and pins take the newest versions."""
    lock: bool = True
    """Whether locks that are not good are made again, which asks the index; else only what is wrong is said."""
    alongside: bool = False
    """Whether the workflow goes beside the one that is there."""
    extras: frozenset[Extra] = frozenset()
    """What is wanted in addition; what of it is there is kept up to date in any case."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Adoption:
    """What belongs into the repository."""

    root: Path
    """The root of the repository."""
    variant: Variant
    workflow: File
    files: tuple[File, ...]
    """All of them, the workflow first."""
    notes: tuple[str, ...]
    """What the maintainer should know, a sentence or two each."""


def gather(project: Project, desk: Desk, wish: Wish) -> Adoption:
    """Compare what tagship would write for a project with what is there.

    Raises:
        ProjectError: the workflow cannot name what it must, or a file cannot be read.
    """
    project, settings = _configured(project, wish)
    wanted = variant(project)
    notes = [*_notes(project, wanted)]
    if wish.alongside:
        wanted = msgspec.structs.replace(wanted, file=wanted.file.replace(".yml", ".tagship.yml"))
    workflow = _workflow(project, f"{FOLDER}/{wanted.file}", render(wanted), wish)
    found = [workflow, *settings, *_locks(project, desk, wish, notes), *_environments(project, wanted)]
    watch = f"{FOLDER}/{wanted.watch}"
    if "watchdog" in wish.extras or extras.is_ours(project, watch):
        found.append(_workflow(project, watch, render_watch(wanted), wish))
    found += extras.found(project, wanted, wish.extras, notes)
    bot = _dependabot(project, notes)
    return Adoption(
        root=project.top, variant=wanted, workflow=workflow, files=(*found, *([bot] if bot else ())), notes=tuple(notes)
    )


def _configured(project: Project, wish: Wish) -> tuple[Project, tuple[File, ...]]:
    """The project with the settings that are asked for, and the file into which they go, if there are any."""
    if not wish.settings:
        return project, ()
    path = _configuration_file(project)
    there = files.read(project.top, path)
    document = tomlkit.parse(there or "")
    table = document
    if path.endswith("pyproject.toml"):
        tool = document.setdefault("tool", tomlkit.table(is_super_table=True))
        table = tool.setdefault("tagship", tomlkit.table())
    for key, value in wish.settings.items():
        table[key] = list(value) if isinstance(value, tuple) else value
    changed = shaped({**project.settings.values, **wish.settings}, type(project.config))
    after = tomlkit.dumps(document)
    why = tuple(f"{key} is to be {value}" for key, value in wish.settings.items()) if after != there else ()
    file = File(path=path, there=there, wanted=after, why=why)
    settings = msgspec.structs.replace(project.settings, config=changed)
    return msgspec.structs.replace(project, settings=settings), (file,)


def _configuration_file(project: Project) -> str:
    """Where the settings stand that count for the package, its own or the repository's; else where they belong."""
    own = project.settings.file
    folder = "" if project.package == "." else f"{project.package}/"
    if own is not None:
        shared = folder and own.data != tomllib.loads(files.read(project.top, f"{folder}{own.name}") or "")
        return own.name if shared else f"{folder}{own.name}"
    return f"{folder}pyproject.toml" if (project.root / "pyproject.toml").is_file() else f"{folder}tagship.toml"


def _workflow(project: Project, path: str, text: str, wish: Wish) -> File:
    there = files.read(project.top, path)
    if there is None:
        return File(path=path, there=None, wanted=files.stamped(text))
    ours = files.is_as_written(there)
    if not wish.upgrade:
        text = drift.with_pins_of(there, text)
    old, _, problems = read_yaml(there.encode())
    new = read_yaml(text.encode())[0]
    if old is None or new is None or problems:
        why = tuple(f"line {problem.line}: {problem.why}" for problem in problems) or ("it is empty",)
    else:
        why = tuple(difference.words for difference in drift.differences(old, new))
        if why and not files.is_stamped(there):
            why = (f"it was not written by tagship, and differs in {many(len(why), 'place')}",)
    if wish.upgrade and ours and not why and files.stamped(text) != there:
        why = ("its actions are pinned to other commits",)
    return File(path=path, there=there, wanted=files.stamped(text), why=why, ours=ours)


def _locks(project: Project, desk: Desk, wish: Wish, notes: list[str]) -> list[File]:
    tools, build, itself = hashed.TOOLS, hashed.build_lock(project.package), project.normalised == "tagship"
    there, more = files.read(project.top, tools), notes_of.tools(project)
    why = locks.tools_stale(there, more, itself=itself)
    found = [_lock(tools, there, why, wish, lambda old: locks.tools(desk.uv, old, more, itself=itself))]
    there = files.read(project.top, build)
    why = locks.build_stale(project, there)
    if there is None and not wish.lock:
        return found  # it may be that it could not be made, and a build does without
    try:
        found.append(_lock(build, there, why, wish, lambda old: locks.build(desk, project, old)))
    except TagshipError as error:
        reason = error.message.splitlines()[0]
        if there is not None and why:
            found.append(File(path=build, there=there, wanted=there, why=(*why, reason), ours=False))
        else:
            notes.append(f"{build} was not written: {reason}. The build resolves its requirements at each run.")
    return found


def _lock(path: str, there: str | None, why: tuple[str, ...], wish: Wish, make: Callable[[str | None], str]) -> File:
    if not wish.lock or not (why or wish.upgrade):
        return File(path=path, there=there, wanted=there or "", why=why)
    text = make(None if wish.upgrade else there)
    if text != there and not why:
        why = ("there are newer versions",)
    return File(path=path, there=there, wanted=text, why=() if text == there or there is None else why)


def _environments(project: Project, wanted: Variant) -> Iterator[File]:
    """The deployment environments; who changes one has decided who may publish, and keeps it."""
    for environment in environments.wanted(wanted):
        text = environments.render(environment, wanted.repository)
        yield files.for_people(project.top, environment.path, files.stamped(text))


def _dependabot(project: Project, notes: list[str]) -> File | None:
    other = next((name for name in dependabot.RENOVATE if (project.top / name).is_file()), None)
    path = next((name for name in dependabot.FILES if (project.top / name).is_file()), dependabot.FILES[0])
    there = files.read(project.top, path)
    if there is None and other is not None:
        notes.append(f"{other}: Renovate keeps actions and {hashed.FOLDER} up to date, so that Dependabot need not.")
        return None
    why = dependabot.lacking(there)
    try:
        return File(path=path, there=there, wanted=dependabot.merged(there), why=why)
    except TagshipError as error:
        return File(path=path, there=there, wanted=there or "", why=(error.message, error.remedy), ours=False)


def _notes(project: Project, wanted: Variant) -> list[str]:
    found: list[str] = []
    host, ci = project.repository.host.value or "", project.ci
    if not project.required_ci.value:
        found.append(
            f"No CI was found that runs on pull requests and on pushes to {wanted.default_branch}, so that nothing will"
            " be published. Add such a workflow, or name a check: tagship init --ci 'NAME OF THE CHECK'"
        )
    found += [f"{problem.where} cannot be read, and was left out: {problem.why}" for problem in ci.problems]
    others = {p.file: p for p in ci.publishers if p.file != wanted.file and not p.file.endswith(".tagship.yml")}
    for other in others.values():
        environment = f" with the environment {other.environment}" if other.environment else ""
        found.append(
            f"{other.file} publishes as well: its job {other.job}{environment}. Take that job out before the next"
            f" release, or both will upload; and register {wanted.file} on PyPI in its place."
        )
    if host.lower() != GITHUB.removeprefix("https://") and wanted.auth == "trusted-publishing":
        found.append(
            f"The repository is on {host}. If that is a GitHub Enterprise server, PyPI does not trust its workflows:"
            " tagship init --auth token"
        )
    if project.repository.upstream:
        found.append(
            f"The workflow is for {wanted.repository}, as origin says, and does nothing anywhere else. If that is a"
            f" fork of {project.repository.upstream}, run tagship init in a clone of the original."
        )
    found += [f"{p.path} is a further package: tagship init {shlex.quote(p.path)}" for p in project.packages]
    return found
