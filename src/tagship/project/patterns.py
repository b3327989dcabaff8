"""GitHub's filter patterns: which branches, tags and paths start a workflow.

Source: docs.github.com, "Workflow syntax for GitHub Actions", filter pattern cheat sheet. They are neither shell globs
nor regular expressions: `*` stops at a slash and `**` does not, `?` and `+` repeat what stands before them, `[]` is one
of the characters, and the last pattern that fits decides. Both patterns and names are other people's, so they are
matched in time that grows with the product of their lengths, which Python's regular expressions do not promise.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

_PARTS = re.compile(r"(\*\*/|\*\*|\*|\[[^\]]*\]|\\.|[^?+\[])([?+]?)", re.DOTALL)
_RANGE = re.compile(r"([a-zA-Z0-9])-([a-zA-Z0-9])|(.)", re.DOTALL)


class _State(NamedTuple):
    """One place in a pattern, between what was read and what may come."""

    fits: Callable[[str], bool]
    """Whether a character leads from here to the next state."""
    stays: bool = False
    """Whether it may also lead back here."""
    free: tuple[int, ...] = ()
    """How far ahead are the states that are reached from here without a character."""


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether a branch, tag or path passes; without a pattern that includes something, nothing does."""
    passed = False
    for pattern in patterns:
        states = _states(pattern.removeprefix("!"))
        if not states:
            return False  # GitHub refuses such a pattern, and with it the workflow
        if _fits(states, name):
            passed = not pattern.startswith("!")
    return passed


def is_valid(pattern: str) -> bool:
    """Whether GitHub takes a pattern: something to repeat, and character classes that end and do not run backwards."""
    return bool(_states(pattern.removeprefix("!")))


def _fits(states: tuple[_State, ...], name: str) -> bool:
    """Follow all ways through the pattern at once."""
    here = _reached(states, {0})
    for character in name:
        ahead = set()
        for at in here:
            if at < len(states) and states[at].fits(character):
                ahead |= {at, at + 1} if states[at].stays else {at + 1}
        here = _reached(states, ahead)
    return len(states) in here


def _reached(states: tuple[_State, ...], places: set[int]) -> set[int]:
    todo, found = list(places), set(places)
    while todo:
        at = todo.pop()
        more = {at + far for far in states[at].free} - found if at < len(states) else set()
        found |= more
        todo.extend(more)
    return found


@lru_cache(maxsize=256)
def _states(pattern: str) -> tuple[_State, ...] | None:
    found: list[_State] = []
    at = 0
    while at < len(pattern):
        part = _PARTS.match(pattern, at)
        if part is None:
            return None
        at = part.end()
        match part[1]:
            case "**/":  # nothing, or folders and the slash behind them
                any_folders = _State(_anything, stays=True, free=(1,))
                found += [_State(_nothing, free=(1, 3)), any_folders, _State("/".__eq__)]
            case "**":
                found.append(_State(_anything, stays=True, free=(1,)))
            case "*":
                found.append(_State("/".__ne__, stays=True, free=(1,)))
            case one:
                characters = _characters(one)
                if not characters:
                    return None
                repeat = part[2]
                found.append(_State(characters.__contains__, stays=repeat == "+", free=(1,) if repeat == "?" else ()))
    return tuple(found)


def _characters(part: str) -> frozenset[str]:
    """The characters that one part stands for; none for a class that is empty or runs backwards."""
    if part[0] != "[":
        return frozenset(part[-1])
    found: set[str] = set()
    for first, last, single in _RANGE.findall(part[1:-1]):
        span = {single} if single else {chr(code) for code in range(ord(first), ord(last) + 1)}
        if not span:
            return frozenset()
        found |= span
    return frozenset(found)


def _anything(_: str) -> bool:
    return True


def _nothing(_: str) -> bool:
    return False
