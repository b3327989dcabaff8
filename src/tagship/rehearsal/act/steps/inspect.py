"""Stands in for hynek/build-and-inspect-python-package: sdist and wheel by uv, checked by twine, kept as artifacts."""

import email.parser
import json
import re
import tarfile
import zipfile
from collections.abc import Mapping
from email.message import Message
from pathlib import Path

from tagship.rehearsal.act.steps.attest import attest
from tagship.rehearsal.act.steps.official import client_of
from tagship.rehearsal.act.steps.publish import twine
from tagship.rehearsal.act.steps.python import specifier, uv_of
from tagship.rehearsal.act.steps.step import Step
from tagship.services.git import Git
from tagship.services.uv import binary

_PYTHON = re.compile(r"Programming Language :: Python :: (\d+\.\d+)")
_READMES = {"text/markdown": "md", "text/x-rst": "rst"}


def run(step: Step) -> None:
    """Build, keep and check, in the order of the action (its action.yml, v3.0.1)."""
    folder = step.workspace / (step.text("path") or ".")
    dist, suffix = step.temporary / "baipp" / "dist", step.text("upload-name-suffix")
    _build(step, folder, dist)
    files = {path.name: path for path in sorted(dist.iterdir()) if path.suffix in (".gz", ".whl")}
    if step.true("attest-build-provenance-github"):
        attest(step, f"{dist}/*")
    _keep(step, f"Packages{suffix}", files)
    step.output("artifact-name", f"Packages{suffix}")
    step.output("dist", str(dist))
    twine(step, "check", "--strict", *map(str, files.values()))
    text = _metadata(files)
    said = email.parser.Parser().parsestr(text)
    _tell(step, said)
    kind = said["Description-Content-Type"]
    if kind not in _READMES:
        step.fail(f"KeyError: {kind!r}: the README of the package is neither text/markdown nor text/x-rst")
    out = step.temporary / "baipp" / "out"
    out.mkdir(exist_ok=True)
    info, readme = out / ("METADATA" if step.true("skip-sdist") else "PKG-INFO"), out / f"PyPI-README.{_READMES[kind]}"
    info.write_text(text, encoding="utf-8")
    readme.write_text(str(said.get_payload()), encoding="utf-8")
    _keep(step, f"Package Metadata{suffix}", {info.name: info})
    _keep(step, f"PyPI README{suffix}", {readme.name: readme})


def _build(step: Step, folder: Path, dist: Path) -> None:
    no_wheel, no_sdist = step.true("skip-wheel"), step.true("skip-sdist")
    if no_wheel and no_sdist:
        step.fail("skip-wheel and skip-sdist cannot both be 'true'.")
    version = step.text("python-version")
    meant = specifier(version)
    python = uv_of(step).interpreter(meant) if meant else None
    if python is None:
        step.note(f"hynek/build-and-inspect-python-package: Python {version} is not installed here")
        python = uv_of(step).interpreter(">=3.9")
    kinds = ("--sdist",) if no_wheel else ("--wheel",) if no_sdist else ()
    words = (binary(), "build", *kinds, "--out-dir", str(dist), "--python", str(python))
    extra = {
        "SOURCE_DATE_EPOCH": str(Git(step.shell, folder).commit_time("HEAD")),
        "UV_CACHE_DIR": str(step.temporary.parent / "uv"),
    }
    built = step.shell.run(words, cwd=folder, extra=extra, timeout=1800)
    step.tell(built)
    if not built.ok:
        step.fail(f"uv build failed:\n{built.tail(8)}")


def _keep(step: Step, name: str, files: Mapping[str, Path]) -> None:
    client_of(step).upload(name, files, days=0, archive=True)


def _metadata(files: Mapping[str, Path]) -> str:
    """What the sdist says of itself; without one, the wheel."""
    sdist = next((path for path in files.values() if path.suffix == ".gz"), None)
    if sdist is not None:
        with tarfile.open(sdist) as archive:
            member = next(name for name in archive.getnames() if name.count("/") == 1 and name.endswith("/PKG-INFO"))
            found = archive.extractfile(member)
            return found.read().decode() if found is not None else ""
    with zipfile.ZipFile(next(iter(files.values()))) as wheel:
        return wheel.read(next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))).decode()


def _tell(step: Step, said: Message) -> None:
    classifiers = map(_PYTHON.fullmatch, said.get_all("Classifier", []))
    versions = [found[1] for found in classifiers if found]
    if step.true("include-free-threaded"):
        pairs = ((one, f"{one}t") if tuple(map(int, one.split("."))) >= (3, 14) else (one,) for one in versions)
        versions = [one for pair in pairs for one in pair]
    step.output("package_name", said["Name"])
    step.output("package_version", said["Version"])
    step.output("supported_python_classifiers_json_array", json.dumps(versions))
    step.output("supported_python_classifiers_json_job_matrix_value", json.dumps({"python-version": versions}))
