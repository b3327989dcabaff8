"""The two requirements files with hashes that a repository keeps in `.github/tagship`: where they lie, what they hold.

Their form is pip's: https://pip.pypa.io/en/stable/topics/secure-installs/#hash-checking-mode
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

FOLDER = ".github/tagship"
TOOLS = f"{FOLDER}/requirements.txt"
"""Tagship and what it needs, for the jobs of the publishing workflow."""
_RUNNER = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "python_version": "3.12"}
"""Where the workflow installs them."""
_HASH = re.compile(r"\s--hash=\w+:\w+")


def build_lock(package: str) -> str:
    """The file with the build requirements of a package.

    Args:
        package: its folder in the repository; `.` for the usual case.
    """
    return f"{FOLDER}/build.txt" if package == "." else f"{FOLDER}/build-{package.strip('/').replace('/', '-')}.txt"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pin:
    """One entry: a project at a version, where its marker holds."""

    requirement: Requirement
    version: Version
    hashes: int
    """How many digests there are."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lock:
    """A requirements file that was read."""

    pins: Mapping[str, tuple[Pin, ...]]
    """By normalised name; several where they are for different environments."""
    wrong: tuple[str, ...]
    """Lines that are no exact version with a digest."""

    def lacks(self, requirements: Iterable[str]) -> tuple[str, ...]:
        """Those requirements that no pin satisfies on the runner of the workflow; what is no requirement is lacking."""
        return tuple(line for line in requirements if not self._has(line))

    def version(self, project: str) -> Version | None:
        """The version of a project, the newest where there are several; None where it is not in the file."""
        return max((pin.version for pin in self.pins.get(canonicalize_name(project), ())), default=None)

    def _has(self, line: str) -> bool:
        try:
            wanted = Requirement(line)
        except InvalidRequirement:
            return False
        if wanted.marker is not None and not wanted.marker.evaluate({**_RUNNER, "extra": ""}):
            return True
        pins = self.pins.get(canonicalize_name(wanted.name), ())
        return any(wanted.specifier.contains(pin.version, prereleases=True) for pin in pins)


def read(text: str) -> Lock:
    """Read a requirements file with hashes; never raises for what stands in it."""
    pins: dict[str, list[Pin]] = {}
    wrong: list[str] = []
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        words = re.sub(r"(^|\s)#.*", "", line).strip()
        if not words:
            continue
        pin = _pin(words)
        if pin is None:
            wrong.append(words if len(words) <= 100 else f"{words[:100]} …")
        else:
            pins.setdefault(canonicalize_name(pin.requirement.name), []).append(pin)
    return Lock(pins={name: tuple(found) for name, found in pins.items()}, wrong=tuple(wrong))


def _pin(words: str) -> Pin | None:
    hashes = len(_HASH.findall(words))
    try:
        requirement = Requirement(_HASH.sub("", words).strip())
    except InvalidRequirement:
        return None
    (spec, *more) = [*requirement.specifier] or [None]
    if spec is None or more or spec.operator != "==" or spec.version.endswith(".*") or not hashes:
        return None
    return Pin(requirement=requirement, version=Version(spec.version), hashes=hashes)
