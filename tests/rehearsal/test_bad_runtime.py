"""Projects of every shape, and their tests: what passes, what stops a release, and what says nothing about it."""

from dataclasses import replace
from pathlib import Path

import pytest

from tagship.model import Severity, Status
from tagship.rehearsal.result import Rehearsal
from tagship.services.world import Limits
from tests.rehearsing import FILES, PYPROJECT, Stage, repository, why

CODE = FILES["sample/__init__.py"]
WITHOUT_GROUP = PYPROJECT.replace('[dependency-groups]\ntest = ["pytest"]\n', "")
WITHOUT_SCRIPTS = PYPROJECT.replace('[project.scripts]\nsample = "sample:main"\n\n', "")
NO_HELPER = '\n[tool.hatch.build.targets.wheel]\nexclude = ["helper.py"]\n'
READY = ("ready", "sample 1.0.0 would be released on PyPI", 0)


def verdict(result: Rehearsal) -> tuple[str, str, int]:
    """The three things that a caller looks at first."""
    return result.verdict, result.headline, result.exit_code


def of_tests(result: Rehearsal) -> tuple[Status, str]:
    """What the stage `test` says of the project's tests."""
    entry = result.manifest.entry("test")
    assert entry is not None
    ((status, detail),) = [(fact.status, fact.detail) for fact in entry.facts if fact.id == "test.result"]
    return status, detail


def warnings(result: Rehearsal) -> list[tuple[str, str, str]]:
    """Code, title and remedy of every warning."""
    return [(f.code, f.title, f.remedy) for f in result.manifest.findings(Severity.WARNING)]


NOT_RUN = (
    "TC70",
    "The tests could not be run",
    'Say what they need: [tool.tagship.tests] requires = ["…"], or group = "…".',
)

SHAPES: dict[str, dict[str, str | None]] = {
    "src layout": {"sample/__init__.py": None, "src/sample/__init__.py": CODE},
    "single module": {"sample/__init__.py": None, "sample.py": CODE},
    "no scripts": {"pyproject.toml": WITHOUT_SCRIPTS},
    "tests inside": {
        "tests/test_sample.py": None,
        "sample/tests/__init__.py": "",
        "sample/tests/data.py": "X = 1\n",
        "sample/tests/test_it.py": "from sample.tests import data\n\n\ndef test_it():\n    assert data.X\n",
    },
    "tests inside, not in the wheel": {
        "tests/test_sample.py": None,
        "sample/tests/__init__.py": "",
        "sample/tests/data.py": "X = 1\n",
        "sample/tests/test_it.py": "from sample.tests import data\n\n\ndef test_it():\n    assert data.X\n",
        "pyproject.toml": PYPROJECT + '\n[tool.hatch.build.targets.wheel]\nexclude = ["sample/tests"]\n',
    },
    "unittest": {
        "pyproject.toml": WITHOUT_GROUP,
        "tests/test_sample.py": "import unittest\n\nimport sample\n\n\nclass Sample(unittest.TestCase):\n"
        "    def test_it(self):\n        self.assertTrue(sample.main)\n",
    },
    "an extra for the tests": {
        "pyproject.toml": WITHOUT_GROUP
        + '\n[project.optional-dependencies]\ntest = ["pytest", "sample[more]"]\nmore = ["tomlkit"]\n',
        "tests/test_sample.py": "import tomlkit\n\n\ndef test_it():\n    assert tomlkit.parse('a = 1')\n",
    },
}


@pytest.mark.requirement("A5")
@pytest.mark.parametrize("shape", SHAPES)
def test_projects_of_usual_shapes_are_released_and_their_tests_run(stage: Stage, tmp_path: Path, shape: str) -> None:
    """Each shape is built, its tests run against the wheel and pass, and nothing is complained about."""
    result = stage(repository(tmp_path / "sample", SHAPES[shape]))
    assert verdict(result) == READY
    status, detail = of_tests(result)
    assert (status, detail == "OK" if shape == "unittest" else detail.startswith("1 passed in")) == (Status.OK, True)
    assert warnings(result) == []


@pytest.mark.requirement("A5")
def test_a_package_without_tests_is_released_and_that_is_said(stage: Stage, tmp_path: Path) -> None:
    """No tests: the stage is skipped, with what was done instead."""
    result = stage(repository(tmp_path / "sample", {"tests/test_sample.py": None, "pyproject.toml": WITHOUT_GROUP}))
    assert verdict(result) == READY
    entry = result.manifest.entry("test")
    assert entry is not None
    assert (entry.outcome, entry.said) == (
        "skipped",
        ("No tests were found: the package is imported and its commands are run, no more",),
    )
    assert of_tests(result) == (Status.UNKNOWN, "no tests were found (detected: no test files)")


@pytest.mark.requirement("A5")
def test_a_package_of_type_stubs_has_nothing_to_import(stage: Stage, tmp_path: Path) -> None:
    """Stubs alone are installed and not imported, and no command is expected."""
    files = {
        "pyproject.toml": WITHOUT_SCRIPTS.replace('"sample"', '"types-sample"')
        + '\n[tool.hatch.build.targets.wheel]\npackages = ["sample-stubs"]\n',
        "sample/__init__.py": None,
        "tests/test_sample.py": None,
        "sample-stubs/__init__.pyi": "x: int\n",
        "sample-stubs/py.typed": "partial\n",
    }
    result = stage(repository(tmp_path / "sample", files))
    assert verdict(result) == ("ready", "types-sample 1.0.0 would be released on PyPI", 0)
    check = result.manifest.entry("check")
    assert check is not None
    assert [f.detail for f in check.facts if f.id == "wheel.import"] == ["type stubs alone: nothing to import"]


@pytest.mark.requirement("A5")
def test_a_namespace_package_is_imported_by_its_full_name(stage: Stage, tmp_path: Path) -> None:
    """Of a namespace that several projects share, this one's package is imported."""
    files = {
        "pyproject.toml": PYPROJECT.replace('"sample"', '"space-sample"').replace("sample:main", "space.sample:main")
        + '\n[tool.hatch.build.targets.wheel]\npackages = ["space"]\n',
        "sample/__init__.py": None,
        "space/sample/__init__.py": CODE,
        "tests/test_sample.py": "from space import sample\n\n\ndef test_it():\n    assert sample.main\n",
    }
    result = stage(repository(tmp_path / "sample", files))
    assert verdict(result) == ("ready", "space-sample 1.0.0 would be released on PyPI", 0)
    check = result.manifest.entry("check")
    assert check is not None
    assert [f.detail for f in check.facts if f.id == "wheel.import"] == ["space.sample"]


@pytest.mark.requirement("A5")
def test_tests_that_fail_stop_the_release_in_the_runners_words(stage: Stage, tmp_path: Path) -> None:
    """A failing test is shown, and nothing is uploaded."""
    files = {"tests/test_sample.py": "def test_it():\n    assert 1 + 1 == 3\n"}
    result = stage(repository(tmp_path / "sample", files))
    ((where, finding),) = result.causes
    assert (where, finding.code, finding.title.partition(" in ")[0], finding.remedy) == (
        "test",
        "TE07",
        "Not published: the tests failed: 1 failed",
        "Correct what the tests found. They ran against the installed wheel: where they pass in the checkout, a file "
        "is missing from the wheel, or a test needs the source tree.",
    )
    assert "E       assert (1 + 1) == 3" in finding.why
    assert result.exit_code == 7
    assert not [e for e in result.exchanges if "legacy" in e.url]


@pytest.mark.requirement("A5")
def test_tests_that_hang_are_stopped(stage: Stage, tmp_path: Path) -> None:
    """Tests that do not end within the limit stop the release, and the limit is named."""
    files = {"tests/test_sample.py": "import time\n\n\ndef test_it():\n    time.sleep(600)\n"}
    result = replace(stage, limits=Limits(tests=1.5))(repository(tmp_path / "sample", files))
    ((where, finding),) = result.causes
    assert (where, finding.code, finding.title, finding.remedy) == (
        "test",
        "TE07",
        "Not published: the tests ran longer than 1.5 s",
        "Run the same command by hand, and see which test does not end.",
    )


NETWORK = "import urllib.request\n\n\ndef test_it():\n    urllib.request.urlopen('https://example.com/')\n"


@pytest.mark.requirement("A5")
def test_tests_that_need_the_network_say_nothing_about_the_package(stage: Stage, tmp_path: Path) -> None:
    """What failed because the network was refused is shown as unknown, and the release goes on."""
    result = stage(repository(tmp_path / "sample", {"tests/test_sample.py": NETWORK}))
    assert verdict(result) == READY
    status, detail = of_tests(result)
    assert (status, detail.partition(" in ")[0]) == (Status.UNKNOWN, "needs the network: 1 failed")


@pytest.mark.requirement("A5")
@pytest.mark.parametrize("runner", ["pytest", "unittest"])
def test_one_test_that_needs_the_network_does_not_hide_another_fault(stage: Stage, tmp_path: Path, runner: str) -> None:
    """A refused connection in one test and a wrong result in another: the release stops."""
    unittest = (
        "import unittest\nimport urllib.request\n\n\nclass Sample(unittest.TestCase):\n    def test_network(self):\n"
        "        urllib.request.urlopen('https://example.com/')\n\n    def test_it(self):\n        self.fail('wrong')\n"
    )
    files = {
        "tests/test_sample.py": NETWORK + "\n\ndef test_other():\n    assert 1 + 1 == 3\n",
    }
    if runner == "unittest":
        files = {"tests/test_sample.py": unittest, "pyproject.toml": WITHOUT_GROUP}
    assert why(stage(repository(tmp_path / "sample", files))) == [("test", "TE07")]


NEEDY = {
    "a fixture of a plugin": {"tests/test_sample.py": "def test_it(mocker):\n    assert mocker\n"},
    "a coroutine without a plugin": {"tests/test_sample.py": "async def test_it():\n    pass\n"},
    "an import": {"tests/test_sample.py": "import no_such_library\n\n\ndef test_it():\n    assert no_such_library\n"},
    "an option of a plugin": {
        "pyproject.toml": PYPROJECT + '\n[tool.pytest.ini_options]\naddopts = "--cov=sample"\n',
    },
}


@pytest.mark.requirement("A5")
@pytest.mark.parametrize("case", NEEDY)
def test_tests_that_need_something_undeclared_are_a_warning(stage: Stage, tmp_path: Path, case: str) -> None:
    """What a test needs and nobody declared says nothing about the package: a warning, and the release goes on."""
    result = stage(repository(tmp_path / "sample", NEEDY[case]))
    assert verdict(result) == READY
    assert warnings(result) == [NOT_RUN]
    assert of_tests(result)[0] is Status.UNKNOWN


@pytest.mark.requirement("A5", "E4")
def test_a_module_that_only_the_tests_miss_is_the_packages_fault(stage: Stage, tmp_path: Path) -> None:
    """A module that is in the source tree and not in the wheel fails its test file, and stops the release."""
    files = {
        "sample/helper.py": "X = 1\n",
        "tests/test_sample.py": "import sample.helper\n\n\ndef test_it():\n    assert sample.helper.X\n",
        "pyproject.toml": PYPROJECT + NO_HELPER,
    }
    result = stage(repository(tmp_path / "sample", files))
    assert why(result) == [("test", "TE07")]
    assert "No module named 'sample.helper'" in result.causes[0][1].why


@pytest.mark.requirement("A5")
@pytest.mark.parametrize(
    ("target", "fault", "code"),
    [
        ("sample:main", "", []),
        ("sample:absent", "", [("check", "TC62")]),
        ("sample.window:main", "import no_such_library", [("check", "TC62")]),
        ("sample.window:main", "import winreg", []),
        ("sample.window:main", "raise RuntimeError('no display')", []),
    ],
)
def test_commands_that_open_a_window_are_looked_up_and_not_run(
    stage: Stage, tmp_path: Path, target: str, fault: str, code: list[tuple[str, str]]
) -> None:
    """A window's command must be there; whether it can open a window on this machine is another matter."""
    files = {
        "pyproject.toml": PYPROJECT.replace(
            "[project.scripts]", f'[project.gui-scripts]\nsample-window = "{target}"\n\n[project.scripts]'
        ),
        "sample/window.py": f"{fault}\n\n\ndef main():\n    raise AssertionError('it was run')\n",
    }
    assert why(stage(repository(tmp_path / "sample", files))) == code
