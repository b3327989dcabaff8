"""Runs releases with faults in them: each in a world of its own, and once more in the same world where it failed.

What was built, tested and checked once is handed to every run as a manifest and files, as the jobs of the workflow do.
The stages that talk to services are run for every cell.
"""

import contextlib
import os
import shutil
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import msgspec

from tagship.errors import TagshipError
from tagship.model import Manifest, Record, to_json
from tagship.rehearsal.clock import JumpingClock
from tagship.rehearsal.faults.acts import ACTS, heal
from tagship.rehearsal.faults.judge import Public, Run, Wanted, ended, leaks, look
from tagship.rehearsal.faults.kinds import BY_NAME, KINDS, Kind
from tagship.rehearsal.faults.striker import Fault, Seen, Striker
from tagship.rehearsal.run import Backstage, Outside, Pushed, Scene, another, enter
from tagship.rehearsal.world import Place, servers
from tagship.services.reporter import Silence
from tagship.services.world import Limits
from tagship.stages import STAGES, merge, run

BUILT = ("build", "test", "check")
"""The stages whose work is done once for all cells."""
PATIENCE = Limits(answer=1.0, upload=6.0)
"""Nobody wants to wait a minute for every fault."""


class Cell(Record, frozen=True, kw_only=True):
    """One fault at one place, and how the release came out of it."""

    fault: str
    """As `--fault` takes it."""
    kind: str
    stage: str
    request: str
    """What was struck: method and address."""
    expected: str
    end: str
    wrong: tuple[str, ...]
    """What must not be; nothing where all is as it should."""
    runs: tuple[Run, ...]

    @property
    def ok(self) -> bool:
        """Whether it ended as was written down beforehand."""
        return self.end == self.expected and not self.wrong


@dataclass(frozen=True, kw_only=True, slots=True)
class Rig:
    """What all cells share."""

    pushed: Pushed
    behind: Backstage
    outside: Outside
    clean: Manifest
    """The manifest of a rehearsal in which nothing failed."""

    @property
    def wanted(self) -> Wanted:
        """The release as it should be."""
        if self.clean.plan is None:
            raise ValueError("a rehearsal without a plan cannot be repeated with faults")
        return Wanted(plan=self.clean.plan, dists=self.clean.dists)

    @property
    def built(self) -> Manifest:
        """The manifest as the jobs that build and check hand it over."""
        return msgspec.structs.replace(self.clean, log=tuple(e for e in self.clean.log if e.stage in ("plan", *BUILT)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Stand:
    """A fresh world, in which the same command can be run several times."""

    rig: Rig
    scene: Scene
    striker: Striker
    clock: JumpingClock

    def run(self, fault: Fault | None = None) -> tuple[Run, Public]:
        """Plan, gate, publish, verify, release and summary, in their order and to the first error."""
        striker, began, waited = self.striker, time.monotonic(), self.clock.slept
        manifest, report = Manifest(), Run()
        with striker.run(fault):
            for stage in (stage for stage in STAGES if stage.name not in BUILT):
                striker.stage = stage.name
                try:
                    result = run(stage, manifest, self.scene.world_of(stage))
                except Exception:  # a stage raises nothing but our own errors
                    words = traceback.format_exc().splitlines()
                    report = Run(code="BUG", failed=True, said="\n".join(words[-3:]), remedy="-", stage=stage.name)
                    break
                manifest = result.manifest
                error = result.error or result.warning
                if error is not None:
                    report = _told(error, stage.name, failed=result.error is not None)
                if result.error is not None:
                    break
                if stage.name == "gate":
                    manifest = merge(manifest, self.rig.built)
        plan = self.rig.wanted.plan
        report = msgspec.structs.replace(
            report, seconds=round(time.monotonic() - began, 3), waited=round(self.clock.slept - waited, 1)
        )
        return self._without_leaks(report, manifest), look(striker.embedded, plan)

    def _without_leaks(self, report: Run, manifest: Manifest) -> Run:
        embedded = self.striker.embedded
        held = (embedded.github.tokens, embedded.pypi.state.tokens, embedded.testpypi.state.tokens)
        shown = [("the manifest", to_json(manifest).decode()), ("the error", f"{report.said} {report.remedy}")]
        shown += [("the log of requests", exchange.url) for exchange in embedded.exchanges]
        found = leaks(shown, (secret for tokens in held for secret in tokens))
        if not found:
            return report
        return msgspec.structs.replace(report, code="BUG", failed=True, said="; ".join(found))


def _told(error: TagshipError, stage: str, *, failed: bool) -> Run:
    return Run(code=error.code, failed=failed, said=error.message, remedy=error.remedy, stage=stage)


@contextlib.contextmanager
def stand(rig: Rig, name: str) -> Iterator[Stand]:
    """A fresh world for what was pushed; `name` is that of its folder."""
    clock = JumpingClock()
    folder = rig.behind.folder / "worlds" / name
    workspace = another(rig.pushed, rig.behind, folder)
    place = Place(
        folder=folder,
        cache=rig.outside.cache,
        environ=rig.outside.environ,
        clock=clock,
        limits=replace(rig.outside.limits, answer=PATIENCE.answer, upload=PATIENCE.upload),
        wall=rig.behind.wall,
    )
    try:
        with servers(place, rig.behind.keeper) as embedded:
            scene = enter(rig.pushed, workspace, embedded, Silence())
            striker = Striker(embedded, rig.pushed.project.normalised or "", ACTS)
            yield Stand(rig=rig, scene=scene, striker=striker, clock=clock)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def seen(rig: Rig) -> tuple[Seen, ...]:
    """The requests of a run in which nothing fails."""
    with stand(rig, "clean") as clean:
        clean.run()
        return tuple(clean.striker.seen)


def faults(requests: Sequence[Seen], *, tagged: bool) -> tuple[Fault, ...]:
    """The matrix: every kind at every request that it can strike, the first and the last of equal ones."""
    groups: dict[tuple[str, str, str, str], list[Seen]] = {}
    for one in requests:
        route = "/".join(part for part in one.url.split("/") if not any(c.isdigit() for c in part))
        groups.setdefault((one.stage, one.sort, one.method, route), []).append(one)
    chosen = [one for group in groups.values() for one in (group[:1] + group[1:][-1:])]
    return tuple(
        Fault(kind=kind.name, where=one.stage, number=one.number)
        for one in sorted(chosen, key=requests.index)
        for kind in KINDS
        if _fits(kind, one, tagged=tagged)
    )


def _fits(kind: Kind, one: Seen, *, tagged: bool) -> bool:
    return (
        one.sort in kind.strikes
        and kind.service in ("", one.service)
        and (one.repeats or not kind.repeated)
        and (tagged or kind.name != "moved-tag")
    )


def cell(rig: Rig, fault: Fault) -> Cell:
    """Run one cell."""
    kind = BY_NAME[fault.kind]
    with stand(rig, str(fault).replace(":", "-")) as fresh:
        first = fresh.run(fault)
        hit = fresh.striker.hit
        heal(fresh.striker.embedded)
        second = fresh.run() if first[0].code else None
    end, bad = ended(first, second, rig.wanted)
    if hit is None:
        bad = (*bad, "nothing was struck: there is no such request")
    return Cell(
        fault=str(fault),
        kind=kind.name,
        stage=hit.stage if hit is not None else fault.where,
        request=f"{hit.method} {hit.url}" if hit is not None else "",
        expected=kind.expected(hit.sort, hit.stage) if hit is not None else kind.end,
        end=end,
        wrong=bad,
        runs=tuple(run for run, _ in filter(None, (first, second))),
    )


def cells(rig: Rig, chosen: Iterable[Fault], told: Callable[[Cell], None]) -> tuple[Cell, ...]:
    """Run many cells, as many at once as there are processors, and tell of each as it ends."""

    def one(fault: Fault) -> Cell:
        done = cell(rig, fault)
        told(done)
        return done

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        return tuple(pool.map(one, chosen))
