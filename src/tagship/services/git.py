"""The door to git: subprocesses, NUL-separated output, and no effect on the repository that is only read."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from tagship.errors import ProjectError, ToolFailed
from tagship.services.shell import DATA_LIMIT, Output, Shell

QUIET = {
    "GIT_TERMINAL_PROMPT": "0",  # never ask for a password
    "GIT_OPTIONAL_LOCKS": "0",  # reading must not refresh the user's index
    "LC_ALL": "C.UTF-8",
}
SETTINGS = (
    "core.fsmonitor=false",
    "core.quotePath=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "log.showSignature=false",  # runs gpg, and puts its words before git's
)
SAFE = tuple(word for setting in SETTINGS for word in ("-c", setting))

NOTHING = "TAGSHIP_NOTHING"
"""A variable that is empty."""


class Git:
    """Git in one working tree or bare repository."""

    def __init__(self, shell: Shell, root: Path, *, extra: Mapping[str, str] | None = None) -> None:
        self.root = root
        self._shell = shell
        self._extra = QUIET | dict(extra or {})

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that git runs with."""
        return self._shell.environment | self._extra

    def at(self, root: Path, more: Mapping[str, str] | None = None) -> "Git":
        """The same git in another folder, or with more variables."""
        return Git(self._shell, root, extra={**self._extra, **(more or {})})

    def run(self, *words: str, timeout: float = 120, stdin: bytes = b"") -> Output:
        """Run git; the caller looks at the exit code."""
        return self._shell.run(("git", *SAFE, *words), cwd=self.root, extra=self._extra, timeout=timeout, stdin=stdin)

    def text(self, *words: str, timeout: float = 120) -> str:
        """What git prints, without the final newline.

        Raises:
            ToolFailed: git said no; its words are in the message.
        """
        output = self.run(*words, timeout=timeout)
        if not output.ok:
            raise ToolFailed(
                f"git {' '.join(words[:2])} failed: {output.tail(5)}",
                remedy="Run the same git command in the repository to see what it needs.",
            )
        if output.cut:
            raise ToolFailed(
                f"git {' '.join(words[:2])} was not read: it says more than {DATA_LIMIT // 1024**2} MiB",
                remedy="Ask for less: from a tag nearer to this commit.",
            )
        return output.stdout.removesuffix("\n")

    def maybe(self, *words: str) -> str | None:
        """What git prints, or None where it exits with an error: for questions whose answer can be "no"."""
        output = self.run(*words)
        return output.stdout.removesuffix("\n") if output.ok else None

    def lines(self, *words: str) -> tuple[str, ...]:
        """What git prints, line by line; no line for no output."""
        return tuple(line for line in self.text(*words).split("\n") if line)  # names may hold other line ends

    def commit(self, ref: str = "HEAD") -> str | None:
        """The commit that a ref means, tags peeled; None where there is none."""
        return self.maybe("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")

    def commit_time(self, commit: str) -> int:
        """The committer's time, in seconds since 1970."""
        return int(self.text("show", "--no-patch", "--format=%ct", commit))

    def count(self, commit: str) -> int:
        """How many commits lead to this one, itself included."""
        return int(self.text("rev-list", "--count", commit))

    def is_shallow(self) -> bool:
        """Whether the history was cut off by `git clone --depth`."""
        return self.text("rev-parse", "--is-shallow-repository") == "true"

    def tags_at(self, commit: str) -> tuple[str, ...]:
        """The tags that mean this commit, annotated ones peeled."""
        return self.lines("tag", "--points-at", commit)

    def contains(self, ancestor: str, descendant: str) -> bool:
        """Whether one commit is part of the history of the other."""
        return self.run("merge-base", "--is-ancestor", ancestor, descendant).ok

    def changed(self, *, inside: bool = True) -> tuple[str, ...]:
        """The paths of tracked files whose contents are not those of the last commit, staged or not.

        Filters stay off: they are programs that the repository's settings name.

        Args:
            inside: whether changed files of a submodule count; its own filters run for that.
        """
        named = ("config", "-z", "--name-only", "--get-regexp", r"^filter\..*\.(clean|process|required)$")
        # `-c NAME=` ends a name at its first `=`, and names may hold one
        off = [f"--config-env={key}={NOTHING}" for key in (self.maybe(*named) or "").split("\0") if key]
        words = ("--no-ext-diff", f"--ignore-submodules={'untracked' if inside else 'dirty'}", "-z", "HEAD")
        names = self.at(self.root, {NOTHING: ""}).text(*off, "diff", "--name-only", *words)
        return tuple(name for name in names.split("\0") if name)

    def tracked(self, commit: str = "HEAD") -> tuple[str, ...]:
        """The paths of a commit's files, submodules' own files left out."""
        names = self.text("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit)
        return tuple(name for name in names.split("\0") if name)


def open_repository(shell: Shell, path: Path) -> Git:
    """Git at the root of the repository that contains a folder.

    Raises:
        ProjectError: there is no such folder, no repository, or git refuses to use it.
    """
    if not path.is_dir():
        raise ProjectError(f"{path} is not a folder", remedy="Name the folder of a git repository.")
    output = Git(shell, path).run("rev-parse", "--show-toplevel")
    if output.ok:
        return Git(shell, Path(output.stdout.removesuffix("\n")))
    words = output.stderr.strip()
    if "dubious ownership" in words:
        raise ProjectError(
            f"{path} belongs to another user, and git refuses to use it\n{words}",
            remedy=f"If you trust it: git config --global --add safe.directory {shlex.quote(str(path.absolute()))}",
        )
    if "must be run in a work tree" in words:
        what = "inside of a .git folder" if ".git" in path.resolve().parts else "a bare repository"
        raise ProjectError(f"{path} is {what}", remedy="Name a clone that has the files checked out.")
    raise ProjectError(
        f"{path} is not inside a git repository",
        remedy="Run it in a clone of the project, or make it one: git init && git add . && git commit",
    )
