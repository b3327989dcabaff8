"""The keeper: what it cleans up when a rehearsal is killed, and that it does nothing else."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import pytest

from tagship.errors import ToolFailed
from tagship.rehearsal.keeper.dependencies import Ask
from tagship.rehearsal.keeper.handle import MARK, Keeper

REHEARSAL = """
import os, subprocess, sys, time
from pathlib import Path
from tagship.rehearsal.keeper.handle import Keeper

scratch = Path(sys.argv[1])
outsider = os.environ.pop("OUTSIDER")
with Keeper({}, cache=scratch.parent / "cache", scratch=scratch) as keeper:
    def child(env, **how):
        return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"], env=env, **how)
    marked = child(keeper.mark, start_new_session=True)
    guarded = child({}, process_group=0)
    keeper.guard(guarded.pid)
    released = child({}, process_group=0)
    keeper.guard(released.pid)
    keeper.release(released.pid)
    (scratch / "made/read-only").mkdir(parents=True)
    (scratch / "made/read-only/file").touch()
    (scratch / "made/link").symlink_to(outsider)
    (scratch / "made/read-only").chmod(0o500)
    print(marked.pid, guarded.pid, released.pid, keeper.process.pid, flush=True)
    if sys.argv[2] == "killed":
        time.sleep(300)
    for process in (marked, guarded, released):
        process.kill()
        process.wait()
"""


def running(pid: int) -> bool:
    """Whether a process exists and is not just waiting to be collected."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone(pids: list[int], seconds: float = 120) -> bool:
    deadline = time.monotonic() + seconds
    while any(map(running, pids)) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not any(map(running, pids))


def start(scratch: Path, end: str) -> tuple["subprocess.Popen[str]", list[int]]:
    outsider = scratch.parent / "outsider"
    outsider.mkdir()
    (outsider / "file").touch()
    scratch.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", REHEARSAL, str(scratch), end],
        env=os.environ | {"OUTSIDER": str(outsider)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, [int(word) for word in process.stdout.readline().split()]


pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")


def test_a_killed_rehearsal_leaves_nothing(tmp_path: Path) -> None:
    """After SIGKILL what carries the mark and what was guarded ends, the folder goes, and the keeper ends last."""
    scratch = tmp_path / "scratch"
    process, (marked, guarded, released, keeper) = start(scratch, "killed")
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()
    try:
        assert gone([marked, guarded, keeper])
        assert not scratch.exists()
        assert (tmp_path / "outsider/file").exists()
        assert running(released)
    finally:
        os.kill(released, signal.SIGKILL)


def test_a_rehearsal_that_ends_by_itself_leaves_nothing_either(tmp_path: Path) -> None:
    """After a normal end the folder goes, the keeper ends, and what is of another rehearsal stays."""
    scratch = tmp_path / "scratch"
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"], env={MARK: "of another"})
    process, pids = start(scratch, "normal")
    assert process.wait(120) == 0
    assert process.stdout is not None
    process.stdout.close()
    assert gone(pids)
    assert not scratch.exists()
    assert (tmp_path / "outsider/file").exists()
    assert running(bystander.pid)
    bystander.kill()
    bystander.wait()


ESCAPE = """
import os, subprocess, sys
from pathlib import Path
from tagship.rehearsal.walls import confine
from tagship.rehearsal.keeper.handle import Keeper

away = "import os, sys, time; os.setsid(); os.fork() and os._exit(0); print(os.getpid(), flush=True); time.sleep(300)"
deeper = "import ctypes; ctypes.CDLL(None).unshare(0x10000000 | 0x40000000);" + away
scratch = Path(sys.argv[1])
with Keeper({}, cache=scratch.parent / "cache", scratch=scratch) as keeper:
    confine.enter()
    keeper.enclosed()
    for code in (away, deeper):
        subprocess.run([sys.executable, "-c", code], env={}, check=True)
    if sys.argv[2] == "killed":
        os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("end", ["normal", "killed"])
def test_what_ran_away_is_found_in_its_namespace(tmp_path: Path, end: str) -> None:
    """A daemon with a session, an environment and even a namespace of its own ends with the rehearsal."""
    (tmp_path / "scratch").mkdir()
    done = subprocess.Popen(
        [sys.executable, "-c", ESCAPE, str(tmp_path / "scratch"), end], stdout=subprocess.PIPE, text=True
    )
    assert done.stdout is not None
    words = done.stdout.read().split()  # until the last daemon is gone
    done.stdout.close()
    assert done.wait(120) == (0 if end == "normal" else -signal.SIGKILL)
    assert len(words) == 2
    assert gone([int(word) for word in words])


def test_ctrl_c_does_not_reach_the_keeper(tmp_path: Path) -> None:
    """The keeper is in a session of its own, so that the terminal's signals leave it to clean up."""
    with Keeper({}, cache=tmp_path, scratch=tmp_path / "scratch") as keeper:
        assert os.getsid(keeper.process.pid) == keeper.process.pid != os.getsid(0)


def test_the_user_environment_cannot_be_read_from_the_keeper(tmp_path: Path) -> None:
    """The keeper's own environment is empty, and what it was told shows nowhere in its command line."""
    secret = "made-up-" + "secret"
    with Keeper({"UV_DEFAULT_INDEX": f"https://u:{secret}@x.invalid/"}, cache=tmp_path, scratch=tmp_path) as keeper:
        folder = Path(f"/proc/{keeper.process.pid}")
        assert keeper.ask(Ask(what="page", name="..")).words == ""
        assert secret.encode() not in (folder / "cmdline").read_bytes()
        try:
            assert (folder / "environ").read_bytes().strip(b"\0") == b""
        except PermissionError:
            assert os.getuid() != 0  # not even its own user may look


def test_a_keeper_that_is_gone_is_an_error(tmp_path: Path) -> None:
    """Without its keeper a question is answered by an error with a remedy, never by nothing."""
    with Keeper({}, cache=tmp_path, scratch=tmp_path / "scratch") as keeper:
        keeper.ask(Ask(what="page", name=".."))
        keeper.process.kill()
        keeper.process.wait()
        with pytest.raises(ToolFailed, match="keeper is gone"):
            keeper.ask(Ask(what="page", name="x"))


def test_what_outlives_the_keeper_is_told_that_it_is_gone(tmp_path: Path) -> None:
    """A thread whose program ends after the keeper did is not disturbed, and one that asks then does not wait."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with Keeper({}, cache=tmp_path / "cache", scratch=scratch) as keeper:
        keeper.guard(2**22)
    keeper.release(2**22)
    late = Thread(target=lambda: answers.append(_asked(keeper)), daemon=True)
    answers: list[str] = []
    late.start()
    late.join(60)
    assert answers == ["the rehearsal's keeper is gone"]


def _asked(keeper: Keeper) -> str:
    try:
        return repr(keeper.ask(Ask(what="page", name="pip")))
    except ToolFailed as error:
        return error.message
