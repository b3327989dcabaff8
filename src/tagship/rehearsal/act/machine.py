"""The Python of a rehearsed job's machine, in two things quicker than a real one: imported by it at each start.

Stages that wait, wait no time, as in every rehearsal. And what several jobs install from one lock with digests, the
same files for each of them, is unpacked once and linked into the others.

Standalone: this file is copied into that Python (`shims.runner`), where tagship is not installed.
"""

import sys

STORE = "TAGSHIP_INSTALLED"
"""The variable that names the folder of what was installed."""


def main(argv: list[str]) -> None:
    """Look at what is started."""
    module = argv[argv.index("-m") + 1] if "-m" in argv[:-1] else ""
    if module == "tagship":
        jump()
    elif module == "pip" and "install" in argv and "--require-hashes" in argv and "--target" in argv[:-1]:
        link(argv)


def jump() -> None:
    """Let sleep take no time, and the clocks be ahead by what was slept."""
    import time

    slept: list[float] = []
    now, passed = time.time, time.monotonic
    time.sleep = lambda seconds: slept.append(float(seconds))
    time.time = lambda: now() + sum(slept)
    time.monotonic = lambda: passed() + sum(slept)


def link(argv: list[str]) -> None:
    """Take the files of an earlier installation of the same lock; or let pip work, and keep what it made."""
    import atexit
    import fcntl
    import hashlib
    import os
    import shutil

    store, target = os.environ.get(STORE, ""), argv[argv.index("--target") + 1]
    locks = [argv[number + 1] for number, word in enumerate(argv[:-1]) if word == "-r"]
    if not store or os.path.exists(target) or not all(map(os.path.isfile, locks)):
        return
    asked = [sys.version, *(word for word in argv[argv.index("pip") :] if word not in (target, *locks))]
    content = b"".join(open(lock, "rb").read() for lock in locks)
    kept = os.path.join(store, hashlib.sha256("\0".join(asked).encode() + content).hexdigest())
    os.makedirs(store, exist_ok=True)
    guard = open(f"{kept}.lock", "w")  # until the process ends: who comes second waits for the first
    fcntl.flock(guard, fcntl.LOCK_EX)
    if os.path.isdir(kept):
        shutil.copytree(kept, target, symlinks=True, copy_function=os.link)
        sys.stdout.write(f"Installed what {' and '.join(locks)} says, as another job did\n")
        sys.stdout.flush()
        os._exit(0)

    def keep() -> None:
        if os.path.isdir(target) and os.listdir(target):  # pip fills it last, and only where all went well
            shutil.copytree(target, f"{kept}.new", symlinks=True, copy_function=os.link)
            os.rename(f"{kept}.new", kept)
        guard.close()

    atexit.register(keep)


if __name__ == "tagship_machine":
    main(sys.orig_argv)
