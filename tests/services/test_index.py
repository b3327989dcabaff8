"""The door to an index, where it starts a program."""

from pathlib import Path

from msgspec.structs import replace

from tagship.services.addresses import PYPI
from tagship.services.http import Http
from tagship.services.index import Index
from tagship.services.secret import Secret
from tagship.services.shell import Shell

STAND_IN = "import sys\nprint('twine of', __file__, 'asked for', sys.argv[-1])\n"


def test_twine_is_found_where_tagship_itself_was(tmp_path: Path) -> None:
    """Installed by `pip install --target`, it uploads all the same; what lies beside the files is not run."""
    beside, dist = tmp_path / "target" / "twine", tmp_path / "dist"
    beside.mkdir(parents=True)
    dist.mkdir()
    (beside / "__init__.py").write_text("")
    (beside / "__main__.py").write_text(STAND_IN)
    (dist / "twine.py").write_text("raise SystemExit('run from the folder of the files')\n")
    file = dist / "sample-1.0.0.tar.gz"
    file.write_bytes(b"")
    nowhere = replace(PYPI, upload="http://127.0.0.1:9/legacy/")
    index = Index(nowhere, Http(proxy=None, ca=None, agent="tagship/test"))
    output = index.upload(
        Shell({"PYTHONPATH": str(tmp_path / "target")}), [file], Secret("pypi-madeUpForThisTest"), limit=60
    )
    assert output.stdout == f"twine of {beside / '__main__.py'} asked for sample-1.0.0.tar.gz\n"
