"""What other people's code sees of the user's environment where the services are the real ones."""

import json
import sys
from pathlib import Path

import pytest

from tagship.rehearsal.doors import environment as through
from tagship.services.reporter import Silence
from tagship.services.world import Workspace, production
from tests.cli.calling import IMPORTED, call
from tests.rehearsing import PYPROJECT, Stage, git, repository

MADE_UP = "made-up-value-of-this-test"
PLANTED = dict.fromkeys(
    (
        *("GH_TOKEN", "GITHUB_TOKEN", "GH_PAT", "PYPI_API_TOKEN", "TWINE_PASSWORD", "UV_PUBLISH_TOKEN", "NPM_AUTH"),
        *("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_RUNTIME_TOKEN", "AWS_ACCESS_KEY_ID", "DEPLOY_KEY", "NETRC"),
        *("SSH_AUTH_SOCK", "DATABASE_URL", "GIT_CONFIG_PARAMETERS", "GIT_ASKPASS", "COMPANY_INTERNAL"),
    ),
    MADE_UP,
)
"""What opens doors, by a name that says so or not."""
MEDDLING = dict.fromkeys(
    (
        *("PYTHONSTARTUP", "UV_EXTRA_INDEX_URL", "UV_INDEX", "UV_FIND_LINKS", "PIP_EXTRA_INDEX_URL"),
        *("GIT_DIR", "SETUPTOOLS_SCM_PRETEND_VERSION", "HATCH_BUILD_NO_HOOKS"),
    ),
    MADE_UP,
)
"""What would change the results."""
PASSED = {
    "PATH": "/usr/bin",
    "LC_ALL": "C.UTF-8",
    "CC": "cc",
    "HOME": "/nowhere",
    "XDG_CACHE_HOME": "/var/cache/somebody",
    "TMPDIR": "/tmp",
    "HTTPS_PROXY": "http://proxy.invalid:3128",
    "no_proxy": "localhost",
    "SSL_CERT_FILE": "/etc/ssl/made-up.pem",
    "UV_CACHE_DIR": "/var/cache/uv",
    "UV_DEFAULT_INDEX": "https://index.invalid/simple/",
    "PIP_INDEX_URL": "https://index.invalid/simple/",
    "RUNNER_TEMP": "/var/runner/temp",
}
PRINT = "import json, os; print(json.dumps(dict(os.environ)))"


@pytest.mark.requirement("D8")
def test_children_get_what_is_named_and_nothing_else(tmp_path: Path) -> None:
    """A child of the real world sees the variables that are named for it; every other one is absent."""
    space = Workspace(root=tmp_path, package=".", dist=tmp_path, local=tmp_path, scratch=tmp_path)
    outer = PLANTED | MEDDLING | {"PYTHONPATH": MADE_UP, "PYTEST_ADDOPTS": MADE_UP} | PASSED
    world = production(space, outer, Silence(), "test")
    for shell in (world.shell, world.sandbox):
        seen = json.loads(shell.check((sys.executable, "-c", PRINT), cwd=tmp_path).stdout)
        assert seen == PASSED


BACKEND = """\
import json, os, pathlib
from hatchling.build import *
pathlib.Path({place!r}, "backend.json").write_text(json.dumps(dict(os.environ)))
"""
TEST = """\
import json, os, pathlib, sample


def test_it():
    pathlib.Path({place!r}, "tests.json").write_text(json.dumps(dict(os.environ)))
"""


@pytest.mark.requirement("D8")
def test_backend_and_tests_see_no_credential(stage: Stage, tmp_path: Path) -> None:
    """`build` and `test`, called with credentials all over the environment, show none to the project's own code."""
    place = str(tmp_path)
    files = {
        "pyproject.toml": PYPROJECT.replace('"hatchling.build"', '"own"\nbackend-path = ["."]'),
        "own.py": BACKEND.format(place=place),
        "tests/test_sample.py": TEST.format(place=place),
    }
    path = repository(tmp_path / "sample", files)
    with stage.open(path) as opened:
        checkout = tmp_path / "checkout"
        git(tmp_path, "clone", "--quiet", str(path), str(checkout))
        git(checkout, "tag", "v1.0.0")
        doors = through(opened.embedded.doors, opened.embedded.ca)
        variables = doors | {"UV_CACHE_DIR": str(opened.embedded.place.cache / "uv")}
        first = call("plan", "--tag", "v1.0.0", cwd=checkout, environ=variables)
        assert first.code == 0, first.err
        for name in ("build", "test"):
            answer = call(name, cwd=checkout, environ=variables | PLANTED | MEDDLING)
            assert answer.code == 0, answer.err
    for who in ("backend", "tests"):
        seen = json.loads((tmp_path / f"{who}.json").read_text())
        assert seen["HTTPS_PROXY"] == variables["HTTPS_PROXY"]
        assert [name for name, value in seen.items() if MADE_UP in value] == []
        assert IMPORTED not in seen.get("PYTHONPATH", "")  # of the command itself; the tests get one of their own
