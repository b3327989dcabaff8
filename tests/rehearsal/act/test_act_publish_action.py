"""What the stand-in for PyPA's publish action does with the action's inputs, against the action's own script."""

import pytest

from tagship.rehearsal.act.standins import STANDINS
from tagship.rehearsal.act.steps.publish import Upload, plan
from tagship.rehearsal.act.steps.step import Step

DEFAULTS = next(row for row in STANDINS if row.action == "pypa/gh-action-pypi-publish").inputs
NOTHING = Upload(
    address="https://upload.pypi.org/legacy/",
    folder="dist",
    user="__token__",
    password="",
    check=True,
    hashes=False,
    words=(),
)


def planned(**inputs: str) -> Upload:
    """What comes of some inputs, by their names with underscores for hyphens where there is a double one."""
    given = {name.replace("__", "-"): value for name, value in inputs.items()}
    return plan(Step(inputs={**DEFAULTS, **given}, variables={}, say=lambda text: None))


def changed(**fields: object) -> Upload:
    """The upload without inputs, but for some fields."""
    made = {name: getattr(NOTHING, name) for name in Upload.__slots__}
    return Upload(**{**made, **fields})  # type: ignore[arg-type]


TABLE: tuple[tuple[dict[str, str], Upload], ...] = (
    ({}, NOTHING),
    ({"repository__url": "https://test.pypi.org/legacy/"}, changed(address="https://test.pypi.org/legacy/")),
    ({"repository_url": "https://test.pypi.org/legacy/"}, changed(address="https://test.pypi.org/legacy/")),
    ({"packages__dir": "out/wheels/"}, changed(folder="out/wheels")),
    ({"packages_dir": "out"}, changed(folder="out")),
    ({"skip__existing": "true"}, changed(words=("--skip-existing",))),
    ({"skip_existing": "TRUE"}, changed(words=("--skip-existing",))),
    ({"skip__existing": "False"}, NOTHING),
    ({"verify__metadata": "false"}, changed(check=False)),
    ({"verify_metadata": "no"}, NOTHING),  # everything but `false` is on
    ({"verbose": "true"}, changed(words=("--verbose",), hashes=True)),
    ({"verbose": "true", "skip__existing": "true"}, changed(words=("--verbose", "--skip-existing"), hashes=True)),
    ({"print__hash": "true"}, changed(hashes=True)),
    ({"attestations": "false"}, NOTHING),  # none that verifies can be made offline
    ({"password": "pypi-made-up"}, changed(password="pypi-made-up")),
    ({"user": "somebody", "password": "made-up"}, changed(user="somebody", password="made-up")),
)


@pytest.mark.requirement("A7")
@pytest.mark.parametrize(("inputs", "expected"), TABLE, ids=lambda value: str(value) if isinstance(value, dict) else "")
def test_inputs_become_what_twine_is_told(inputs: dict[str, str], expected: Upload) -> None:
    """Address, folder, credentials and twine's options for each input, in both spellings that the action knows."""
    assert planned(**inputs) == expected


def test_every_input_of_the_action_is_in_the_table() -> None:
    """The table above has each input that the stand-in honours, and there is none that it passes over."""
    spelt = {name.replace("__", "-") for inputs, _ in TABLE for name in inputs}
    assert spelt | {"print_hash"} == set(DEFAULTS)


def test_values_of_yaml_are_words_for_an_action() -> None:
    """Booleans that YAML made of words, and numbers, reach the stand-in as the words that the action would see."""
    step = Step.of(
        {"TAGSHIP_INPUTS": '{"Skip-Existing": true, "packages-dir": null, "verbose": false, "user": 7.0}'},
        say=lambda text: None,
    )
    assert step.inputs == {"skip-existing": "true", "packages-dir": "", "verbose": "false", "user": "7"}
