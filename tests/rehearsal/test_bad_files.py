"""Built files that PyPI would refuse or that would not work: each is stopped by `check`, before any upload."""

import base64
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tagship.model import Severity
from tagship.rehearsal.result import Rehearsal
from tagship.services.world import Limits
from tests.rehearsing import FILES, PYPROJECT, Stage, repository

WHEEL, SDIST = "sample-1.0.0-py3-none-any.whl", "sample-1.0.0.tar.gz"
SETUPTOOLS = PYPROJECT.replace('["hatchling"]', '["setuptools"]').replace("hatchling.build", "setuptools.build_meta")
WITHOUT_SCRIPTS = PYPROJECT.replace('[project.scripts]\nsample = "sample:main"\n\n', "")
MAIN = FILES["sample/__init__.py"]
METADATA = "See https://packaging.python.org/specifications/core-metadata for more information."
EXTENSION: Mapping[str, str | None] = {
    "pyproject.toml": WITHOUT_SCRIPTS.replace('["hatchling"]', '["setuptools"]').replace(
        "hatchling.build", "setuptools.build_meta"
    )
    + '\n[tool.setuptools]\npackages = ["sample"]\n',
    "setup.py": "from setuptools import Extension, setup\n\n"
    "setup(ext_modules=[Extension('sample._c', ['sample/_c.c'])])\n",
    "sample/_c.c": "#include <Python.h>\n"
    'static struct PyModuleDef made = {PyModuleDef_HEAD_INIT, "_c", 0, -1, 0};\n'
    "PyMODINIT_FUNC PyInit__c(void) { return PyModule_Create(&made); }\n",
    "sample/__init__.py": "from sample import _c\n\nmain = _c\n",
}


def with_dependencies(*requirements: str) -> str:
    """The sample's project file with requirements."""
    lines = ", ".join(f'"{requirement}"' for requirement in requirements)
    return PYPROJECT.replace("[project.scripts]", f"dependencies = [{lines}]\n\n[project.scripts]")


def found(result: Rehearsal, stage: str = "check") -> list[tuple[str, str, str]]:
    """Code, title and place of everything that a stage found to be an error; nothing was uploaded."""
    assert result.verdict == "refused"
    assert not [e for e in result.exchanges if "legacy" in e.url or "mint-token" in e.url]
    return [(f.code, f.title, f.where) for name, f in result.causes if name == stage]


@pytest.mark.requirement("A5", "E4")
def test_a_module_that_is_missing_from_the_wheel(stage: Stage, tmp_path: Path) -> None:
    """The import fails where the package was installed, once, in words without the folders of this machine."""
    files = {
        "sample/helper.py": "X = 1\n",
        "sample/__init__.py": f"from sample.helper import X\n{MAIN}",
        "pyproject.toml": PYPROJECT + '\n[tool.hatch.build.targets.wheel]\nexclude = ["helper.py"]\n',
    }
    result = stage(repository(tmp_path / "sample", files))
    assert found(result) == [("TC61", "It cannot be imported once installed: import sample", WHEEL)]
    finding = next(f for _, f in result.causes if f.code == "TC61")
    assert finding.why.splitlines()[-3:] == [
        '  File "sample/__init__.py", line 1, in <module>',
        "    from sample.helper import X",
        "ModuleNotFoundError: No module named 'sample.helper'",
    ]
    assert finding.remedy == "Include the missing file, or declare the missing requirement."


@pytest.mark.requirement("A5", "E4")
def test_a_requirement_that_is_not_declared(stage: Stage, tmp_path: Path) -> None:
    """What the tests bring along hides nothing: the clean installation lacks it, and the import fails there."""
    result = stage(repository(tmp_path / "sample", {"sample/__init__.py": f"import iniconfig\n{MAIN}"}))
    assert found(result) == [("TC61", "It cannot be imported once installed: import sample", WHEEL)]
    assert result.headline == "Not published: It cannot be imported once installed: import sample"
    assert result.causes[0][1].why.endswith("ModuleNotFoundError: No module named 'iniconfig'")


SCRIPTS: dict[str, tuple[dict[str, str], list[tuple[str, str]], str]] = {
    "module that does not exist": (
        {"pyproject.toml": PYPROJECT.replace("sample:main", "sample.cli:main")},
        [
            ("TC19", "`sample` in [console_scripts] names a module that is not in the wheel: sample.cli:main"),
            ("TC62", "A command points at code that does not exist: sample = sample.cli:main"),
        ],
        "ModuleNotFoundError: No module named 'sample.cli'",
    ),
    "function that does not exist": (
        {"pyproject.toml": PYPROJECT.replace("sample:main", "sample:absent")},
        [("TC62", "A command points at code that does not exist: sample = sample:absent")],
        "ImportError: cannot import name 'absent' from 'sample' (sample/__init__.py)",
    ),
    "ends with an error": (
        {
            "sample/__init__.py": "import sys\n\n\ndef main():\n"
            "    print('no such option', file=sys.stderr)\n    return 3\n"
        },
        [("TC63", "A command does not even print its help: sample = sample:main")],
        "sample --help ended with 3\nno such option",
    ),
    "hangs": (
        {"sample/__init__.py": "import time\n\n\ndef main():\n    time.sleep(600)\n"},
        [("TC64", "A command hangs when it is asked for its help: sample = sample:main")],
        "sample --help ran longer than 1 s\nIt printed nothing.",
    ),
}


@pytest.mark.requirement("A5", "E4")
@pytest.mark.parametrize("case", SCRIPTS)
def test_a_command_that_does_not_work(stage: Stage, tmp_path: Path, case: str) -> None:
    """A console script that is not there, fails or hangs stops the release, with its own last words."""
    files, findings, words = SCRIPTS[case]
    patient = replace(stage, limits=Limits(help=1)) if case == "hangs" else stage
    result = patient(repository(tmp_path / "sample", files))
    assert [(code, title) for code, title, _ in found(result)] == findings
    assert result.causes[-1][1].why.endswith(words)


@pytest.mark.requirement("A5", "E4")
def test_a_readme_that_does_not_render(stage: Stage, tmp_path: Path) -> None:
    """Broken reStructuredText is refused in PyPI's words, for both files."""
    files = {
        "README.md": None,
        "README.rst": "Sample\n==\n\n.. nope::\n\n`x <\n",
        "pyproject.toml": PYPROJECT.replace("README.md", "README.rst"),
    }
    words = (
        "PyPI refuses it: The description failed to render for 'text/x-rst'. "
        "See https://pypi.org/help/#description-content-type for more information."
    )
    assert found(stage(repository(tmp_path / "sample", files))) == [("TC51", words, WHEEL), ("TC51", words, SDIST)]


@pytest.mark.requirement("A5", "E4")
@pytest.mark.parametrize(
    ("classifier", "words"),
    [
        ("Nonsense :: Yes", "'Nonsense :: Yes' is not a valid classifier."),
        (
            "Natural Language :: Ukranian",
            "The classifier 'Natural Language :: Ukranian' has been deprecated, use one of "
            "['Natural Language :: Ukrainian'] instead.",
        ),
    ],
)
def test_a_classifier_that_pypi_does_not_take(stage: Stage, tmp_path: Path, classifier: str, words: str) -> None:
    """An unknown or deprecated classifier is refused in PyPI's words, where the backend lets it pass."""
    pyproject = SETUPTOOLS.replace("requires-python", f'classifiers = ["{classifier}"]\nrequires-python')
    title = f"PyPI refuses it: {words} {METADATA}"
    result = stage(repository(tmp_path / "sample", {"pyproject.toml": pyproject}))
    assert found(result) == [("TC50", title, WHEEL), ("TC50", title, SDIST)]


@pytest.mark.requirement("A5", "E4")
def test_a_classifier_that_the_backend_does_not_take(stage: Stage, tmp_path: Path) -> None:
    """Where the backend knows the classifiers itself, the build fails in its words."""
    pyproject = PYPROJECT.replace("requires-python", 'classifiers = ["Nonsense :: Yes"]\nrequires-python')
    result = stage(repository(tmp_path / "sample", {"pyproject.toml": pyproject}))
    title = "No sdist was built: ValueError: Unknown classifier in field `project.classifiers`: Nonsense :: Yes"
    assert [(code, words) for code, words, _ in found(result, "build")] == [("TE06", title)]


@pytest.mark.requirement("A5")
def test_a_missing_licence_file_is_a_warning(stage: Stage, tmp_path: Path) -> None:
    """PyPI takes files without the text of a licence, so their lack is said and stops nothing."""
    files = {"LICENSE": None, "pyproject.toml": PYPROJECT.replace('license-files = ["LICENSE"]\n', "")}
    result = stage(repository(tmp_path / "sample", files))
    assert result.verdict == "ready"
    assert [(f.code, f.title, f.where) for f in result.manifest.findings(Severity.WARNING)] == [
        ("TC14", "it contains no licence file", f"{WHEEL}, {SDIST}"),
    ]


@pytest.mark.requirement("A6", "E4")
def test_a_local_version(stage: Stage, tmp_path: Path) -> None:
    """A local version is refused by the plan, with the part that has to go."""
    result = stage(repository(tmp_path / "sample", {"pyproject.toml": PYPROJECT.replace("1.0.0", "1.0.0+ours")}))
    title = (
        "The tag v1.0.0 is not released: the project says it is version 1.0.0+ours, and package indexes refuse local "
        "versions"
    )
    assert found(result, "plan") == [("TE04", title, "v1.0.0")]
    assert result.causes[0][1].remedy == "Take +ours away from the version in the project's files, and tag that commit."


@pytest.mark.requirement("A5", "E4")
def test_a_direct_dependency(stage: Stage, tmp_path: Path, upstream: str) -> None:
    """A requirement with an address is refused in PyPI's words."""
    address = f"{upstream.removesuffix('simple/')}files/iniconfig-2.3.1-py3-none-any.whl"
    pyproject = (
        with_dependencies(f"iniconfig @ {address}") + "\n[tool.hatch.metadata]\nallow-direct-references = true\n"
    )
    title = f"PyPI refuses it: Can't have direct dependency: iniconfig @ {address}. {METADATA}"
    result = stage(repository(tmp_path / "sample", {"pyproject.toml": pyproject}))
    assert found(result)[:2] == [("TC50", title, WHEEL), ("TC50", title, SDIST)]


@pytest.mark.requirement("A5", "E4")
@pytest.mark.parametrize(
    ("requirements", "words"),
    [
        (("no-such-project-anywhere>=1",), "no-such-project-anywhere was not found"),
        (("iniconfig<2", "iniconfig>=2"), "you require iniconfig<2 and iniconfig>=2"),
    ],
)
def test_requirements_that_cannot_be_installed(
    stage: Stage, tmp_path: Path, requirements: tuple[str, ...], words: str
) -> None:
    """A requirement that does not exist, or requirements that contradict each other: the installer is quoted."""
    result = stage(repository(tmp_path / "sample", {"pyproject.toml": with_dependencies(*requirements)}))
    assert found(result) == [("TC60", "It cannot be installed", WHEEL)]
    assert words in " ".join(result.causes[0][1].why.split())
    assert result.causes[0][1].remedy == "Correct the requirements or the build: the installer's own words say which."


@pytest.mark.requirement("A5", "E4")
def test_a_linux_wheel_is_refused(stage: Stage, tmp_path: Path) -> None:
    """A wheel for this machine's Linux is refused in PyPI's words, where nothing else makes the wheels."""
    name = "sample-1.0.0-cp311-cp311-linux_x86_64.whl"
    words = f"PyPI refuses it: Binary wheel '{name}' has an unsupported platform tag 'linux_x86_64'."
    assert found(stage(repository(tmp_path / "sample", EXTENSION))) == [("TC55", words, name)]


@pytest.mark.requirement("A12")
def test_a_linux_wheel_is_kept_here_where_cibuildwheel_makes_the_published_ones(stage: Stage, tmp_path: Path) -> None:
    """With cibuildwheel the wheel is tried and kept, the sdist is published, and both is said."""
    pyproject = f"{EXTENSION['pyproject.toml']}\n[tool.cibuildwheel]\nbuild = 'cp311-*'\n"
    result = stage(repository(tmp_path / "sample", {**EXTENSION, "pyproject.toml": pyproject}))
    name = "sample-1.0.0-cp311-cp311-linux_x86_64.whl"
    assert (result.verdict, result.headline) == ("ready", "sample 1.0.0 would be released on PyPI")
    assert [d.filename for d in result.manifest.dists] == [SDIST]
    assert [d.filename for d in result.manifest.local] == [name]
    build, test = result.manifest.entry("build"), result.manifest.entry("test")
    assert build is not None
    assert f"{name} is for this machine alone: cibuildwheel makes the published wheels" in build.said
    assert test is not None
    assert test.outcome == "done"
    words = " ".join(word for entry in result.manifest.log for word in entry.said)
    assert "1 file passes" in words
    assert "Published the GitHub release v1.0.0 with 1 file" in words
    assert "1 files" not in words


def _token() -> str:
    """Something that has the form of a PyPI token, and says inside that it is made up."""
    body = b"\2"
    for kind, content in ((1, b"pypi.org"), (2, b"made-up-for-a-test")):
        body += bytes([kind, len(content)]) + content
    body += b"\0\0" + bytes([6, 32]) + bytes(range(32))
    return "pypi-" + base64.urlsafe_b64encode(body).decode().rstrip("=")


# DER begins like this; the rest is no key of anybody's.
KEY = "-----BEGIN PRIVATE KEY-----\n" + "MIIBVAIBADANBgkqhkiG9w0BAQEFAASCAT4wggE6MADEUPMADEUPMADEUPMADEUP\n" * 4
HOOK = """\
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Hook(BuildHookInterface):
    def initialize(self, version, data):
        config = Path(self.root, "made.txt")
        config.write_text("[core]")
        data["force_include"][str(config)] = "widget/.git/config"
"""
PRIVATE: dict[str, tuple[dict[str, str], str, str]] = {
    "private key": ({"widget/key.pem": f"{KEY}-----END PRIVATE KEY-----\n"}, "TC40", "a private key"),
    "API token": ({"widget/settings.py": f"TOKEN = '{_token()}'\n"}, "TC40", "a PyPI token"),
    ".env": ({"widget/.env": "PASSWORD=made-up\n"}, "TC41", ".env"),
    ".pypirc": ({"widget/.pypirc": "[pypi]\npassword = made-up\n"}, "TC41", ".pypirc"),
    ".git": ({"hook.py": HOOK}, "TC41", ".git"),
}


@pytest.mark.requirement("D8", "E4")
@pytest.mark.parametrize("case", PRIVATE)
def test_what_must_stay_private_is_not_published(stage: Stage, tmp_path: Path, case: str) -> None:
    """Keys, tokens and private files inside the built files stop the release; no value is quoted anywhere."""
    files, code, what = PRIVATE[case]
    widget = {name.replace("sample", "widget"): text.replace("sample", "widget") for name, text in FILES.items()}
    if case == ".git":
        widget["pyproject.toml"] += '\n[tool.hatch.build.hooks.custom]\npath = "hook.py"\n'
    result = stage(repository(tmp_path / "widget", {**dict.fromkeys(FILES), **widget, **files}))
    place = "widget/.git" if case == ".git" else next(iter(files)) + (":1" if code == "TC40" else "")
    assert found(result) == [
        (code, f"{what} would be published", f"{name}: {place}")
        for name in ("widget-1.0.0-py3-none-any.whl", "widget-1.0.0.tar.gz")
    ]
    shown = repr(result)
    assert _token() not in shown
    assert "MADEUPMADEUP" not in shown
