"""Canaries: made-up secrets wherever people keep theirs, looked for in all that faulty rehearsals leave behind."""

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tagship.rehearsal.faults.judge import leaks
from tests.rehearsing import git, repository

pytestmark = pytest.mark.requirement("A13", "D8")
PLACES = (
    "variable", "address", "netrc", "pypirc", "keyring", "git-header", "remote", "untracked", "index", "proxy", "gh",
)  # fmt: skip
CANARY = {place: f"canary-{number:02}-{place}-MadeUpSecret/0+9" for number, place in enumerate(PLACES)}
"""One for each place; none of anybody."""


def planted(home: Path, project: Path, upstream: str) -> dict[str, str]:
    """Put the canaries into a home folder and a repository; the variables of the user who has them."""
    index = urlsplit(upstream)
    password = CANARY["index"].replace("/", "%2F").replace("+", "%2B")
    header = base64.b64encode(f"x-access-token:{CANARY['git-header']}".encode()).decode()
    files = {
        ".netrc": f"machine pypi.org login __token__ password {CANARY['netrc']}\n",
        ".pypirc": f"[pypi]\nusername = __token__\npassword = {CANARY['pypirc']}\n",
        ".gitconfig": f"[http]\n\textraheader = AUTHORIZATION: basic {header}\n",
        ".config/gh/hosts.yml": f"github.com:\n    oauth_token: {CANARY['gh']}\n",
        ".local/share/python_keyring/keyring_pass.cfg": f"[pypi]\n__token__ = {CANARY['keyring']}\n",
    }
    for name, text in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)
    (project / ".env").write_text(f"PYPI_API_TOKEN={CANARY['untracked']}\n")
    git(project, "remote", "add", "origin", f"https://somebody:{CANARY['remote']}@github.com/owner/sample.git")
    return {
        "HOME": str(home),
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "PYPI_API_TOKEN": CANARY["variable"],
        "GITHUB_TOKEN": CANARY["variable"],
        "DATABASE_URL": f"postgres://somebody:{CANARY['address']}@db.invalid/x",
        "ALL_PROXY": f"http://somebody:{CANARY['proxy']}@127.0.0.1:9",
        "UV_DEFAULT_INDEX": f"{index.scheme}://somebody:{password}@{index.netloc}{index.path}",
    }


def everything(*folders: Path) -> Iterator[tuple[str, str]]:
    """Name and content of every file below some folders, links not followed."""
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                yield path.name, path.read_bytes().decode("latin-1")


@pytest.mark.parametrize(
    "asked",
    [
        ("--fault", "503+@publish:1", "--fault", "lost@publish:4", "--crash", "publish:4"),
        ("--fault", "429@publish:3", "--fault", "disk-full@publish", "--api-token", "expired"),
    ],
    ids=["trusted publishing", "an API token"],
)
def test_no_secret_is_in_anything_that_is_left(tmp_path: Path, upstream: str, asked: tuple[str, ...]) -> None:
    """Output, report, JSON with the log of requests and the manifest, cache: no canary, in no spelling."""
    project = repository(tmp_path / "sample", {})
    home, left = tmp_path / "home", tmp_path / "left"
    left.mkdir()
    environ = {name: value for name, value in os.environ.items() if not name.upper().endswith("_PROXY")}
    environ |= planted(home, project, upstream) | {"TAGSHIP_CACHE_DIR": str(left / "cache"), "COLUMNS": "300"}
    command = (sys.executable, "-m", "tagship", "rehearse", str(project), "--json", "--report", str(left / "r.html"))
    done = subprocess.run((*command, *asked), env=environ, capture_output=True, text=True, check=False, timeout=300)
    assert "faults" in done.stderr
    assert '"exchanges"' in done.stdout
    shown = [("standard output", done.stdout), ("standard error", done.stderr), *everything(left)]
    assert {"r.html", "standard output"} <= {name for name, _ in shown}
    assert leaks(shown, CANARY.values()) == ()


def test_the_canaries_can_be_found(tmp_path: Path, upstream: str) -> None:
    """The search finds every one of them where it was put."""
    project = repository(tmp_path / "sample", {})
    variables = planted(tmp_path / "home", project, upstream)
    planted_in = [*everything(tmp_path), ("variables", "\n".join(variables.values()))]
    for place, canary in CANARY.items():
        assert leaks(planted_in, [canary]), place
