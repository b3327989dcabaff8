"""The stage `test`: what it makes of tests that fail, of tests that cannot be run, and of none."""

import dataclasses
import zipfile
from pathlib import Path

import msgspec
import pytest

from tagship.model import Entry, Severity, Status
from tagship.rehearsal.pipeline import Finished
from tagship.services.shell import Shell
from tagship.stages.common import describe
from tagship.stages.failures import Failure, asks_network, cause, network_refused
from tests.rehearsing import PYPROJECT, Opened, Stage, repository

FAIL = (
    "Correct what the tests found. They ran against the installed wheel: where they pass in the checkout, a file is "
    "missing from the wheel, or a test needs the source tree."
)
WITHOUT_GROUP = PYPROJECT.replace('[dependency-groups]\ntest = ["pytest"]\n', "")
NO_HELPER = {
    "sample/helper.py": "X = 1\n",
    "pyproject.toml": PYPROJECT + '\n[tool.hatch.build.targets.wheel]\nexclude = ["helper.py"]\n',
}
NETWORK = "import urllib.request\n\n\ndef test_it():\n    urllib.request.urlopen('https://example.com/')\n"
PASSING = "\n\ndef test_more():\n    pass\n"


def after_tests(stage: Stage, path: Path) -> tuple[Finished, Entry]:
    """Plan, build and test; what the last of them left in the log."""
    with stage.open(path) as opened:
        done = opened.run("plan", "build", "test")
    entry = done.manifest.entry("test")
    assert entry is not None
    return done, entry


def open_network(opened: Opened, **variables: str) -> Opened:
    """The same world, with children that nobody keeps out of the network, as in production."""

    def world_of(stage):  # type: ignore[no-untyped-def]
        world = opened.scene.world_of(stage)
        inner = {n: v for n, v in world.shell.environment.items() if not n.endswith("_PROXY")}
        shell = Shell(inner | variables)
        return dataclasses.replace(world, shell=shell, uv=dataclasses.replace(world.uv, shell=shell, sandbox=shell))

    return Opened(opened.embedded, dataclasses.replace(opened.scene, world_of=world_of))


@pytest.mark.requirement("A5", "E4")
@pytest.mark.parametrize(
    "line", ["import sample.helper", "from sample import helper", "pytest_plugins = ['sample.helper']"]
)
def test_a_conftest_that_needs_what_the_wheel_lacks_is_the_packages_fault(
    stage: Stage, tmp_path: Path, line: str
) -> None:
    """pytest that cannot begin because a module of the package is not in the wheel stops the release."""
    done, entry = after_tests(stage, repository(tmp_path / "sample", NO_HELPER | {"tests/conftest.py": f"{line}\n"}))
    assert done.error is not None
    assert (done.error.code, done.error.remedy, entry.outcome) == ("TE07", FAIL, "failed")
    assert "helper" in done.error.message


@pytest.mark.requirement("A5", "A10")
@pytest.mark.parametrize(
    ("files", "outcome", "said"),
    [
        ({"tests/test_sample.py": NETWORK}, "skipped", "Not tested: needs the network: 1 failed"),
        (
            {"tests/test_sample.py": NETWORK + PASSING},
            "done",
            "Some of the tests failed: needs the network: 1 failed, 1 passed",
        ),
        (
            {"tests/conftest.py": "import no_such_library\n"},
            "skipped",
            "Not tested: they need something that is not declared: "
            "E   ModuleNotFoundError: No module named 'no_such_library'",
        ),
        (
            {"pytest.ini": "[pytest]\naddopts = --of-a-plugin=strict\n"},
            "skipped",
            "Not tested: they need something that is not declared: unrecognized arguments: --of-a-plugin=strict",
        ),
        (
            {"tests/test_sample.py": "import pytest\n\n\n@pytest.mark.skip\ndef test_it():\n    pass\n"},
            "skipped",
            "Not tested: no test passed: 1 skipped",
        ),
        ({"tests/test_sample.py": "X = 1\n"}, "skipped", "Not tested: pytest found no test"),
        (
            {
                "tests/test_sample.py": "import unittest\n\n\nclass Case(unittest.TestCase):\n    pass\n",
                "pyproject.toml": WITHOUT_GROUP,
            },
            "skipped",
            "Not tested: unittest found no test",
        ),
    ],
    ids=["network", "network and more", "undeclared", "a plugin", "skipped", "nothing", "nothing, unittest"],
)
def test_tests_that_were_not_run_do_not_read_as_a_success(
    stage: Stage, tmp_path: Path, files: dict[str, str], outcome: str, said: str
) -> None:
    """Where no test passed and the package is not at fault, the stage is skipped, with the reason; else it is done."""
    done, entry = after_tests(stage, repository(tmp_path / "sample", files))
    assert done.error is None
    assert (entry.outcome, entry.said[-1].partition(" in ")[0]) == (outcome, said)
    (fact,) = [fact for fact in entry.facts if fact.id == "test.result"]
    assert fact.status is Status.UNKNOWN
    assert entry.said[-1].endswith(fact.detail)


@pytest.mark.requirement("A5")
@pytest.mark.parametrize("runner", ["pytest", "unittest"])
def test_configured_tests_must_be_there(stage: Stage, tmp_path: Path, runner: str) -> None:
    """Who says where the tests are and is wrong about it gets an error instead of a release without tests."""
    table = f'\n[tool.tagship.tests]\nrunner = "{runner}"\npaths = ["checks"]\nrequires = ["pytest"]\n'
    files = {"pyproject.toml": PYPROJECT + table, "checks/test_nothing.py": "X = 1\n"}
    done, entry = after_tests(stage, repository(tmp_path / "sample", files))
    assert done.error is not None
    assert (done.error.code, done.error.message.splitlines()[0], done.error.remedy, entry.outcome) == (
        "TE07",
        f"Not published: the tests are none: {runner} found no test",
        "Correct [tool.tagship.tests]: its paths and args say where the tests are.",
        "failed",
    )


@pytest.mark.requirement("A5")
@pytest.mark.parametrize(
    "test",
    [
        "def test_it():\n    print('Connection refused')\n    assert 1 + 1 == 3\n",
        "import socket\n\n\ndef test_it():\n    with socket.socket() as free:\n        free.bind(('127.0.0.1', 0))\n"
        "        port = free.getsockname()[1]\n    socket.create_connection(('127.0.0.1', port))\n",
    ],
    ids=["printed", "its own server"],
)
def test_a_refused_connection_excuses_only_what_needs_the_network(stage: Stage, tmp_path: Path, test: str) -> None:
    """Words that a test prints itself, and a server on this machine that does not answer, are no excuse."""
    done, entry = after_tests(stage, repository(tmp_path / "sample", {"tests/test_sample.py": test}))
    assert done.error is not None
    assert (done.error.code, done.error.remedy, entry.outcome) == ("TE07", FAIL, "failed")


@pytest.mark.requirement("A5", "A10")
def test_where_the_network_is_open_its_failures_count(stage: Stage, tmp_path: Path) -> None:
    """In production nothing keeps tests out of the network, so that a test that fails for it fails."""
    test = "def test_it():\n    raise OSError('Network is unreachable')\n"
    with stage.open(repository(tmp_path / "sample", {"tests/test_sample.py": test})) as opened:
        before = opened.run("plan", "build")
        inside = opened.run("test", after=before.manifest)
        outside = open_network(opened, UV_DEFAULT_INDEX=stage.upstream).run("test", after=before.manifest)
    assert inside.error is None
    assert outside.error is not None
    assert (outside.error.code, outside.error.remedy) == ("TE07", FAIL)


@pytest.mark.requirement("A5", "A10")
def test_an_index_that_does_not_answer_stops_the_tests(stage: Stage, tmp_path: Path) -> None:
    """In production, tests that were not run because the index is away are not passed over: try again later."""
    with stage.open(repository(tmp_path / "sample", {"tests/requirements.txt": "pytest\n"})) as opened:
        before = opened.run("plan", "build")
        away = {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple/", "UV_HTTP_RETRIES": "0"}
        away["UV_CACHE_DIR"] = str(tmp_path / "empty")
        outside = open_network(opened, **away)
        world_of = outside.scene.world_of

        def empty(stage):  # type: ignore[no-untyped-def]
            world = world_of(stage)
            return dataclasses.replace(world, uv=dataclasses.replace(world.uv, cache=tmp_path / "empty"))

        scene = dataclasses.replace(outside.scene, world_of=empty)
        done = Opened(opened.embedded, scene).run("test", after=before.manifest)
    assert done.error is not None
    assert (done.error.code, done.error.message.splitlines()[0], done.error.remedy) == (
        "TE11",
        "Not tested: what the tests need could not be asked for",
        "Run the same command again when the index can be reached.",
    )
    assert "Connection refused" in done.error.message


@pytest.mark.requirement("A5")
def test_a_wheel_that_cannot_be_installed_is_not_tested_and_the_check_says_why(stage: Stage, tmp_path: Path) -> None:
    """A built wheel that no installer takes: the tests are skipped with the reason, and the check stops the release."""
    with stage.open(repository(tmp_path / "sample", {})) as opened:
        before = opened.run("plan", "build").manifest
        (wheel,) = opened.world.workspace.dist.glob("*.whl")
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr("sample/__init__.py", "")
        dists = tuple(describe(wheel) if dist.kind == "wheel" else dist for dist in before.dists)
        broken = msgspec.structs.replace(before, dists=dists)
        tests = opened.run("test", after=broken)
        check = opened.run("check", after=tests.manifest)
    entry = tests.manifest.entry("test")
    assert entry is not None
    assert (tests.error, entry.outcome) == (None, "skipped")
    assert entry.said == ("Not tested: the wheel cannot be installed; the check says why",)
    assert check.error is not None
    assert "TC60" in [finding.code for finding in check.manifest.findings(Severity.ERROR)]


@pytest.mark.requirement("A5")
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("OSError: Tunnel connection failed: 403 Forbidden", True),
        ("proxy 127.0.0.1:8080: CONNECT tunnel failed, response 403", True),
        ("httpx.ProxyError: 403 Forbidden", True),
        ("ConnectionRefusedError: [Errno 111] Connection refused", True),
        ("create_connection(('127.0.0.1', 80))\nConnectionRefusedError: [Errno 111] Connection refused", False),
        ("http://localhost:5432\nConnection refused", False),
        ("connect ::1 port 80: Connection refused", False),
        ("connect ::1 port 80: Network is unreachable", False),
        ("see localhost\n[Errno 101] Network is unreachable", True),
        ("[Errno -2] Name or service not known", True),
        ("a::1b\nConnection refused", True),
        ("assert 1 + 1 == 3", False),
    ],
)
def test_words_about_the_network(words: str, expected: bool) -> None:
    """What the proxy refused always counts; what concerns this machine itself never does."""
    failure = Failure(words=words, errors=words, loading=False)
    assert asks_network(failure) is expected
    assert cause(failure, {"sample"}, refused=True) == ("network" if expected else "package")
    assert cause(failure, {"sample"}, refused=False) == "package"


def test_the_network_is_refused_where_the_proxy_is_on_this_machine() -> None:
    """The children of a rehearsal are told by their proxy; a company's proxy and none keep nobody in."""
    assert network_refused({"HTTPS_PROXY": "http://127.0.0.1:4711"})
    assert not network_refused({"HTTPS_PROXY": "http://proxy.example.invalid:3128"})
    assert not network_refused({})


@pytest.mark.requirement("A5", "E4")
@pytest.mark.parametrize(
    ("words", "begun", "expected"),
    [
        ("ModuleNotFoundError: No module named 'sample.helper'", False, "package"),
        ("ImportError: cannot import name 'helper' from 'sample' (/x/sample/__init__.py)", False, "package"),
        ("ImportError: cannot import name 'a' from partially initialized module 'sample' (x)", False, "package"),
        ("No module named 'faster'\nNo module named 'sample.helper'", True, "package"),
        ("ModuleNotFoundError: No module named 'other'", True, "needs"),
        ("ModuleNotFoundError: No module named 'sample.tests'", True, "needs"),
        ("ImportError: cannot import name 'new' from 'other' (/x/other/__init__.py)", False, "needs"),
        ("RuntimeError: set DATABASE_URL", False, "needs"),
        ("RuntimeError: set DATABASE_URL", True, "package"),
    ],
)
def test_what_cannot_be_imported(words: str, begun: bool, expected: str) -> None:
    """What lacks below the package's own name is its fault; anything else that keeps a runner from beginning is not."""
    failure = Failure(words=words, errors=words, loading=True, begun=begun)
    assert cause(failure, {"sample"}, refused=True) == expected
