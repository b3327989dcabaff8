"""`tagship verify --published VERSION`: a look at a release that is public already; reads and writes no manifest."""

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from tagship import __version__
from tagship.cli.render import reporter, screen
from tagship.errors import Broken, ChecksFailed, TagshipError
from tagship.model import Manifest, Target, to_json
from tagship.services.environment import production as allowed
from tagship.services.git import open_repository
from tagship.services.shell import Shell
from tagship.services.world import Workspace, World, production
from tagship.stages import STAGES, Result, published, run, verify
from tagship.words import clean

Verdict = Literal["ok", "broken", "unknown", "none"]
"""`none` where nothing was ever released."""


def look(version: str, index: str, package: str, *, as_json: bool) -> Result:
    """Verify what an index has of a version, and tell GitHub Actions how it ended.

    Args:
        version: or `newest`.
        index: `pypi` or `testpypi`.
        package: its folder in the repository.
    """
    from tagship.project.discover import read

    git = open_repository(Shell(allowed(os.environ)), Path.cwd())
    project = read(git.root / package, git)
    environ = {**os.environ, "GITHUB_REPOSITORY": project.repository.on_github or ""}
    stage = next(stage for stage in STAGES if stage.name == "verify")
    with tempfile.TemporaryDirectory(prefix="tagship-") as scratch:
        folder = Path(scratch)
        workspace = Workspace(root=git.root, package=package, dist=folder / "dist", local=folder, scratch=folder)

        def again(_: Manifest, world: World) -> Manifest:
            found = published.manifest(world, project, version, Target(index))
            if found is None:
                world.journal.skip(f"Nothing to verify: {index} has no release of {project.normalised}")
            return verify.run(found, world) if found is not None else Manifest()

        with screen(sys.stderr, environ, (stage.name,)) as shown:
            world = production(workspace, environ, reporter(shown, sys.stderr, environ), f"tagship/{__version__}")
            result = run(stage, Manifest(), world, again)
    if as_json:
        sys.stdout.buffer.write(to_json(result.manifest))
    _hand_on(environ, _verdict(result), result.error or result.warning)
    return result


def _verdict(result: Result) -> Verdict:
    """What is known: a service that did not answer says nothing about the release."""
    if isinstance(result.error, Broken | ChecksFailed):
        return "broken"
    if result.error is not None or result.warning is not None:
        return "unknown"
    return "ok" if result.manifest.plan is not None else "none"


def _hand_on(environ: Mapping[str, str], verdict: Verdict, error: TagshipError | None) -> None:
    """The outputs of the step."""
    if file := environ.get("GITHUB_OUTPUT"):
        words = clean(error.message).partition("\n")[0] if error is not None else ""
        with Path(file).open("a", encoding="utf-8") as stream:
            stream.write(f"verdict={verdict}\nwords={words}\n")
