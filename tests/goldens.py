"""Complete outputs kept in `tests/golden/`: `TAGSHIP_UPDATE_GOLDEN=1 pytest` writes them, every other run compares."""

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def same(name: str, text: str) -> None:
    """Compare with the golden file of that name, or write it where that was asked for."""
    path = FOLDER / name
    if os.environ.get("TAGSHIP_UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    assert text == path.read_bytes().decode(), f"{name} differs; TAGSHIP_UPDATE_GOLDEN=1 writes it again"
