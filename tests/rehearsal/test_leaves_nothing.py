"""What is left after a rehearsal, however it ended: nothing."""

import os
import random
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

import tagship
from tagship.rehearsal.keeper.handle import MARK
from tests.rehearsing import git, repository

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")

PATIENCE = 120.0
"""Seconds until the keeper must have cleaned up after a rehearsal that was killed."""


@pytest.fixture
def environ(upstream: str, tmp_path: Path) -> dict[str, str]:
    """The variables of a user with an empty home and the tests' index."""
    home = tmp_path / "home"
    home.mkdir()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TAGSHIP_CACHE_DIR": str(tmp_path / "cache"),
        "UV_DEFAULT_INDEX": upstream,
        "PYTHONPATH": str(Path(tagship.__file__).parent.parent),
    }


def start(path: Path, environ: Mapping[str, str], *words: str) -> "subprocess.Popen[bytes]":
    argv = (sys.executable, "-m", "tagship", "rehearse", str(path), *words)
    with (path.parent / f"{path.name}-words").open("wb") as out:
        return subprocess.Popen(argv, env=dict(environ), stdout=out, stderr=out, process_group=0, preexec_fn=_listening)


def _listening() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored where tests run in the background


def words(path: Path) -> str:
    return (path.parent / f"{path.name}-words").read_text()


def folders(environ: Mapping[str, str]) -> list[str]:
    """The folders of rehearsals that are there."""
    return sorted(path.name for path in Path(environ["TAGSHIP_CACHE_DIR"], "rehearsals").glob("r*"))


def alive(environ: Mapping[str, str]) -> list[str]:
    """The processes, tagship itself and its keeper included, that have to do with this cache."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            variables = (process / "environ").read_bytes().split(b"\0")
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        cache = environ["TAGSHIP_CACHE_DIR"]
        marked = any(v.startswith(MARK.encode()) for v in variables) and any(cache.encode() in v for v in variables)
        if state not in "ZX" and (marked or cache in line or f"TAGSHIP_CACHE_DIR={cache}".encode() in variables):
            found.append(line)
    return found


def nothing_left(environ: Mapping[str, str]) -> None:
    """Wait until the keeper is done, and look."""
    deadline = time.monotonic() + PATIENCE
    while (alive(environ) or folders(environ)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert (alive(environ), folders(environ)) == ([], [])
    kept = {path.name for path in Path(environ["TAGSHIP_CACHE_DIR"]).glob("*")}
    assert kept <= {"door", "rehearsals", "reports", "uv"}
    assert [str(path) for path in Path(environ["HOME"]).rglob("*")] == []


def state(path: Path) -> tuple[str, ...]:
    """Everything about a repository: what git says, and every file with its time, size, mode and bytes."""
    files = [
        f"{p.relative_to(path)} {(s := p.lstat()).st_mtime_ns} {s.st_size} {s.st_mode} {s.st_nlink}"
        + (f" {p.read_bytes()!r}" if p.is_file() else "")
        for p in sorted(path.rglob("*"))
    ]
    said = [
        git(path, "--no-optional-locks", *command)
        for command in (("status", "--porcelain", "--ignored"), ("config", "--list", "--local"), ("for-each-ref",))
    ]
    return (*said, f"{path.stat().st_mtime_ns}", *files)


def sample(folder: Path, files: Mapping[str, str | bytes | None]) -> Path:
    """A repository with a tag, an untracked and an ignored file, and a change that is not committed."""
    path = repository(folder, {".gitignore": "*.log\n", **files})
    git(path, "tag", "v0.9.0")
    (path / "untracked.txt").write_text("mine\n")
    (path / "some.log").write_text("ignored\n")
    (path / "README.md").write_text("# changed\n")
    return path


FAILING = {"tests/test_sample.py": "def test_it():\n    assert False\n"}


@pytest.mark.requirement("A8")
@pytest.mark.parametrize(("files", "code"), [({}, 0), (FAILING, 7)], ids=["success", "failure"])
def test_a_rehearsal_leaves_the_repository_and_the_machine_as_they_were(
    environ: dict[str, str], tmp_path: Path, files: dict[str, str], code: int
) -> None:
    """After success and after failure: status, config, refs, files, their times and modes; processes and folders."""
    path = sample(tmp_path / "sample", files)
    before = state(path)
    process = start(path, environ)
    assert process.wait(300) == code, words(path)
    assert state(path) == before
    assert (alive(environ), folders(environ)) == ([], [])  # at once: it waits for its keeper
    nothing_left(environ)


def test_a_checkout_that_cannot_be_written_is_enough(environ: dict[str, str], tmp_path: Path) -> None:
    """A read-only repository of another user is rehearsed by nobody in particular, and stays as it was."""
    if os.getuid():
        pytest.skip("only root can become nobody")
    path = sample(tmp_path / "sample", {})
    before = state(path)
    private = [folder for folder in (tmp_path, *tmp_path.parents) if folder.is_relative_to(tempfile.gettempdir())]
    for folder in private[:-1]:  # pytest's own folders; more of them under xdist
        folder.chmod(folder.stat().st_mode | 0o055)
    # through env, because setpriv itself still has root's rights when it starts something
    nobody = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "env")
    usual = (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}")
    found = [p for p in usual if subprocess.run((*nobody, p, "-c", ""), capture_output=True).returncode == 0]
    if not found:
        pytest.skip("there is no Python of this version that everybody may run")
    uv = Path(sys.executable).with_name("uv")
    subprocess.run((uv, "venv", "--quiet", "--python", found[0], tmp_path / "venv"), check=True)
    packages = next((tmp_path / "venv/lib").glob("python*")) / "site-packages"
    (packages / "here.pth").write_text(f"{sysconfig.get_path('purelib')}\n{environ['PYTHONPATH']}\n")
    (tmp_path / "venv/bin/uv").symlink_to(uv)
    for name in ("home", "cache"):
        (tmp_path / name).mkdir(exist_ok=True)
        os.chown(tmp_path / name, 65534, 65534)
    Path(environ["HOME"], ".gitconfig").write_text(f"[safe]\n\tdirectory = {path}\n")
    argv = (*nobody, tmp_path / "venv/bin/python", "-m", "tagship", "rehearse", str(path), "--json")
    done = subprocess.run(argv, env=environ, cwd="/", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert state(path) == before
    assert [path.name for path in Path(environ["HOME"]).iterdir()] == [".gitconfig"]
    assert (alive(environ), folders(environ)) == ([], [])
    import msgspec

    enforced = msgspec.json.decode(done.stdout)["enforced"]
    assert [fact["id"] for fact in enforced] == ["enforced.network", "enforced.writes", "enforced.reads"]
    assert [fact["status"] for fact in enforced] == ["ok", "ok", "ok"]


MOMENTS = random.Random(20260102)  # the same moments in every run, spread over a rehearsal


@pytest.mark.slow
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda s: s.name)
def test_however_and_whenever_it_is_ended_nothing_is_left(
    environ: dict[str, str], tmp_path: Path, signum: signal.Signals
) -> None:
    """Ctrl-C, SIGTERM and SIGKILL at random moments: processes, folders and the repository are as before."""
    path = sample(tmp_path / "sample", {"tests/test_sample.py": "import time\n\ndef test_it():\n    time.sleep(600)\n"})
    before = state(path)
    for moment in sorted(MOMENTS.uniform(0.02, 4) for _ in range(6)):
        process = start(path, environ)
        time.sleep(moment)
        os.kill(process.pid, signum)
        code = process.wait(120)
        said = words(path)
        if signum is not signal.SIGINT:
            assert code == -signum, said
        elif code == -signum:  # before Python could listen
            assert moment < 0.5, said
        else:
            assert code == 130, said
            assert said.endswith("interrupted; nothing was published\n"), said
        assert "Traceback" not in said or code == -signum, said
        nothing_left(environ)
        assert state(path) == before


def test_ctrl_c_does_not_wait_for_the_tests_of_the_project(environ: dict[str, str], tmp_path: Path) -> None:
    """Ctrl-C while tests run that take ten minutes ends them, and says that they were stopped, not that they failed."""
    path = sample(tmp_path / "sample", {"tests/test_sample.py": "import time\n\ndef test_it():\n    time.sleep(600)\n"})
    process = start(path, environ)
    while "running pytest" not in words(path):
        assert process.poll() is None, words(path)
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(120) == 130, words(path)
    assert words(path).endswith("interrupted; nothing was published\n")
    assert "failed" not in words(path)
    nothing_left(environ)


def test_what_a_killed_keeper_left_the_next_rehearsal_removes(environ: dict[str, str], tmp_path: Path) -> None:
    """Rehearsal and keeper killed at once leave a folder; the next rehearsal removes it."""
    path = sample(tmp_path / "sample", {"tests/test_sample.py": "import time\n\ndef test_it():\n    time.sleep(600)\n"})
    process = start(path, environ)
    while "pytest" not in words(path):
        assert process.poll() is None, words(path)
        time.sleep(0.05)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    keeper = next(int(c) for c in children if b"keeper" in Path(f"/proc/{c}/cmdline").read_bytes())
    os.kill(keeper, signal.SIGKILL)
    process.kill()
    process.wait()
    assert len(folders(environ)) == 1
    for line in Path("/proc").glob("[0-9]*/cmdline"):  # the tests, which nobody ends any more
        try:
            if environ["TAGSHIP_CACHE_DIR"].encode() in line.read_bytes():
                os.kill(int(line.parent.name), signal.SIGKILL)
        except OSError:
            continue
    other = repository(tmp_path / "other", {})
    assert start(other, environ).wait(300) == 0, words(other)
    nothing_left(environ)


@pytest.mark.slow
def test_several_rehearsals_of_one_repository_do_not_meet(environ: dict[str, str], tmp_path: Path) -> None:
    """Three at the same time, with one cache that is empty at first: each succeeds, and nothing is left."""
    path = sample(tmp_path / "sample", {})
    before = state(path)
    reports = [tmp_path / f"{number}.html" for number in range(3)]
    running = [start(path, environ, "--report", str(report)) for report in reports]
    assert [process.wait(300) for process in running] == [0, 0, 0], words(path)
    assert all(report.stat().st_size > 1000 for report in reports)
    assert state(path) == before
    nothing_left(environ)
