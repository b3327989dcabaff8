"""An embedded index with a clock that stands still, and a client that speaks to its real host names."""

from base64 import b64encode
from dataclasses import dataclass, field
from pathlib import Path

from werkzeug.test import Client, TestResponse

from tagship.checks.rulebook import form_of
from tagship.rehearsal.identity import Issuer
from tagship.rehearsal.index import EmbeddedIndex, OtherProjects, Project
from tagship.services.addresses import PYPI, IndexAddresses

NOW = 1_790_000_000.0
ISSUER = Issuer()


@dataclass
class Clock:
    """Seconds since 1970, moved by hand."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class Here:
    """An index and what a test needs to talk to it."""

    addresses: IndexAddresses = PYPI
    issuer: Issuer = ISSUER
    clock: Clock = field(default_factory=Clock)
    others: OtherProjects | None = None

    def __post_init__(self) -> None:
        self.index = EmbeddedIndex(self.addresses, self.clock, self.issuer, self.others)
        self.state = self.index.state
        self.client = Client(self.index)
        self.token = self.state.token_for("alice")

    def upload(
        self,
        path: Path | None,
        *,
        user: str = "__token__",
        token: str | None = None,
        filename: str | None = None,
        content_type: str = "application/octet-stream",
        accept: str = "text/html",
        **fields: str | list[str] | None,
    ) -> TestResponse:
        """Upload as twine does; fields replace those of the file, None removes one."""
        form = {name: list(values) for name, values in form_of(path).items()} if path else {}
        form.setdefault(":action", ["file_upload"])
        for name, value in fields.items():
            name = ":action" if name == "action" else name
            form[name] = [] if value is None else [value] if isinstance(value, str) else value
        data: dict[str, object] = {name: values for name, values in form.items() if values}
        if path is not None:
            data["content"] = (path.open("rb"), filename or path.name, content_type)
        pair = f"{user}:{self.token if token is None else token}"
        headers = {"Authorization": f"Basic {b64encode(pair.encode()).decode()}", "Accept": accept}
        return self.post(self.addresses.upload, data=data, headers=headers)

    def post(self, url: str, **request: object) -> TestResponse:
        """POST to an address."""
        host, _, path = url.removeprefix("https://").partition("/")
        return self.client.post(f"/{path}", base_url=f"https://{host}", **request)

    def get(self, url: str, accept: str | None = None, **headers: str) -> TestResponse:
        """GET an address; below the index's web address where it begins with a slash."""
        given = {**headers, **({"Accept": accept} if accept else {})}
        url = url if "://" in url else f"{self.addresses.web}{url}"
        host, _, path = url.removeprefix("https://").partition("/")
        return self.client.get(f"/{path}", base_url=f"https://{host}", headers=given, buffered=True)

    def owned(self, *names: str) -> None:
        """Projects of alice's."""
        for name in names:
            self.state.add_project(Project(name=name, roles={"alice": "Owner"}))
