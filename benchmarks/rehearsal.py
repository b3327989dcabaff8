"""How long a rehearsal takes, beside the same work done by hand, in one run: python benchmarks/rehearsal.py.

Every way releases the same small package: clean environment, build, tests, checks, upload to an index on this
machine, clean installation from it. The ways by hand follow the READMEs of their tools, use a pypiserver on loopback
and leave out the usual `sleep 60`. The bound is the same work with nothing in between. Whole processes are timed;
machines are noisy, so what counts are the ratios at the end.
"""

import argparse
import contextlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
UV = str(BIN / "uv")
PROGRAMS = {
    "backend": ("build backend", "uv build"),
    "installer": ("uv pip", "uv venv"),
    "tests": ("pytest", "import", "pocket-calendar"),
    "twine": ("twine",),
    "git": ("git",),
}


@dataclass(frozen=True)
class Bench:
    """Where the measurements happen."""

    folder: Path
    example: Path
    environ: dict[str, str]
    tools: Path
    """An environment with build, twine and pypiserver."""

    def run(self, *words: str | Path, cwd: Path | None = None, **extra: str) -> str:
        """Run a program and return what it printed."""
        done = subprocess.run(
            [str(word) for word in words],
            cwd=cwd or self.folder,
            env=self.environ | extra,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            sys.exit(f"{' '.join(map(str, words))} failed:\n{done.stdout}{done.stderr}")
        return done.stdout


def timed(function: Callable[[], object], times: int) -> float:
    """The median of several runs, in seconds."""
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        function()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def versions(bench: Bench) -> tuple[float, float]:
    """`tagship --version` and `python -c pass`."""
    tagship = timed(lambda: bench.run(BIN / "tagship", "--version"), 21)
    nothing = timed(lambda: bench.run(sys.executable, "-c", "pass"), 21)
    return tagship, nothing


def rehearsal(bench: Bench, cache: Path) -> dict[str, object]:
    """One rehearsal; the result as JSON."""
    out = bench.run(BIN / "tagship", "rehearse", bench.example, "--json", TAGSHIP_CACHE_DIR=str(cache))
    result: dict[str, object] = json.loads(out)
    return result


def split(result: dict[str, object]) -> dict[str, float]:
    """Seconds of a rehearsal by what was busy: time that several share counts for each of them."""
    processes = result["processes"]
    exchanges = result["exchanges"]
    assert isinstance(processes, list) and isinstance(exchanges, list)
    parts = {
        name: covered([(p["at"], p["at"] + p["seconds"]) for p in processes if p["program"].startswith(words)])
        for name, words in PROGRAMS.items()
    }
    parts["servers"] = covered([(e["at"], e["at"] + e["seconds"]) for e in exchanges])
    busy = [(p["at"], p["at"] + p["seconds"]) for p in processes]
    parts["ours (nothing else running)"] = float(str(result["seconds"])) - covered(busy)
    return parts


def covered(spans: list[tuple[float, float]]) -> float:
    """The length of a union of spans."""
    total, end = 0.0, float("-inf")
    for begin, stop in sorted(spans):
        total += max(0.0, stop - max(begin, end))
        end = max(end, stop)
    return total


@contextlib.contextmanager
def index(bench: Bench) -> Iterator[str]:
    """A pypiserver on loopback that takes uploads."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    packages = bench.folder / "packages"
    shutil.rmtree(packages, ignore_errors=True)
    packages.mkdir()
    server = subprocess.Popen(
        [
            bench.tools / "bin" / "pypi-server",
            "run",
            "-i",
            "127.0.0.1",
            "-p",
            str(port),
            "-P",
            ".",
            "-a",
            ".",
            packages,
        ],
        env=bench.environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.1):
                break
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def by_hand(bench: Bench) -> None:
    """As most workflows do it: pip, build and twine; built again in the publish job."""
    with tempfile.TemporaryDirectory(dir=bench.folder) as name, index(bench) as url:
        here = Path(name)
        source = clone(bench, here)
        for job in ("validate", "publish"):
            env = here / job
            bench.run(sys.executable, "-m", "venv", env)
            bench.run(env / "bin" / "pip", "install", "-q", "build", "twine", "pytest")
            shutil.rmtree(source / "dist", ignore_errors=True)
            bench.run(env / "bin" / "python", "-m", "build", cwd=source)
            bench.run(env / "bin" / "twine", "check", "--strict", *built(source))
            if job == "validate":
                bench.run(env / "bin" / "pip", "install", "-q", next((source / "dist").glob("*.whl")))
                bench.run(env / "bin" / "python", "-m", "pytest", "-q", cwd=source)
        upload(bench, here / "publish" / "bin" / "twine", source, url)
        env = here / "verify"
        bench.run(sys.executable, "-m", "venv", env)
        bench.run(env / "bin" / "pip", "install", "-q", "--index-url", f"{url}/simple/", "pocket-calendar")
        bench.run(env / "bin" / "pocket-calendar", "--help")


def with_uv(bench: Bench) -> None:
    """The same with uv: one build, uvx for the tools."""
    with tempfile.TemporaryDirectory(dir=bench.folder) as name, index(bench) as url:
        here = Path(name)
        source = clone(bench, here)
        bench.run(UV, "build", "-q", cwd=source)
        env = here / "env"
        bench.run(UV, "venv", "-q", env)
        wheel = next((source / "dist").glob("*.whl"))
        bench.run(UV, "pip", "install", "-q", "--python", env / "bin" / "python", "pytest", "twine", wheel)
        bench.run(env / "bin" / "python", "-m", "pytest", "-q", cwd=source)
        bench.run(env / "bin" / "twine", "check", "--strict", *built(source))
        bench.run(UV, "publish", "-q", "--publish-url", f"{url}/", "-u", "u", "-p", "p", *built(source))
        clean = here / "clean"
        bench.run(UV, "venv", "-q", clean)
        bench.run(
            *(UV, "pip", "install", "-q", "--python", clean / "bin" / "python", "--default-index", f"{url}/simple/"),
            *("--refresh-package", "pocket-calendar", "pocket-calendar"),
        )
        bench.run(clean / "bin" / "pocket-calendar", "--help")


def bound(bench: Bench) -> None:
    """The same work with nothing in between: hooks in one process, checks in process, one warm environment."""
    with tempfile.TemporaryDirectory(dir=bench.folder) as name:
        here = Path(name)
        source = clone(bench, here)
        env = here / "env"
        bench.run(UV, "venv", "-q", env)
        script = (
            "import hatchling.build as b, os; os.makedirs('out'); b.build_sdist('out'); b.build_wheel('out')\n"
            "from twine.commands.check import check; import glob; assert not check(glob.glob('out/*'))"
        )
        bench.run(bench.tools / "bin" / "python", "-c", script, cwd=source)
        wheel = next((source / "out").glob("*.whl"))
        bench.run(UV, "pip", "install", "-q", "--python", env / "bin" / "python", "pytest", wheel)
        bench.run(env / "bin" / "python", "-m", "pytest", "-q", cwd=source)
        bench.run(env / "bin" / "pocket-calendar", "--help")


def clone(bench: Bench, folder: Path) -> Path:
    """A fresh clone of the example."""
    bench.run("git", "clone", "-q", bench.example, folder / "source")
    return folder / "source"


def upload(bench: Bench, twine: Path, source: Path, url: str) -> None:
    """Upload with twine."""
    bench.run(twine, "upload", "--repository-url", url, "-u", "u", "-p", "p", *built(source))


def built(source: Path) -> list[Path]:
    """The built files; uv leaves a .gitignore beside them."""
    return [path for path in (source / "dist").iterdir() if path.suffix in (".whl", ".gz")]


def prepare(folder: Path) -> Bench:
    """Make the example and the tools; nothing of this is measured."""
    example = folder / "example"
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("TAGSHIP_", "GITHUB_"))}
    environ |= {"HOME": str(folder / "home"), "XDG_CACHE_HOME": str(folder / "xdg")}
    subprocess.run([sys.executable, ROOT / "scripts" / "example.py", "small", example], check=True, env=environ)
    tools = folder / "tools"
    bench = Bench(folder=folder, example=example, environ=environ, tools=tools)
    bench.run(UV, "venv", "-q", tools)
    packages = ("build", "twine", "pypiserver", "hatchling")
    bench.run(UV, "pip", "install", "-q", "--compile-bytecode", "--python", tools / "bin" / "python", *packages)
    return bench


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=5, help="runs of each way; medians are printed")
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory(prefix="tagship-bench-") as name:
        bench = prepare(Path(name))
        version, nothing = versions(bench)
        cold = timed(lambda: cold_rehearsal(bench), max(1, times // 2))
        cache = bench.folder / "cache"
        rehearsal(bench, cache)
        warm = timed(lambda: rehearsal(bench, cache), times)
        parts = split(rehearsal(bench, cache))
        for way in (by_hand, with_uv, bound):
            way(bench)  # fills the caches of the tools
        hand, uv, least = (timed(lambda way=way: way(bench), max(1, times // 2)) for way in (by_hand, with_uv, bound))
    rows = (
        ("tagship --version", version, f"{version / nothing:.2f} × python -c pass ({nothing * 1000:.1f} ms)"),
        ("tagship rehearse, warm", warm, f"{warm / least:.2f} × the bound"),
        ("tagship rehearse, cold", cold, f"{cold / warm:.2f} × warm"),
        ("the bound", least, "hooks in one process, one warm environment, no servers, no sdist installed"),
        ("by hand with uv", uv, f"{uv / warm:.1f} × tagship, warm"),
        ("by hand with pip, build, twine", hand, f"{hand / warm:.1f} × tagship, warm; without its sleep"),
    )
    for label, seconds, note in rows:
        print(f"{label:<32}{seconds:>8.3f} s   {note}")
    print("\nA warm rehearsal, by what was busy (what runs side by side counts for each):")
    for label, seconds in parts.items():
        print(f"  {label:<30}{seconds:>8.3f} s")


def cold_rehearsal(bench: Bench) -> None:
    """A rehearsal with an empty cache."""
    with tempfile.TemporaryDirectory(dir=bench.folder) as cache:
        rehearsal(bench, Path(cache))


if __name__ == "__main__":
    main()
