"""The stages as commands, made from the table of stages: each reads the manifest and writes it again."""

import os
import sys
import tempfile
from collections.abc import Mapping
from functools import reduce
from pathlib import Path

import click
import msgspec

from tagship import __version__
from tagship.cli.clicking import Command
from tagship.cli.places import writable
from tagship.cli.render import output, outputs, reporter, screen
from tagship.errors import UsageError
from tagship.model import Manifest, manifest_from_json, to_json
from tagship.services.world import Workspace, production
from tagship.stages import STAGES, Result, Stage, merge, run

MANIFEST = Path("tagship-manifest.json")
OPTIONS = (
    click.option("--json", "as_json", is_flag=True, help="Print the manifest as JSON."),
    click.option("--branch", metavar="NAME", help="The branch that was pushed, likewise."),
    click.option("--tag", metavar="TAG", help="The tag that is released, where GitHub Actions does not say."),
    click.option("--package", default=".", metavar="FOLDER", help="The package, where there are several."),
    click.option(
        "--dist",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path("dist"),
        show_default=True,
        help="The folder of the built files.",
    ),
    click.option(
        "--manifest",
        "manifests",
        type=click.Path(path_type=Path),
        multiple=True,
        default=(MANIFEST,),
        show_default=True,
        help="What the stages before wrote; the first is written again. Those of other jobs are only read, also all "
        "that a folder holds.",
    ),
)
"""Of every stage; click shows the last one first."""
MORE = {
    "build": (
        click.option(
            "--wheels",
            metavar="FOLDER",
            type=click.Path(exists=True, file_okay=False),
            help="Build nothing, and add the wheels in FOLDER, which other machines made from the sdist of the build.",
        ),
    ),
    "verify": (
        click.option(
            "--allow-slow-index",
            "slow",
            flag_value="yes",
            help="Succeed with a warning where the index does not show the files in time, and nothing is wrong.",
        ),
        click.option("--index", type=click.Choice(["pypi", "testpypi"]), default="pypi", help="With --published."),
        click.option(
            "--published",
            metavar="VERSION|newest",
            help="Look at a release that is public already, and use no manifest: is it what GitHub's release has, and "
            "does it install and work?",
        ),
    ),
}
"""Of one stage."""


def command(name: str) -> click.Command:
    """The command of a stage."""
    stage = next(stage for stage in STAGES if stage.name == name)

    def perform(manifests: tuple[Path, ...], dist: Path, package: str, as_json: bool, **more: str | None) -> int:
        if version := more.get("published"):
            from tagship.cli.published import look

            return exit_code(look(version, more["index"] or "", package, as_json=as_json), slow=bool(more.get("slow")))
        environ = dict(os.environ) | _event(more["tag"], more["branch"])
        manifest = manifests[0].absolute()
        before = Manifest() if stage.name == STAGES[0].name else _before(manifests, stage)
        remedy = "Name a file in a folder that is there and can be written: --manifest FILE"
        writable(manifest, "the manifest", remedy)
        with tempfile.TemporaryDirectory(prefix="tagship-") as scratch:
            workspace = Workspace(
                root=Path.cwd(),
                package=package,
                dist=dist.absolute(),
                local=manifest.parent / "tagship-local",
                scratch=Path(scratch),
                wheels=Path(wheels).absolute() if (wheels := more.get("wheels")) else None,
            )
            shown = screen(sys.stderr, environ, (stage.name,))
            with shown:
                world = production(workspace, environ, reporter(shown, sys.stderr, environ), f"tagship/{__version__}")
                result = run(stage, before, world)
        _write(manifest, to_json(result.manifest))
        if result.error is None and (file := environ.get("GITHUB_OUTPUT")):
            _hand_on(Path(file), outputs(stage.name, result.manifest))
        if as_json:
            sys.stdout.buffer.write(to_json(result.manifest))
        return exit_code(result, slow=bool(more.get("slow")))

    for option in (*OPTIONS, *MORE.get(name, ())):
        perform = option(perform)
    example = f"Example: tagship {name} --manifest {MANIFEST}"
    return click.command(name, cls=Command, help=_help(stage), epilog=example)(perform)


def exit_code(result: Result, *, slow: bool) -> int:
    """The code of what went wrong; of a warning only where that was not allowed (`slow`), it has been shown."""
    ended = result.error or (None if slow else result.warning)
    return ended.exit_code if ended is not None else 0


def _help(stage: Stage) -> str:
    return f"{stage.does[0].upper()}{stage.does[1:]}.\n\nOne stage of a release; reads and writes the manifest."


def _event(tag: str | None, branch: str | None) -> dict[str, str]:
    """The variables that GitHub Actions would set, from the options of another CI system."""
    if tag and branch:
        raise UsageError("Nothing was done: --tag and --branch exclude each other", remedy="Give one of them.")
    if not (tag or branch):
        return {}
    ref = f"refs/tags/{tag}" if tag else f"refs/heads/{branch}"
    return {"GITHUB_EVENT_NAME": "push", "GITHUB_REF": ref}


def _write(path: Path, data: bytes) -> None:
    """Replace a file by a whole new one: whoever is killed in between leaves the old one."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_bytes(data)
    aside.replace(path)


def _before(paths: tuple[Path, ...], stage: Stage) -> Manifest:
    """The merged manifests of the stages before; where further ones are named, the first need not be there yet.

    Raises:
        UsageError: there is none, which only the summary can make something of.
    """
    first, *others = paths
    files = [first] if first.is_file() or not others else []
    for path in others:
        files += sorted(path.rglob(MANIFEST.name)) if path.is_dir() else [path]
    if stage.name == STAGES[-1].name and others:
        files = [file for file in files if file.is_file()]  # jobs that failed early or were skipped have none
    elif not files:
        raise UsageError(
            f"Nothing was done: there is no {MANIFEST} in {others[0]}",
            remedy="Download what the jobs before have kept.",
        )
    return reduce(merge, map(_read, files), Manifest())


def _hand_on(file: Path, values: Mapping[str, str]) -> None:
    """Give the next steps and jobs of the workflow what they need.

    Raises:
        UsageError: GitHub's file cannot be written.
    """
    try:
        with file.open("a", encoding="utf-8") as stream:
            stream.writelines(f"{output(name, value)}\n" for name, value in values.items())
    except OSError as error:
        raise UsageError(
            f"The jobs that follow were told nothing: {file} cannot be written: {error.strerror}",
            remedy="Leave GITHUB_OUTPUT as GitHub sets it, or unset it.",
        ) from None


def _read(path: Path) -> Manifest:
    """The manifest of the stages before.

    Raises:
        UsageError: there is none, or the file is no manifest.
    """
    try:
        return manifest_from_json(path.read_bytes())
    except FileNotFoundError:
        raise UsageError(f"Nothing was done: there is no {path}", remedy="Run `tagship plan` first.") from None
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise UsageError(
            f"Nothing was done: {path} is no manifest of this version: {error}",
            remedy="Take the file that the stage before wrote, unchanged.",
        ) from error
