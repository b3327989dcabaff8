"""Real clients at their default addresses against the embedded index: they must believe it is PyPI."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from embedded import Here
from made_dists import good_sdist, good_wheel, wheel, wheel_files

from tagship.rehearsal.doors import Doors, environment
from tagship.rehearsal.index import Lifecycle, Project

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(here: Here, tmp_path: Path) -> Iterator[Run]:
    """Run a client of this environment behind the doors, with nothing of the caller's."""
    hosts = dict.fromkeys(here.index.hosts, here.index)
    (tmp_path / "home").mkdir()
    with Doors(hosts, here.index, lambda exchange: None) as doors:
        door = environment(doors, doors.ca_file(tmp_path / "ca.pem"))
        home = {"HOME": str(tmp_path / "home"), "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
        token = {"TWINE_PASSWORD": here.token, "UV_PUBLISH_TOKEN": here.token, "TWINE_USERNAME": "__token__"}

        def client(*command: str) -> subprocess.CompletedProcess[str]:
            env = {**home, **token, **door, "UV_NO_CONFIG": "1", "COLUMNS": "300", "NO_COLOR": "1"}
            return subprocess.run(command, capture_output=True, text=True, timeout=60, env=env, check=False)

        yield client


TWINE = ("twine", "upload", "--non-interactive", "--disable-progress-bar")
UV = ("uv", "publish", "--trusted-publishing", "never")


@pytest.mark.parametrize("command", [TWINE, UV], ids=["twine", "uv"])
def test_upload_and_install(here: Here, run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    """Both files are uploaded, again without complaint, and uv installs the wheel from the simple page."""
    files = [str(good_wheel(tmp_path)), str(good_sdist(tmp_path))]
    assert [run(*command, *files).returncode for _ in range(2)] == [0, 0]
    assert [file.filename for file in here.state.files("swp")] == ["swp-1.0-py3-none-any.whl", "swp-1.0.tar.gz"]
    target = tmp_path / "target"
    installed = run("uv", "pip", "install", "--target", str(target), "--no-cache", "swp==1.0")
    assert (installed.returncode, (target / "swp" / "__init__.py").is_file()) == (0, True), installed.stderr


@pytest.mark.parametrize(("command", "code"), [(TWINE, 1), (UV, 2)], ids=["twine", "uv"])
def test_refusal_reaches_the_user(here: Here, run: Run, tmp_path: Path, command: tuple[str, ...], code: int) -> None:
    """Other bytes under the same name fail, and the client shows the words of the status line."""
    here.upload(good_wheel(tmp_path))
    answer = run(*command, str(wheel(tmp_path, {**wheel_files(), "swp/more.py": ""})))
    assert answer.returncode == code
    assert "File already exists ('swp-1.0-py3-none-any.whl', with blake2_256 hash" in answer.stdout + answer.stderr


def test_pip_takes_metadata_before_files(here: Here, run: Run, tmp_path: Path) -> None:
    """pip resolves by the metadata file alone and downloads the newest release that is not yanked."""
    here.state.add_project(Project(name="swp", status=Lifecycle.ACTIVE))
    for version in ("1.0", "1.1"):
        here.state.add_file(good_wheel(tmp_path, "swp", version))
    here.state.yank("swp", "1.1", "broken")
    done = run(sys.executable, "-m", "pip", "download", "--no-cache-dir", "-d", str(tmp_path / "got"), "swp", "-vv")
    assert [path.name for path in (tmp_path / "got").iterdir()] == ["swp-1.0-py3-none-any.whl"], done.stderr
    assert "swp-1.0-py3-none-any.whl.metadata" in done.stdout
