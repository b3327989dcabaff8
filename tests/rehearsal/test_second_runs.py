"""The same stages twice on one world: what was lost the first time arrives, and what arrived is left alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tagship.rehearsal.pipeline import Finished
from tests.rehearsing import Opened, Stage, repository

WHEEL, SDIST = "sample-1.0.0-py3-none-any.whl", "sample-1.0.0.tar.gz"


@pytest.mark.requirement("A14", "D1")
def test_the_same_bytes_twice_are_no_error(stage: Stage, tmp_path: Path) -> None:
    """All stages once more on the same world upload nothing, change nothing, and say that all is there."""
    with stage.open(repository(tmp_path / "sample", {})) as opened:
        first = opened.run()
        state = _public(opened)
        sent = len(opened.embedded.exchanges)
        second = opened.run()
        assert (first.error, second.error) == (None, None)
        assert first.manifest.dists == second.manifest.dists
        assert _public(opened) == state
        writes = [e for e in opened.embedded.exchanges[sent:] if e.method not in ("GET", "HEAD")]
    assert [f"{e.method} {e.url}" for e in writes] == []
    publish = second.manifest.entry("publish")
    assert publish is not None
    assert publish.said == ("PyPI has 2 files already, byte for byte",)


def _public(opened: Opened) -> object:
    """Everything that the world shows in public: the files with their digests, and the releases."""
    releases = [(r.tag, r.draft, r.name, r.body, [a.name for a in r.assets]) for r in opened.embedded.github.releases]
    return [(f.filename, f.sha256) for f in opened.embedded.pypi.state.files("sample")], releases


@dataclass
class Faulty:
    """An index in front of which the network, or the index itself, fails for some of the uploads."""

    index: Any
    fails: frozenset[int]
    """Which requests for an upload, counted from 1."""
    how: str
    """`lost`: it never arrives; `unanswered`: the first one does, and its answer is lost; else a status line."""
    seen: int = 0

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        """Pass on, or fail."""
        upload = environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"] == "/legacy/"
        self.seen += upload
        if not upload or self.seen not in self.fails:
            return self.index(environ, start_response)
        if self.how == "unanswered" and self.seen == min(self.fails):
            list(self.index(environ, lambda *_: None))
        if self.how in ("lost", "unanswered"):
            raise ConnectionResetError("made up by a test")
        environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        start_response(self.how, [("Content-Length", "0")])
        return []


def twice(stage: Stage, path: Path, how: str, fails: Iterable[int]) -> tuple[Finished, Finished, object]:
    """A run in which some uploads fail, then a run of the same stages without; what is public at the end."""
    with stage.open(path) as opened:
        doors, host = opened.embedded.doors, "upload.pypi.org"
        sound = doors.hosts
        doors.hosts = {**sound, host: Faulty(sound[host], frozenset(fails), how)}
        first = opened.run()
        doors.hosts = sound
        second = opened.run()
        return first, second, _public(opened)


@pytest.mark.requirement("A14", "E5", "D1")
@pytest.mark.parametrize("how", ["lost", "503 Service Unavailable"])
@pytest.mark.parametrize("first_lost", [1, 2])
def test_an_upload_that_breaks_off_converges_in_a_second_run(
    stage: Stage, tmp_path: Path, first_lost: int, how: str
) -> None:
    """An index that is gone from the first or second file on: said what lacks, and the next run sends that."""
    first, second, public = twice(stage, repository(tmp_path / "sample", {}), how, range(first_lost, 100))
    assert first.error is not None
    lacking = SDIST if first_lost == 2 else f"{WHEEL}, {SDIST}"
    assert (first.error.code, first.error.message.splitlines()[0], first.error.remedy) == (
        "TE12",
        f"The upload broke off, and PyPI does not show {lacking}",
        "Run the same command again: it uploads what is missing, and bytes that are there are left alone.",
    )
    assert "Traceback" not in first.error.message
    _complete(second, public)


@pytest.mark.requirement("A14", "E5", "D1")
@pytest.mark.parametrize(("how", "fails"), [("unanswered", range(2, 100)), ("503 Service Unavailable", [2])])
def test_an_answer_that_is_lost_does_not_matter(stage: Stage, tmp_path: Path, how: str, fails: Iterable[int]) -> None:
    """Where the second file arrived and its answer is lost, or one request fails, the first run completes."""
    first, second, public = twice(stage, repository(tmp_path / "sample", {}), how, fails)
    assert first.error is None
    _complete(second, public)


def _complete(second: Finished, public: object) -> None:
    """The second run did everything that was left, and what is public is the release, once and whole."""
    assert second.error is None
    assert [entry.outcome for entry in second.manifest.log] == ["done"] * 9
    assert isinstance(public, tuple)
    files, ((tag, draft, _, _, assets),) = public
    assert sorted(files) == sorted((dist.filename, dist.sha256) for dist in second.manifest.dists)
    assert (tag, draft, sorted(assets)) == ("v1.0.0", False, [WHEEL, SDIST])
