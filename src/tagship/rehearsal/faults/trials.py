"""`tagship rehearse --fault … --crash …`: a rehearsal, and then the same release with things going wrong."""

import itertools
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from tagship.errors import UNDECIDED, UsageError
from tagship.model import Fact, Status, Target
from tagship.rehearsal.faults.kinds import AGAIN, BY_NAME, CONVERGED, CRASHES, Sort
from tagship.rehearsal.faults.matrix import cells, matrix, seen
from tagship.rehearsal.faults.stand import Rig
from tagship.rehearsal.faults.striker import Fault, Seen, parse
from tagship.rehearsal.request import Request
from tagship.rehearsal.result import Cell, Rehearsal
from tagship.rehearsal.run import Backstage, Outside, play
from tagship.services.reporter import Journal, Reporter
from tagship.words import many

STAGE = "faults"
"""Under which name events are reported."""
ALL = "all"
NOT_READY = "faults and crashes: they need a release that succeeds and publishes something without them"


def rehearse(request: Request, outside: Outside, behind: Backstage, reporter: Reporter) -> Rehearsal:
    """Release the repository into the embedded world, and once more for every fault and crash that was asked for.

    Raises:
        TagshipError: as `rehearsal.run.rehearse`; UsageError also for a fault that does not exist.
    """
    asked = [*_asked(request.fault, crashes=False), *_asked(request.crash, crashes=True)]
    result, pushed = play(request, outside, behind, reporter)
    plan = result.manifest.plan
    if result.verdict != "ready" or plan is None or plan.target is Target.NONE:
        code = result.exit_code or UNDECIDED
        return msgspec.structs.replace(result, exit_code=code, not_rehearsed=(NOT_READY, *result.not_rehearsed))
    journal = Journal(STAGE, reporter, started=outside.clock.now())
    rig = Rig(pushed=pushed, behind=behind, outside=outside, clean=result.manifest)
    requests = seen(rig)
    chosen = list(dict.fromkeys(fault for one in asked for fault in _meant(one, requests, tagged=plan.tag is not None)))
    count = itertools.count(1)

    def told(cell: Cell) -> None:
        journal.doing(f"{next(count)} of {len(chosen)}: {cell.fault}")

    done = cells(rig, chosen, told)
    for line in table(done):
        journal.say(line)
    for cell in done:
        if not cell.ok:
            journal.fact(_unexpected(cell))
    journal.close(failed=not all(cell.ok for cell in done), now=outside.clock.now())
    return _with(result, done, seconds=outside.clock.now() - result.started)


def _asked(texts: Sequence[str], *, crashes: bool) -> Iterator[Fault | bool]:
    """What was asked for: one fault, or all of one sort, as whether they are crashes."""
    for text in texts:
        if text == ALL:
            yield crashes
        elif crashes:
            yield parse(f"{CRASHES[0]}@{text}")
        else:
            yield parse(text)


def _meant(asked: Fault | bool, requests: Sequence[Seen], *, tagged: bool) -> Iterable[Fault]:
    """The faults that were asked for, each at its stage; a crash in all its ways.

    Raises:
        UsageError: there is no such request, or the fault cannot strike it.
    """
    if isinstance(asked, bool):
        return matrix(requests, crashes=asked, tagged=tagged)
    kinds = CRASHES if asked.kind in CRASHES else (asked.kind,)
    if not asked.number:
        return [Fault(kind=k, where=asked.where, number=0) for k in kinds if Sort.STAGE in BY_NAME[k].strikes]
    mine = [one for one in requests if asked.where in ("", one.stage, one.service)]
    struck = mine[asked.number - 1] if asked.number <= len(mine) else None
    found = [
        Fault(kind=kind, where=struck.stage, number=struck.number)
        for kind in kinds
        if struck is not None and struck.sort in BY_NAME[kind].strikes
    ]
    if not found:
        could = ", ".join(f"{one.stage}:{one.number}" for one in requests if one.sort in BY_NAME[asked.kind].strikes)
        raise UsageError(f"Nothing was broken: {asked} strikes no request", remedy=f"It can strike {could}.")
    return found


def table(done: Sequence[Cell]) -> Iterator[str]:
    """How many cells ended how, by stage."""
    ends = (CONVERGED, AGAIN, "refused")
    heads = (*ends, "unexpected")
    rows = [(stage, [cell for cell in done if cell.stage == stage]) for stage in dict.fromkeys(c.stage for c in done)]
    width = max((len(stage) for stage, _ in rows), default=0)
    yield f"{'':{width}}  {'  '.join(heads)}"
    for stage, mine in (*rows, ("all", list(done))):
        counts = [sum(cell.ok and cell.end.startswith(end) for cell in mine) for end in ends]
        numbers = [*counts, sum(not cell.ok for cell in mine)]
        yield f"{stage:{width}}  {'  '.join(f'{n:>{len(head)}}' for n, head in zip(numbers, heads, strict=True))}"


def _unexpected(cell: Cell) -> Fact:
    said = "; ".join(run.said.partition("\n")[0] for run in cell.runs if run.said)
    words = "; ".join((*(() if cell.end == cell.expected else (f"it ended: {cell.end}",)), *cell.wrong, said))
    title = f"{cell.fault} ends as expected: {cell.expected}"
    return Fact(id=f"fault.{cell.fault}", title=title, status=Status.PROBLEM, detail=words, how=cell.request)


def _with(result: Rehearsal, done: tuple[Cell, ...], *, seconds: float) -> Rehearsal:
    """The result with its cells; the verdict stays only where every one ended as expected, and there is one."""
    bad = [cell for cell in done if not cell.ok]
    what = many(len(done), "fault")
    result = msgspec.structs.replace(result, cells=done, seconds=round(seconds, 3))
    if done and not bad:
        return msgspec.structs.replace(result, headline=f"{result.headline}, and {what} end as expected")
    words = f"{len(bad)} of {what} do not end as expected: {bad[0].fault}" if bad else "no fault could strike"
    return msgspec.structs.replace(
        result, verdict="undecided", exit_code=UNDECIDED, headline=f"{result.headline}, but {words}"
    )
