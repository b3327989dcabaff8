"""The stages as commands, made from the table of stages: each reads the manifest and writes it again."""

import os
import sys
import tempfile
from functools import reduce
from pathlib import Path

import msgspec
import rich_click as click

from tagship import __version__
from tagship.cli.render import reporter, screen
from tagship.errors import UsageError
from tagship.model import Manifest, manifest_from_json, to_json
from tagship.services.world import Workspace, production
from tagship.stages import STAGES, Stage, merge, run

MANIFEST = Path("tagship-manifest.json")


def command(name: str) -> click.Command:
    """The command of a stage."""
    stage = next(stage for stage in STAGES if stage.name == name)

    @click.command(name, help=_help(stage), epilog=f"Example: tagship {name} --manifest {MANIFEST}")
    @click.option(
        "--manifest",
        "manifests",
        type=click.Path(path_type=Path, dir_okay=False),
        multiple=True,
        default=(MANIFEST,),
        show_default=True,
        help="What the stages before wrote; the first is written again, those of other jobs are read.",
    )
    @click.option("--dist", type=click.Path(path_type=Path, file_okay=False), default=Path("dist"), show_default=True)
    @click.option("--package", default=".", metavar="FOLDER", help="The package, where there are several.")
    @click.option("--tag", metavar="TAG", help="The tag that is released, where GitHub Actions does not say.")
    @click.option("--branch", metavar="NAME", help="The branch that was pushed, likewise.")
    @click.option("--json", "as_json", is_flag=True, help="Print the manifest as JSON.")
    def perform(manifests: tuple[Path, ...], dist: Path, package: str, as_json: bool, **event: str | None) -> int:
        environ = dict(os.environ) | _event(**event)
        manifest = manifests[0].absolute()
        before = Manifest() if stage.name == STAGES[0].name else reduce(merge, map(_read, manifests))
        _writable(manifest)
        with tempfile.TemporaryDirectory(prefix="tagship-") as scratch:
            workspace = Workspace(
                root=Path.cwd(),
                package=package,
                dist=dist.absolute(),
                local=manifest.parent / "tagship-local",
                scratch=Path(scratch),
            )
            shown = screen(sys.stderr, environ, (stage.name,))
            with shown:
                world = production(workspace, environ, reporter(shown, sys.stderr, environ), f"tagship/{__version__}")
                result = run(stage, before, world)
        _write(manifest, to_json(result.manifest))
        if as_json:
            sys.stdout.buffer.write(to_json(result.manifest))
        ended = result.error or result.warning
        return ended.exit_code if ended is not None else 0

    return perform


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


def _writable(path: Path) -> None:
    """Make sure that what a stage did can be written down, before it does anything.

    Raises:
        UsageError: it cannot.
    """
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise UsageError(
            f"Nothing was done: the manifest {path} cannot be written: {error.strerror}",
            remedy="Name a file in a folder that is there and can be written: --manifest FILE",
        ) from None


def _write(path: Path, data: bytes) -> None:
    """Replace a file by a whole new one: whoever is killed in between leaves the old one."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_bytes(data)
    aside.replace(path)


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
