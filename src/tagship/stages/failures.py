"""What the failures of a test run are about: the package, the network that was refused, or what the tests need.

Each failing test is judged by its own words, so that one that needed the network does not hide one that found a fault:
its message, its traceback, and what it and its programs wrote to standard error, where programs complain. pytest's are
read from its JUnit file, unittest's from what it prints.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tagship.services.shell import Output
from tagship.stages.common import NO_WAY_OUT

Cause = Literal["package", "network", "needs"]

_PLUGIN = re.compile(r"fixture '\w+' not found|async def functions are not natively supported")
_MISSING = re.compile(r"(?:No module named|cannot import name '\w+' from(?: partially initialized module)?) '?([\w.]+)")
_TESTS = re.compile(r"(^|[._])(tests?|conftest)($|[._])")
_LOOPBACK = re.compile(r"\blocalhost\b|\b127\.\d+\.\d+\.\d+|(?<![\w:])::1(?![\w:])")
_REFUSED = "Connection refused"
_OF_PROXY = ("Tunnel connection failed: 403", "CONNECT tunnel failed", "ProxyError: 403")
"""What clients say when the proxy lets nobody through, wherever that proxy is."""
_NOT_BEGUN = (3, 4)
"""Exit codes of pytest for an error of its own or a plugin's, and for options or files that it cannot use
(https://docs.pytest.org/en/stable/reference/exit-codes.html)."""
_END = re.compile(r"^-+\nRan \d+ tests? in ", re.MULTILINE)
_UNITTEST = re.compile(r"^=+\n(?=(?:ERROR|FAIL): )", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """One test, or one file of tests, that failed."""

    words: str
    """Its message and traceback."""
    errors: str
    """Of these the lines that say what went wrong, without the source code around; and what programs complained of."""
    loading: bool
    """Whether the file could not even be imported."""
    begun: bool = True
    """Whether the runner came as far as the tests."""


def read(output: Output, runner: str, junit: Path) -> tuple[Failure, ...]:
    """All failures of a run; where the runner left no list of them, its whole output is one."""
    found: tuple[Failure, ...] = ()
    if runner == "unittest":
        blocks = _UNITTEST.split(_END.split(output.stderr)[0])[1:]
        found = tuple(Failure(words=block, errors=block, loading="_FailedTest" in block) for block in blocks)
    else:
        found = tuple(failure for case in _cases(junit) for failure in _of_pytest(case))
    words = f"{output.stdout}\n{output.stderr}"
    return found or (
        Failure(
            words=words,
            errors=words,
            loading=re.search(r"\b\d+ (passed|failed)\b", words) is None,
            begun=runner != "pytest" or output.returncode not in _NOT_BEGUN,
        ),
    )


def passed(output: Output, runner: str, junit: Path) -> bool:
    """Whether any test passed; those that were skipped did not."""
    if runner == "unittest":
        ran = re.search(r"^Ran (\d+) tests? in ", output.stderr, re.MULTILINE)
        skipped = re.search(r"\bskipped=(\d+)", output.stderr)
        other = len(_UNITTEST.findall(output.stderr)) + (int(skipped[1]) if skipped is not None else 0)
        return output.ok if ran is None else int(ran[1]) > other
    return any(not any(node.tag in ("failure", "error", "skipped") for node in case) for case in _cases(junit))


def _cases(junit: Path) -> tuple[ET.Element, ...]:
    try:
        return tuple(ET.parse(junit).iter("testcase"))  # noqa: S314  expat itself bounds the expansion of entities
    except (OSError, ET.ParseError):
        return ()


def _of_pytest(case: ET.Element) -> Iterator[Failure]:
    captured = "\n".join(node.text or "" for node in case if node.tag == "system-err")
    for node in case:
        if node.tag in ("failure", "error"):
            message, text = node.get("message", ""), node.text or ""
            marked = "\n".join(line for line in text.splitlines() if line.startswith("E "))
            yield Failure(
                words=f"{message}\n{text}\n{captured}",
                errors=f"{marked or text}\n{captured}",  # other styles of traceback mark nothing
                loading=message == "collection failure",
            )


def network_refused(environment: Mapping[str, str]) -> bool:
    """Whether children are not let into the network: their proxy is on this machine, as in a rehearsal."""
    return environment.get("HTTPS_PROXY", "").startswith("http://127.0.0.1:")


def asks_network(failure: Failure) -> bool:
    """Whether it says that it found no way out; a server of its own, on this machine, is no way out."""
    lines = [line for line in failure.errors.splitlines() if any(phrase in line for phrase in NO_WAY_OUT)]
    if any(phrase in line for line in lines for phrase in _OF_PROXY):
        return True
    if _LOOPBACK.search(failure.words) is not None:  # the traceback may name the address far from the error
        lines = [line for line in lines if _REFUSED not in line and _LOOPBACK.search(line) is None]
    return bool(lines)


def cause(failure: Failure, own: Collection[str], *, refused: bool) -> Cause:
    """What a failure is about.

    Args:
        own: the top-level names that the package installs; a module that lacks below one of them is the package's.
        refused: whether the tests were not let into the network; where they were, its failures are theirs.
    """
    if refused and asks_network(failure):
        return "network"
    if _PLUGIN.search(failure.words):
        return "needs"
    missing = _MISSING.findall(failure.words) if failure.loading else []
    if missing:
        mine = any(name.partition(".")[0] in own and not _TESTS.search(name) for name in missing)
        return "package" if mine else "needs"
    return "package" if failure.begun else "needs"
