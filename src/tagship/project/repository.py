"""What git knows about a repository: where it lives, its branches, its tags. Two calls of git, none writes."""

import re
from urllib.parse import urlsplit

import msgspec

from tagship.project.found import Found, unknown
from tagship.services.addresses import GITHUB
from tagship.services.git import Git

_ADDRESS = re.compile(r"(?:https?|ssh|git)://(?:[^@/]*@)?(?P<host>[^/:]+)(?::\d+)?/(?P<path>.+?)(?:\.git)?/?")
_SCP = re.compile(r"(?:[^@/:]+@)?(?P<host>[^/:]{2,}):(?P<path>[^/].*?)(?:\.git)?/?")  # one letter is a drive
_SLUG = re.compile(r"[\w.-]+/(?!\.{1,2}$)[\w.-]+", re.ASCII)


class Repository(msgspec.Struct, frozen=True, kw_only=True):
    """A repository as its clone shows it."""

    host: Found[str | None]
    """Where it lives: `github.com`, or a company's own server."""
    slug: Found[str | None]
    """`owner/name`."""
    upstream: str | None
    """`owner/name` of the remote `upstream`, where origin is another: then this is a fork, most of the time."""
    branch: str | None
    """The branch that is checked out; None with a detached HEAD."""
    default_branch: Found[str | None]
    tags: tuple[str, ...]
    """Newest first, by the date of what they point at."""

    @property
    def on_github(self) -> str | None:
        """`owner/name`, where it lives on GitHub itself; None anywhere else."""
        host = (self.host.value or "").lower()
        return self.slug.value if host and host == urlsplit(GITHUB).hostname else None


def read(git: Git) -> Repository:
    """Read the remotes, branches and tags of a repository."""
    config = _config(git)
    remote, address = _remote(config)
    found = _parts(address)
    # the address may hold credentials, so that it is never shown
    source = f"git remote {remote}"
    host: Found[str | None] = Found(value=found["host"], source=source) if found else unknown(_no_remote(remote))
    slug: Found[str | None] = unknown(_no_remote(remote))
    if named := slug_of(address):
        slug = Found(value=named, source=source)
    elif found:
        slug = unknown(f"the address of {source} is not one of owner/name")
    wanted = ("refs/tags", "refs/heads", *(f"refs/remotes/{remote}/{b}" for b in ("HEAD", "main", "master")))
    lines = git.lines("for-each-ref", "--sort=-creatordate", "--format=%(refname)%09%(symref)%09%(HEAD)", *wanted)
    refs = [line.split("\t") for line in lines]
    branch = next((name for name, _, head in refs if head == "*"), "").removeprefix("refs/heads/") or None
    second = slug_of(config.get("remote.upstream.url", "")) if remote != "upstream" else None
    return Repository(
        host=host,
        slug=slug,
        upstream=second if second != slug.value else None,
        branch=branch,
        default_branch=_default_branch(remote, refs, config.get("init.defaultbranch"), branch),
        tags=tuple(name.removeprefix("refs/tags/") for name, _, _ in refs if name.startswith("refs/tags/")),
    )


def _parts(address: str) -> re.Match[str] | None:
    return _ADDRESS.fullmatch(address) or _SCP.fullmatch(address)


def slug_of(address: str) -> str | None:
    """`owner/name` out of the address of a remote; None where it is not of that form.

    It gets into workflows, addresses and commands, so that only the letters that GitHub allows are taken.
    """
    found = _parts(address)
    return found["path"] if found and _SLUG.fullmatch(found["path"]) else None


def _config(git: Git) -> dict[str, str]:
    """The repository's own settings that matter here, by lower-case key but for the remote's name."""
    output = git.run("config", "--local", "-z", "--get-regexp", r"^(remote\..*\.url|init\.defaultbranch)$")
    pairs = (item.partition("\n") for item in output.stdout.split("\0") if item)
    found: dict[str, str] = {}
    for key, _, value in pairs:
        found.setdefault(key, value)  # the first of several addresses of a remote is fetched from
    return found


def _remote(config: dict[str, str]) -> tuple[str, str]:
    """Name and address of the remote that counts: origin, else upstream, else the first one; empty for none."""
    remotes = {k.removeprefix("remote.").removesuffix(".url"): v for k, v in config.items() if k.startswith("remote.")}
    name = next((name for name in ("origin", "upstream", *remotes) if name in remotes), "")
    return name, remotes.get(name, "")


def _no_remote(remote: str) -> str:
    return f"the address of git remote {remote} names no server" if remote else "the repository has no remote"


def _default_branch(
    remote: str, refs: list[list[str]], configured: str | None, current: str | None
) -> Found[str | None]:
    prefix = f"refs/remotes/{remote}/"
    names = {name for name, _, _ in refs}
    pointed = next((symref for name, symref, _ in refs if name == f"{prefix}HEAD"), "")
    if pointed.startswith(prefix):
        return Found(value=pointed.removeprefix(prefix), source=f"detected: {remote}/HEAD")
    if configured and f"refs/heads/{configured}" in names:
        return Found(value=configured, source="git config init.defaultBranch")
    for branch in ("main", "master"):
        if f"refs/heads/{branch}" in names or f"{prefix}{branch}" in names:
            return Found(value=branch, source=f"detected: the branch {branch} exists")
    if current:
        return Found(value=current, source="detected: the branch that is checked out")
    return unknown("there is no branch")
