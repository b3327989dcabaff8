"""Runs the table of stages as the workflow would: each as soon as what it needs is done, side by side where it may.

A stage that fails stops what comes after it, and nothing beside it: a project without CI learns in the same rehearsal
what its tests say. The summary always runs, last.
"""

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass

from tagship.errors import TagshipError
from tagship.model import Manifest
from tagship.services.threads import side_by_side
from tagship.services.world import World
from tagship.stages import Result, Stage, merge, run

ALWAYS = "summary"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finished:
    """How the pipeline ended."""

    manifest: Manifest
    error: TagshipError | None
    """The first failure, in the order of the stages."""


def run_all(stages: Sequence[Stage], manifest: Manifest, world_of: Callable[[Stage], World]) -> Finished:
    """Run stages in the order that their `after` allows, each in the world that its job would see."""
    done: set[str] = set()
    waiting = {stage.name: stage for stage in stages}
    running: dict[Future[Result], Stage] = {}
    errors: dict[str, TagshipError] = {}
    with side_by_side(len(stages)) as pool:
        while waiting or running:
            for stage in _ready(waiting.values(), done, alone=not running):
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
                    errors[stage.name] = result.error
    return Finished(manifest=manifest, error=next((errors[s.name] for s in stages if s.name in errors), None))


def _ready(waiting: Collection[Stage], done: set[str], *, alone: bool) -> list[Stage]:
    """The stages that may begin now; the summary does when nothing else runs, or ever will."""
    ready = [stage for stage in waiting if done.issuperset(stage.after)]
    return ready or [stage for stage in waiting if stage.name == ALWAYS and alone]
