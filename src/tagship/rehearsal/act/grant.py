"""Gives a step what its job may have on GitHub, and then starts the program that act wanted to start.

act starts every step of every job with the same variables and the same secrets. Between act and each shell, therefore,
stands this program. It knows the job from GITHUB_JOB and, on the job's first step, asks the rehearsal what it is
granted; there the job's environment is asked as well, and may say no. The job's own token and secrets come in the place
of the placeholders that act was given, wherever act put them. A placeholder of something that the job may not have
becomes nothing, as the expression would be on GitHub.

act gives every step a terminal as well, and GitHub gives none: what the program prints goes through a pipe.

Standalone: `python -I -S grant.py TABLE PROGRAM [WORD…]`, without tagship's modules, because it runs for every step.
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys

GRANTED = "granted.json"
"""What a job is granted, beside its folder for temporary files."""
PATH = "/grant/"
"""Where the rehearsal is asked, with the job's id behind it."""
WAIT = 120.0
"""Seconds that the rehearsal may take to let a job in."""


def main(table: str, program: str, words: list[str]) -> int:
    """Prepare the environment and the script, run the program, and end as it ends."""
    with open(table, encoding="utf-8") as file:
        known = json.load(file)
    job = os.environ.get("GITHUB_JOB", "")
    home = os.path.dirname(os.environ.get("RUNNER_TEMP", ""))  # of this run of this job
    grant = granted(known, job, os.path.join(home, GRANTED))
    if grant["refused"]:
        sys.stdout.write(f"::error::{grant['refused']}\n")
        return 1
    values = {placeholder: grant["values"].get(placeholder, "") for placeholder in known["placeholders"]}
    environ = {name: replaced(text, values) for name, text in os.environ.items() if name != "ACT"}
    environ |= grant["variables"] | {str(known["done"]): job or "-"}
    for word in words:
        if word.startswith(home + os.sep) and os.path.isfile(word):
            rewrite(word, values)
    runner = os.path.join(home, "runner")
    if not os.path.exists(runner):
        subprocess.run(["cp", "-R", known["runner"], runner], check=True)
    environ["PATH"] = equipped(environ["PATH"], known["shims"], os.path.join(runner, "bin"))
    return run([program, *words], environ)


def granted(known: dict[str, object], job: str, file: str) -> dict[str, dict[str, str]]:
    """What the job is granted; asked once, on its first step, which also masks its secrets in the log."""
    if not os.path.exists(file):
        answer = ask(int(str(known["port"])), job)
        with open(file, "w", encoding="utf-8") as out:
            out.write(answer)
        for value in json.loads(answer)["masks"]:
            sys.stdout.write(f"::add-mask::{value}\n")
        sys.stdout.flush()
    with open(file, encoding="utf-8") as answered:
        found: dict[str, dict[str, str]] = json.load(answered)
    return found


def ask(port: int, job: str) -> str:
    """The rehearsal's answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT) as server:
        server.sendall(f"GET {PATH}{job} HTTP/1.0\r\n\r\n".encode())
        return server.makefile("rb").read().partition(b"\r\n\r\n")[2].decode()


def run(argv: list[str], environ: dict[str, str]) -> int:
    """Run a program whose output is no terminal; its exit code. A name is looked up on the job's own PATH.

    What it leaves running keeps the pipe open and is not waited for.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for stream in (1, 2):
            os.dup2(writing, stream)
        os.execvpe(argv[0], argv, environ)  # noqa: S606
    os.close(writing)
    status, ended = 0, False
    while True:
        ready = select.select([reading], [], [], 0 if ended else 0.02)[0]
        if ready and (data := os.read(reading, 65536)):
            os.write(1, data)
        elif ready or ended:
            break
        else:
            done, status = os.waitpid(child, os.WNOHANG)
            ended = done == child
    if not ended:
        status = os.waitpid(child, 0)[1]
    return os.waitstatus_to_exitcode(status) % 256


def replaced(text: str, values: dict[str, str]) -> str:
    """A text with each placeholder replaced by its value."""
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text


def rewrite(path: str, values: dict[str, str]) -> None:
    """Replace placeholders in a script that act wrote."""
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        before = file.read()
    after = replaced(before, values)
    if after != before:
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(after)


def equipped(path: str, shims: str, runner: str) -> str:
    """The PATH of the job's own machine: what steps added, its Python, the shims, the rest."""
    entries = path.split(os.pathsep)
    if shims not in entries:
        return path  # the workflow has a PATH of its own
    last = max(number for number, entry in enumerate(entries) if entry == shims)
    added = [entry for entry in entries[:last] if entry != shims]
    return os.pathsep.join([*added, runner, *entries[last:]])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
