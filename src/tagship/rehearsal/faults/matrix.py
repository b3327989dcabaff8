"""The matrix of faults, made from what a clean run asks for, and the running of its cells."""

import os
from collections.abc import Callable, Iterable, Sequence

from tagship.rehearsal.faults.acts import heal
from tagship.rehearsal.faults.judge import ended
from tagship.rehearsal.faults.kinds import BY_NAME, CRASHES, KINDS, Kind, Sort
from tagship.rehearsal.faults.rebuilt import rebuilt
from tagship.rehearsal.faults.stand import BUILT, Rig, stand
from tagship.rehearsal.faults.striker import NAMES, Fault, Seen
from tagship.rehearsal.result import Cell
from tagship.services.threads import side_by_side


def seen(rig: Rig) -> tuple[Seen, ...]:
    """The requests of a run in which nothing fails."""
    with stand(rig, "clean") as clean:
        clean.run()
        return tuple(clean.striker.seen)


def matrix(requests: Sequence[Seen], *, crashes: bool, tagged: bool) -> tuple[Fault, ...]:
    """Every kind at every request that it can strike, the first and the last of equal ones, and at every stage.

    Args:
        crashes: whether to kill, in place of breaking.
        tagged: whether a tag is released, so that it can be moved.
    """
    kinds = [kind for kind in KINDS if (kind.name in CRASHES) is crashes and (tagged or kind.name != "moved-tag")]
    groups: dict[tuple[str, str, str, str], list[Seen]] = {}
    for one in requests:
        route = "/".join(part for part in one.url.split("/") if not any(c.isdigit() for c in part))
        groups.setdefault((one.stage, one.sort, one.method, route), []).append(one)
    chosen = sorted((one for group in groups.values() for one in {group[0], group[-1]}), key=requests.index)
    pairs = ((kind, one) for one in chosen for kind in kinds if _fits(kind, one))
    struck = (Fault(kind=kind.name, where=one.stage, number=one.number) for kind, one in pairs)
    stages = [name for name in NAMES if name not in (*BUILT, "summary")]
    whole = [kind for kind in kinds if Sort.STAGE in kind.strikes]
    ends = ((kind, stage) for stage in stages for kind in whole if kind.stage in ("", stage))
    return (*struck, *(Fault(kind=kind.name, where=stage, number=0) for kind, stage in ends))


def _fits(kind: Kind, one: Seen) -> bool:
    return one.sort in kind.strikes and kind.service in ("", one.service) and (one.repeats or not kind.repeated)


def cell(rig: Rig, fault: Fault) -> Cell:
    """Run one cell: with the fault, and where that failed, once more in the same world without."""
    kind = BY_NAME[fault.kind]
    patience = 30.0 if kind.name == "beside" else 1.0  # a whole release takes place before the answer
    with stand(rig, str(fault).replace(":", "-"), patience=patience) as fresh:
        first = fresh.run(fault)
        hit = fresh.striker.hit
        heal(fresh.striker.embedded)
        again = rebuilt(rig.built, fresh.folder / "rebuilt") if kind.name == "crash-rebuilt" else rig.built
        second = fresh.run(built=again) if first[0].code else None
        end, bad = ended(first, second, fresh.wanted(), fresh.wanted(again))
    if hit is None:
        bad = (*bad, "nothing was struck: there is no such request")
    if fresh.beside is not None and fresh.beside.code:
        bad = (*bad, f"the release beside it failed: {fresh.beside.said}")
    return Cell(
        fault=str(fault),
        kind=kind.name,
        stage=hit.stage if hit is not None else fault.where,
        request=f"{hit.method} {hit.url}".strip() if hit is not None else "",
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

    with side_by_side(min(8, os.cpu_count() or 1)) as pool:
        return tuple(pool.map(one, chosen))
