"""Runs the table of stages as the workflow would: each as soon as what it needs is done, side by side where it may.

A stage that fails stops everything that comes after it, except the summary, which always runs.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from tagship.errors import TagshipError
from tagship.model import Manifest
from tagship.services.world import World
from tagship.stages import Result, Stage, merge, run

ALWAYS = "summary"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """How the pipeline ended."""

    manifest: Manifest
    error: TagshipError | None
    """The first failure."""


def run_all(stages: Sequence[Stage], manifest: Manifest, world_of: Callable[[Stage], World]) -> Finished:
    """Run stages in the order that their `after` allows, each in the world that its job would see."""
    done: set[str] = set()
    waiting = {stage.name: stage for stage in stages}
    running: dict[Future[Result], Stage] = {}
    error: TagshipError | None = None
    with ThreadPoolExecutor(len(stages)) as pool:
        while waiting or running:
            for stage in _ready(waiting, done, running, failed=error is not None):
                running[pool.submit(run, stage, manifest, world_of(stage))] = waiting.pop(stage.name)
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                stage = running.pop(future)
                result = future.result()
                manifest = merge(manifest, result.manifest)
                if result.error is None:
                    done.add(stage.name)
                else:
                    error = error or result.error
    return Finished(manifest=manifest, error=error)


def _ready(
    waiting: dict[str, Stage], done: set[str], running: dict[Future[Result], Stage], *, failed: bool
) -> list[Stage]:
    """The stages that may begin now; after a failure only the summary, once nothing else runs."""
    if failed:
        return [stage for stage in waiting.values() if stage.name == ALWAYS and not running]
    return [stage for stage in waiting.values() if done.issuperset(stage.after)]
