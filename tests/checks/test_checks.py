"""The checks as a whole: silent about a sound release, explained, quoting PyPI, and fast."""

import itertools
from pathlib import Path

import pytest

from tagship.checks import CHECKS, REFUSALS, catalogue, run
from tagship.checks.rulebook import RULES
from tests.checks.distributions import METADATA, SDIST_NAME, TRACKED, WHEEL_NAME, context, finding, sdist, wheel


@pytest.mark.requirement("A5", "D8")
def test_sound_release(tmp_path: Path) -> None:
    """A sound wheel and sdist of a tracked project give no finding at all."""
    assert run(context(wheel(tmp_path), sdist(tmp_path))) == ()


def test_nothing_built() -> None:
    """No built file is an error, never a clean result."""
    with pytest.raises(ValueError, match="no built file"):
        run(context())


def test_codes_are_unique_and_explained() -> None:
    """Every check has a code of its own, in order, and every page says what, why, what to do and where it is from."""
    codes = [check.page.code for check in CHECKS]
    assert codes == sorted(set(codes))
    assert [page.code for page in catalogue()] == sorted({*codes, *(page.code for page in REFUSALS.values())})
    for page in catalogue():
        assert all((page.title, page.why, page.remedy, page.source)), page


def test_every_rule_has_a_page() -> None:
    """Each rule of PyPI's rule book belongs to a group that has a page."""
    assert {rule.id.partition(".")[0] for rule in RULES} <= REFUSALS.keys()


def test_refusals_are_quoted(tmp_path: Path) -> None:
    """What PyPI would refuse is an error in PyPI's own words, each under the code of its group."""
    bad = METADATA.replace("Summary: A sample", "Summary: A sample\nClassifier: Sample :: Nonsense")
    linux = "wheelhouse-1.0-py3-none-linux_x86_64.whl"
    found = run(context(wheel(tmp_path, metadata=bad, name=linux), sdist(tmp_path)))
    assert found == (
        finding(
            "TC50",
            linux,
            "PyPI refuses it: 'Sample :: Nonsense' is not a valid classifier. "
            "See https://packaging.python.org/specifications/core-metadata for more information.",
        ),
        finding(
            "TC55",
            linux,
            f"PyPI refuses it: Binary wheel '{linux}' has an unsupported platform tag 'linux_x86_64'.",
        ),
    )


def test_one_finding_for_all_files(tmp_path: Path) -> None:
    """A problem of the wheel and the same problem of the sdist are one finding, with both places."""
    plain = METADATA.replace("License-Expression: MIT\n", "")
    found = run(context(wheel(tmp_path, metadata=plain), sdist(tmp_path, metadata=plain)))
    assert found == (finding("TC33", f"{WHEEL_NAME}: METADATA, {SDIST_NAME}: PKG-INFO", "no licence is stated"),)


def test_without_repository(tmp_path: Path) -> None:
    """Where no repository is known the sdist is not compared, and nothing is claimed about it."""
    built = wheel(tmp_path), sdist(tmp_path, {"README.md": None})
    with_repository, without = (run(context(*built, tracked=tracked)) for tracked in (TRACKED, None))
    assert [f.code for f in with_repository] == ["TC15", "TC22"]
    assert [f.code for f in without] == ["TC15"]


def test_order_of_archives_does_not_matter(tmp_path: Path) -> None:
    """The same findings come out whichever file is read first."""
    built = wheel(tmp_path, {"wheelhouse/cli.py": None}), sdist(tmp_path, {"LICENSE": None})
    found = [{(f.code, f.where) for f in run(context(*order))} for order in itertools.permutations(built)]
    assert found[0] == found[1]
    assert {code for code, _ in found[0]} == {"TC14", "TC19", "TC20", "TC22", "TC54"}
