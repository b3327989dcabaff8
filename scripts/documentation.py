"""Builds the documentation site: python scripts/documentation.py [FOLDER].

Pages link to files of the repository beside `docs/`. On GitHub these links work as they are, on the site they lead to
GitHub.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "zensical.toml"
GOOD = "No issues found"
_LINK = re.compile(r"(?<=\]\()(\.\./[^)#\s]*)")
_NO_PAGES = shutil.ignore_patterns("*.py", "requirements.toml", "__pycache__")


def build(folder: Path) -> str:
    """Build the site into a folder, over whatever was there.

    Returns:
        What the generator said; with GOOD in it where it has nothing to complain about, such as a broken link.
    """
    repository = tomllib.loads(CONFIG.read_text(encoding="utf-8"))["project"]["extra"]["repository"]
    with tempfile.TemporaryDirectory() as desk:
        pages = Path(desk) / "docs"
        shutil.copytree(ROOT / "docs", pages, ignore=_NO_PAGES)
        shutil.copy(CONFIG, desk)
        for page in pages.rglob("*.md"):
            text = page.read_text(encoding="utf-8")
            place = ROOT / "docs" / page.relative_to(pages).parent
            text = _LINK.sub(partial(_outside, place, repository), text)
            page.write_text(text, encoding="utf-8")
        command = (sys.executable, "-m", "zensical", "build", "--clean")
        done = subprocess.run(command, cwd=desk, check=True, capture_output=True, text=True)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(Path(desk) / "build" / "site", folder)
    return done.stderr + done.stdout


def _outside(place: Path, repository: str, link: re.Match[str]) -> str:
    """A link that leaves the documentation, as it leads to GitHub."""
    path = (place / link[1]).resolve()
    if path.is_relative_to(ROOT / "docs"):
        return link[1]
    return f"{repository}/{'tree' if path.is_dir() else 'blob'}/main/{path.relative_to(ROOT).as_posix()}"


if __name__ == "__main__":
    said = build(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "site")
    sys.stdout.write(said)
    sys.exit(0 if GOOD in said else 1)
