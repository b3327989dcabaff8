"""build --wheels: the platform wheels that other machines made from our sdist join it, and are one build from then on.

Every machine made its wheels from the one sdist; here they are put together, once. Two wheels of one name are two
builds (the artifacts of two runners that differ in nothing that a name shows), and no one of them is chosen.
"""

import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from tagship.checks.check import few
from tagship.errors import BuildFailed, Conflict
from tagship.model import Manifest, Plan
from tagship.services.world import World
from tagship.stages.common import describe, handed_over, planned, wheel_for_here


def decide(plan: Plan, built: Sequence[str], found: Sequence[str]) -> None:
    """Whether the wheels belong to the build.

    Args:
        built: names of the files of our own build.
        found: names of the files in the folder, one for each file.

    Raises:
        BuildFailed: there is none, or one is no wheel of this project in this version.
        Conflict: two have the same name.
    """
    if not found:
        raise BuildFailed("Nothing was collected: there are no wheels", remedy="Look at the jobs that make them.")
    strange = [name for name in found if not _belongs(name, plan)]
    if strange:
        raise BuildFailed(
            f"Nothing was collected: {few(strange)} {'is' if len(strange) == 1 else 'are'} no wheel of "
            f"{plan.project} {plan.version}",
            remedy="Make the wheels from the sdist of this very run, and hand on nothing else.",
            where=strange[0],
        )
    twice = [name for name, times in Counter((*built, *found)).items() if times > 1]
    if twice:
        raise Conflict(
            f"Nothing was collected: {few(twice)} was made more than once",
            remedy="Let each wheel be made by one runner: take one out of [tool.tagship] wheels, or narrow what "
            "cibuildwheel builds there.",
            where=twice[0],
        )


def _belongs(filename: str, plan: Plan) -> bool:
    try:
        name, version, _, _ = parse_wheel_filename(filename)
    except InvalidWheelFilename:
        return False
    return name == canonicalize_name(plan.project) and str(version) == plan.version


def run(manifest: Manifest, folder: Path, world: World) -> Manifest:
    """Copy the wheels below a folder into `dist`, beside the files of the build.

    Raises:
        UsageError: nothing was built before.
        BuildFailed: the wheels are none of this build, or none of them can be tried here.
        Conflict: two have the same name, or `dist` is not what was built.
    """
    plan, dist = planned(manifest), world.workspace.dist
    built = handed_over(manifest, dist)
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    decide(plan, [path.name for path in built], [path.name for path in found])
    dists = (*sorted(map(describe, found), key=lambda wheel: wheel.filename), *manifest.dists)
    if wheel_for_here(dists) is None:
        raise BuildFailed(
            "Nothing was collected: no wheel is for this machine, so that none could be tested",
            remedy="Let one of the runners be like the one that tests: [tool.tagship] wheels with ubuntu-24.04.",
        )
    for path in found:
        shutil.copyfile(path, dist / path.name)
    world.journal.say(f"Collected {len(found)} wheels: {few([path.name for path in found])}")
    return Manifest(plan=manifest.plan, dists=dists, log=manifest.log)
