"""What real projects do that nobody would have thought of: each as a small project of our own."""

from pathlib import Path

import pytest

from tagship.model import Fact, Status
from tagship.rehearsal.request import Request
from tagship.rehearsal.result import Rehearsal
from tests.rehearsing import FILES, PYPROJECT, Stage, git, repository, why

UNITTEST = "import unittest\n\nimport sample\n\n\nclass Case(unittest.TestCase):\n    def test_it(self):\n{body}"

DOWNLOADING = """\
import urllib.request

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Hook(BuildHookInterface):
    def initialize(self, version, build_data):
        urllib.request.urlopen("https://licences.example.invalid/mit.txt")
"""


def said_of_tests(result: Rehearsal) -> Fact:
    """What the stage `test` observed."""
    entry = result.manifest.entry("test")
    assert entry is not None
    return next(fact for fact in entry.facts if fact.id == "test.result")


def test_tests_may_read_the_files_of_the_package(stage: Stage, tmp_path: Path) -> None:
    """Tests find the package's source files where they lie in the repository, and still import what was installed."""
    test = (
        "from pathlib import Path\n\nimport sample\n\n\ndef test_it():\n"
        "    assert Path('sample/__init__.py').read_text() == Path(sample.__file__).read_text()\n"
        "    assert 'site-packages' in sample.__file__\n"
    )
    result = stage(repository(tmp_path / "sample", {"tests/test_sample.py": test, "tests/__init__.py": ""}))
    assert (result.verdict, said_of_tests(result).status) == ("ready", Status.OK)


@pytest.mark.parametrize("runner", ["pytest", "unittest"])
def test_tests_inside_the_package_that_the_wheel_leaves_out(stage: Stage, tmp_path: Path, runner: str) -> None:
    """Tests in a folder of the package run from the repository when they are not in the wheel."""
    unit = UNITTEST.format(body="        self.assertIn('site-packages', sample.__file__)\n")
    plain = "import sample\n\n\ndef test_it(place):\n    assert place in sample.__file__\n"
    files = {
        "pyproject.toml": PYPROJECT.replace("[dependency-groups]\ntest", "[dependency-groups]\nother")
        + '\n[tool.hatch.build.targets.wheel]\nexclude = ["sample/tests", "conftest.py"]\n',
        "tests/test_sample.py": None,
        "sample/tests/__init__.py": "",
        "sample/tests/test_sample.py": unit if runner == "unittest" else plain,
        "sample/conftest.py": "import pytest\n\n\n@pytest.fixture\ndef place():\n    return 'site-packages'\n",
    }
    result = stage(repository(tmp_path / "sample", files))
    assert (why(result), said_of_tests(result).status) == ([], Status.OK)
    assert f"-m {runner}" in said_of_tests(result).how


@pytest.mark.requirement("A6")
def test_a_data_file_in_the_repository_alone_fails_the_tests(stage: Stage, tmp_path: Path) -> None:
    """A file that lies beside the module in the repository and not in the wheel is not found by the tests either."""
    files = {
        "sample/__init__.py": "from pathlib import Path\n\n\ndef main():\n"
        "    return Path(__file__).with_name('t.txt').read_text()\n",
        "sample/t.txt": "hello\n",
        "tests/__init__.py": "",
        "tests/test_sample.py": "import sample\n\n\ndef test_it():\n    assert sample.main()\n",
        "pyproject.toml": PYPROJECT.replace('[project.scripts]\nsample = "sample:main"\n', "")
        + '\n[tool.hatch.build.targets.wheel]\nexclude = ["*.txt"]\n',
    }
    result = stage(repository(tmp_path / "sample", files))
    assert (result.verdict, why(result)) == ("refused", [("test", "TE07")])
    assert "FileNotFoundError" in result.causes[0][1].why


@pytest.mark.requirement("A9")
def test_a_build_that_downloads_leaves_the_outcome_open(stage: Stage, tmp_path: Path) -> None:
    """A build that asks another host than the index says nothing about the release, and the host is named."""
    files = {
        "pyproject.toml": PYPROJECT + "\n[tool.hatch.build.hooks.custom]\n",
        "hatch_build.py": DOWNLOADING,
    }
    result = stage(repository(tmp_path / "sample", files))
    headline = "sample 1.0.0: No sdist was built: the build asks the network for more than packages from the index"
    assert (result.verdict, result.headline, result.exit_code) == ("undecided", headline, 20)
    assert why(result) == [("build", "TE11")]
    assert "licences.example.invalid: it cannot be reached from a rehearsal, and something asked for it" in (
        result.not_rehearsed
    )


def test_tests_run_with_the_versions_of_the_lock(stage: Stage, tmp_path: Path) -> None:
    """Where the repository has a lock, the tests get its versions: here one of pytest that no index has."""
    lock = '[[package]]\nname = "pytest"\nversion = "1.2.3"\nsource = { registry = "https://pypi.org/simple" }\n'
    result = stage(repository(tmp_path / "sample", {"uv.lock": lock}))
    assert said_of_tests(result).detail == "what the tests need cannot be installed"
    (finding,) = [f for f in result.manifest.findings() if f.code == "TC70"]
    assert "pytest==1.2.3" in finding.why


@pytest.mark.requirement("A1")
@pytest.mark.parametrize("configured", [False, True])
def test_releases_from_a_branch_that_is_not_checked_out(stage: Stage, tmp_path: Path, configured: bool) -> None:
    """A tag on a maintenance branch that only the remote has is released where the branch is named, else it is told."""
    upstream = repository(tmp_path / "upstream", {})
    git(upstream, "checkout", "--quiet", "-b", "1.x")
    text = FILES["pyproject.toml"].replace("1.0.0", "1.0.1")
    tables = '\n[tool.tagship]\nrelease-branches = ["main", "1.x"]\n' if configured else ""
    (upstream / "pyproject.toml").write_text(text + tables)
    git(upstream, "commit", "--quiet", "--all", "--message", "A fix")
    git(upstream, "tag", "v1.0.1")
    git(upstream, "checkout", "--quiet", "main")
    git(tmp_path, "clone", "--quiet", str(upstream), "sample")
    result = stage(tmp_path / "sample", Request(tag="v1.0.1"))
    if configured:
        assert result.headline == "sample 1.0.1 would be released on PyPI"
        return
    assert result.headline == "The tag v1.0.1 is not released: its commit is not on main, but on 1.x"
    assert result.causes[0][1].remedy == (
        "Merge the commit first, or name the branch that releases are made from: "
        '[tool.tagship] release-branches = ["main", "1.x"].'
    )


def test_why_tests_failed_is_said_in_readable_lines(stage: Stage, tmp_path: Path) -> None:
    """The reason of each failure comes before the list of tests, and no line is longer than can be read."""
    test = "def test_it():\n    print('x' * 5000)\n    assert [1, 2] == [1, 3]\n"
    result = stage(repository(tmp_path / "sample", {"tests/test_sample.py": test}))
    assert why(result) == [("test", "TE07")]
    lines = result.causes[0][1].why.splitlines()
    assert lines[0] == "E       assert [1, 2] == [1, 3]"
    assert max(map(len, lines)) < 310


def test_a_program_that_a_test_runs_may_need_the_network(stage: Stage, tmp_path: Path) -> None:
    """What a test's own child says about the network counts as the test's words, wherever pytest shows it."""
    test = (
        "import subprocess\nimport sys\n\nCODE = \"import sys; sys.exit('curl: (56) CONNECT tunnel failed')\"\n\n\n"
        "def test_it():\n    assert subprocess.call([sys.executable, '-c', CODE]) == 0\n"
    )
    result = stage(repository(tmp_path / "sample", {"tests/test_sample.py": test}))
    assert (result.verdict, said_of_tests(result).status) == ("ready", Status.UNKNOWN)
    assert said_of_tests(result).detail.startswith("needs the network")
