"""What the metadata says, against the plan, against the other file, and against what readers need."""

from pathlib import Path

import pytest

from tagship.checks import run
from tests.checks.distributions import INFO, METADATA, SDIST_NAME, WHEEL_NAME, context, finding, sdist, wheel

IN_WHEEL = f"{WHEEL_NAME}: METADATA"
IN_SDIST = f"{SDIST_NAME}: PKG-INFO"


def changed(old: str, new: str) -> str:
    """The sound metadata with one thing replaced, which must be there."""
    assert old in METADATA
    return METADATA.replace(old, new)


@pytest.mark.requirement("A5")
def test_version_of_metadata(tmp_path: Path) -> None:
    """A version in PKG-INFO other than the plan's is an error, beside PyPI's own."""
    found = run(context(sdist(tmp_path, metadata=changed("Version: 1.0\n", "Version: 1.1\n"))))
    assert found[0] == finding("TC30", IN_SDIST, "the version is 1.1, the plan says 1.0")
    assert {f.code for f in found[1:]} == {"TC54"}


def test_version_of_file_name(tmp_path: Path) -> None:
    """A version in the file's name other than the plan's is an error."""
    path = sdist(tmp_path, name="wheelhouse-1.1.tar.gz")
    found = run(context(path))
    assert found[0] == finding("TC30", "wheelhouse-1.1.tar.gz", "the version is 1.1, the plan says 1.0")


def test_version_spelled_differently(tmp_path: Path) -> None:
    """The same version in another spelling is the same version."""
    path = sdist(tmp_path, metadata=changed("Version: 1.0\n", "Version: v1.0\n"))
    assert [f for f in run(context(path)) if f.code == "TC30"] == []


def test_name(tmp_path: Path) -> None:
    """A file of another project is an error, by its name and by its metadata."""
    path = sdist(tmp_path, name="otherhouse-1.0.tar.gz", metadata=changed("Name: wheelhouse", "Name: otherhouse"))
    found = tuple(f for f in run(context(path)) if f.code == "TC31")
    assert found == (
        finding("TC31", "otherhouse-1.0.tar.gz", "the name is otherhouse, the plan says wheelhouse"),
        finding("TC31", "otherhouse-1.0.tar.gz: PKG-INFO", "the name is otherhouse, the plan says wheelhouse"),
    )


def test_name_spelled_differently(tmp_path: Path) -> None:
    """Case and separators do not make another project."""
    path = wheel(tmp_path, metadata=changed("Name: wheelhouse", "Name: WheelHouse"))
    assert run(context(path)) == ()


@pytest.mark.parametrize(
    ("old", "new", "code", "title"),
    [
        ("# A sample\n", "", "TC32", "there is no description, the page on the index will be empty"),
        (
            "Description-Content-Type: text/markdown\n",
            "",
            "TC32",
            "the description does not say its format and is taken for reStructuredText",
        ),
        ("License-Expression: MIT\n", "", "TC33", "no licence is stated"),
        ("Requires-Python: >=3.11\n", "", "TC34", "no Requires-Python: installers offer it to every Python"),
        (
            "Requires-Python: >=3.11\n",
            "Requires-Python: >=3.12\n",
            "TC34",
            "Requires-Python >=3.12 excludes what classifiers promise: 3.11",
        ),
    ],
)
def test_lets_pass(tmp_path: Path, old: str, new: str, code: str, title: str) -> None:
    """What PyPI lets pass and readers miss is one finding."""
    assert run(context(wheel(tmp_path, metadata=changed(old, new)))) == (finding(code, IN_WHEEL, title),)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("License-Expression: MIT\n", "License: MIT\n"),
        ("License-Expression: MIT\n", "Classifier: License :: OSI Approved :: MIT License\n"),
        ("Requires-Python: >=3.11\n", "Requires-Python: >=3.11.4\n"),
        ("Classifier: Programming Language :: Python :: 3.11\n", "Classifier: Programming Language :: Python :: 3\n"),
    ],
)
def test_other_ways_to_say_it(tmp_path: Path, old: str, new: str) -> None:
    """Older ways to state a licence, and a minimum patch release, are fine."""
    assert run(context(wheel(tmp_path, metadata=changed(old, new)))) == ()


def test_different_requirements(tmp_path: Path) -> None:
    """Files of one release that require different things are found, with what differs."""
    other = changed("Requires-Dist: click>=8\n", "Requires-Dist: click>=8.1\nRequires-Dist: Rich\n")
    assert run(context(wheel(tmp_path), sdist(tmp_path, metadata=other))) == (
        finding("TC35", IN_SDIST, f"it requires other things than {WHEEL_NAME}: click>=8, click>=8.1, rich"),
    )


def test_different_pythons(tmp_path: Path) -> None:
    """A different Requires-Python is found."""
    other = changed("Requires-Python: >=3.11", "Requires-Python: >=3.10")
    title = f"Requires-Python is `>=3.10`, in {WHEEL_NAME} `>=3.11`"
    assert run(context(wheel(tmp_path), sdist(tmp_path, metadata=other))) == (finding("TC35", IN_SDIST, title),)


@pytest.mark.parametrize(
    "metadata",
    [
        changed("Requires-Dist: click>=8\n", "Requires-Dist: Click >= 8\n"),
        changed("Requires-Dist: click>=8\n", "Dynamic: Requires-Dist\n"),
        METADATA.replace("Requires-Dist: click>=8\n", "").replace("-Version: 2.4", "-Version: 2.1"),
    ],
    ids=["spelling", "dynamic", "before metadata 2.2"],
)
def test_agreement(tmp_path: Path, metadata: str) -> None:
    """Spelling is no difference, and an sdist may leave its requirements open."""
    found = run(context(wheel(tmp_path), sdist(tmp_path, metadata=metadata)))
    assert [f for f in found if f.code == "TC35"] == []


def test_nonsense_is_left_to_the_rule_book(tmp_path: Path) -> None:
    """What cannot be parsed is refused once, in PyPI's words, and breaks no check."""
    bad = changed("Requires-Dist: click>=8", "Requires-Dist: click >=> 8").replace(">=3.11", "about 3.11")
    found = run(context(wheel(tmp_path, metadata=bad), sdist(tmp_path, metadata=bad)))
    assert {f.code for f in found} == {"TC50"}


def test_no_metadata(tmp_path: Path) -> None:
    """A wheel without METADATA is refused and breaks no check."""
    found = run(context(wheel(tmp_path, {f"{INFO}/METADATA": None})))
    assert "TC50" in {f.code for f in found}
