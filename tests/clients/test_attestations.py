"""pypi-attestations, the library that PyPI judges with, as a judge of how the embedded index reads attestations."""

import base64
import copy
import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tagship.checks.rulebook import Upload, form_of
from tagship.rehearsal.index import Publisher
from tagship.rehearsal.index.answers import RefusedError
from tagship.rehearsal.index.attestations import provenance
from tagship.services.addresses import PYPI
from tests.clients.conftest import python_with
from tests.made_dists import good_wheel

PUBLISHER = Publisher(repository="alice/swp", workflow="publish.yml", environment="pypi")
LIBRARY = """\
import json, sys
from pydantic import TypeAdapter, ValidationError
from pypi_attestations import Attestation, Provenance
reader = TypeAdapter(list[Attestation])
for text in json.load(sys.stdin):
    try:
        print("yes", len(reader.validate_json(text)))
    except ValidationError:
        print("no")
for text in sys.argv[1:]:
    print(Provenance.model_validate_json(text).attestation_bundles[0].publisher.repository)
"""
ODD = (None, 0, 1, 1.5, True, "", "AA==", "A", "é", "1", [], [1], [{}], {}, {"x": 1})
"""In the place of any part of an attestation."""


def attestation(file: Path) -> dict[str, object]:
    """A good one, but for the signature."""
    digest = {"sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": file.name, "digest": digest}],
        "predicateType": f"{PYPI.docs}/attestations/publish/v1",
        "predicate": None,
    }
    coded = base64.b64encode(json.dumps(statement).encode()).decode()
    return {
        "version": 1,
        "verification_material": {"certificate": "AA==", "transparency_entries": [{"logIndex": "1"}]},
        "envelope": {"statement": coded, "signature": "AA=="},
    }


def spoilt(good: dict[str, object]) -> Iterator[dict[str, object]]:
    """The attestation with each part missing, or something odd in its place, and with one part more."""
    yield {**good, "more": 1}
    for key, value in good.items():
        yield {name: part for name, part in good.items() if name != key}
        yield from ({**good, key: odd} for odd in ODD)
        if isinstance(value, dict):
            yield from ({**good, key: inner} for inner in spoilt(copy.deepcopy(value)))


def sent(file: Path, text: str) -> Upload:
    """An upload of the file with attestations."""
    form = {**form_of(file), "attestations": (text,)}
    return Upload(form=form, index=PYPI, path=file, filename=file.name)


def ours(file: Path, text: str) -> str:
    """Whether the embedded index can read attestations, as the library says it."""
    try:
        provenance(sent(file, text), PUBLISHER)
    except RefusedError as refused:
        return "no" if "Malformed attestations" in refused.reason else "yes 1"
    return "yes 1"


def test_the_same_attestations_can_be_read(tmp_path: Path) -> None:
    """Of a good attestation and every way to spoil one part of it, the index reads exactly what the library reads."""
    file = good_wheel(tmp_path)
    good = attestation(file)
    texts = [json.dumps([each]) for each in (good, *spoilt(good))]
    texts += ["", "[", "{}", "null", "3", '["x"]', json.dumps([good]) + "x"]
    shown = provenance(sent(file, texts[0]), PUBLISHER)
    argv = (python_with("pypi_attestations"), "-c", LIBRARY, shown.decode())
    done = subprocess.run(argv, input=json.dumps(texts), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    *theirs, repository = done.stdout.splitlines()
    differing = [
        (text, here, there) for text, there in zip(texts, theirs, strict=True) if (here := ours(file, text)) != there
    ]
    assert differing == [], "\n".join(map(str, differing))
    assert repository == "alice/swp"
    assert len(texts) > 100
    assert {"yes 1", "no"} == set(theirs)
