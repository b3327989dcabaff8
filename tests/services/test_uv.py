"""The door to uv."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import uv

import tagship
from tagship.services.shell import Shell
from tagship.services.uv import Uv, binary
from tests.made_dists import good_wheel


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


def test_an_environment_that_is_thrown_away_is_not_in_the_kept_cache(tmp_path: Path) -> None:
    """What was released is installed and looked at without one file more in the cache that is kept."""
    shell, kept = Shell(os.environ), tmp_path / "kept"
    uv = Uv(shell=shell, sandbox=shell, scratch=tmp_path, cache=kept, own_cache=tmp_path / "own")
    env = uv.venv(tmp_path / "env")
    before = sorted(kept.rglob("*"))
    assert uv.install_own(env, str(good_wheel(tmp_path, "sample", "1.0"))).ok
    assert uv.consistent(env).ok
    assert sorted(kept.rglob("*")) == before
