"""What the log of exchanges may say: which service an address belongs to, and addresses without secrets."""

import re
from urllib.parse import parse_qsl, quote, urlsplit

from tagship.services import addresses

_INDEXES = (addresses.PYPI, addresses.TESTPYPI)
_INDEX = {urlsplit(a).hostname for i in _INDEXES for a in (i.web, i.upload, i.files)} | {
    urlsplit(addresses.OLD_PYPI).hostname
}
_GITHUB = {urlsplit(a).hostname for a in (addresses.GITHUB, addresses.GITHUB_API, addresses.GITHUB_UPLOADS)}
_SECRET_NAME = re.compile(r"\bsig|_sig|token|secret|passw|credential|auth(?!or)|api.?key", re.IGNORECASE)
_OPAQUE = re.compile(r"(?![0-9a-f]{40}$)[A-Za-z0-9+/=_.~-]{40,}")
"""Long and without meaning; the id of a commit has one."""


def service(host: str, path: str) -> str:
    """Which service of the embedded world an address belongs to, where its application does not say."""
    if path.startswith("/door/"):
        return "dependencies"
    return "index" if host in _INDEX else "github" if host in _GITHUB else "actions"


def without_secrets(url: str) -> str:
    """An address as it may be written down: no user, and no query value that looks like a secret."""
    parts = urlsplit(url)
    query = "&".join(
        f"{quote(name)}={'***' if _SECRET_NAME.search(name) or _OPAQUE.fullmatch(value) else quote(value)}"
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    )
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query=query, fragment="").geturl()
