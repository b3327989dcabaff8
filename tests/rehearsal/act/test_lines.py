"""act's log, read line by line."""

import json

from tagship.rehearsal.act.lines import Log
from tagship.services.reporter import Silence


def line(**values: object) -> str:
    """One line of the log, of the job `build`."""
    return json.dumps({"jobID": "build", "stage": "Main", **values})


def test_what_a_step_said_counts_even_after_its_end() -> None:
    """act writes output and ends from different threads: a word that comes after the result belongs to its step."""
    log = Log(Silence(), lambda: 0.0, lambda name, end: None, {}, {})
    first, second = {"step": "One", "stepID": ["1"]}, {"step": "Two", "stepID": ["2"]}
    for text in (
        line(**first, msg="early\n", raw_output=True),
        line(**first, stepResult="success"),
        line(**first, msg="late\n", raw_output=True),
        line(**second, msg="other\n", raw_output=True),
        line(**second, stepResult="failure"),
        line(**second, msg="why\n", raw_output=True),
        line(jobResult="failure"),
    ):
        log.take(text)
    steps = [(step.name, step.result, step.said) for step in log.jobs["build"].steps]
    assert steps == [("One", "success", ("early", "late")), ("Two", "failure", ("other", "why"))]
    finding = log.jobs["build"].finding
    assert finding is not None
    assert finding.why.splitlines() == ["other", "why"]
