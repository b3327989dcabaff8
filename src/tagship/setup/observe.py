"""Looks at the checkout, GitHub and the indexes, side by side, and decides nothing."""

import re
from pathlib import Path

from tagship.errors import TagshipError
from tagship.project.discover import Project, read
from tagship.services.world import World
from tagship.setup.observed import Local, Observed
from tagship.workflow.variant import Variant, variant

_CREDENTIALS = re.compile(r"(?<=://)[^@/]*@")


def observe(world: World, package: Path) -> Observed:
    """Look at everything that the checks judge.

    Args:
        package: the folder of the package.

    Raises:
        ProjectError: there is no project to look at.
    """
    project = read(package, world.git)
    return Observed(now=world.clock.now(), project=project, local=_local(world), wanted=_wanted(project))


def _local(world: World) -> Local:
    git = world.git
    output = git.run("config", "--local", "-z", "--get-regexp", r"^remote\..*\.url$").stdout
    pairs = (item.partition("\n") for item in output.split("\0") if item)
    return Local(
        changed=git.changed(),
        shallow=git.is_shallow(),
        remotes=tuple(
            (key.removeprefix("remote.").removesuffix(".url"), _CREDENTIALS.sub("", value)) for key, _, value in pairs
        ),
    )


def _wanted(project: Project) -> Variant | TagshipError:
    try:
        return variant(project)
    except TagshipError as error:
        return error
