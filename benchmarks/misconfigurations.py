"""What the doctor finds of set-ups that were broken for somebody: python benchmarks/misconfigurations.py.

Each is built in the embedded world, looked at, and released. The result is docs/misconfigurations.md; the tests hold
every row of it (tests/setup/test_misconfigurations.py).
"""

import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.adopting import tools  # noqa: E402  the sources first
from tests.conftest import serving  # noqa: E402
from tests.setup.bench import PAGE, Bench, page, row, words  # noqa: E402
from tests.setup.broken import BROKEN  # noqa: E402
from tests.setup.worlds import stagehand  # noqa: E402


def main() -> int:
    """Measure all, write the page; 1 where one is not named."""
    wheelhouse = Path(os.environ.get("TAGSHIP_WHEELHOUSE") or ROOT / ".cache" / "wheelhouse")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "tooling").mkdir()
        index = next(server := serving(folder / "tooling", tools(folder / "tooling", wheelhouse)))
        with stagehand(folder, index, folder / "cache") as worlds:
            bench = Bench(worlds=worlds)
            rows, unnamed = [], 0
            for broken in BROKEN:
                measured = bench.measure(broken)
                right = measured.named is not None and broken.words in words(measured.named)
                unnamed += not right
                rows.append((measured.said.where, row(broken, measured)))
                print(f"{'named' if right else 'NOT NAMED':9} {broken.id}: {', '.join(sorted(measured.changed))}")
        server.close()
    PAGE.write_text(page(rows, unnamed))
    print(f"{len(BROKEN) - unnamed} of {len(BROKEN)} are named; {PAGE.relative_to(ROOT)} is written")
    return 1 if unnamed else 0


if __name__ == "__main__":
    raise SystemExit(main())
