"""Where the token for GitHub comes from: standard input, a variable, or what `gh` keeps; never the command line."""

import sys
from collections.abc import Mapping
from pathlib import Path
from shutil import which

from tagship.errors import UsageError
from tagship.services.shell import Shell

USUAL = ("GH_TOKEN", "GITHUB_TOKEN")


def with_token(environ: Mapping[str, str], shell: Shell, said: str | None = None) -> dict[str, str]:
    """The variables, with GH_TOKEN as the token to use where there is one.

    Args:
        said: `-` for a line of standard input, or the name of a variable; None for the usual places.

    Raises:
        UsageError: it is not where it was said to be.
    """
    if said == "-":
        return {**environ, "GH_TOKEN": _checked(sys.stdin.readline().strip(), "standard input")}
    if said is not None:
        return {**environ, "GH_TOKEN": _checked(environ.get(said, ""), "a variable of that name")}
    if any(environ.get(name) for name in USUAL) or which("gh") is None:
        return dict(environ)
    answer = shell.run(("gh", "auth", "token"), cwd=Path.cwd(), timeout=30)
    found = answer.stdout.strip() if answer.ok else ""
    return {**environ, **({"GH_TOKEN": found} if found else {})}


def _checked(token: str, where: str) -> str:
    if not token:
        raise UsageError(
            f"Nothing was looked at: there is no token in {where}",
            remedy="--token takes `-` for standard input, or the name of a variable, never the token itself.",
        )
    return token
