"""Whether a project's platform wheels are made somewhere else than in its one build, and by what."""

from pathlib import Path

MAKERS = ("cibuildwheel", "maturin-action", "manylinux", "auditwheel")
"""What makes wheels that PyPI takes; a wheel built on a developer's Linux is not one (PEP 600)."""


def made_by(root: Path) -> str | None:
    """The first of the makers that the project's configuration or a workflow names; None where none does."""
    places = [root / "pyproject.toml", *sorted((root / ".github" / "workflows").glob("*.y*ml"))]
    text = "\n".join(path.read_text(encoding="utf-8", errors="replace") for path in places if path.is_file())
    return next((maker for maker in MAKERS if maker in text), None)
