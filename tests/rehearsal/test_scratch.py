"""The folders of rehearsals: what is removed, and when."""

import os
import subprocess
import sys
from pathlib import Path

from tagship.rehearsal.walls import scratch


def names(cache: Path) -> list[str]:
    return sorted(path.name for path in (cache / "rehearsals").glob("r*"))


def test_a_folder_in_use_stays_and_goes_with_its_rehearsal(tmp_path: Path) -> None:
    """Rehearsals at the same time leave each other's folders alone."""
    with scratch.folder(tmp_path) as first:
        (first / "file").touch()
        with scratch.folder(tmp_path) as second:
            assert names(tmp_path) == sorted((first.name, second.name))
        assert names(tmp_path) == [first.name]
        assert (first / "file").exists()
    assert names(tmp_path) == []


def test_a_folder_is_abandoned_in_whatever_moment_its_rehearsal_was_killed(tmp_path: Path) -> None:
    """Made but not locked yet, locked once, half removed, closed to everybody: the next rehearsal removes it."""
    parent = tmp_path / "rehearsals"
    for name in ("r-unlocked", "r-locked-once", "r-half-removed/work/tree", "r-closed/inner"):
        (parent / name).mkdir(parents=True)
    (parent / "r-locked-once" / scratch.LOCK).touch()
    (parent / "r-closed/inner/file").touch()
    (parent / "r-closed/inner").chmod(0)
    (parent / "r-closed").chmod(0)
    with scratch.folder(tmp_path) as mine:
        assert names(tmp_path) == [mine.name]


def test_a_rehearsal_that_is_killed_while_it_makes_its_folder_leaves_none(tmp_path: Path) -> None:
    """Killed between any two system calls of the making, a folder is gone after the next run."""
    script = (
        "import os, sys, tempfile; from pathlib import Path; from tagship.rehearsal.walls import scratch\n"
        "steps = iter(range(int(sys.argv[2])))\n"
        "def audit(event, words):\n"
        "    if event in ('open', 'tempfile.mkdtemp', 'os.mkdir', 'fcntl.flock') and 'rehearsals' in repr(words):\n"
        "        next(steps, None) is None and os.kill(os.getpid(), 9)\n"
        "sys.addaudithook(audit)\n"
        "with scratch.folder(Path(sys.argv[1])): os.kill(os.getpid(), 9)\n"
    )
    left = set()
    for steps in range(6):
        done = subprocess.run([sys.executable, "-c", script, str(tmp_path), str(steps)])
        assert done.returncode == -9
        left.add(len(names(tmp_path)))
        with scratch.folder(tmp_path) as mine:
            assert names(tmp_path) == [mine.name]
    assert left == {0, 1}


def test_what_is_hard_to_remove_is_removed(tmp_path: Path) -> None:
    """Folders deeper than a path can be long, without permissions, and links to elsewhere: all go, elsewhere stays."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "theirs").touch()
    tree = tmp_path / "tree"
    (tree / "closed/inner").mkdir(parents=True)
    (tree / "closed/inner/file").touch()
    (tree / "closed/inner").chmod(0o500)
    (tree / "closed").chmod(0)
    (tree / "link").symlink_to(outside, target_is_directory=True)
    deep = "import os, sys\nos.chdir(sys.argv[1])\nfor _ in range(3000): os.mkdir('deep'); os.chdir('deep')\n"
    subprocess.run([sys.executable, "-c", deep, str(tree)], check=True)
    scratch.remove(tree)
    assert list(tmp_path.iterdir()) == [outside]
    assert list(outside.iterdir()) == [outside / "theirs"]


def test_environments_that_nobody_uses_are_forgotten(tmp_path: Path) -> None:
    """An environment unused for a month goes, and so does one whose making was broken off a day ago."""
    for name, age in (("old", 31), ("young", 29), ("new-old", 2), ("new-young", 0)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (1e9 - age * 86400, 1e9 - age * 86400))
    scratch.forget(tmp_path, 1e9)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new-young", "young"]
