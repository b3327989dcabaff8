"""How a project's tests are found, and what they need."""

from pathlib import Path

import pytest
from repositories import project

from tagship.errors import ProjectError
from tagship.project.config import Suite
from tagship.project.found import Found

UNITTEST = "import unittest\nclass T(unittest.TestCase): ...\n"


@pytest.mark.parametrize(
    ("files", "suite", "source"),
    [
        (
            {
                "pyproject.toml": '[dependency-groups]\ndev = ["pytest"]\ntests = ["pytest-cov"]\n',
                "tests/test_a.py": "",
            },
            Suite(group="tests", paths=("tests",)),
            "detected: the group tests has pytest, pyproject.toml:1 [dependency-groups]",
        ),
        (
            {"setup.py": "setup(extras_require={'testing': ['pytest']})", "test_a.py": "", "src/a/tests/test_b.py": ""},
            Suite(extra="testing", paths=("test_a.py",)),
            "detected: the extra testing has pytest, setup.py:1 setup(extras_require=…)",
        ),
        (
            {"setup.py": "", "requirements/dev.txt": "pytest\n", "requirements/test.txt": "-r dev.txt\npytest==9\n"},
            Suite(files=("requirements/test.txt",)),
            "detected: requirements/test.txt has pytest",
        ),
        (
            {
                "setup.py": "",
                "tox.ini": "[testenv]\ndeps =\n  pytest\n  py39: old\n  -r x.txt\n  mock>=1\n",
                "test/test_a.py": "",
            },
            Suite(requires=("pytest", "mock>=1"), paths=("test",)),
            "detected: tox.ini [testenv] deps has pytest",
        ),
        (
            {
                "pyproject.toml": '[tool.tox]\nlegacy_tox_ini = """\n[tox]\nenvlist = py3\n'
                '[testenv]\ndeps =\n  pytest>=8  # the oldest: that works\n  mock\n"""\n',
                "tests/test_a.py": UNITTEST,
            },
            Suite(requires=("pytest>=8", "mock"), paths=("tests",)),
            "detected: pyproject.toml [tool.tox] legacy_tox_ini [testenv] deps has pytest",
        ),
        (
            {
                "pyproject.toml": "[tool.tox.env_run_base]\n"
                'deps = ["pytest", { replace = "posargs" }, "-r x.txt", "mock"]',
                "tests/test_a.py": UNITTEST,
            },
            Suite(requires=("pytest", "mock"), paths=("tests",)),
            "detected: pyproject.toml [tool.tox.env_run_base] deps has pytest",
        ),
        (
            {"setup.py": "", "tox.toml": '[env_run_base]\ndeps = ["pytest-asyncio"]\n', "tests/test_a.py": UNITTEST},
            Suite(requires=("pytest-asyncio",), paths=("tests",)),
            "detected: tox.toml [env_run_base] deps has pytest",
        ),
        (
            {
                "setup.py": "",
                "setup.cfg": "[tool:pytest]\ntestpaths = t/ none\npython_files = a_*\n",
                "t/a_b.py": UNITTEST,
            },
            Suite(requires=("pytest",), paths=("t",)),
            "detected: setup.cfg configures pytest",
        ),
        (
            {"setup.py": "", "src/a/tests/test_a.py": "def test_it(): pass\n"},
            Suite(requires=("pytest",), paths=("src/a/tests",)),
            "detected: src/a/tests/test_a.py",
        ),
        (
            {"setup.py": "", "tests/test_a.py": UNITTEST},
            Suite(runner="unittest", paths=("tests",)),
            "detected: tests/test_a.py imports unittest",
        ),
        (
            {"setup.py": "", "tests/__init__.py": "", "tests/test_a.py": UNITTEST},
            Suite(runner="unittest", args=("discover", "-s", "tests", "-t", ".")),
            "detected: tests/test_a.py imports unittest",
        ),
        (
            {
                "setup.py": "",
                "src/space/a/__init__.py": "",
                "src/space/a/tests/__init__.py": "",
                "src/space/a/tests/test_a.py": UNITTEST,
            },
            Suite(runner="unittest", args=("discover", "-s", "src/space/a/tests", "-t", "src")),
            "detected: src/space/a/tests/test_a.py imports unittest",
        ),
        ({"setup.py": "", "tests/data.txt": ""}, Suite(runner="none"), "detected: no test files"),
        (
            {"pyproject.toml": '[dependency-groups]\nci = ["x"]\n[tool.tagship.tests]\ngroup = "ci"\npaths = ["t"]\n'},
            Suite(group="ci", paths=("t",), requires=("pytest",)),
            "pyproject.toml:3 [tool.tagship].tests",
        ),
    ],
)
def test_how_the_tests_run(tmp_path: Path, files: dict[str, str | bytes], suite: Suite, source: str) -> None:
    """Tests are found in the order configuration, group or extra, requirements, files, and nothing is invented."""
    assert project(tmp_path, files).tests == Found(value=suite, source=source)


def test_a_group_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    """Tests configured with an undeclared group are refused with the declared ones."""
    text = '[project]\nname = "x"\n[dependency-groups]\ntest = []\n[tool.tagship.tests]\ngroup = "tests"\n'
    with pytest.raises(ProjectError) as caught:
        project(tmp_path, {"pyproject.toml": text})
    assert (caught.value.message, caught.value.remedy) == (
        "the tests need the group tests, which is not declared",
        "Declared are: test.",
    )
