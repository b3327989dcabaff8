"""GitHub's own parser, language service and expression evaluator, asked one question at a time over a pipe."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

PACKAGES = Path(__file__).parents[2] / ".cache" / "node" / "node_modules"
Results = Mapping[str, str]


class GitHub:
    """What GitHub would say, by its own code (npm @actions/workflow-parser, expressions, languageservice)."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def _ask(self, ask: str, **words: object) -> Any:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps({"ask": ask, **words}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer["ok"]

    def parse(self, source: str) -> dict[str, Any]:
        """The parser's `errors`, and what it understood: `events`, `needs` by job, and the `tree` of the file."""
        return self._ask("parse", content=source)

    def diagnose(self, source: str) -> list[str]:
        """The errors and warnings of GitHub's editor support, each with its line."""
        return self._ask("diagnose", content=source)

    def conditions(self, source: str) -> Results:
        """The condition of each job as GitHub completes it."""
        return self._ask("conditions", content=source)

    def evaluate(self, expression: str, context: Mapping[str, object], **status: bool) -> str:
        """The value of one expression as text, in a job before which things went as `status` says."""
        known = {"success": True, "failure": False, "cancelled": False, **status}
        return self._ask("evaluate", expression=expression, context=context, status=known)

    def run(
        self,
        source: str,
        context: Mapping[str, object],
        *,
        ends: Results,
        outputs: Mapping[str, Results],
        cancelled: Sequence[str] = (),
    ) -> Results:
        """How each job ends: `skipped` where its condition is false, else as `ends` says, and `success` without.

        Args:
            outputs: what each job puts out, by its name.
            cancelled: the jobs whose turn comes only after the run was cancelled.
        """
        words = {"ends": ends, "outputs": outputs, "cancelled": cancelled}
        return self._ask("run", content=source, context=context, **words)


@contextmanager
def asked(folder: Path) -> Iterator[GitHub]:
    """GitHub's code as one process, which works in the folder; skips the test where it is not installed."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no Node.js: run scripts/install-tools.sh")
    if not (PACKAGES / "@actions" / "languageservice").is_dir():
        pytest.skip("GitHub's packages are not installed: run scripts/install-tools.sh")
    (folder / "node_modules").symlink_to(PACKAGES)
    shutil.copy(Path(__file__).with_name("gha.mjs"), folder)
    with subprocess.Popen(
        [node, "gha.mjs"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        yield GitHub(process)


@pytest.fixture(scope="session")
def gha(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHub]:
    """GitHub's parser, language service and evaluator, one process for all tests."""
    with asked(tmp_path_factory.mktemp("gha")) as github:
        yield github
