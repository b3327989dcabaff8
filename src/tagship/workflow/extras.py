"""What a repository gets beyond the workflow, where it is asked for: tools for people, and later their documents.

Whatever of it is there already is kept up to date, asked for or not.
"""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Literal

from tagship.project.discover import Project
from tagship.workflow import files
from tagship.workflow.files import File

Extra = Literal["tools"]
"""As the options of `init` call it."""
TOOLS = ("tools/bump_version.py", "tools/verify-setup.py", ".github/scripts/verify_installation.py")
"""Launchers of our commands for those who look into `tools/` first, or whose scripts do."""
_TEMPLATES = Path(__file__).parent / "templates"


def found(project: Project, asked: Collection[Extra]) -> Iterator[File]:
    """The files that are asked for, and those that are there."""
    for path in TOOLS:
        if "tools" in asked or (project.top / path).is_file():
            template = _TEMPLATES / f"{path.rpartition('/')[2]}.txt"
            yield _kept(project, path, files.stamped(template.read_text(encoding="utf-8")))


def _kept(project: Project, path: str, text: str) -> File:
    there = files.read(project.top, path)
    why = () if there in (None, text) else ("it is out of date",)
    return File(path=path, there=there, wanted=text, why=why, ours=there is None or files.is_as_written(there))
