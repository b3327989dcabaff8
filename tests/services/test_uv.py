"""The door to uv."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import uv

import tagship
from tagship.services.uv import binary


@pytest.mark.requirement("A5")
def test_uv_is_found_where_a_job_of_the_workflow_installed_it(tmp_path: Path) -> None:
    """`pip install --target FOLDER` puts uv into FOLDER/bin, beside no interpreter and on no PATH."""
    target = tmp_path / "tagship"
    shutil.copytree(Path(uv.__file__).parent, target / "uv")
    (target / "bin").mkdir()
    (target / "bin" / "uv").symlink_to(binary())
    places = [target, Path(tagship.__file__).parent.parent, *(path for path in sys.path if "site-packages" in path)]
    done = subprocess.run(
        (sys._base_executable, "-S", "-P", "-c", "from tagship.services.uv import binary; print(binary())"),
        env={"PYTHONPATH": os.pathsep.join(map(str, places)), "PATH": os.defpath, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(target / "bin" / "uv")
