"""What the failures of a test run are about: the package, the network that was refused, or what the tests need.

Each failing test is judged by its own words, so that one that needed the network does not hide one that found a fault.
pytest's are read from its JUnit file, unittest's from what it prints.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tagship.services.shell import Output
from tagship.stages.common import NO_WAY_OUT

Cause = Literal["package", "network", "needs"]

_PLUGIN = re.compile(r"fixture '\w+' not found|async def functions are not natively supported")
_MISSING = re.compile(r"No module named '?([\w.]+)")
_TESTS = re.compile(r"(^|[._])(tests?|conftest)($|[._])")
_UNITTEST = re.compile(r"^=+\n(?=(?:ERROR|FAIL): )", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """One test, or one file of tests, that failed."""

    words: str
    """Its message and traceback."""
    loading: bool
    """Whether the file could not even be imported."""


def read(output: Output, runner: str, junit: Path) -> tuple[Failure, ...]:
    """All failures of a run; where the runner left no list of them, its whole output is one."""
    found: tuple[Failure, ...] = ()
    if runner == "unittest":
        blocks = _UNITTEST.split(output.stderr + "\n" + output.stdout)[1:]
        found = tuple(Failure(words=block, loading="_FailedTest" in block) for block in blocks)
    elif junit.is_file():
        found = tuple(_of_pytest(junit))
    words = f"{output.stdout}\n{output.stderr}"
    return found or (Failure(words=words, loading=re.search(r"\b\d+ (passed|failed)\b", words) is None),)


def _of_pytest(junit: Path) -> Iterator[Failure]:
    try:
        cases = ET.parse(junit).iter("testcase")  # noqa: S314  expat itself bounds the expansion of entities
        for case in cases:
            said = [node for node in case if node.tag in ("failure", "error")]
            captured = [node.text or "" for node in case if node.tag in ("system-out", "system-err")]
            for node in said:
                message = node.get("message", "")
                words = "\n".join([message, node.text or "", *captured])
                yield Failure(words=words, loading=message == "collection failure")
    except ET.ParseError:
        return


def cause(failure: Failure, own: Collection[str]) -> Cause:
    """What a failure is about.

    Args:
        own: the top-level names that the package installs; a module that lacks below one of them is the package's.
    """
    if any(words in failure.words for words in NO_WAY_OUT):
        return "network"
    if _PLUGIN.search(failure.words):
        return "needs"
    missing = _MISSING.search(failure.words)
    if failure.loading and missing is not None:
        mine = missing[1].partition(".")[0] in own and not _TESTS.search(missing[1])
        return "package" if mine else "needs"
    return "package"
