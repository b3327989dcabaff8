"""Other people's linters over many workflows at once: which of them say something about which file."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.workflow.gha import asked

TOOLS = Path(sys.executable).parent


def _run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    files = sorted(path.name for path in folder.glob("*.yml"))
    whole = (str(TOOLS / command[0]), *command[1:], *files)
    return subprocess.run(whole, cwd=folder, capture_output=True, text=True, check=False)


def _zizmor(persona: str) -> Callable[[Path], set[str]]:
    def judge(folder: Path) -> set[str]:
        """Files with a finding; without strict collection, a file that it cannot read has none."""
        done = _run(folder, "zizmor", "--offline", "--no-config", "--persona", persona, "--format", "json-v1")
        found = json.loads(done.stdout)
        return {place["symbolic"]["key"]["Local"]["verbatim_path"] for one in found for place in one["locations"]}

    return judge


def _actionlint(folder: Path) -> set[str]:
    done = _run(folder, "actionlint", "-no-color", "-shellcheck=", "-format", "{{json .}}")
    return {found["filepath"] for found in json.loads(done.stdout) or ()}


def _schema(folder: Path) -> set[str]:
    done = _run(folder, "check-jsonschema", "--builtin-schema", "vendor.github-workflows", "-o", "json")
    found = json.loads(done.stdout)
    return {Path(one["filename"]).name for kind in ("errors", "parse_errors") for one in found.get(kind, ())}


def _github(folder: Path) -> set[str]:
    """Files that GitHub's parser refuses, or its editor support underlines."""
    with TemporaryDirectory() as place, asked(Path(place)) as github:
        sources = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.yml")}
        return {name for name, source in sources.items() if github.parse(source)["errors"] or github.diagnose(source)}


JUDGES: Mapping[str, Callable[[Path], set[str]]] = {
    "zizmor": _zizmor("regular"),
    "zizmor auditor": _zizmor("auditor"),
    "actionlint": _actionlint,
    "schema": _schema,
    "GitHub": _github,
}
