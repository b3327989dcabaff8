"""A disk that is full, before the rehearsal or during it: said as such, and never taken for a fault of anybody."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rehearsing import PYPROJECT, repository

FILLS = """\
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Hook(BuildHookInterface):
    def initialize(self, version, data):
        with Path(self.root, "large.bin").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(2**20))
"""
MOUNT = 'mount -t tmpfs -o size="$1" tmpfs "$2" && shift 2 && exec "$@"'


def rehearse_on(size: str, disk: Path, path: Path, upstream: str) -> tuple[int, str]:
    """The command's exit code and words, with its cache on a disk of a size that only it can see."""
    disk.mkdir()
    space = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", MOUNT, "sh", size, str(disk))
    if subprocess.run((*space, "true"), check=False, capture_output=True).returncode:
        pytest.skip("this system lets no one mount a small disk of his own")
    environ = os.environ | {"TAGSHIP_CACHE_DIR": str(disk), "UV_DEFAULT_INDEX": upstream, "COLUMNS": "400"}
    command = (*space, sys.executable, "-m", "tagship", "rehearse", str(path))
    done = subprocess.run(command, env=environ, check=False, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stderr


@pytest.mark.requirement("D1")
def test_a_full_disk_is_noticed_before_anything_begins(tmp_path: Path, upstream: str) -> None:
    """Where too little is free nothing is begun, and it is said where and how much is needed."""
    disk = tmp_path / "disk"
    code, said = rehearse_on("3m", disk, repository(tmp_path / "sample", {}), upstream)
    assert code == 15
    words = " ".join(said.split())
    assert "Nothing was rehearsed: 3 MiB are free at " in words
    assert ", and 64 are needed" in words
    assert "Free some space there, or name another folder: TAGSHIP_CACHE_DIR." in words
    assert "Traceback" not in said


@pytest.mark.requirement("D1")
def test_a_disk_that_fills_up_is_no_bug(tmp_path: Path, upstream: str) -> None:
    """A build that fills the disk ends the rehearsal, and it is said that the disk is full, whatever else failed."""
    files = {"hook.py": FILLS, "pyproject.toml": PYPROJECT + '\n[tool.hatch.build.hooks.custom]\npath = "hook.py"\n'}
    code, said = rehearse_on("80m", tmp_path / "disk", repository(tmp_path / "sample", files), upstream)
    assert code == 15
    assert "The rehearsal did not end: 0 MiB are free at " in " ".join(said.split())
    assert "Traceback" not in said
