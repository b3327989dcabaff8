"""The gate at work: in the embedded world, a release whose CI is not what it should be, or comes while it waits."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import pytest
from werkzeug import Response

from tagship.errors import GateClosed, TagshipError, Unreachable
from tagship.model import Event, Inputs, Status
from tagship.rehearsal.clock import JumpingClock
from tagship.rehearsal.github.state import App, WorkflowRun
from tagship.rehearsal.request import Assumptions, Request
from tagship.services.github_answers import Budget
from tagship.services.reporter import Doing, Happening
from tagship.stages import STAGES, run
from tagship.stages.gate import wait
from tests.rehearsing import FILES, PYPROJECT, Opened, Stage, git, repository

CI_FILE = ".github/workflows/ci.yml"
NAMED = PYPROJECT + '\n[tool.tagship]\nci = ["Tests"]\n'
ABSENT = Assumptions(ci={"ci.yml": "missing"})
UNNAMED = Assumptions(ci={"Tests": "missing"})
SPOOFER = App(id=4242, slug="made-up-app", name="Made up")
GONE = "did not run for this commit"
PUSH = "Push the commit to a branch on which it runs, or correct its name in [tool.tagship] ci."


@dataclass
class Unfolding(JumpingClock):
    """A jumping clock on which something happens after so many looks."""

    plot: dict[int, Callable[[], object]] = field(default_factory=dict)
    looks: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def sleep(self, seconds: float) -> None:
        """Jump, and let happen what is due."""
        super().sleep(seconds)
        self.looks += 1
        self.plot.pop(self.looks, lambda: None)()


@dataclass(frozen=True)
class Case:
    """A release that stands before its gate."""

    opened: Opened
    clock: Unfolding

    @property
    def event(self) -> Event:
        """The push of the released commit to the default branch."""
        sha = git(self.opened.world.workspace.root, "rev-parse", "HEAD")
        return Event(name="push", repository="owner/sample", ref="refs/heads/main", sha=sha, default_branch="main")

    def run(self, end: str | None = "success", event: Event | None = None, path: str = CI_FILE) -> WorkflowRun:
        """Let CI have run, as for a push unless another event is given."""
        jobs = {"Tests": end}
        return self.opened.embedded.github.add_run(event or self.event, path, jobs=jobs)  # type: ignore[arg-type]

    def gate(self) -> TagshipError | None:
        """Run plan and gate; and where the gate is closed, see that publishing is refused."""
        finished = self.opened.run("plan", "gate")
        if finished.error is not None:
            rest = self.opened.run("build", "test", "check", "publish", after=finished.manifest)
            assert rest.error is not None
            assert rest.error.message == "Nothing was done: publish needs gate, which failed"
            assert self.uploads() == []
        return finished.error

    def uploads(self) -> list[str]:
        """What was sent to an index."""
        return [e.url for e in self.opened.embedded.exchanges if e.method == "POST" and "legacy" in e.url]

    def asked(self) -> list[tuple[str, int]]:
        """What GitHub was asked about CI: the last word of the path and the status of the answer."""
        kinds = ("/check-runs", "/actions/runs", "/status")
        paths = [(e.url.partition("?")[0], e.status) for e in self.opened.embedded.exchanges]
        return [(path.rpartition("/")[2], status) for path, status in paths if path.endswith(kinds)]


@contextmanager
def case(stage: Stage, path: Path, request: Request | None = None) -> Iterator[Case]:
    """A pushed release, its CI as assumed."""
    clock = Unfolding()
    with replace(stage, clock=clock).open(path, request or Request(assumptions=ABSENT)) as opened:
        yield Case(opened=opened, clock=clock)


def sample(folder: Path, files: Mapping[str, str | None] | None = None) -> Path:
    """The sample, changed."""
    return repository(folder / "sample", dict(files or {}))


@pytest.mark.requirement("A3", "E3")
@pytest.mark.parametrize(
    ("arrange", "words"),
    [
        (lambda c: c.opened.embedded.github.add_check(c.event.sha, "Tests", app=SPOOFER), f"Tests {GONE}"),
        (lambda c: c.run(event=replaced(c.event, sha=older(c))), f"Tests {GONE}"),
        (lambda c: c.run(event=replaced(c.event, name="workflow_dispatch")), f"Tests {GONE}"),
        (lambda c: c.opened.embedded.github.add_status(c.event.sha, "Tests", "failure"), "Tests failed"),
        (lambda c: c.run("cancelled"), "Tests was cancelled"),
    ],
    ids=["another app", "another commit", "a dispatch", "a status that failed", "cancelled"],
)
def test_what_looks_like_the_required_check_opens_nothing(
    stage: Stage, tmp_path: Path, arrange: Callable[[Case], object], words: str
) -> None:
    """A check by its name counts from the app that is meant, about that commit, as it was pushed; else nothing goes."""
    path = sample(tmp_path, {"pyproject.toml": NAMED})
    git(path, "commit", "--quiet", "--allow-empty", "--message", "One more")
    with case(stage, path, Request(assumptions=UNNAMED)) as waiting:
        arrange(waiting)
        error = waiting.gate()
    assert isinstance(error, GateClosed)
    assert error.message == f"Not published: {words}"


def replaced(event: Event, **changes: str) -> Event:
    """An event that differs in a word."""
    return msgspec.structs.replace(event, **changes)


def older(waiting: Case) -> str:
    """The commit before the released one."""
    return git(waiting.opened.world.workspace.root, "rev-parse", "HEAD~1")


@pytest.mark.requirement("A3")
def test_success_on_another_branch_is_of_the_same_commit(stage: Stage, tmp_path: Path) -> None:
    """What counts is the commit: its CI may have run for another branch that has it."""
    with case(stage, sample(tmp_path)) as waiting:
        waiting.run(event=replaced(waiting.event, ref="refs/heads/side"))
        assert waiting.gate() is None


@pytest.mark.requirement("A3")
@pytest.mark.parametrize("annotated", [True, False])
def test_an_annotated_tag_is_its_commit(stage: Stage, tmp_path: Path, annotated: bool) -> None:
    """The CI of the commit counts, whether the tag is an object of its own or not."""
    path = sample(tmp_path)
    git(path, "tag", *(("--annotate", "--message", "Release") if annotated else ()), "v1.0.0")
    with case(stage, path, Request(tag="v1.0.0", assumptions=ABSENT)) as waiting:
        waiting.run()
        assert waiting.gate() is None
        about = [e.url for e in waiting.opened.embedded.exchanges if "/actions/runs" in e.url]
        assert all(waiting.event.sha in url for url in about)


@pytest.mark.requirement("A3")
@pytest.mark.parametrize("end", ["success", "failure"])
def test_checks_on_a_second_page_count(stage: Stage, tmp_path: Path, end: str) -> None:
    """Behind a hundred newer checks the required one is found, with what became of it."""
    with case(stage, sample(tmp_path, {"pyproject.toml": NAMED}), Request(assumptions=UNNAMED)) as waiting:
        waiting.run(end)
        for number in range(120):
            waiting.opened.embedded.github.add_check(waiting.event.sha, f"Lint {number}")
        error = waiting.gate()
        pages = [e.url for e in waiting.opened.embedded.exchanges if "/check-runs" in e.url]
    assert (error and error.message) == (None if end == "success" else "Not published: Tests failed")
    assert ["page=2" in url for url in pages] == [False, True]


@pytest.mark.requirement("A3")
def test_the_second_page_is_read_again_behind_a_first_that_did_not_change(stage: Stage, tmp_path: Path) -> None:
    """An unchanged first page still leads to the next one, where the required check ends at last."""
    with case(stage, sample(tmp_path, {"pyproject.toml": NAMED}), Request(assumptions=UNNAMED)) as waiting:
        github, required = waiting.opened.embedded.github, waiting.run(None)
        for number in range(120):
            github.add_check(waiting.event.sha, f"Lint {number}")
        waiting.clock.plot = {2: lambda: github.set_jobs(required, {"Tests": "success"})}
        assert waiting.gate() is None
        assert [status for name, status in waiting.asked() if name == "check-runs"] == [200, 200, 304, 304, 304, 200]


@pytest.mark.requirement("A4")
@pytest.mark.parametrize("reason", [" ", "\t\n"])
def test_an_override_without_words_is_none(stage: Stage, tmp_path: Path, reason: str) -> None:
    """A reason of spaces is no written reason: the CI is waited for as ever."""
    files = {"pyproject.toml": PYPROJECT + "\n[tool.tagship]\nallow-override = true\n"}
    request = Request(kind="dispatch", inputs=Inputs(override_reason=reason), assumptions=ABSENT)
    with case(stage, sample(tmp_path, files), request) as waiting:
        error = waiting.gate()
    assert (error and error.message) == f"Not published: ci.yml {GONE}"


@pytest.mark.requirement("A3")
def test_who_watches_sees_what_is_waited_for(stage: Stage, tmp_path: Path) -> None:
    """Each change is said once: what is waited for, how it stands, since when, and where to look."""
    with case(stage, sample(tmp_path)) as waiting:
        runs, github = waiting.opened.embedded.github.runs, waiting.opened.embedded.github
        waiting.clock.plot = {4: lambda: waiting.run(None), 8: lambda: github.set_jobs(runs[-1], {"Tests": "success"})}
        planned = waiting.opened.run("plan").manifest
        heard = Heard()
        gate_stage = next(row for row in STAGES if row.name == "gate")
        world = replace(waiting.opened.scene.world_of(gate_stage), reporter=heard)
        result = run(gate_stage, planned, world)
    assert result.error is None
    url = r"https://github\.com/owner/sample/actions/runs/\d+"
    assert [
        bool(re.fullmatch(words, said))
        for words, said in zip(
            (
                r"waiting: ci\.yml is not seen yet, since \d\d:\d\d:\d\d UTC",
                rf"waiting: Test Suite \(ci\.yml\) is still running {url}, since \d\d:\d\d:\d\d UTC",
            ),
            heard.doing,
            strict=True,
        )
    ] == [True, True]


SKIPPING = PYPROJECT + "\n[tool.tagship]\nskip-superseded = true\n"


@pytest.mark.requirement("A6")
@pytest.mark.parametrize(
    ("project", "request_", "end"),
    [
        (SKIPPING, Request(kind="push", assumptions=ABSENT), 2),
        (PYPROJECT, Request(kind="push", assumptions=ABSENT), 4),
        (SKIPPING, Request(kind="tag", assumptions=ABSENT), 4),
        (SKIPPING, Request(kind="dispatch", assumptions=ABSENT), 4),
    ],
    ids=["asked for", "by default", "a tag", "a dispatch"],
)
def test_a_push_that_is_superseded_may_end_early(
    stage: Stage, tmp_path: Path, project: str, request_: Request, end: int
) -> None:
    """Where the project asks for it, a push whose branch has a newer commit is not waited for; nothing else ends so."""
    with case(stage, sample(tmp_path, {"pyproject.toml": project}), request_) as waiting:
        git_ = waiting.opened.embedded.github.git

        def move_on() -> None:
            tree = git_.lines("rev-parse", "refs/heads/main^{tree}")[0]
            newer = git_.lines("commit-tree", tree, "-p", "refs/heads/main", "-m", "Newer")[0]
            git_.lines("update-ref", "refs/heads/main", newer)

        waiting.clock.plot = {2: move_on, 4: lambda: waiting.run("failure")}
        error = waiting.gate()
    assert isinstance(error, GateClosed)
    failed = "Not published: Test Suite (ci.yml) failed"
    assert (waiting.clock.looks, error.message == failed) == (end, end == 4)
    assert end == 4 or re.fullmatch(
        r"Not published, and its CI no longer waited for: main is at [0-9a-f]{12} now, whose own run publishes",
        error.message,
    )


class Heard:
    """A reporter that remembers what a stage was busy with."""

    def __init__(self) -> None:
        self.doing: list[str] = []

    def emit(self, event: Happening) -> None:
        """Keep it."""
        if isinstance(event, Doing):
            self.doing.append(event.text)


@pytest.mark.requirement("A3")
def test_it_opens_when_ci_succeeds_at_last(stage: Stage, tmp_path: Path) -> None:
    """CI that appears, runs and succeeds is waited for, and answers that did not change cost nothing."""
    with case(stage, sample(tmp_path)) as waiting:
        waiting.clock.plot = {
            3: lambda: waiting.run(None),
            6: lambda: waiting.opened.embedded.github.set_jobs(
                waiting.opened.embedded.github.runs[-1], {"Tests": "success"}
            ),
        }
        assert waiting.gate() is None
        runs = [("runs", status) for status in (200, 304, 304, 200, 304, 304, 200)]
        assert waiting.asked() == [*runs, ("check-runs", 200)]  # whether it skipped its tests
        assert waiting.clock.slept == 2 + 3 + 5 + 8 + 13 + 21


@pytest.mark.requirement("A3")
def test_a_run_that_begins_again_is_waited_for(stage: Stage, tmp_path: Path) -> None:
    """An earlier success counts no more once all is run again, although the new checks have not come yet."""
    with case(stage, sample(tmp_path, {"pyproject.toml": NAMED}), Request(assumptions=UNNAMED)) as waiting:
        github, first = waiting.opened.embedded.github, waiting.run()
        waiting.clock.sleep(60)
        github.rerun(first, jobs={})
        waiting.clock.plot = {
            3: lambda: github.set_jobs(first, {"Tests": None}),
            5: lambda: github.set_jobs(first, {"Tests": "failure"}),
        }
        error = waiting.gate()
    assert isinstance(error, GateClosed)
    assert (error.message, waiting.clock.looks) == ("Not published: Tests failed", 5)


def used_up(waiting: Case, seconds: float) -> None:
    """Let GitHub's limit be used up for so long."""
    for token in waiting.opened.embedded.github.tokens.values():
        token.used, token.reset = token.limit, waiting.clock.now() + seconds


@pytest.mark.requirement("A3")
def test_an_hour_without_requests_is_waited_out(stage: Stage, tmp_path: Path) -> None:
    """Where GitHub's limit is used up, the gate asks again when the next hour begins, and not before."""
    with case(stage, sample(tmp_path)) as waiting:
        waiting.clock.plot = {1: lambda: (waiting.run(), used_up(waiting, 1800))}
        assert waiting.gate() is None
        assert [status for _, status in waiting.asked()] == [200, 403, 200, 200]
        assert 1802 <= waiting.clock.slept <= 1804


@pytest.mark.requirement("A3", "D1")
def test_a_limit_that_lasts_longer_than_the_gate_waits_ends_it(stage: Stage, tmp_path: Path) -> None:
    """A limit does not hold a release for ever: after its time the gate says that GitHub does not answer."""
    with case(stage, sample(tmp_path)) as waiting:
        waiting.clock.plot = {1: lambda: used_up(waiting, 20_000)}
        error = waiting.gate()
    assert isinstance(error, Unreachable)
    assert error.message.startswith("GitHub does not answer now: 403 API rate limit exceeded")
    assert waiting.clock.slept == pytest.approx(5400, abs=5)


@pytest.mark.requirement("A3", "D1")
@pytest.mark.parametrize(
    ("begin", "end", "opens"), [(1, 300, True), (1, 5000, False), (0, 300, False)], ids=["short", "long", "at once"]
)
def test_an_outage_while_it_waits_is_outlived_if_it_is_short(
    stage: Stage, tmp_path: Path, begin: int, end: int, opens: bool
) -> None:
    """Once GitHub has answered, minutes without an answer close no gate; a long outage does, and nothing opens it."""
    with case(stage, sample(tmp_path)) as waiting:
        hosts, github = waiting.opened.embedded.doors.hosts, "api.github.com"
        healthy = hosts[github]
        broken = Response("made up: out of order", status=503)
        assert isinstance(hosts, dict)
        hosts[github] = lambda environ, start: (broken if begin <= waiting.clock.slept < end else healthy)(
            environ, start
        )
        waiting.clock.plot = {1: waiting.run}
        error = waiting.opened.run("plan", "gate").error
    assert isinstance(error, Unreachable) is not opens
    assert error is None or error.message.startswith("GitHub does not answer now: 503")
    assert waiting.clock.slept < 700


@pytest.mark.requirement("A3", "A12")
@pytest.mark.parametrize(
    ("files", "words", "remedy"),
    [
        (
            {CI_FILE: "on: pull_request\njobs: {test: {runs-on: x, steps: [{run: pytest}]}}\n"},
            "Not published: no CI was found that has to succeed",
            "Let pushes start ci.yml, too: `push: {branches: [main]}`.",
        ),
        (
            {CI_FILE: "on: {schedule: [{cron: '0 0 * * *'}]}\njobs: {test: {runs-on: x, steps: [{run: pytest}]}}\n"},
            "Not published: no CI was found that has to succeed",
            'Name it: [tool.tagship] ci = ["ci.yml"], or a check\'s name: ci = ["Test Suite"]. As it is, ci.yml is not'
            " waited for: it runs on schedule only, not on pushes.",
        ),
        (
            {
                CI_FILE: "on: pull_request\njobs: {test: {steps: [{run: a}]}}\n",
                "pyproject.toml": PYPROJECT + '\n[tool.tagship]\nci = ["ci.yml"]\n',
            },
            "Not published: ci.yml runs on pull_request only, never for a pushed commit",
            "Let pushes start it, too: `push: {branches: [main]}`; and release a commit that has this.",
        ),
        (
            {"pyproject.toml": PYPROJECT + '\n[tool.tagship]\nci = ["test.yml"]\n'},
            "Not published: test.yml is not in .github/workflows of this commit",
            "Correct its name in [tool.tagship] ci. There is ci.yml.",
        ),
        (
            {".github/workflows/b.yml": "on: [push\n"},
            "Not published: .github/workflows/b.yml:2 is no workflow that GitHub would run, and whether it is CI cannot"
            " be known",
            "Correct it (expected ',' or ']', but got '<stream end>'), or name the CI: [tool.tagship] ci ="
            ' ["ci.yml"].',
        ),
        (
            {CI_FILE: FILES[CI_FILE].replace("branches: [main]", "branches: [main], paths-ignore: ['*.md']")},
            f"Not published: ci.yml {GONE}",
            "ci.yml does not run for every change (its paths: !*.md): release a commit that it runs for, or name other"
            " CI in [tool.tagship] ci.",
        ),
        ({}, f"Not published: ci.yml {GONE}", f"{PUSH} This commit has lint.yml."),
    ],
    ids=[
        "pull requests only",
        "a timer only",
        "pull requests only, required",
        "no such file",
        "invalid",
        "paths",
        "misspelt",
    ],
)
def test_ci_that_cannot_come_is_refused_with_the_way_out(
    stage: Stage, tmp_path: Path, files: dict[str, str | None], words: str, remedy: str
) -> None:
    """CI that no push starts, that is not there, invalid or limited to paths: why, and what to do, in words."""
    with case(stage, sample(tmp_path, files), Request()) as waiting:
        waiting.opened.embedded.github.runs.clear()
        waiting.opened.embedded.github.add_run(waiting.event, ".github/workflows/lint.yml", jobs={"style": "success"})
        error = waiting.gate()
    assert isinstance(error, GateClosed)
    assert (error.message, error.remedy) == (words, remedy)


@pytest.mark.requirement("A3")
def test_tests_that_nobody_waits_for_are_an_unknown(stage: Stage, tmp_path: Path) -> None:
    """The list of what is waited for is kept with its reasons; tests of pull requests alone are unknown, and said."""
    pulls = "name: Integration\non: pull_request\njobs: {integration-tests: {steps: [{run: pytest}]}}\n"
    label = "name: Label\non: pull_request\njobs: {label: {steps: [{run: x}]}}\n"
    files = {".github/workflows/integration.yml": pulls, ".github/workflows/label.yml": label}
    with case(stage, sample(tmp_path, files), Request()) as waiting:
        entry = waiting.opened.run("plan", "gate").manifest.entry("gate")
    assert entry is not None
    assert [(fact.id, fact.status, fact.detail) for fact in entry.facts] == [
        ("gate.required", Status.OK, "ci.yml"),
        ("gate.workflow.ci.yml", Status.OK, "waited for: runs on pull requests and on pushes to the default branch"),
        (
            "gate.workflow.integration.yml",
            Status.UNKNOWN,
            "not waited for: it runs on pull_request only, not on pushes",
        ),
        ("ci.Test Suite (ci.yml)", Status.OK, "success"),
    ]


@pytest.mark.requirement("A3", "A12")
def test_the_event_knows_the_default_branch_better_than_the_clone(stage: Stage, tmp_path: Path) -> None:
    """CI is looked for on the default branch that GitHub names, whatever the clone takes for it."""
    trunk = FILES[CI_FILE].replace("[main]", "[trunk]").replace("Test Suite", "Trunk")
    path = sample(tmp_path, {".github/workflows/trunk.yml": trunk})
    with case(stage, path, Request()) as waiting:
        planned = waiting.opened.run("plan").manifest
        assert planned.plan is not None
        event = replaced(planned.plan.event, default_branch="trunk")
        other = msgspec.structs.replace(planned, plan=msgspec.structs.replace(planned.plan, event=event))
        waiting.opened.embedded.github.add_run(waiting.event, ".github/workflows/trunk.yml", jobs={"Tests": "success"})
        entry = waiting.opened.run("gate", after=other).manifest.entry("gate")
    assert entry is not None
    assert [fact.title for fact in entry.facts if fact.id.startswith("ci.")] == ["Trunk (trunk.yml)"]


@pytest.mark.requirement("A3")
@pytest.mark.parametrize(
    ("attempt", "budget", "seconds"),
    [
        (0, Budget(), 2),
        (1, Budget(remaining=4000, reset=3600), 3),
        (5, Budget(remaining=60, reset=3600), 21),
        (50, Budget(), 30),
        (0, Budget(remaining=59, reset=100), 6.7),
        (0, Budget(remaining=59, reset=3599), 240),
        (0, Budget(remaining=3, reset=599), 600),
        (0, Budget(remaining=0, reset=0), 2),
        (0, Budget(after=45), 45),
        (0, Budget(remaining=0, reset=99, after=45), 100),
    ],
)
def test_the_pace_of_asking(attempt: int, budget: Budget, seconds: float) -> None:
    """Quick at first, then every half minute; as long as GitHub says, and sparingly where few requests are left."""
    assert wait(attempt, budget, now=0) == pytest.approx(seconds, rel=0.05)
