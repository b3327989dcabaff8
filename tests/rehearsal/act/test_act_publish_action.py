"""What the stand-in for PyPA's publish action does with the action's inputs, against the action's own script."""

import os
import zipfile
from pathlib import Path

import pytest

from tagship.errors import ToolFailed
from tagship.rehearsal.act.standins import STANDINS
from tagship.rehearsal.act.steps import publish
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


def step_of(folder: Path, release: str = "1.14.2", **inputs: str) -> tuple[Step, list[str], Path]:
    """A step of the action in a job without an identity, what it says, and the file of what was not rehearsed."""
    said: list[str] = []
    notes = folder / "notes"
    given = {name.replace("__", "-"): value for name, value in inputs.items()}
    variables = {
        "GITHUB_WORKSPACE": str(folder),
        "GITHUB_JOB": "publish",
        "TAGSHIP_RELEASE": release,
        "TAGSHIP_NOTES": str(notes),
        "PATH": os.environ["PATH"],
        "HTTPS_PROXY": "http://127.0.0.1:9",  # nobody is there
    }
    return Step(inputs={**DEFAULTS, **given}, variables=variables, say=said.append), said, notes


def wheel(folder: Path, version: str) -> None:
    """The beginning of a wheel: its metadata."""
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / "sample-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr("sample-1.0.dist-info/METADATA", f"Metadata-Version: {version}\nName: sample\nVersion: 1.0\n")


ELSEWHERE = "https://index.example/legacy/"
IGNORED = (
    "The workflow was run with 'attestations: true' input, but {}. As a result, the attestations input is ignored."
)


def test_a_password_of_a_user_is_refused_for_pypi_alone(tmp_path: Path) -> None:
    """PyPI takes no passwords, and the action says so before it uploads; for another index it goes on to twine."""
    step, said, _ = step_of(tmp_path, user="somebody", password="made-up")
    with pytest.raises(ToolFailed, match="users to switch to either Trusted Publishers"):
        publish.run(step)
    assert said == ["::warning::" + IGNORED.format("an explicit password was also set, disabling Trusted Publishing")]
    other, _, _ = step_of(tmp_path, user="somebody", password="made-up", repository__url=ELSEWHERE)
    with pytest.raises(ToolFailed, match=r"twine check failed"):
        publish.run(other)


def test_a_folder_among_the_files_fails_and_a_hidden_file_does_not(tmp_path: Path) -> None:
    """`dist/*` of the action's shell has the folders that download-artifact makes, and no `.gitignore` of uv's."""
    wheel(tmp_path / "dist", "2.1")
    (tmp_path / "dist" / ".gitignore").write_text("*")
    (tmp_path / "dist" / "wheels").mkdir()
    step, _, _ = step_of(tmp_path, password="pypi-made-up", repository__url=ELSEWHERE)
    with pytest.raises(ToolFailed, match="wheels") as caught:
        publish.run(step)
    assert ".gitignore" not in caught.value.message


@pytest.mark.parametrize(
    ("release", "metadata", "left"),
    [
        ("1.14.2", "2.4", ""),
        ("1.8.14", "2.3", "\t"),
        (
            "1.8.14",
            "2.4",
            "publish\tuses a version of pypa/gh-action-pypi-publish before v1.12.4, whose twine does not know "
            "Metadata-Version 2.4 of sample-1.0-py3-none-any.whl\n",
        ),
    ],
)
def test_the_twine_of_an_old_version_is_not_rehearsed(tmp_path: Path, release: str, metadata: str, left: str) -> None:
    """Before v1.12.4 the action refuses newer metadata: said, and left open where a wheel has it."""
    wheel(tmp_path / "dist", metadata)
    step, _, notes = step_of(tmp_path, release)
    publish.judge_twine(step, [tmp_path / "dist" / "sample-1.0-py3-none-any.whl"])
    older = "\tpypa/gh-action-pypi-publish: the older twine of the version that is named; a newer one was used\n"
    said = notes.read_text() if notes.exists() else ""
    assert said == ((older + left.removeprefix("\t")) if left else "")


def test_what_is_attested_already_is_refused(tmp_path: Path) -> None:
    """An attestation beside a file is somebody's confusion, and stops the action."""
    wheel(tmp_path / "dist", "2.1")
    found = tmp_path / "dist" / "sample-1.0-py3-none-any.whl"
    step, _, _ = step_of(tmp_path)
    assert publish.attest(step, [found], {}) is None
    there = found.with_name(f"{found.name}.publish.attestation")
    there.touch()
    with pytest.raises(ToolFailed) as caught:
        publish.attest(step, [found], {})
    assert caught.value.message == (
        f"Attestation generation failure: {found} already has a publish attestation: {there}"
    )


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
