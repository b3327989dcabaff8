"""Make a git repository out of an example: python scripts/example.py NAME FOLDER."""

import shutil
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
IDENTITY = ("-c", "user.name=example", "-c", "user.email=example@example.invalid", "-c", "commit.gpgsign=false")


def make(name: str, folder: Path) -> None:
    """Copy the example and commit it on `main`, over whatever was in the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(EXAMPLES / name, folder)
    for words in (
        ("init", "--quiet", "--initial-branch", "main"),
        ("remote", "add", "origin", f"https://github.com/example-owner/{name}.git"),
        ("add", "--all"),
        ("commit", "--quiet", "--message", f"The example {name}"),
    ):
        subprocess.run(("git", *IDENTITY, *words), cwd=folder, check=True)


if __name__ == "__main__":
    make(sys.argv[1], Path(sys.argv[2]))
