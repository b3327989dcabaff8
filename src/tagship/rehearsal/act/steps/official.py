"""GitHub's own artifact client, where npm has put it into tagship's cache: what the actions themselves have inside.

`npm install --prefix CACHE/node @actions/artifact`; without it, `artifacts.Client` asks the same service.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from tagship.rehearsal.act.steps.artifacts import Artifact, Client
from tagship.rehearsal.act.steps.step import Step
from tagship.shapes import read_json

MODULE = "TAGSHIP_ARTIFACT_CLIENT"
"""The variable that names the client's module."""
PLACE = Path("node", "node_modules", "@actions", "artifact", "lib", "artifact.js")
"""Where it is, in tagship's cache."""
_SCRIPT = Path(__file__).with_name("artifact.mjs")


class _Listed(msgspec.Struct):
    name: str
    id: int
    digest: str | None = None


class _Answer(msgspec.Struct):
    error: str = ""
    id: int = 0
    digest: str = ""
    digestMismatch: bool = False  # noqa: N815  its own spelling
    artifacts: list[_Listed] = []


class Official:
    """Asks as one job."""

    def __init__(self, step: Step) -> None:
        self._step = step

    def upload(self, name: str, files: Mapping[str, Path], *, days: int, archive: bool) -> tuple[str, str]:
        """As `Client.upload`."""
        inside, path = next(iter(files.items()))
        root = str(path)[: -len(inside)] or "/"
        options = {"retentionDays": days, "skipArchive": not archive}
        made = self._call("uploadArtifact", name, [str(path) for path in files.values()], root, options)
        return str(made.id), made.digest

    def list(self) -> list[Artifact]:
        """As `Client.list`."""
        found = self._call("listArtifacts", {"latest": True}).artifacts
        return [
            Artifact(
                name=one.name,
                database_id=str(one.id),
                workflow_run_backend_id="",
                workflow_job_run_backend_id="",
                digest=one.digest or "",
            )
            for one in found
        ]

    def delete(self, name: str) -> None:
        """As `Client.delete`."""
        self._call("deleteArtifact", name)

    def download(self, artifact: Artifact, folder: Path, *, unpack: bool) -> str:
        """As `Client.download`."""
        options = {"path": str(folder), "expectedHash": artifact.digest, "skipDecompress": not unpack}
        done = self._call("downloadArtifact", int(artifact.database_id), options)
        return "another one" if done.digestMismatch else artifact.digest.removeprefix("sha256:")

    def _call(self, *words: object) -> _Answer:
        step = self._step
        answer = step.temporary / "artifact.json"
        answer.unlink(missing_ok=True)
        argv = ("node", str(_SCRIPT), step.variables[MODULE], str(answer))
        output = step.shell.run(argv, cwd=step.temporary, stdin=msgspec.json.encode(words), timeout=900)
        step.tell(output)
        if not answer.is_file():
            step.fail(f"GitHub's artifact client did not answer\n{output.tail(5)}")
        said = read_json(answer.read_bytes(), _Answer)
        if said.error:
            step.fail(said.error)
        return said


def client_of(step: Step) -> Client | Official:
    """GitHub's own client where it is there."""
    return Official(step) if step.variables.get(MODULE) else Client(step)
