"""What the stages of a generated workflow wrote down, read from the artifacts of its run."""

import zipfile
from functools import reduce

from tagship.errors import Conflict
from tagship.model import Manifest, manifest_from_json
from tagship.rehearsal.github import RepositoryState
from tagship.stages import merge

NAME = "tagship-manifest.json"
LARGEST = 32 * 2**20
"""Bytes of a manifest; what a job uploads may unpack to any size."""


def merged(state: RepositoryState, run: int, attempt: int) -> Manifest:
    """All manifests of one attempt, as one; an empty one where there is none, or where they do not fit together."""
    mine = [a for a in state.artifacts if (a.run_id, a.attempt, a.final) == (run, attempt, True) and not a.bare]
    found: list[Manifest] = []
    for artifact in sorted(mine, key=lambda artifact: artifact.id):
        try:
            with zipfile.ZipFile(artifact.path) as archive:
                for name in archive.namelist():
                    if name.rpartition("/")[2] == NAME:
                        with archive.open(name) as file:
                            found.append(manifest_from_json(file.read(LARGEST)))
        except Exception:  # noqa: S112  somebody else's file; zipfile answers hostile bytes with nearly any exception
            continue
    try:
        return reduce(merge, found, Manifest())
    except Conflict:
        return Manifest()
