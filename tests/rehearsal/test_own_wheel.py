"""The running tagship as a wheel, and on the embedded PyPI."""

import hashlib
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from packaging.metadata import Metadata

from tagship import __version__
from tagship.services.addresses import PYPI
from tagship.services.uv import Env
from tagship.workflow import own_wheel
from tests.conftest import serving
from tests.rehearsing import Stage, repository

BUILD = "import hashlib, tagship.workflow.own_wheel as o; print(hashlib.sha256(o.build()).hexdigest(), o.from_index())"


def test_the_wheel_is_complete_and_knows_what_it_needs() -> None:
    """The wheel has every file of the package, a RECORD of all of them, and the requirements of pyproject.toml."""
    package = Path(own_wheel.__file__).parent.parent
    sources = {f"tagship/{path.relative_to(package).as_posix()}" for path in package.rglob("*.py")}
    with zipfile.ZipFile(BytesIO(own_wheel.build())) as archive:
        names = set(archive.namelist())
        info = f"tagship-{__version__}.dist-info/"
        metadata = Metadata.from_email(archive.read(f"{info}METADATA"))
        recorded = {line.partition(",")[0] for line in archive.read(f"{info}RECORD").decode().splitlines()}
        assert b"tagship = tagship.cli:main" in archive.read(f"{info}entry_points.txt")
    assert sources < names
    assert recorded == names
    assert not [name for name in names if "__pycache__" in name]
    assert (metadata.name, str(metadata.version)) == ("tagship", __version__)
    assert "msgspec>=0.20" in own_wheel.requirements()


def test_an_installed_copy_packs_the_same_bytes(tmp_path: Path) -> None:
    """What was installed from the wheel packs the very same wheel: the digest in a lock holds in every process."""
    wheel = tmp_path / own_wheel.FILENAME
    wheel.write_bytes(own_wheel.build())
    target = tmp_path / "target"
    install = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--quiet", "--target", target, wheel]
    subprocess.run(install, check=True, capture_output=True)
    other = f"import sys; sys.path.insert(0, {str(target)!r}); {BUILD}"
    done = subprocess.run([sys.executable, "-P", "-c", other], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout.split() == [hashlib.sha256(own_wheel.build()).hexdigest(), "False"]  # installed from a file


def test_a_tagship_from_an_index_is_locked_as_that_has_it(tmp_path: Path) -> None:
    """Installed from an index, tagship knows so, and the lock of an unreleased one of the same version is stale.

    One by the very bytes that the index served is good: they were installed by it.
    """
    served, target = tmp_path / "served", tmp_path / "target"
    served.mkdir()
    (served / own_wheel.FILENAME).write_bytes(own_wheel.build())
    digest = hashlib.sha256(own_wheel.build()).hexdigest()
    index = serving(served, {own_wheel.FILENAME: digest})
    options = ("--no-deps", "--quiet", "--no-cache-dir", "--index-url", next(index), "--target", target)
    subprocess.run((sys.executable, "-m", "pip", "install", *options, "tagship"), check=True, capture_output=True)
    index.close()
    program = (
        f"import sys; sys.path.insert(0, {str(target)!r})\nfrom tagship.workflow import own_wheel, locks\n"
        "names = [line.partition(chr(62))[0] for line in own_wheel.requirements()]\n"
        "pins = ''.join(f'{name}==999 --hash=sha256:00\\n' for name in names)\n"
        f"own = 'tagship=={__version__} --hash=sha256:'\n"
        "pins, good = (f'{pins}{own}{digest}\\n' for digest in ('00', sys.argv[1]))\n"
        "print(own_wheel.from_index(), locks.tools_stale(pins), locks.tools_stale(locks._UNRELEASED + pins))\n"
        "print(locks.tools_stale(locks._UNRELEASED + good))\n"
    )
    done = subprocess.run([sys.executable, "-P", "-c", program, digest], capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout == f"True () ('it has a tagship {__version__} from before an index had that version',)\n()\n"


def test_a_lock_that_names_the_running_tagship_holds_in_a_rehearsal(stage: Stage, tmp_path: Path) -> None:
    """uv installs the running tagship from the embedded PyPI by its digest, and refuses it by any other."""
    digest = hashlib.sha256(own_wheel.build()).hexdigest()
    with stage.open(repository(tmp_path / "repository", {})) as opened:
        uv = opened.world.uv
        lock = opened.world.workspace.scratch / "requirements.txt"
        env = uv.venv(opened.world.workspace.scratch / "env")
        lock.write_text(f"tagship=={__version__} --hash=sha256:{'0' * 64}\n")
        refused = uv.install_lock(env, lock)
        lock.write_text(f"tagship=={__version__} --hash=sha256:{digest}\n")
        installed = uv.install_lock(env, lock)
        said = _version(env)
    assert (refused.ok, installed.ok, said) == (False, True, f"tagship {__version__}")
    assert "hash" in refused.stderr.lower()


def _version(env: Env) -> str:
    words = [env.python, "-P", "-m", "tagship", "--version"]
    return subprocess.run(words, capture_output=True, text=True, check=True, env={}).stdout.strip()


@pytest.mark.parametrize("path", ["/simple/tagship/", "/simple/hatchling/"])
def test_the_wheel_is_packed_for_those_who_ask_for_it(stage: Stage, tmp_path: Path, path: str) -> None:
    """The page of tagship alone makes the wheel; a rehearsal that does not install tagship never packs it."""
    with stage.open(repository(tmp_path / "repository", {})) as opened:
        reply = opened.world.http.request("GET", f"{PYPI.web}{path}")
        packed = list(opened.embedded.place.folder.rglob(own_wheel.FILENAME))
    assert reply.status == 200
    assert bool(packed) == ("tagship" in path)
