"""The next version: its arithmetic, what may not come next, and changing it in every kind of file."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version
from test_version_sources import build, contents, lay_out
from uv import find_uv_bin
from version_projects import WRITTEN, Sample, why_not

from tagship.errors import ProjectError, ToolFailed
from tagship.project.commits import Commit, part
from tagship.project.version_edits import JOURNAL, change, diff, finish, spelt, write
from tagship.project.version_literals import Written
from tagship.project.version_sources import find
from tagship.versions import PARTS, bump

UV = {"a": "alpha", "b": "beta"}
NEXT = Version("1.3.0")
each_written = pytest.mark.parametrize("sample", WRITTEN.values(), ids=WRITTEN)


def uv_bump(folder: Path, version: str, part: str) -> str:
    """What uv makes of a version: printed, or named in its refusal of one that is not newer."""
    (folder / "pyproject.toml").write_text(f'[project]\nname = "x"\nversion = "{version}"\n')
    words = ("version", "--bump", UV.get(part, part), "--dry-run", "--short", "--offline", "--frozen", "--no-config")
    done = subprocess.run((find_uv_bin(), *words), cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout.strip() or done.stderr.split("=>")[1].split()[0]


@pytest.mark.requirement("B4")
@pytest.mark.parametrize(
    "version",
    ["1.2.3", "1.2", "1.2.3.4", "2.0.0rc1", "1.3.0a2", "1.2.3.post1", "1.2.3.dev4", "1.2.3rc1.dev2", "1!1.2.3"],
)
def test_the_arithmetic_is_that_of_uv(tmp_path: Path, version: str) -> None:
    """Every step from every kind of version gives what `uv version --bump` gives."""
    parts = [part for part in PARTS if part != "pre"]  # uv has no word for it
    assert {p: str(bump(Version(version), p)) for p in parts} == {p: uv_bump(tmp_path, version, p) for p in parts}


@pytest.mark.requirement("B4")
@pytest.mark.parametrize(
    ("version", "after"), [("1.3.0a2", "1.3.0a3"), ("1.3.0rc1.dev4", "1.3.0rc2"), ("1.2.3", "1.2.3")]
)
def test_pre_counts_on(version: str, after: str) -> None:
    """`pre` counts on whatever pre-release there is, and has nothing to count without one."""
    assert str(bump(Version(version), "pre")) == after


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=5), st.sampled_from(["major", "minor", "patch"]))
def test_a_release_part_always_goes_up(numbers: list[int], step: str) -> None:
    """major, minor and patch of any final version are higher, and keep its epoch and its number of parts."""
    before = Version("2!" + ".".join(map(str, numbers)))
    after = bump(before, step)
    assert after > before
    assert after.epoch == 2
    assert len(after.release) >= len(before.release)


def like(raw: str, file: str = "pyproject.toml") -> Written:
    """A literal that spells a version in its own way."""
    return Written(kind="", file=file, line=1, start=0, end=len(raw), raw=raw, version=str(Version(raw)))


@pytest.mark.requirement("B4")
@pytest.mark.parametrize(
    ("raw", "version", "text"),
    [
        ("2024.04.01", "2024.5.2", "2024.05.02"),
        ("2024.04.01", "2024.5.2.dev3", "2024.05.02.dev3"),
        ("1.0.0-alpha.1", "1.0.0b1", "1.0.0-beta.1"),
        ("1.2.3.dev0", "1.3.0.dev0", "1.3.0.dev0"),
        ("v1.2.3", "1.2.4", "v1.2.4"),
        ("3", "4", "4"),
        ("1!1.0", "1!1.1", "1!1.1"),
    ],
)
def test_a_version_is_spelt_as_before(raw: str, version: str, text: str) -> None:
    """The new version has the leading zeros, the dashes and the `v` of the old one."""
    assert spelt(Version(version), like(raw)) == text


@pytest.mark.requirement("B2", "B3")
@each_written
def test_a_change_can_be_undone(tmp_path: Path, sample: Sample) -> None:
    """In every kind of file the next version changes the known lines only, and undoing the edits restores each byte."""
    root = lay_out(tmp_path / "project", sample.files)
    before = contents(root)
    source = find(root)
    assert isinstance(source, Written)
    planned = change(root, source, NEXT)
    shown = [line for line in diff(root, planned.contents).splitlines() if line.startswith(("-", "+"))]
    write(root, planned.contents, tmp_path / "git" / JOURNAL)
    assert [(e.kind, e.file, e.line, e.before, e.after) for e in planned.edits] == [
        (kind, file, line, "1.2.3", "1.3.0") for kind, file, line in sample.written
    ]
    assert len([line for line in shown if line[1:3] not in ("--", "++")]) == 2 * len(sample.written)
    again = find(root)
    assert isinstance(again, Written)
    assert again.version == "1.3.0"
    write(root, change(root, again, Version("1.2.3")).contents, tmp_path / "git" / JOURNAL)
    assert contents(root) == before


FILES: dict[str, str | bytes] = {
    "pyproject.toml": '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    '[project]\r\nname = "x"\r\nversion = "1.2.3" # the version\r\n',
    "x/__init__.py": '__version__ = "1.2.3"\n',
    "package.json": '{"engines": {"version": "1.2.3"}, "version": "1.2.3"}',
    "docs/conf.py": 'version = "1.1"\n',
}


def planned(root: Path) -> dict[str, bytes]:
    """The new contents of the files above."""
    source = find(root)
    assert isinstance(source, Written)
    return dict(change(root, source, NEXT).contents)


def test_strays_are_named_and_left_alone(tmp_path: Path) -> None:
    """A copy that says another version today is reported with its place, and not touched."""
    root = lay_out(tmp_path, FILES)
    source = find(root)
    assert isinstance(source, Written)
    found = change(root, source, NEXT)
    assert [(stray.file, stray.line, stray.raw) for stray in found.strays] == [("docs/conf.py", 1, "1.1")]
    assert found.contents == {
        name: str(FILES[name]).encode()[::-1].replace(b"3.2.1", b"0.3.1", 1)[::-1]
        for name in ("pyproject.toml", "x/__init__.py", "package.json")
    }


@pytest.mark.requirement("B3")
def test_the_short_version_of_sphinx_follows(tmp_path: Path) -> None:
    """The first two numbers in Sphinx's `version` agree with the version, and are kept in step as such."""
    conf = {"docs/conf.py": "release = '1.2.3'\nversion = '1.2'\n"}
    files = {name: text for name, text in FILES.items() if name == "pyproject.toml"}
    root = lay_out(tmp_path, files | conf)
    source = find(root)
    assert isinstance(source, Written)
    found = change(root, source, Version("1.3.0rc1"))
    assert (found.contents["docs/conf.py"], found.strays) == (b"release = '1.3.0rc1'\nversion = '1.3'\n", ())


@pytest.mark.requirement("B3")
def test_the_short_version_of_a_first_release_is_short(tmp_path: Path) -> None:
    """Where the third number is zero the short version is no copy of the whole one, which a patch would show."""
    files = {"pyproject.toml": '[project]\nname = "x"\nversion = "1.2.0"\n', "conf.py": "version = '1.2'\n"}
    root = lay_out(tmp_path, dict(files))
    source = find(root)
    assert isinstance(source, Written)
    found = change(root, source, Version("1.2.1"))
    assert (found.contents["conf.py"], found.strays) == (b"version = '1.2'\n", ())


def test_manifests_of_other_package_managers_are_not_judged(tmp_path: Path) -> None:
    """A package.json and a crate beside the package that say other versions are left alone, and are no strays."""
    other = {
        "package.json": '{"private": true, "version": "0.0.0"}',
        "Cargo.toml": '[package]\nname = "inner"\nversion = "0.1.0"\n',
    }
    files = {name: text for name, text in FILES.items() if name == "pyproject.toml"}
    root = lay_out(tmp_path, files | other)
    source = find(root)
    assert isinstance(source, Written)
    found = change(root, source, NEXT)
    assert (list(found.contents), found.strays) == (["pyproject.toml"], ())


KILLED = """
import os, signal, sys
from pathlib import Path
from test_next_version import planned
from tagship.project.version_edits import write
renamed = 0
def audit(event, arguments):
    global renamed
    if event == "os.rename":
        renamed += 1
        if renamed == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
root = Path(sys.argv[1])
new = planned(root)
sys.addaudithook(audit)
write(root, new, root / ".git" / "tagship-version.json")
"""


@pytest.mark.requirement("B2")
@pytest.mark.parametrize("moment", [1, 2, 3, 4])
def test_killed_between_two_files(tmp_path: Path, moment: int) -> None:
    """Killed before any of its renames, a change is in no file, or the next command completes it in all."""
    root = lay_out(tmp_path, FILES)
    before, after = contents(root), contents(root) | planned(root)
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    program = (sys.executable, "-c", KILLED, str(root), str(moment))
    done = subprocess.run(program, env=os.environ | {"PYTHONPATH": path}, check=False)
    assert done.returncode == -signal.SIGKILL
    finished = finish(root / ".git" / JOURNAL)
    names = FILES.keys()
    assert {name: (root / name).read_bytes() for name in names} == (before if moment == 1 else after)
    assert len(finished) == (0 if moment == 1 else 5 - moment)


def test_what_was_edited_after_a_kill_is_not_lost(tmp_path: Path) -> None:
    """A file that was edited between the kill and the next command stays until it is put right; then it goes on."""
    root = lay_out(tmp_path, FILES)
    after = contents(root) | planned(root)
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    subprocess.run((sys.executable, "-c", KILLED, str(root), "3"), env=os.environ | {"PYTHONPATH": path}, check=False)
    pending = [path.with_name(path.name[1 : -len(".tagship")]) for path in root.rglob(".*.tagship")]
    pending[0].write_bytes(pending[0].read_bytes() + b"# mine\n")
    edited = contents(root)
    with pytest.raises(ToolFailed, match=r"and not finished: .* was edited since"):
        finish(root / ".git" / JOURNAL)
    assert contents(root) == edited
    pending[0].with_name(f".{pending[0].name}.tagship").replace(pending[0])
    assert finish(root / ".git" / JOURNAL)
    assert contents(root) == after


def test_a_change_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    """Where one of the new files cannot be put beside its old one, no file is changed and nothing is left behind."""
    root = lay_out(tmp_path, FILES)
    (root / "x" / ".__init__.py.tagship").mkdir()
    before, new = contents(root), planned(root)
    with pytest.raises(ProjectError, match=r"the version was not changed: .*Is a directory") as caught:
        write(root, new, root / ".git" / JOURNAL)
    assert caught.value.remedy == "Make the file and its folder writable, and run the same command again."
    assert contents(root) == before


def test_a_journal_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    """Where the journal has no place, no file is changed and nothing is left behind."""
    root = lay_out(tmp_path, FILES)
    (tmp_path / ".git").write_text("a file\n")
    before, new = contents(root), planned(root)
    with pytest.raises(ProjectError, match="the version was not changed"):
        write(root, new, root / ".git" / JOURNAL)
    assert contents(root) == before


@pytest.mark.parametrize("damage", [b"", b"{", json.dumps({"files": 3}).encode()])
def test_a_damaged_journal_is_said(tmp_path: Path, damage: bytes) -> None:
    """A journal that cannot be read stops the next command, with what to do."""
    (tmp_path / JOURNAL).write_bytes(damage)
    with pytest.raises(ToolFailed, match=r"was interrupted, and .* cannot be read"):
        finish(tmp_path / JOURNAL)


@pytest.mark.requirement("B4")
@pytest.mark.parametrize(
    ("subjects", "stable", "expected"),
    [
        (["fix: a", "docs: b"], True, "patch"),
        (["fix: a", "feat(cli): b"], True, "minor"),
        (["feat!: a", "fix: b"], True, "major"),
        (["refactor(api)!: a"], False, "minor"),
        (["fix: a\n\nBREAKING CHANGE: b"], True, "major"),
        (["fix: a\n\nBREAKING-CHANGE: b"], True, "major"),
        (["FEAT: a"], True, "minor"),
        (["Update the docs", "Merge: no", "mypy: be quiet"], True, None),
        (["Update the docs", "v1.2.3"], True, None),
        (["http://x"], True, None),
        ([], True, None),
    ],
)
def test_what_commits_raise(subjects: list[str], stable: bool, expected: str | None) -> None:
    """The highest part that any commit asks for counts; free text asks for nothing."""
    made = [Commit(sha="", subject=s.split("\n")[0], body=s.partition("\n\n")[2]) for s in subjects]
    assert part(made, stable=stable) == expected


@pytest.mark.requirement("B3")
@pytest.mark.parametrize("file", ["setup.cfg", ".bumpversion.cfg"])
def test_what_bumpversion_remembers_is_kept_in_step(tmp_path: Path, file: str) -> None:
    """The version that bump2version keeps in its own settings is a copy like others."""
    root = lay_out(tmp_path, {**FILES, file: "[bumpversion]\ncurrent_version = 1.2.3\ncommit = True\n"})
    assert planned(root)[file] == b"[bumpversion]\ncurrent_version = 1.3.0\ncommit = True\n"


@pytest.mark.slow
@pytest.mark.requirement("B1", "B3")
@pytest.mark.parametrize("part", ["minor", "rc"])
@each_written
def test_what_is_built_after_a_bump(
    tmp_path_factory: pytest.TempPathFactory, sample: Sample, part: str, wheelhouse: Path
) -> None:
    """The real build backend builds a wheel of exactly the version that the bump gave, from every kind of source."""
    if sample.tool and (missing := why_not(sample.tool)):
        pytest.skip(missing)
    root = lay_out(tmp_path_factory.mktemp("project"), sample.files)
    source = find(root)
    assert isinstance(source, Written)
    version = bump(bump(Version(source.version), "minor"), part) if part != "minor" else bump(Version("1.2.3"), part)
    write(root, change(root, source, version).contents, root.parent / JOURNAL)
    assert build(root, {}, wheelhouse, tmp_path_factory.mktemp("out")) == [("my-app", str(version))]
