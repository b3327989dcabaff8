"""Records from outside: the same from any number of threads, where msgspec alone ends the process."""

import subprocess
import sys
from pathlib import Path
from threading import Barrier, Thread

import msgspec
import pytest

from tagship import shapes

ROUNDS = 60
FIELDS = 40


class Inner(msgspec.Struct):
    """Within another."""

    size: int


class Outer(msgspec.Struct):
    """A record within a record."""

    name: str
    inner: Inner | None = None


def test_what_is_read_is_what_was_said() -> None:
    """A record, a container of some, or whatever the document has; anything else is refused in msgspec's words."""
    assert shapes.read_json(b'{"name": "a", "inner": {"size": 1}}', Outer) == Outer(name="a", inner=Inner(size=1))
    assert shapes.read_json('[{"size": 1}]', list[Inner]) == [Inner(size=1)]
    assert shapes.read_json(b'{"any": [1, null]}', object) == {"any": [1, None]}
    assert shapes.shaped({"name": "a", "inner": {"size": 2}}, Outer) == Outer(name="a", inner=Inner(size=2))
    with pytest.raises(msgspec.ValidationError, match=r"Expected `int`, got `str` - at `\$\.inner\.size`"):
        shapes.shaped({"name": "a", "inner": {"size": "2"}}, Outer)
    with pytest.raises(msgspec.DecodeError, match="truncated"):
        shapes.read_json(b'{"name"', Outer)


def test_many_threads_meet_a_record_for_the_first_time() -> None:
    """Threads that begin together with records nobody has read yet: msgspec alone dies of it within a few rounds."""
    run = subprocess.run([sys.executable, __file__], capture_output=True, text=True, timeout=120, check=False)
    assert (run.returncode, run.stdout) == (0, f"{ROUNDS * 4}\n"), run.stderr


def _storm() -> None:
    """Read new records from four threads at once, and print how often that came to an end."""
    sys.setswitchinterval(1e-6)
    ended: list[object] = []
    for _ in range(ROUNDS):
        names = [f"field_{number}" for number in range(FIELDS)]
        inner = msgspec.defstruct("Inner", [(name, list[int] | None, None) for name in names])
        outer = msgspec.defstruct(
            "Outer", [*((name, int | None, None) for name in names), ("inner", inner | None, None)]
        )
        start = Barrier(4)

        def read(turn: int, outer: type = outer, start: Barrier = start) -> None:
            start.wait()
            document = {"field_39": turn, "inner": {"field_3": [turn]}}
            found = (
                shapes.read_json(msgspec.json.encode(document), outer) if turn % 2 else shapes.shaped(document, outer)
            )
            ended.append(found.inner.field_3)

        threads = [Thread(target=read, args=(turn,)) for turn in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    print(len(ended))


if __name__ == "__main__":
    assert Path(__file__).exists()
    _storm()
