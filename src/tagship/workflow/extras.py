"""What a repository gets beside the workflow: the page for maintainers; tools and documents where they are asked for.

Whatever of it is there already is kept up to date, asked for or not.
"""

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Literal

from tagship.project.ci import FOLDER
from tagship.project.discover import Project
from tagship.workflow import files, guide
from tagship.workflow.files import File
from tagship.workflow.guide import Place
from tagship.workflow.variant import Variant

Extra = Literal["tools", "docs", "watchdog"]
"""As the options of `init` call it."""
TOOLS = ("tools/bump_version.py", "tools/verify-setup.py", ".github/scripts/verify_installation.py")
"""Launchers of our commands for those who look into `tools/` first, or whose scripts do."""
PAGES = ("pypi-setup-guide.md", "security-checklist.md", "usage-guide.md")
_TEMPLATES = Path(__file__).parent / "templates"
_MARKDOWN = "<!-- {} -->"
_DOCS_DIR = re.compile(r"^docs_dir\s*[:=]\s*[\"']?([^\"'\s#]+)", re.MULTILINE)


def found(project: Project, variant: Variant, asked: Collection[Extra], notes: list[str]) -> Iterator[File]:
    """The files that belong there: PUBLISHING.md, what is asked for, and what is there.

    Args:
        notes: gets what the maintainer should know.
    """
    own = "" if project.package == "." else f"{project.package}/"
    folder = _folder(project, own, notes if "docs" in asked else [])
    pages = [f"{folder}/{name}" for name in PAGES]
    known = {"tools": TOOLS, "docs": pages, "watchdog": [f"{FOLDER}/{variant.watch}"]}
    there = {name: [path for path in paths if is_ours(project, path)] for name, paths in known.items()}
    has = {*asked, *(name for name, paths in there.items() if paths)}
    has |= {page.rpartition("/")[2] for page in (pages if "docs" in asked else there["docs"])}
    place = Place(publishing=project.package, pages=folder)
    for path in (f"{own}PUBLISHING.md", *(pages if "docs" in asked else there["docs"])):
        text = guide.document(path.rpartition("/")[2], project, variant, place, has)
        yield files.for_people(project.top, path, files.stamped(text, _MARKDOWN))
    for path in TOOLS if "tools" in asked else there["tools"]:
        template = _TEMPLATES / f"{path.rpartition('/')[2]}.txt"
        yield _for_machines(project, path, files.stamped(template.read_text(encoding="utf-8")))


def is_ours(project: Project, path: str) -> bool:
    """Whether a file is there that tagship wrote, edited or not: another one of that name is none of its business."""
    return files.is_stamped(files.read(project.top, path) or "")


def _folder(project: Project, own: str, notes: list[str]) -> str:
    """Where the pages go: `docs`, unless a site is built from it, which would stop at pages that it does not list."""
    usual, aside = f"{own}docs", ".github/docs" + (f"/{project.normalised}" if own else "")
    builder = _builder(project.top / own, project.top)
    if builder is None or any(is_ours(project, f"{usual}/{name}") for name in PAGES):
        return usual
    notes.append(f"The pages for maintainers are in {aside}: {builder} builds a site from docs, which may refuse them.")
    return aside


def _builder(root: Path, top: Path) -> str | None:
    """What builds a site from the folder `docs`, by the file that says so; None where nothing does."""
    if (root / "docs/conf.py").is_file():
        return "docs/conf.py"
    for folder in (root, top):
        for name in ("mkdocs.yml", "mkdocs.yaml", "zensical.toml"):
            if (folder / name).is_file():
                said = _DOCS_DIR.search((folder / name).read_text(encoding="utf-8", errors="replace"))
                if said is None or said[1].strip("./") == "docs":
                    return name
    return None


def _for_machines(project: Project, path: str, text: str) -> File:
    """A script: shown where somebody changed it."""
    there = files.read(project.top, path)
    why = () if there in (None, text) else ("it is out of date",)
    return File(path=path, there=there, wanted=text, why=why, ours=there is None or files.is_as_written(there))
