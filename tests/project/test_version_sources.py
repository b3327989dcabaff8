"""Every source of a version is found without running code, and only the version changes when one is set."""

import os
import subprocess
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest
from packaging.version import Version
from tag_projects import DERIVED, PRETENDED
from uv import find_uv_bin
from version_projects import SETUP, SETUPTOOLS, WRITTEN, Sample, pyproject, why_not

from tagship.errors import ProjectError
from tagship.project.version_sources import Derived, Edit, Injection, Unknown, Written, find, inject

VERSION = "1.2.4.dev57"
SAMPLES = WRITTEN | PRETENDED
each_written = pytest.mark.parametrize("sample", WRITTEN.values(), ids=WRITTEN)
each_derived = pytest.mark.parametrize("sample", DERIVED.values(), ids=DERIVED)


def lay_out(root: Path, files: dict[str, str | bytes]) -> Path:
    """Write the files of a project."""
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def contents(root: Path) -> dict[str, bytes]:
    """All files of a project, byte for byte."""
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def spelt(sample: Sample) -> str:
    """The injected version as the sample's files spell it."""
    return "1.2.4-dev.57" if sample.semver else VERSION


@pytest.mark.requirement("B3")
@each_written
def test_find_written(tmp_path: Path, sample: Sample) -> None:
    """A version that stands in a file is found with its kind, file, line, spelling and exact bytes."""
    source = find(lay_out(tmp_path, sample.files))
    assert isinstance(source, Written)
    kind, file, line = sample.written[0]
    found = (source.kind, source.file, source.line, source.raw, source.version)
    assert found == (kind, file, line, "1.2.3", "1.2.3")
    assert (tmp_path / file).read_bytes()[source.start : source.end] == b"1.2.3"


@pytest.mark.requirement("B2", "B3")
@each_written
def test_inject_written(tmp_path: Path, sample: Sample) -> None:
    """Setting a version changes the source and its copies on the expected lines, and no other byte of any file."""
    root = lay_out(tmp_path, sample.files)
    before = contents(root)
    edits = tuple(
        Edit(kind=kind, file=file, line=line, before="1.2.3", after=spelt(sample))
        for kind, file, line in sample.written
    )
    assert inject(root, find(root), VERSION) == Injection(edits=edits)
    expected = dict(before)
    for _, file, number in sample.written:
        lines = expected[file].splitlines(keepends=True)
        # the version is the first of its line in all samples but one, where a look-alike comes before it
        head, old, tail = (
            lines[number - 1].rpartition(b"1.2.3") if file == "meson.build" else lines[number - 1].partition(b"1.2.3")
        )
        assert old
        lines[number - 1] = head + spelt(sample).encode() + tail
        expected[file] = b"".join(lines)
    assert contents(root) == expected


@each_written
def test_inject_twice(tmp_path: Path, sample: Sample) -> None:
    """What was set is found again, with all its copies, and setting the old version back restores every byte."""
    root = lay_out(tmp_path, sample.files)
    before = contents(root)
    inject(root, find(root), VERSION)
    again = find(root)
    assert isinstance(again, Written)
    assert (again.raw, again.version) == (spelt(sample), VERSION)
    assert len(inject(root, again, "1.2.3").edits) == len(sample.written)
    assert contents(root) == before


@pytest.mark.requirement("B3")
@each_derived
def test_derived(tmp_path: Path, sample: Sample) -> None:
    """A version from tags is known by its tool, and is pretended by variables that leave every file as it is."""
    root = lay_out(tmp_path, sample.files)
    before = contents(root)
    source = find(root)
    assert source == sample.derived
    assert isinstance(source, Derived)
    if not source.rewritten:
        injected = inject(root, source, VERSION)
        assert injected == Injection(environment=tuple((variable, VERSION) for variable in source.variables))
        assert contents(root) == before


@pytest.mark.requirement("B3")
def test_versioneer(tmp_path: Path) -> None:
    """versioneer obeys no variable: its version file becomes that of its sdists, and nothing else changes."""
    root = lay_out(tmp_path, SAMPLES["versioneer"].files)
    before = contents(root)
    edit = Edit(kind="versioneer", file="my_app/_version.py", line=1, before="", after=VERSION)
    assert inject(root, find(root), VERSION) == Injection(edits=(edit,))
    after = contents(root)
    module: dict[str, object] = {}
    exec(after.pop("my_app/_version.py"), module)
    before.pop("my_app/_version.py")
    assert after == before
    answer = module["get_versions"]
    assert callable(answer)
    assert answer() == {"date": None, "dirty": False, "error": None, "full-revisionid": None, "version": VERSION}


def test_versioneer_without_its_file(tmp_path: Path) -> None:
    """Where versioneer's version file is not in the checkout, setting a version is refused and makes no file."""
    files = {name: content for name, content in SAMPLES["versioneer"].files.items() if "_version" not in name}
    root = lay_out(tmp_path, files)
    with pytest.raises(ProjectError, match=r"there is no file my_app/_version\.py"):
        inject(root, find(root), VERSION)
    assert contents(root).keys() == files.keys()


def test_copies_that_disagree_stay(tmp_path: Path) -> None:
    """A second spelling with another version is not a copy and is left as it is."""
    root = lay_out(
        tmp_path,
        {
            "pyproject.toml": pyproject("hatchling.build", "hatchling", 'version = "1.2.3"'),
            "my_app/__init__.py": '__version__ = "1.2.2"\n',
            "tests/__init__.py": '__version__ = "1.2.3"\n',
            "setup.py": SETUP + 'setup(version="1.2.3.0")\n',
        },
    )
    edits = inject(root, find(root), "2.0").edits
    assert [(edit.file, edit.before) for edit in edits] == [("pyproject.toml", "1.2.3"), ("setup.py", "1.2.3.0")]


@pytest.mark.requirement("B3")
@pytest.mark.parametrize(
    ("files", "why", "where"),
    [
        ({}, "neither pyproject.toml, setup.cfg nor setup.py declares one", "pyproject.toml"),
        (
            {"setup.py": SETUP + "setup(version=get_version())"},
            "setup.py computes it: get_version()",
            "setup.py:3",
        ),
        (
            {"setup.py": SETUP + 'V = "1"\nif x:\n    V = "2"\nsetup(version=V)'},
            "V is bound more than once at the top of setup.py",
            "setup.py",
        ),
        (
            {
                "setup.py": SETUP + "v = find('__version__', ['a.py', 'b.py'])\nsetup(version=v)",
                "a.py": '__version__ = "1"',
                "b.py": '__version__ = "2"',
            },
            "v is computed by code",
            "setup.py:3",
        ),
        ({"setup.py": SETUP + "setup()"}, "setup() in setup.py is given no literal version", "setup.py"),
        (
            {"setup.py": SETUP + 'setup(version="1" ".2")'},
            "the version is not written as one plain string",
            "setup.py:3",
        ),
        ({"setup.py": "x = 1"}, "neither pyproject.toml, setup.cfg nor setup.py declares one", "pyproject.toml"),
        (
            {
                "pyproject.toml": pyproject(
                    "hatchling.build", "hatchling", tail='[tool.hatch.version]\nsource = "code"\nexpression = "get()"\n'
                )
            },
            "hatch's version source `code` runs code",
            "pyproject.toml [tool.hatch.version]",
        ),
        (
            {"pyproject.toml": pyproject("pdm.backend", "pdm-backend", tail='[tool.pdm.version]\nsource = "call"\n')},
            "a function of the project computes it",
            "pyproject.toml [tool.pdm.version]",
        ),
        (
            {
                "pyproject.toml": pyproject(
                    *SETUPTOOLS,
                    tail='[tool.setuptools-git-versioning]\nversion_file = "V"\n'
                    "count_commits_from_version_file = true\n",
                )
            },
            "setuptools-git-versioning counts commits since V was changed",
            "pyproject.toml [tool.setuptools-git-versioning]",
        ),
        (
            {"pyproject.toml": pyproject("strange.backend", "strange")},
            "pyproject.toml declares none, and where strange.backend takes it from is not known",
            "pyproject.toml",
        ),
        (
            {
                "pyproject.toml": pyproject(*SETUPTOOLS, tail='[tool.setuptools.dynamic]\nversion.attr = "a.v"\n'),
                "a.py": "from importlib.metadata import version\nv = version('a')\n",
            },
            "v is computed by code",
            "a.py:2",
        ),
        (
            {"pyproject.toml": pyproject(*SETUPTOOLS, tail='[tool.setuptools.dynamic]\nversion.file = "../V"\n')},
            "../V lies outside of the project",
            "../V",
        ),
        (
            {"pyproject.toml": pyproject("hatchling.build", "hatchling", 'version = "one"')},
            "'one' is not a PEP 440 version",
            "pyproject.toml:7",
        ),
        (
            {"pyproject.toml": pyproject("hatchling.build", "hatchling", 'version = "1.\\u0032"')},
            "[project].version is not written as a plain string",
            "pyproject.toml",
        ),
        (
            {
                "pyproject.toml": pyproject("mesonpy", "meson-python"),
                "meson.build": "project('a', version: run_command('V'))",
            },
            "project() in meson.build has no literal version",
            "meson.build",
        ),
    ],
)
def test_unknown(tmp_path: Path, files: dict[str, str | bytes], why: str, where: str) -> None:
    """What only running code would tell is unknown, with the reason and the place, and setting it is refused."""
    source = find(lay_out(tmp_path, files))
    assert isinstance(source, Unknown)
    assert source.why.startswith(f"the version cannot be known: {why}")
    assert source.where == where
    before = contents(tmp_path)
    with pytest.raises(ProjectError, match=r"the version was not set to 1\.2\.4") as refused:
        inject(tmp_path, source, "1.2.4")
    assert (refused.value.where, refused.value.remedy) == (where, source.remedy)
    assert contents(tmp_path) == before


def test_a_plugin_of_poetry_that_no_build_asks(tmp_path: Path) -> None:
    """poetry-dynamic-versioning without its build backend is no source: the placeholder is not the version."""
    dynamic = "[tool.poetry-dynamic-versioning]\nenable = true\n"
    text = '[tool.poetry]\nname = "my-app"\nversion = "0.0.0"\n' + dynamic
    build = '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n'
    assert find(lay_out(tmp_path, {"pyproject.toml": text + build})) == Unknown(
        why="poetry-dynamic-versioning is enabled, and poetry.core.masonry.api does not ask it: "
        "only the command poetry does",
        remedy='Say build-backend = "poetry_dynamic_versioning.backend", and let [build-system].requires name '
        '"poetry-dynamic-versioning"; then every build has the version.',
        where="pyproject.toml [tool.poetry-dynamic-versioning]",
    )


def test_calendar_version(tmp_path: Path) -> None:
    """A calendar version keeps its spelling beside its normalised form."""
    root = lay_out(tmp_path, {"pyproject.toml": pyproject("hatchling.build", "hatchling", 'version = "2024.04.01"')})
    source = find(root)
    assert isinstance(source, Written)
    assert (source.raw, source.version) == ("2024.04.01", "2024.4.1")


@pytest.mark.parametrize("version", ["", "1.2.3-rc.1", '1.2.3"\nevil = "', "v1.2.3"])
def test_only_versions_are_set(tmp_path: Path, version: str) -> None:
    """Text that is not a normalised version is refused before any file is touched."""
    root = lay_out(tmp_path, SAMPLES["project"].files)
    before = contents(root)
    with pytest.raises(ProjectError, match="is not a normalised PEP 440 version"):
        inject(root, find(root), version)
    assert contents(root) == before


def test_changed_since(tmp_path: Path) -> None:
    """A file that changed after it was read is not edited at the old place, nor is any other."""
    root = lay_out(tmp_path, SAMPLES["project"].files)
    source = find(root)
    path = root / "pyproject.toml"
    path.write_bytes(b"# moved\n" + path.read_bytes())
    before = contents(root)
    with pytest.raises(ProjectError, match=r"pyproject\.toml has changed since it was read"):
        inject(root, source, VERSION)
    assert contents(root) == before


@pytest.mark.parametrize("version", ["1!1.0", "1.2.3.4"])
def test_not_in_cargo(tmp_path: Path, version: str) -> None:
    """A version that SemVer has no spelling for is refused for a Cargo project."""
    root = lay_out(tmp_path, SAMPLES["maturin"].files)
    with pytest.raises(ProjectError, match=r"cannot be spelt in Cargo\.toml"):
        inject(root, find(root), version)


@pytest.fixture(scope="session")
def wheelhouse() -> Path:
    """The folder with the build backends, named by TAGSHIP_WHEELHOUSE; nothing is downloaded."""
    folder = os.environ.get("TAGSHIP_WHEELHOUSE")
    if not folder:
        pytest.skip("TAGSHIP_WHEELHOUSE names no folder with the wheels of the build backends")
    return Path(folder)


def build(root: Path, environment: dict[str, str], wheelhouse: Path, out: Path) -> list[tuple[str, str]]:
    """Build a wheel with the project's own backend: name and version in its METADATA."""
    kept = ("PATH", "HOME", "LANG", "CARGO_HOME", "RUSTUP_HOME", "SYSTEMROOT", "TMPDIR")
    clean = {name: os.environ[name] for name in kept if name in os.environ}
    command = [
        find_uv_bin(),
        "build",
        "--wheel",
        "--no-index",
        "--offline",
        "--no-config",
        "--find-links",
        str(wheelhouse),
    ]
    done = subprocess.run(
        [*command, "--cache-dir", out / "cache", "--out-dir", out / "dist", root],
        env=clean | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    found = []
    for wheel in (out / "dist").glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
            metadata = HeaderParser().parsestr(archive.read(name).decode())
        found.append((metadata["Name"].lower().replace("_", "-").replace(".", "-"), str(Version(metadata["Version"]))))
    return found


@pytest.mark.slow
@pytest.mark.requirement("A6", "B3")
@pytest.mark.parametrize("version", [VERSION, "2.0.0rc1"])
@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_build(tmp_path_factory: pytest.TempPathFactory, sample: Sample, version: str, wheelhouse: Path) -> None:
    """The real build backend, given the checkout and the variables, builds a wheel of exactly that version."""
    if sample.tool and (missing := why_not(sample.tool)):
        pytest.skip(missing)
    root = lay_out(tmp_path_factory.mktemp("project"), sample.files)
    injected = inject(root, find(root), version)
    built = build(root, dict(injected.environment), wheelhouse, tmp_path_factory.mktemp("out"))
    assert built == [("my-app", version)]
