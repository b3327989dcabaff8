"""What the commands of every week cost, beside their peers, in one run: python benchmarks/versions.py.

Two histories are made, of 1,000 and of 100,000 commits, each with a tag 100 commits before its end. Every tool does
the same there: says the version, says what a bump would change, writes the notes of the last 100 commits. The bound is
the `git log` of those commits. Whole processes; machines are noisy, so what counts are the ratios.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

BIN = Path(sys.executable).parent
PEERS = ("bump-my-version", "commitizen", "python-semantic-release", "git-cliff")
PYPROJECT = """\
[project]
name = "pocket"
version = "1.0.0"

[tool.bumpversion]
current_version = "1.0.0"
allow_dirty = true
[[tool.bumpversion.files]]
filename = "pyproject.toml"

[tool.commitizen]
name = "cz_conventional_commits"
version_provider = "pep621"
tag_format = "v$version"
update_changelog_on_bump = false

[tool.semantic_release]
version_toml = ["pyproject.toml:project.version"]
"""
KINDS = ("feat", "fix", "docs", "chore", "refactor(cli)")


def history(folder: Path, commits: int) -> Path:
    """A repository with that many commits, made by `git fast-import`."""
    root = folder / f"history-{commits}"
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch", "main")
    blob = f"blob\nmark :1\ndata {len(PYPROJECT)}\n{PYPROJECT}\n"
    parts = [blob]
    for number in range(commits):
        words = f"{KINDS[number % len(KINDS)]}: change number {number}"
        who = f"Somebody {number % 50} <s{number % 50}@example.invalid> {1700000000 + number * 60} +0000"
        first = "M 100644 :1 pyproject.toml\n" if number == 0 else ""
        parts.append(f"commit refs/heads/main\ncommitter {who}\ndata {len(words)}\n{words}\n{first}\n")
        if number == commits - 101:
            parts.append("reset refs/tags/v1.0.0\nfrom refs/heads/main\n\n")
    subprocess.run(("git", "fast-import", "--quiet"), cwd=root, input="".join(parts).encode(), check=True)
    git(root, "reset", "--quiet", "--hard", "main")
    git(root, "remote", "add", "origin", "https://github.com/example/pocket.git")
    return root


def git(root: Path, *words: str) -> None:
    """Run git."""
    subprocess.run(("git", *words), cwd=root, check=True)


def timed(words: Sequence[str], root: Path, times: int, environ: dict[str, str]) -> float | None:
    """The median of several runs, in seconds; None where it fails."""
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        try:
            done = subprocess.run(words, cwd=root, env=environ, capture_output=True, timeout=120)
        except (OSError, subprocess.TimeoutExpired):
            return None
        if done.returncode:
            return None
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def tasks(tools: Path) -> dict[str, dict[str, tuple[str, ...]]]:
    """By task and tool: the command."""
    own = os.environ.get("TAGSHIP") or str(BIN / "tagship")
    return {
        "say the version": {
            "tagship": (own, "version", "current"),
            "bump-my-version": (f"{tools}/bump-my-version", "show", "current_version"),
            "commitizen": (f"{tools}/cz", "version", "--project"),
        },
        "what a bump would change": {
            "tagship": (own, "version", "bump", "minor", "--dry-run"),
            "bump-my-version": (f"{tools}/bump-my-version", "bump", "minor", "--dry-run", "--no-commit", "--no-tag"),
            "commitizen": (f"{tools}/cz", "bump", "--dry-run", "--yes", "--increment", "MINOR"),
            "python-semantic-release": (f"{tools}/semantic-release", "--noop", "version", "--minor", "--print"),
        },
        "the next version from commits": {
            "tagship": (own, "version", "next"),
            "commitizen": (f"{tools}/cz", "bump", "--get-next", "--yes"),
            "python-semantic-release": (f"{tools}/semantic-release", "--noop", "version", "--print"),
            "git-cliff": (f"{tools}/git-cliff", "--offline", "--bumped-version"),
        },
        "notes of 100 commits": {
            "git log": ("git", "log", "--format=%H%n%s%n%b", "v1.0.0..HEAD"),
            "tagship": (own, "notes", "1.1.0", "--from", "commits"),
            "commitizen": (f"{tools}/cz", "changelog", "--dry-run", "--start-rev", "v1.0.0"),
            "git-cliff": (f"{tools}/git-cliff", "--offline", "--unreleased"),
        },
    }


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--commits", type=int, nargs="+", default=[1_000, 100_000])
    arguments = parser.parse_args()
    environ = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    with tempfile.TemporaryDirectory(prefix="tagship-bench-") as name:
        folder = Path(name)
        subprocess.run((str(BIN / "uv"), "venv", "--quiet", str(folder / "tools")), check=True)
        python = str(folder / "tools" / "bin" / "python")
        subprocess.run((str(BIN / "uv"), "pip", "install", "--quiet", "--python", python, *PEERS), check=True)
        for commits in arguments.commits:
            root = history(folder, commits)
            print(f"\n{commits:,} commits")
            for task, ways in tasks(folder / "tools" / "bin").items():
                taken = {tool: timed(words, root, arguments.times, environ) for tool, words in ways.items()}
                own = taken["tagship"]
                for tool, seconds in taken.items():
                    shown = "failed" if seconds is None else f"{seconds:7.3f} s"
                    ratio = f"{seconds / own:6.2f} x tagship" if seconds and own and tool != "tagship" else ""
                    print(f"  {task:<30} {tool:<24} {shown:>10}  {ratio}")


if __name__ == "__main__":
    main()
