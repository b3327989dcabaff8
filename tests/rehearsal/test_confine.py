"""Being shut in: tried with real sockets and files, as the user of the tests and, for root, as nobody too."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tagship.model import Fact, Status
from tagship.rehearsal.walls.confine import NETWORK, WRITES

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="namespaces and Landlock are Linux")

NOBODY = 65534
INSIDE = """
import ctypes, json, os, socket, subprocess, sys, threading
from pathlib import Path
import encodings.idna
import msgspec
from tagship.rehearsal.walls import confine

settings = json.loads(sys.argv[1])
if settings["nobody"]:
    os.setgroups([]); os.setgid(settings["nobody"]); os.setuid(settings["nobody"])
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # as a process that was started by nobody would be
before = os.getuid(), os.getgid()
enclosed = Path(settings["enclosed"])
held = (enclosed.parent / "held").open("w")

def attempt(what):
    try:
        return str(what())
    except OSError as error:
        return type(error).__name__ + ": " + (error.strerror or str(error))

def shell(*words):
    return subprocess.run(["/bin/bash", "-c", *words], capture_output=True).returncode

def connect(family, address):
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.settimeout(60)
        sock.connect(address)
        return "connected"

facts = [confine.enter(), confine.restrict_writes([enclosed])]
own = socket.create_server(("127.0.0.1", 0))
if own.getsockname()[1] == settings["port"]:  # a network of its own has ports of its own
    own = socket.create_server(("127.0.0.1", 0))
print(json.dumps({
    "facts": [json.loads(msgspec.json.encode(fact)) for fact in facts],
    "same user": before == (os.getuid(), os.getgid()),
    "owner kept": (enclosed.parent / "theirs").stat().st_uid == settings["owner"],
    "own loopback": attempt(lambda: connect(socket.AF_INET, own.getsockname())),
    "own loopback, child": shell(f"exec 3<>/dev/tcp/127.0.0.1/{own.getsockname()[1]}"),
    "listener outside": attempt(lambda: connect(socket.AF_INET, ("127.0.0.1", settings["port"]))),
    "listener outside, child": shell(f"exec 3<>/dev/tcp/127.0.0.1/{settings['port']}"),
    "internet": attempt(lambda: connect(socket.AF_INET, ("192.0.2.1", 443))),
    "internet, IPv6": attempt(lambda: connect(socket.AF_INET6, ("2001:db8::1", 443))),
    "unix socket": attempt(lambda: connect(socket.AF_UNIX, settings["unix"])),
    "abstract socket": attempt(lambda: connect(socket.AF_UNIX, "\\0" + settings["abstract"])),
    "another network": attempt(lambda: os.open(f"/proc/{settings['outside']}/ns/net", os.O_RDONLY)),
    "signal": attempt(lambda: os.kill(settings["outside"], 0)),
    "write": attempt(lambda: (enclosed / "new").write_text("x")),
    "write, child": shell('mkdir "$1/a" && echo x > "$1/a/b" && mv "$1/a/b" "$1/c"', "-", str(enclosed)),
    "devices, child": shell("echo x > /dev/null"),
    "held open": attempt(lambda: held.write("x") and held.flush()),
    "write outside": attempt(lambda: (enclosed.parent / "theirs").write_text("x")),
    "truncate outside": attempt(lambda: os.truncate(enclosed.parent / "theirs", 0)),
    "make outside": attempt(lambda: (enclosed.parent / "new").mkdir()),
    "remove outside": attempt(lambda: (enclosed.parent / "theirs").unlink()),
    "write outside, child": shell('echo x > "$1/theirs"', "-", str(enclosed.parent)),
    "move out, child": shell('mv "$1/c" "$1/../c"', "-", str(enclosed)),
    "link out": attempt(lambda: os.link(enclosed / "new", enclosed.parent / "link")),
}))
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody may write to."""
    folder = Path(tempfile.mkdtemp(prefix="confine-", dir="/tmp"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def run_inside(script: str, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, timeout=60)


def enforced(facts: list[object]) -> list[Fact]:
    """The facts, or a skip where this system does not allow what is tested."""
    import msgspec

    found = [msgspec.convert(fact, Fact) for fact in facts]
    missing = [fact.detail for fact in found if fact.status is not Status.OK]
    if missing:
        pytest.skip(f"this system: {'; '.join(missing)}")
    return found


@pytest.mark.parametrize("nobody", [0, NOBODY], ids=["self", "nobody"])
def test_what_is_shut_in_reaches_only_itself(place: Path, nobody: int) -> None:
    """Inside, own loopback, own folder and path sockets work; every other address, folder and process is refused."""
    if nobody and os.getuid():
        pytest.skip("only root can become nobody")
    (place / "theirs").write_text("theirs")
    (place / "theirs").chmod(0o666)
    (place / "in").mkdir(mode=0o777)
    (place / "in").chmod(0o777)
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.socket(socket.AF_UNIX) as unix,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        unix.bind(str(place / "socket"))
        (place / "socket").chmod(0o666)
        unix.listen()
        abstract.bind(f"\0{place.name}")
        abstract.listen()
        settings = {
            "nobody": nobody,
            "owner": os.getuid(),
            "enclosed": str(place / "in"),
            "port": listener.getsockname()[1],
            "unix": str(place / "socket"),
            "abstract": place.name,
            "outside": os.getpid(),
        }
        done = run_inside(INSIDE, json.dumps(settings))
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    network, writes = enforced(seen.pop("facts"))
    assert (network.id, writes.id, writes.detail) == (NETWORK, WRITES, f"writable: {place / 'in'}")
    assert seen == {
        "same user": True,
        "owner kept": nobody == 0,  # a user who may map only themselves sees others as nobody
        "own loopback": "connected",
        "own loopback, child": 0,
        "listener outside": "ConnectionRefusedError: Connection refused",
        "listener outside, child": 1,
        "internet": "OSError: Network is unreachable",
        "internet, IPv6": "OSError: Network is unreachable",
        "unix socket": "connected",
        "abstract socket": "ConnectionRefusedError: Connection refused",
        "another network": "PermissionError: Permission denied",
        "signal": "PermissionError: Operation not permitted",
        "write": "1",
        "write, child": 0,
        "devices, child": 0,
        "held open": "None",
        "write outside": "PermissionError: Permission denied",
        "truncate outside": "PermissionError: Permission denied",
        "make outside": "PermissionError: Permission denied",
        "remove outside": "PermissionError: Permission denied",
        "write outside, child": 1,
        "move out, child": 1,
        "link out": "PermissionError: Permission denied",
    }
    assert (place / "theirs").read_text() == "theirs"
    assert sorted(path.name for path in place.iterdir()) == ["held", "in", "socket", "theirs"]


def test_what_the_system_forbids_is_unknown_and_changes_nothing(place: Path) -> None:
    """Where no namespace may be made, the fact is unknown with the reason, and the network is as before."""
    script = """
import json, resource, socket, sys
import msgspec
from tagship.rehearsal.walls import confine
if sys.argv[3] == "namespaces":
    open("/proc/sys/user/max_net_namespaces", "w").write("0")
fact = confine.enter()
socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5).close()
print(msgspec.json.encode(fact).decode())
"""
    setup = "import os; from tagship.rehearsal.walls.confine import _leave_network; _leave_network()\n"
    listen = "own = __import__('socket').create_server(('127.0.0.1', 0)); sys.argv[1] = own.getsockname()[1]\n"
    done = run_inside(f"import sys\n{setup}{listen}{script}", "0", str(place), "namespaces")
    if done.returncode and "_leave_network()" in done.stderr:
        pytest.skip("no namespaces here")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "id": NETWORK,
        "title": "nothing in the rehearsal reaches a network",
        "status": "unknown",
        "detail": "not enforced: No space left on device",
        "how": "a connection over 127.0.0.1 in a new network namespace, tried in a child process first",
        "url": "",
    }


def test_a_home_without_credentials_takes_no_right_away(place: Path) -> None:
    """Where there is no file to hide, everything stays readable."""
    script = (
        "import sys; from pathlib import Path; from tagship.rehearsal.walls import confine\n"
        "print(confine.hide({'HOME': sys.argv[1]}).detail, Path(sys.argv[2]).read_text())"
    )
    (place / "home").mkdir()
    (place / "readable").write_text("still readable")
    done = run_inside(script, str(place / "home"), str(place / "readable"))
    assert (done.returncode, "still readable" in done.stdout) == (0, True), done.stderr


def test_a_process_with_threads_is_refused_loudly() -> None:
    """Threads cannot be shut in: with one running, entering is an error, not a fact that sounds right."""
    script = """
import threading
from tagship.rehearsal.walls import confine
from tagship.errors import ToolFailed
ready = threading.Event()
threading.Thread(target=ready.wait).start()
try:
    print(confine.enter().status)
except ToolFailed as error:
    print(error)
ready.set()
"""
    done = run_inside(script)
    if done.stdout.strip() == "unknown":
        pytest.skip("no namespaces here")
    assert done.stdout.strip() == "the rehearsal could not be shut in: [Errno 22] Invalid argument", done.stderr


def test_a_folder_that_is_missing_is_an_error(place: Path) -> None:
    """A folder to write to that does not exist is a mistake of the caller, and nothing is restricted."""
    script = """
import sys
from pathlib import Path
from tagship.rehearsal.walls import confine
place = Path(sys.argv[1])
try:
    confine.restrict_writes([place / "missing"])
except FileNotFoundError as error:
    (place / "new").write_text(type(error).__name__)
"""
    done = run_inside(script, str(place))
    assert done.returncode == 0, done.stderr
    assert (place / "new").read_text() == "FileNotFoundError"


def test_other_projects_still_come_in_and_nothing_else_goes_out(place: Path) -> None:
    """Shut in, uv installs from the user's index outside through doors and keeper; around the doors there is no way."""
    from small_index import SimpleIndex, wheel

    from tagship.rehearsal.doors import Doors

    script = """
import json, os, subprocess, sys
from pathlib import Path
import msgspec
from tagship.rehearsal.walls import confine
from tagship.rehearsal.keeper.dependencies import Dependencies
from tagship.rehearsal.doors import Doors, environment
from tagship.rehearsal.keeper.handle import Keeper

place, url = Path(sys.argv[1]), sys.argv[2]
scratch = place / "scratch"
scratch.mkdir()

def pages(environ, start_response):
    data = dependencies.page(environ["PATH_INFO"].removeprefix("/simple/").strip("/")) or b""
    start_response("200 OK", [("Content-Type", "application/vnd.pypi.simple.v1+json")])
    return [data]

def files(environ, start_response):
    start_response("200 OK", [])
    return [dependencies.file(environ["PATH_INFO"]).read_bytes()]

user = {"HOME": str(place), "UV_DEFAULT_INDEX": url}
with Keeper(user, cache=place / "cache", scratch=scratch) as keeper:
    dependencies = Dependencies(keeper.ask)
    facts = [confine.enter(), confine.restrict_writes([scratch])]
    with Doors({"pypi.org": pages, "files.pythonhosted.org": files}, pages, lambda exchange: None) as doors:
        env = {"HOME": str(scratch), "PATH": os.environ["PATH"], "TMPDIR": str(scratch)}
        env |= keeper.mark | environment(doors, doors.ca_file(scratch / "ca.pem"))
        words = ["-m", "uv", "pip", "install", "--no-config", "--cache-dir", str(scratch / "uv"), "sample-dep"]
        def install(target, **more):
            argv = [sys.executable, *words, "--target", str(target), *more.pop("words", [])]
            return subprocess.run(argv, env=env | more, cwd=scratch, capture_output=True, text=True)
        through = install(scratch / "target")
        around = install(scratch / "other", words=["--default-index", url, "--no-cache"], UV_HTTP_RETRIES="0")
        print(json.dumps({
            "facts": [json.loads(msgspec.json.encode(fact)) for fact in facts],
            "through": through.returncode,
            "installed": (scratch / "target/sample_dep.py").read_text() if not through.returncode else through.stderr,
            "around": [around.returncode != 0, "sample-dep" in around.stderr],
            "notes": dependencies.notes(),
        }))
"""
    index = SimpleIndex({"sample-dep": [wheel("sample-dep", "1.0")]}, files="")
    with Doors({}, index.both, lambda exchange: None) as server:
        index.files_url = server.url
        done = run_inside(script, str(place), f"{server.url}/simple/")
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    enforced(seen.pop("facts"))
    assert seen == {
        "through": 0,
        "installed": "VERSION = '1.0'\n",
        "around": [True, True],
        "notes": [],
    }
    assert [path for _, path, _ in index.requests if path.startswith("/simple/")] == ["/simple/sample-dep/"]
    assert sorted(path.name for path in place.iterdir()) == ["cache"]
