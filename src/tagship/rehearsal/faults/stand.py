"""A fresh world in which the same release can be run several times, whole, broken or killed.

What was built, tested and checked once is handed to every run as a manifest and files, as the jobs of the workflow do.
The stages that talk to services are run each time.
"""

import contextlib
import os
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

import tagship
from tagship.errors import ERRORS, ProjectError, TagshipError
from tagship.model import Manifest, Plan, manifest_from_json, to_json
from tagship.rehearsal.clock import JumpingClock
from tagship.rehearsal.doors.connection import FAILED
from tagship.rehearsal.faults.acts import ACTS
from tagship.rehearsal.faults.judge import Public, Wanted, leaks, look
from tagship.rehearsal.faults.kinds import Sort
from tagship.rehearsal.faults.striker import Fault, Seen, Striker
from tagship.rehearsal.request import Assumptions
from tagship.rehearsal.result import Run
from tagship.rehearsal.run import Backstage, Outside, Pushed, Scene, another, enter, place_of, set_up
from tagship.rehearsal.world import servers
from tagship.services.environment import production
from tagship.services.reporter import Silence
from tagship.services.shell import Output, Shell
from tagship.services.world import World
from tagship.stages import STAGES, Result, Stage, merge, run

BUILT = ("build", "test", "check")
"""The stages whose work is done once for all runs."""
ANSWER, UPLOAD = 2.0, 6.0
"""Seconds of patience with a service and with twine: nobody wants to wait minutes for every fault."""
CHILD = 60.0
"""Seconds for a stage in a process of its own."""
KILLED = "KILLED"
_CLOSED = Assumptions(push="refused")
CHILDREN = ("crash", "crash-rebuilt", "disk-full")
"""The kinds for which a stage is run as a command of its own."""
TINY = ("sh", "-c", 'ulimit -f 3 && exec "$@"', "sh")
"""In front of a program: it can write no file of more than three blocks, as on a disk that is full."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    """What the jobs that build and check hand over."""

    manifest: Manifest
    dist: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Rig:
    """What all runs share."""

    pushed: Pushed
    behind: Backstage
    outside: Outside
    clean: Manifest
    """The manifest of a rehearsal in which nothing failed."""

    @property
    def plan(self) -> Plan:
        """The plan of all runs."""
        if self.clean.plan is None:
            raise ProjectError("Nothing was broken: there is no plan", remedy="Rehearse without faults first.")
        return self.clean.plan

    @property
    def built(self) -> Built:
        """The files of the clean rehearsal."""
        log = tuple(entry for entry in self.clean.log if entry.stage in ("plan", *BUILT))
        return Built(manifest=msgspec.structs.replace(self.clean, log=log), dist=self.behind.folder / "dist")


@dataclass(kw_only=True, slots=True)
class Stand:
    """One world."""

    rig: Rig
    scene: Scene
    striker: Striker
    clock: JumpingClock
    folder: Path
    beside: Run | None = None
    """How the release of somebody else ended, at the same time."""
    closed: bool = False
    """Whether the remote takes no push any more."""
    _group: int = 0

    def wanted(self, built: Built | None = None) -> Wanted:
        """The release as it should be."""
        return Wanted(plan=self.rig.plan, dists=(built or self.rig.built).manifest.dists)

    def run(self, fault: Fault | None = None, built: Built | None = None) -> tuple[Run, Public]:
        """Plan, gate, publish, verify, release and summary, in their order and to the first error."""
        embedded, began, waited = self.striker.embedded, time.monotonic(), self.clock.slept
        with self.striker.run(fault):
            report, manifest = self._stages(fault, built or self.rig.built)
        held = (embedded.github.tokens, embedded.pypi.state.tokens, embedded.testpypi.state.tokens)
        shown = [("the manifest", to_json(manifest).decode()), ("the error", f"{report.said} {report.remedy}")]
        shown += [("the log of requests", exchange.url) for exchange in embedded.exchanges]
        bugs = tuple(exchange.reason for exchange in embedded.exchanges if exchange.reason.startswith(FAILED))
        if found := bugs + leaks(shown, (secret for tokens in held for secret in tokens)):
            report = msgspec.structs.replace(report, code="BUG", failed=True, said="; ".join(found))
        report = msgspec.structs.replace(
            report, seconds=round(time.monotonic() - began, 3), waited=round(self.clock.slept - waited, 1)
        )
        return report, look(embedded, self.rig.plan)

    def _stages(self, fault: Fault | None, built: Built) -> tuple[Run, Manifest]:
        manifest, report = Manifest(), Run()
        if (fault is not None and fault.kind == "push-refused") or self.closed:
            return self._push(), manifest
        for stage in (stage for stage in STAGES if stage.name not in BUILT):
            self.striker.stage = stage.name
            try:
                world = self.scene.world_of(stage)
                world = replace(world, workspace=replace(world.workspace, dist=built.dist))
                if fault is not None and stage.name == fault.where and fault.kind in CHILDREN:
                    return self._child(stage, manifest, world, fault), manifest
                if fault is not None and fault.kind == "beside":
                    self.striker.changed = lambda seen: self._beside(seen, fault, built)
                result = run(stage, manifest, world)
            except TagshipError as error:  # before the stage: its job was not let in
                result = Result(manifest=manifest, error=error)
            except Exception:  # a stage raises nothing but our own errors
                words = "\n".join(traceback.format_exc().splitlines()[-3:])
                return Run(code="BUG", failed=True, said=words, remedy="-", stage=stage.name), manifest
            manifest, ended = result.manifest, result.error or result.warning
            if ended is not None:
                report = Run(
                    code=ended.code,
                    failed=result.error is not None,
                    said=ended.message,
                    remedy=ended.remedy,
                    stage=stage.name,
                )
            if result.error is not None:
                break
            if stage.name == "gate":
                manifest = merge(manifest, built.manifest)
        return report, manifest

    def _push(self) -> Run:
        """The maintainer's push once more, to a remote of its own that takes none."""
        self.closed, self.striker.hit = True, _whole(STAGES[0])
        request = msgspec.structs.replace(self.rig.pushed.request, assumptions=_CLOSED)
        place = replace(self.striker.embedded.place, folder=self.folder / f"push-{time.monotonic_ns()}")
        place.folder.mkdir()
        try:
            with servers(place, self.rig.behind.keeper) as embedded:
                set_up(request, self.rig.outside, embedded, Silence())
        except TagshipError as error:
            return Run(code=error.code, failed=True, said=error.message, remedy=error.remedy, stage=STAGES[0].name)
        return Run()

    def _beside(self, seen: Seen, fault: Fault, built: Built) -> None:
        """Somebody else runs the whole release while the request waits for its answer."""
        if (seen.stage, seen.number) == (fault.where, fault.number):
            self.striker.hit, self.striker.changed = seen, lambda seen: None
            self.beside, _ = self._stages(None, built)

    def _child(self, stage: Stage, manifest: Manifest, world: World, fault: Fault) -> Run:
        """The stage's own command in a process of its own: killed, or with no space to write."""
        file = self.folder / "tagship-manifest.json"
        file.write_bytes(to_json(manifest))
        whole = not fault.number
        self.striker.changed = lambda seen: None if whole else self._kill(seen, fault)
        variables = {**world.shell.environment, **world.environment}
        shell = Shell(production(variables), started=self._remember)
        own = {name: value for name, value in variables.items() if name.startswith(("GITHUB_", "GH_", "ACTIONS_"))}
        words = (
            *(sys.executable, "-P", "-m"),
            "tagship",
            stage.name,
            "--manifest",
            str(file),
            "--dist",
            str(world.workspace.dist),
        )
        output = shell.run(
            (*(TINY if fault.kind == "disk-full" else ()), *words),
            cwd=world.workspace.root,
            # without byte code: on a full disk Python leaves half of it beside the sources
            extra=own | {"PYTHONPATH": str(Path(tagship.__file__).parents[1]), "PYTHONDONTWRITEBYTECODE": "1"},
            timeout=CHILD,
        )
        self.striker.changed = lambda seen: None
        if whole:
            self.striker.hit = _whole(stage)
        if fault.kind != "disk-full" and (_written(file, stage) if whole else output.returncode == -signal.SIGKILL):
            told = "run the same command again"
            return Run(code=KILLED, failed=True, said="killed on purpose", remedy=told, stage=stage.name)
        return _ended(stage, output)

    def _remember(self, group: int) -> None:
        self._group = group

    def _kill(self, seen: Seen, fault: Fault) -> None:
        """End the stage's process the moment a request took effect; its answer is never sent."""
        if (seen.stage, seen.number) == (fault.where, fault.number):
            self.striker.hit = seen
            os.killpg(self._group, signal.SIGKILL)
            raise ConnectionResetError("killed on purpose")


def _whole(stage: Stage) -> Seen:
    return Seen(stage=stage.name, number=0, service="", sort=Sort.STAGE, method="", url=f"the end of {stage.name}")


def _written(file: Path, stage: Stage) -> bool:
    """Whether the stage has written its manifest, whole."""
    return manifest_from_json(file.read_bytes()).entry(stage.name) is not None


def _ended(stage: Stage, output: Output) -> Run:
    """How a command ended that was not killed."""
    codes = {0: "", **{error.exit_code: error.code for error in ERRORS}}
    code = codes.get(output.returncode, "BUG")
    words = output.stderr.strip().splitlines()
    remedy = next((line.strip() for line in words if line.strip().startswith("fix")), "")
    return Run(code=code, failed=bool(code), said="\n".join(words[-12:]), remedy=remedy, stage=stage.name)


@contextlib.contextmanager
def stand(rig: Rig, name: str, *, patience: float = 1.0) -> Iterator[Stand]:
    """A fresh world for what was pushed.

    Args:
        name: of its folder.
        patience: how many times as long as usual a service may take.
    """
    clock = JumpingClock()
    folder = rig.behind.folder / "worlds" / name
    workspace = another(rig.pushed, rig.behind, folder)
    place = replace(
        place_of(rig.outside, rig.behind),
        folder=folder,
        clock=clock,
        limits=replace(rig.outside.limits, answer=ANSWER * patience, upload=UPLOAD * patience),
    )
    try:
        with servers(place, rig.behind.keeper) as embedded:
            scene = enter(rig.pushed, workspace, embedded, Silence())
            striker = Striker(embedded, rig.pushed.project.normalised or "", ACTS)
            yield Stand(rig=rig, scene=scene, striker=striker, clock=clock, folder=folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
