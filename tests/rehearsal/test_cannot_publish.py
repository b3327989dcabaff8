"""What a rehearsal keeps in, and what it keeps out: a hostile project, and a user with credentials everywhere."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tagship
from tests.rehearsal import hostile
from tests.rehearsal.hostile import MADE_UP
from tests.rehearsing import repository

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what encloses a rehearsal is Linux")

READ = (
    *(".netrc", ".pypirc", ".git-credentials", ".gitconfig", ".config/gh/hosts.yml", ".config/pip/pip.conf"),
    *(".config/uv/uv.toml", ".config/python_keyring/keyringrc.cfg", ".aws/credentials", ".docker/config.json"),
    ".ssh/id_ed25519",
)


@pytest.mark.slow
@pytest.mark.requirement("A8", "D8")
def test_a_hostile_project_reaches_nothing(upstream: str, tmp_path: Path) -> None:
    """Backend, setup.py, tests, import and command try to get out or at secrets: none does, and nothing shows."""
    home, cache, witness = tmp_path / "home", tmp_path / "cache", tmp_path / "witness"
    caches = [home / ".cache" / name for name in ("uv", "pip")]
    for folder in (*caches, cache / "uv", cache / "door", cache / "reports"):
        folder.mkdir(parents=True)
    heard: list[str] = []
    with hostile.private_index(upstream) as index, hostile.listening(heard) as port:
        environ = hostile.plant(home, index.url, witness) | {"TAGSHIP_CACHE_DIR": str(cache)}
        path = tmp_path / "hostile"
        targets = {
            "port": port,
            "read": [*(str(home / name) for name in READ), str(path / ".git/config")],
            "write": [str(p) for p in (home, *caches, cache, *cache.iterdir(), tmp_path, path, path / ".git")],
            "change": [str(cache / "uv/CACHEDIR.TAG"), str(path / ".git/config")],
        }
        hostile.project(path, targets)
        first = hostile.rehearse(path, environ, "--json", "--report", str(tmp_path / "report.html"))
        asked = len(index.asked)
        second = hostile.rehearse(path, environ, "--json")
    words = (first.stdout + first.stderr).decode()
    result = json.loads(first.stdout)
    missing = [fact["detail"] for fact in result["enforced"] if fact["status"] != "ok"]
    if missing:
        pytest.skip(f"this system: {'; '.join(missing)}")
    assert "HOSTILE" not in words
    assert (first.returncode, result["verdict"], result["headline"]) == (
        0,
        "ready",
        "hostile 1.0.0 would be released on PyPI",
    ), words
    assert second.returncode == 0, second.stderr.decode()
    ran = {process["program"] for process in result["processes"]}
    assert {"build backend", "pytest", "import", "hostile"} <= ran
    assert heard == []
    assert not witness.exists()
    assert hostile.sleeping() == []
    # the user's index was asked by the keeper alone, with its password
    assert asked and {who for _, who in index.asked} == {"somebody"}
    # nothing of what was planted shows anywhere
    assert MADE_UP not in words + second.stdout.decode() + second.stderr.decode()
    shown = hostile.tree(cache) | {"report": (tmp_path / "report.html").read_bytes()}
    assert [name for name, content in shown.items() if MADE_UP.encode() in content] == []
    assert [name for name, content in shown.items() if b"# poisoned" in content] == []
    left = [str(path) for path in tmp_path.rglob("*left-by-the-rehearsal*")]
    assert left == []


def test_the_attacks_work_where_nothing_encloses_them(tmp_path: Path) -> None:
    """Outside of a rehearsal the same code connects, reads, writes and pushes: the attacks are real."""
    home, heard = tmp_path / "home", list[str]()
    with hostile.listening(heard) as port:
        environ = hostile.plant(home, f"http://u:{MADE_UP}@127.0.0.1:1/", tmp_path / "witness")
        path = tmp_path / "hostile"
        targets = {"port": port, "read": [str(home / name) for name in READ], "write": [str(home)], "change": []}
        hostile.project(path, targets)
        code = "import json, runpy; print(json.dumps(runpy.run_path('hostile/attack.py')['attack'](careful=True)))"
        done = subprocess.run((sys.executable, "-c", code), cwd=path, env=environ, capture_output=True, check=True)
    assert json.loads(done.stdout) == [
        "connect to a port of the machine",
        "variables of another process",
        "tokens of the job",
        "push",
        *(f"read {home / name}" for name in READ),
        f"write in {home}",
    ]
    assert heard == ["somebody connected"]


@pytest.mark.requirement("A8")
def test_the_users_caches_cannot_install_what_was_rehearsed(upstream: str, tmp_path: Path) -> None:
    """Offline, from the user's own caches, what they had can be installed and the rehearsed version cannot."""
    home = tmp_path / "home"
    uv = (sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-config", "--python", sys.executable)
    home.mkdir()
    path = repository(tmp_path / "sample", {})
    environ = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(Path(tagship.__file__).parent.parent)}
    environ |= {"UV_DEFAULT_INDEX": upstream, "PIP_INDEX_URL": upstream}

    def install(what: str, folder: str) -> "subprocess.CompletedProcess[str]":
        argv = (*uv, "--offline", "--target", str(tmp_path / folder), what)
        return subprocess.run(argv, env=environ, capture_output=True, text=True)

    subprocess.run((*uv, "--target", str(tmp_path / "first"), "iniconfig"), env=environ, check=True)
    before = hostile.tree(home / ".cache")
    assert {name.split("/")[0] for name in before} == {"uv"}
    done = hostile.rehearse(path, environ)
    assert done.returncode == 0, done.stderr.decode()
    after = hostile.tree(home / ".cache")
    assert {name: content for name, content in after.items() if not name.startswith("tagship/")} == before
    assert install("iniconfig", "second").returncode == 0
    refused = install("sample==1.0.0", "third")
    assert refused.returncode == 1
    assert "sample was not found in the cache" in refused.stderr
    # nor is it in what tagship keeps for the next rehearsal
    kept = [name for name in after if "sample-1.0.0" in name and "/reports/" not in name]
    assert kept == []
