"""Progress and verdict as lines of text."""

import io
import threading

import pytest

from tagship.cli.render.lines import of_verdict
from tagship.cli.render.plain import Plain
from tagship.model import Fact, Status
from tagship.rehearsal.result import Rehearsal
from tagship.services.reporter import Doing, FactSeen, Said, StageStarted
from tests.goldens import same
from tests.samples import READY, REFUSED, STAGES, UNDECIDED, events


def shown(rehearsal: Rehearsal, *, side_by_side: bool = True) -> str:
    """All that a pipe gets from a rehearsal."""
    stream = io.StringIO()
    with Plain(stream, STAGES) as plain:
        for event in events(rehearsal, side_by_side=side_by_side):
            plain.emit(event)
    plain.tell(of_verdict(rehearsal, "/tmp/wheelhouse/report.html"))
    return stream.getvalue()


@pytest.mark.parametrize("rehearsal", [READY, REFUSED, UNDECIDED], ids=lambda r: r.verdict)
def test_output_is_complete(rehearsal: Rehearsal) -> None:
    """Every stage, doubt, finding, assumption and limit is in the log, in the order of the pipeline."""
    same(f"plain-{rehearsal.verdict}.txt", shown(rehearsal))


def test_stages_side_by_side_do_not_mix() -> None:
    """A gate that ends after the build gives the same text as one that ends before it begins."""
    assert shown(REFUSED, side_by_side=True) == shown(REFUSED, side_by_side=False)


def test_lines_appear_at_once() -> None:
    """A stage that has the word is followed line by line, not only when it ends."""
    stream = io.StringIO()
    with Plain(stream, STAGES) as plain:
        plain.emit(StageStarted(stage="gate", at=0))
        for text in ("waiting for Test Suite", "waiting for Test Suite", "waiting for lint"):
            plain.emit(Doing(stage="gate", text=text))
        assert stream.getvalue() == "gate\n  waiting for Test Suite ...\n  waiting for lint ...\n"


def test_an_interrupted_run_keeps_what_was_said() -> None:
    """What a second stage said before Ctrl-C is written when the screen is left."""
    stream = io.StringIO()
    with pytest.raises(KeyboardInterrupt), Plain(stream, STAGES) as plain:
        plain.emit(StageStarted(stage="gate", at=0))
        plain.emit(StageStarted(stage="build", at=0))
        plain.emit(Said(stage="build", text="Built the sdist"))
        raise KeyboardInterrupt
    assert stream.getvalue() == "gate\nbuild\n  Built the sdist\n"


def test_foreign_text_cannot_command_the_runner_or_the_terminal() -> None:
    """Workflow commands, escape sequences and reordering characters in a fact arrive as harmless text."""
    stream = io.StringIO()
    detail = "first\n::add-mask::e\n  ::stop-commands::x\n##[error]no\x1b[2J\u202eevil\r\rover"
    fact = Fact(id="x", title="the tests", status=Status.PROBLEM, detail=detail)
    with Plain(stream) as plain:
        plain.emit(FactSeen(stage="test", fact=fact))
    assert stream.getvalue() == (
        "  problem: the tests: first\n"
        "    : :add-mask::e\n"
        "      : :stop-commands::x\n"
        "    ## [error]no\ufffd[2J\ufffdevil\ufffd\ufffdover\n"
    )


def test_threads_may_speak_at_the_same_time() -> None:
    """Lines of four threads arrive whole, once each, and together by stage."""
    stream = io.StringIO()
    names = ("plan", "gate", "build", "test")

    def speak(stage: str, plain: Plain) -> None:
        for number in range(200):
            plain.emit(Said(stage=stage, text=f"{stage} {number}"))

    with Plain(stream, names) as plain:
        threads = [threading.Thread(target=speak, args=(name, plain)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    lines = stream.getvalue().splitlines()
    speakers = list(dict.fromkeys(line.split()[0] for line in lines))
    assert lines == [f"  {name} {number}" for name in speakers for number in range(200)]
    assert sorted(speakers) == sorted(names)
