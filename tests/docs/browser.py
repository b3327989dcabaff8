"""Headless Chromium, driven through its own debugging pipe; it reaches loopback and nothing else.

Protocol: https://chromedevtools.github.io/devtools-protocol/; messages are JSON, each ended by a zero byte.
"""

import base64
import contextlib
import itertools
import json
import os
import select
import shlex
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

WAIT = 30.0
"""Seconds for one answer of the browser."""
OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


class Browser:
    """One tab."""

    def __init__(self, into: int, out: int) -> None:
        self._into, self._out = into, out
        self._numbers, self._rest = itertools.count(1), b""
        self._session = ""
        self.wrong: list[str] = []
        """What went wrong in the pages so far: exceptions, messages of the console, requests that failed."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **params: object) -> dict[str, object]:
        """Ask for something; what happens meanwhile is noted."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._into, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]  # type: ignore[return-value]

    def _read(self) -> dict[str, object]:
        while b"\0" not in self._rest:
            assert select.select([self._out], [], [], WAIT)[0], "the browser does not answer"
            self._rest += os.read(self._out, 1 << 20)
        line, _, self._rest = self._rest.partition(b"\0")
        message = json.loads(line)
        self._note(message)
        return message

    def _note(self, message: dict[str, object]) -> None:
        params = message.get("params", {})
        match message.get("method"), params:
            case "Runtime.exceptionThrown", {"exceptionDetails": details}:
                self.wrong.append(f"exception: {details}")
            case "Runtime.consoleAPICalled", {"type": "error" | "warning" as kind, "args": words}:
                self.wrong.append(f"console {kind}: {words}")
            case "Log.entryAdded", {"entry": {"level": "error" | "warning", "text": text, **entry}}:
                self.wrong.append(f"log: {text} {entry.get('url', '')}")
            case "Network.loadingFailed", {"errorText": text, "canceled": False}:
                self.wrong.append(f"failed: {text}")
            case "Network.responseReceived", {"response": {"status": int(status), "url": url}} if status >= 400:
                self.wrong.append(f"{status}: {url}")

    def evaluate(self, script: str) -> object:
        """The value of an expression in the page."""
        return self.send("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")  # type: ignore[attr-defined]

    def wait(self, script: str) -> object:
        """The value of an expression, once it is true."""
        until = time.monotonic() + WAIT
        while not (value := self.evaluate(script)):
            assert time.monotonic() < until, f"never true: {script}"
            time.sleep(0.05)
        return value

    def open(self, address: str, *, width: int = 1280, height: int = 900, scheme: str = "light") -> None:
        """Show a page, and wait until it and what it loads is there."""
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.send("Page.navigate", url=address)
        self.wait(f"location.href == {json.dumps(address)} && document.readyState == 'complete'")

    def picture(self, path: Path) -> None:
        """Keep what is seen."""
        path.write_bytes(base64.b64decode(str(self.send("Page.captureScreenshot")["data"])))


@contextlib.contextmanager
def browser(program: str, folder: Path) -> Iterator[Browser]:
    """Start the browser with a profile of its own in a folder."""
    theirs_in, into = os.pipe()
    out, theirs_out = os.pipe()
    words = shlex.join((program, *OPTIONS, f"--user-data-dir={folder}"))
    argv = ("bash", "-c", f"exec {words} 3<&{theirs_in} 4>&{theirs_out} 2>/dev/null")
    with subprocess.Popen(argv, pass_fds=(theirs_in, theirs_out), env=os.environ | {"HOME": str(folder)}) as process:
        os.close(theirs_in)
        os.close(theirs_out)
        made = Browser(into, out)
        try:
            yield made
        finally:
            made.send("Browser.close")
            process.wait(WAIT)
            os.close(into)
            os.close(out)
