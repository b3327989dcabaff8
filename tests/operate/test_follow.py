"""Following a run: what changes is said, and every end but success is an error that says what to do."""

from collections.abc import Callable, Iterator

import pytest

from tagship.errors import NotVisibleYet, ToolFailed
from tagship.model import Event, Target
from tagship.operate.follow import Pushed, follow, published
from tagship.rehearsal.github.state import WorkflowRun
from tests.rehearsing import Opened, Stage, repository

pytestmark = pytest.mark.requirement("B6")


class Clock:
    """Time that passes when somebody sleeps; things happen meanwhile."""

    def __init__(self, *happens: Callable[[], None]) -> None:
        self.time = 0.0
        self.happens: Iterator[Callable[[], None]] = iter(happens)

    def now(self) -> float:
        """Seconds."""
        return self.time

    def sleep(self, seconds: float) -> None:
        """Let time pass, and the next thing happen."""
        self.time += seconds
        next(self.happens, lambda: None)()


@pytest.fixture
def opened(stage: Stage, tmp_path: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """A world in which a tag was pushed."""
    with stage.open(repository(tmp_path_factory.mktemp("project") / "sample", {})) as found:
        yield found


def pushed(opened: Opened) -> Event:
    """The push of the tag."""
    event = opened.embedded.github.event("push", "refs/tags/v1.0.0")
    assert event is not None
    return event


def sought(opened: Opened) -> Pushed:
    """The run that is waited for."""
    return Pushed(sha=pushed(opened).sha, tag="v1.0.0", file="ship.yml")


def start(opened: Opened) -> WorkflowRun:
    """The run that the push starts."""
    return opened.embedded.github.add_run(pushed(opened), ".github/workflows/ship.yml", jobs={"Publish": None})


def test_success(opened: Opened) -> None:
    """A run that begins late, is in progress and succeeds is said in these three steps."""
    said: list[str] = []
    runs: list[WorkflowRun] = []
    clock = Clock(
        lambda: runs.append(start(opened)), lambda: None, lambda: opened.embedded.github.finish(runs[0], "success")
    )
    run = follow(opened.world.github, sought(opened), clock, said.append)
    assert run.conclusion == "success"
    assert [words.partition("  ")[0] for words in said] == ["ship.yml: in progress", "ship.yml: success"]


def test_failure(opened: Opened) -> None:
    """A run that fails is an error with its address, and says that the tag is public."""
    opened.embedded.github.finish(start(opened), "failure")
    with pytest.raises(ToolFailed, match="and its release is not finished: the run ended with failure") as caught:
        follow(opened.world.github, sought(opened), Clock(), lambda words: None)
    assert "/actions/runs/" in caught.value.url
    assert "re-run the failed jobs" in caught.value.remedy


def test_nothing_begins(opened: Opened) -> None:
    """Where no run begins, that is said after three minutes, and runs of other workflows do not count."""
    other = opened.embedded.github.add_run(pushed(opened), ".github/workflows/other.yml", jobs={"x": "success"})
    assert other.path.endswith("other.yml")
    clock = Clock()
    with pytest.raises(ToolFailed, match=r"no run of ship\.yml began within 180 s"):
        follow(opened.world.github, sought(opened), clock, lambda words: None)
    assert 180 <= clock.time < 210


def test_it_goes_on(opened: Opened) -> None:
    """A run that waits for somebody is followed for two hours, and then left with its address."""
    start(opened)
    with pytest.raises(ToolFailed, match=r"the run of ship\.yml goes on after 2 hours") as caught:
        follow(opened.world.github, sought(opened), Clock(), lambda words: None)
    assert caught.value.remedy == "Look whether it waits for somebody's approval."


def test_the_run_of_the_branch_is_another(opened: Opened) -> None:
    """A run of the same workflow for the same commit, which the branch's push started, says nothing about the tag's."""
    ours = start(opened)
    branch = opened.embedded.github.event("push", "refs/heads/main")
    assert branch is not None
    assert branch.sha == pushed(opened).sha
    other = opened.embedded.github.add_run(branch, ".github/workflows/ship.yml", jobs={"Publish": "success"})
    opened.embedded.github.finish(other, "success")
    opened.embedded.github.finish(ours, "failure")
    with pytest.raises(ToolFailed, match="and its release is not finished: the run ended with failure") as caught:
        follow(opened.world.github, sought(opened), Clock(), lambda words: None)
    assert caught.value.url.endswith(f"/actions/runs/{ours.id}")


def test_a_run_that_published_nothing(opened: Opened) -> None:
    """What the index does not show is not called released, however well the run ended."""
    with pytest.raises(NotVisibleYet, match=r"The run succeeded, and PyPI does not show sample 1\.0\.0"):
        published(opened.world.index(Target.PYPI), "sample", "1.0.0")
    opened.run()
    assert published(opened.world.index(Target.PYPI), "sample", "1.0.0") == "https://pypi.org/project/sample/1.0.0/"
