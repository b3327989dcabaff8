"""Real clients at their default addresses against the embedded index: they must believe it is PyPI."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from embedded import Here
from made_dists import good_sdist, good_wheel, wheel, wheel_files

from tagship.rehearsal.doors import Doors, environment
from tagship.rehearsal.identity import IdentityService, Job
from tagship.rehearsal.index import Publisher

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(here: Here, tmp_path: Path) -> Iterator[Run]:
    """Run a client of this environment behind the doors, with nothing of the caller's."""
    hosts = dict.fromkeys(here.index.hosts, here.index)
    (tmp_path / "home").mkdir()
    identity = IdentityService(here.issuer, here.clock)
    actions = {"GITHUB_ACTIONS": "true", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": identity.allow(JOB.claims())}
    with Doors(hosts, identity, lambda exchange: None) as doors:
        door = environment(doors, doors.ca_file(tmp_path / "ca.pem"))
        home = {"HOME": str(tmp_path / "home"), "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
        token = {"TWINE_PASSWORD": here.token, "UV_PUBLISH_TOKEN": here.token, "TWINE_USERNAME": "__token__"}
        actions["ACTIONS_ID_TOKEN_REQUEST_URL"] = f"{doors.url}/idtoken?api-version=2.0"

        def client(*command: str, trusted: bool = False) -> subprocess.CompletedProcess[str]:
            env = {
                **home,
                **(actions if trusted else token),
                **door,
                "UV_NO_CONFIG": "1",
                "COLUMNS": "300",
                "NO_COLOR": "1",
            }
            return subprocess.run(command, capture_output=True, text=True, timeout=60, env=env, check=False)

        yield client


JOB = Job(
    repository="alice/swp",
    ref="refs/tags/v1.0",
    sha="ab" * 20,
    workflow="Publish",
    workflow_file="publish.yml",
    event_name="push",
    environment="pypi",
)
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
    for version in ("1.0", "1.1"):
        here.state.add_file(good_wheel(tmp_path, "swp", version))
    here.state.yank("swp", "1.1", "broken")
    done = run(sys.executable, "-m", "pip", "download", "--no-cache-dir", "-d", str(tmp_path / "got"), "swp", "-vv")
    assert [path.name for path in (tmp_path / "got").iterdir()] == ["swp-1.0-py3-none-any.whl"], done.stderr
    assert "swp-1.0-py3-none-any.whl.metadata" in done.stdout


@pytest.mark.parametrize("command", [TWINE, ("uv", "publish", "--trusted-publishing", "always")], ids=["twine", "uv"])
def test_trusted_publishing(here: Here, run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    """Without any password, the job of a pending publisher creates the project and uploads both files."""
    publisher = Publisher(repository="alice/swp", workflow="publish.yml", environment="pypi")
    here.state.add_pending("swp", publisher, user="alice")
    done = run(*command, str(good_wheel(tmp_path)), str(good_sdist(tmp_path)), trusted=True)
    assert (done.returncode, len(here.state.files("swp"))) == (0, 2), done.stdout + done.stderr
