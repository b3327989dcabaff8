"""The same files once more with other bytes, as a build makes them that cannot be repeated."""

import gzip
import hashlib
import shutil
import zipfile
from pathlib import Path

import msgspec

from tagship.model import Dist
from tagship.rehearsal.faults.stand import Built


def rebuilt(built: Built, folder: Path) -> Built:
    """Pack every file again, with the same contents, into a folder that is made."""
    folder.mkdir()
    dists = tuple(_packed(dist, built.dist, folder) for dist in built.manifest.dists)
    return Built(manifest=msgspec.structs.replace(built.manifest, dists=dists), dist=folder)


def _packed(dist: Dist, source: Path, target: Path) -> Dist:
    old, new = source / dist.filename, target / dist.filename
    if dist.kind == "wheel":
        with zipfile.ZipFile(old) as there, zipfile.ZipFile(new, "w", zipfile.ZIP_STORED) as here:
            for info in there.infolist():
                data = there.read(info)
                info.compress_type = zipfile.ZIP_STORED
                here.writestr(info, data)
    elif dist.filename.endswith(".gz"):
        new.write_bytes(gzip.compress(gzip.decompress(old.read_bytes()), compresslevel=1, mtime=1))
    else:
        shutil.copyfile(old, new)
    packed = new.read_bytes()
    return msgspec.structs.replace(dist, size=len(packed), sha256=hashlib.sha256(packed).hexdigest())
