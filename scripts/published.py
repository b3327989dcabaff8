"""Compares what a tag builds with the files that were published for it: names, metadata, members.

Used by real_projects.py. The files are built by the stages `plan` and `build` in the embedded world; the published
ones come through the same dependency door as those of other projects, from the user's own index.
"""

import os
import tarfile
import zipfile
from collections import Counter
from email.parser import BytesParser
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from packaging.utils import canonicalize_name

from tagship.model import Manifest
from tagship.rehearsal.keeper.dependencies import Dependencies
from tagship.rehearsal.request import Request
from tagship.rehearsal.run import Outside, backstage, set_up
from tagship.rehearsal.world import Place, servers
from tagship.services.index import IndexPage
from tagship.services.reporter import Silence
from tagship.services.world import SystemClock
from tagship.stages import STAGES, run


class Compared(msgspec.Struct):
    """One of our files beside the published one."""

    name: str
    published: str
    """Its name on PyPI; empty where there is none like it."""
    members: int
    """Members that both have."""
    same: int
    """Those of them with the same bytes."""
    differences: tuple[str, ...]
    """`only published: path`, `only ours: path`, `other bytes: path`, or a field of METADATA, PKG-INFO or WHEEL."""


class Comparison(msgspec.Struct):
    """All files of a release."""

    files: tuple[Compared, ...]


def compare(clone: Path, package: str, tag: str, cache: Path) -> Comparison | None:
    """Build the release of a tag and compare it; None where it is not built, or where the index does not have it."""
    outside = Outside(path=clone, environ=os.environ, cache=cache, clock=SystemClock())
    with backstage(outside, offline=False, enforce=False) as behind:
        place = Place(folder=behind.folder, cache=cache, environ=os.environ, clock=outside.clock)
        with servers(place, behind.keeper) as embedded:
            scene = set_up(Request(tag=tag, package=package), outside, embedded, Silence())
            manifest = Manifest()
            for stage in (stage for stage in STAGES if stage.name in ("plan", "build")):
                world = scene.world_of(stage)
                manifest = run(stage, manifest, world).manifest
            if manifest.plan is None or not manifest.dists:
                return None
            raw = embedded.dependencies.page(canonicalize_name(manifest.plan.project))
            page = msgspec.json.decode(raw or b"{}", type=IndexPage)
            ours = [world.workspace.dist / dist.filename for dist in manifest.dists]
            ours += [world.workspace.local / dist.filename for dist in manifest.local]
            return Comparison(files=tuple(_compared(path, page, embedded.dependencies) for path in sorted(ours)))


def _compared(path: Path, page: IndexPage, door: Dependencies) -> Compared:
    published = page.file(path.name) or next((f for f in page.files if _like(f.filename, path.name)), None)
    kept = door.file(urlsplit(published.url).path) if published is not None else None
    if published is None or kept is None:
        said = ("nothing of this kind is published",)
        return Compared(name=path.name, published="", members=0, same=0, differences=said)
    ours, theirs = _members(path.name, path.read_bytes()), _members(published.filename, kept.read_bytes())
    common = ours.keys() & theirs.keys()
    differences = [f"only published: {name}" for name in sorted(theirs.keys() - ours.keys())]
    differences += [f"only ours: {name}" for name in sorted(ours.keys() - theirs.keys())]
    for name in sorted(common, key=len):
        if name.endswith(("dist-info/METADATA", "dist-info/WHEEL")) or name == "PKG-INFO":
            differences += _fields(ours[name], theirs[name])
        elif ours[name] != theirs[name] and not name.endswith(("dist-info/RECORD", ".egg-info/PKG-INFO")):  # follow
            differences.append(f"other bytes: {name}")
    same = sum(ours[name] == theirs[name] for name in common)
    return Compared(
        name=path.name, published=published.filename, members=len(common), same=same, differences=tuple(differences)
    )


def _like(published: str, ours: str) -> bool:
    """Whether a published file is the one that ours stands for: the same release and kind, whatever it is spelt."""
    if ours.endswith(".whl"):
        mine, theirs = ours.split("-"), published.split("-")
        return theirs[:-1] == mine[:-1] and published.endswith("x86_64.whl") and "manylinux" in published
    return published.endswith(".tar.gz") and _plain(published) == _plain(ours)


def _plain(name: str) -> str:
    return name.lower().replace("-", "_").replace(".", "_")


def _members(name: str, data: bytes) -> dict[str, bytes]:
    """The contents of all files of an archive; the top folder of an sdist is left out of their names."""
    if name.endswith(".whl"):
        with zipfile.ZipFile(BytesIO(data)) as wheel:
            return {info.filename: wheel.read(info) for info in wheel.infolist() if not info.is_dir()}
    with tarfile.open(fileobj=BytesIO(data)) as sdist:
        files = ((member, sdist.extractfile(member)) for member in sdist.getmembers() if member.isfile())
        return {member.name.partition("/")[2]: file.read() for member, file in files if file is not None}


def _fields(ours: bytes, theirs: bytes) -> list[str]:
    """The metadata fields that differ, each value on its own; the description as a whole."""
    counts = []
    for data in (ours, theirs):
        message = BytesParser().parsebytes(data)
        body = message.get_payload()
        text = (message["Description"] or (body if isinstance(body, str) else "")).strip()
        fields = [(key, value) for key, value in message.items() if key != "Description"]
        counts.append(Counter([*fields, ("Description", sha256(text.encode()).hexdigest()[:8])]))
    mine, published = counts
    return [
        *(f"published {key}: {value[:60]}" for key, value in sorted((published - mine).elements())),
        *(f"ours {key}: {value[:60]}" for key, value in sorted((mine - published).elements())),
    ]
