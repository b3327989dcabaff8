"""What a rehearsal believes of the archives that jobs of a workflow upload."""

import io
import struct
import zipfile
from pathlib import Path

import pytest

from tagship.model import Entry, Manifest, to_json
from tagship.rehearsal.act.manifests import LARGEST, NAME, merged
from tagship.rehearsal.github import RepositoryState
from tagship.rehearsal.github.state import Artifact
from tagship.services.git import Git
from tagship.services.shell import Shell

GOOD = Manifest(log=(Entry(stage="plan", outcome="done", started=1.0, seconds=1.0),))


def archive(content: bytes, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive with a manifest."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression) as file:
        file.writestr(NAME, content)
    return made.getvalue()


def changed(data: bytes, local: int, central: int, value: int) -> bytes:
    """The archive with another number at these places of its two headers (APPNOTE.TXT, 4.3.7 and 4.3.12)."""
    made = bytearray(data)
    start = made.find(b"PK\x01\x02") + central
    made[local : local + 2] = made[start : start + 2] = struct.pack("<H", value)
    return bytes(made)


def broken(data: bytes) -> bytes:
    """The archive with compressed bytes that are none."""
    start = 30 + len(NAME)
    return data[:start] + b"\xff" * 12 + data[start + 12 :]


HOSTILE = {
    "no archive": b"PK",
    "cut off": archive(b"{}")[20:],
    "encrypted": changed(archive(b"{}"), 6, 8, 1),
    "by a method that nobody has": changed(archive(b"{}"), 8, 10, 99),
    **{
        f"broken, by method {method}": broken(archive(b"x" * 100, method))
        for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    },
    "no JSON": archive(b"\xff{"),
    "something else": archive(b"[]"),
    "nested without end": archive(b'{"of-a-later-version": ' + b"[" * 200_000),
    "a stage that there is not": archive(
        to_json(Manifest(log=(Entry(stage="x", outcome="done", started=1, seconds=1),)))
    ),
    "too large": archive(b" " * LARGEST + to_json(GOOD)),
}


def found(folder: Path, *archives: bytes) -> Manifest:
    """What is believed of a run whose jobs uploaded these archives."""
    state = RepositoryState(owner="ada", name="engine", git=Git(Shell({}), folder / "no.git"), clock=lambda: 0.0)
    for number, data in enumerate(archives):
        path = folder / str(number)
        path.write_bytes(data)
        about = {"name": path.name, "job": "job", "mime_type": "application/zip", "address": ""}
        times = {"created": 0.0, "updated": 0.0, "expires": 1.0}
        state.artifacts.append(Artifact(id=number, run_id=1, attempt=1, path=path, final=True, **about, **times))  # type: ignore[arg-type]
    return merged(state, 1, 1)


def test_a_manifest_is_found_in_an_artifact(tmp_path: Path) -> None:
    """What a stage wrote comes back."""
    assert found(tmp_path, archive(to_json(GOOD))) == GOOD


@pytest.mark.requirement("E4")
@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_artifact_is_no_manifest(data: bytes, tmp_path: Path) -> None:
    """Whatever a job uploads under the name of a manifest ends no rehearsal, and takes no memory without a bound."""
    assert found(tmp_path, data) == Manifest()


def test_an_archive_that_is_no_manifest_hides_none(tmp_path: Path) -> None:
    """Beside somebody else's broken file the manifest of the stages counts."""
    assert found(tmp_path, HOSTILE["encrypted"], archive(to_json(GOOD)), HOSTILE["no JSON"]) == GOOD
