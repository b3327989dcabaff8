"""The remote's pre-receive side: a push is judged by the rules of the embedded GitHub, like a change by its API.

Git calls a hook before it takes a push (githooks(5), pre-receive), in a process of its own and with the new objects in
quarantine. The hook says which refs are to change, and whether forwards, to the rehearsal's own server, and refuses
the push with what that answers; also where it gets no answer.
"""

import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug import Request, Response

from tagship.rehearsal.github import RefUpdate, RepositoryState
from tagship.rehearsal.github.rules import violations
from tagship.rehearsal.github.state import Rule, Ruleset

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

PATH = "/pre-receive"
_HOOK = """\
#!/bin/sh
while read -r old new ref; do
  forward=no
  if git merge-base --is-ancestor "$old" "$new" 2>/dev/null; then forward=yes; fi
  echo "$forward $old $new $ref"
done | exec {python} -I -S -c '{ask}' {port} "$REMOTE_USER"
"""
_ASK = """\
import socket, sys
body = sys.stdin.buffer.read()
head = "POST {path}?login=%s HTTP/1.0\\r\\nContent-Length: %d\\r\\n\\r\\n" % (sys.argv[2], len(body))
with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=60) as server:
    server.sendall(head.encode() + body)
    reply = server.makefile("rb").read()
head, _, said = reply.partition(b"\\r\\n\\r\\n")
sys.stderr.buffer.write(said)
sys.exit(b" 200 " not in head[:20])
"""


def guard(bare: Path, address: str) -> None:
    """Let a bare repository ask before it takes a push.

    Args:
        address: of the rehearsal's server, `http://127.0.0.1:PORT`.
    """
    hook = bare / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    ask = _ASK.format(path=PATH)
    hook.write_text(_HOOK.format(python=shlex.quote(sys.executable), ask=ask, port=urlsplit(address).port))
    hook.chmod(0o755)


def restrict(repository: RepositoryState) -> None:
    """Let nobody create or move a tag or a branch, as a ruleset without bypass does."""
    targets: tuple[Literal["branch", "tag"], ...] = ("branch", "tag")
    rules = (Rule(type="creation"), Rule(type="update"))
    repository.rulesets += [
        Ruleset(id=repository.new_id(), name="nobody", target=target, created=repository.clock(), rules=rules)
        for target in targets
    ]


class Receive:
    """WSGI application: what the hook asks; everything else goes on to the application behind it."""

    def __init__(self, repository: RepositoryState, behind: "WSGIApplication") -> None:
        self._repository = repository
        self._behind = behind

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        if request.path != PATH:
            return self._behind(environ, start_response)
        environ["tagship.service"] = "github"
        return self._judge(request)(environ, start_response)

    def _judge(self, request: Request) -> Response:
        repository = self._repository
        login = request.args.get("login") or repository.owner
        said, lines = "", request.get_data(as_text=True).splitlines()  # who sends slowly must not stop the others
        with repository.lock:
            for line in lines:
                forward, before, after, ref = line.split(" ", 3)
                update = RefUpdate(ref=ref, before=before, after=after, forward=forward == "yes")
                broken = violations(repository, update, login)
                if broken:
                    rows = "".join(f"- {words}\n" for words in broken)
                    said += f"error: GH013: Repository rule violations found for {ref}.\n\n{rows}\n"
        return Response(said, status=403 if said else 200, content_type="text/plain; charset=utf-8")
