"""A day on one line."""

import json
from pathlib import Path

WORDS = json.loads(Path(__file__).with_name("words.json").read_text(encoding="utf-8"))


def entry(text: str) -> str:
    """The line of a day."""
    return f"{WORDS['today']} {text}"


def main() -> None:
    """The command."""
    print(entry("nothing happened."))
