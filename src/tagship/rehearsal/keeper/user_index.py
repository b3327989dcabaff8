"""Which index the user installs from: read from the variables and files that uv and pip read.

The first place that names a default index wins: uv's variables, `uv.toml`, pip's variables, pip's files, PyPI.
Extra indexes and find-links of all of them are added. All this runs in the keeper's process: what is read here
may hold passwords and must not leave it.

Sources: https://docs.astral.sh/uv/reference/environment/, https://docs.astral.sh/uv/reference/settings/,
https://pip.pypa.io/en/stable/topics/configuration/.
"""

import configparser
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from urllib.parse import quote, urlsplit

from tagship import toml
from tagship.project.pyproject import table, tables, text, texts
from tagship.services import addresses


@dataclass(frozen=True, kw_only=True, slots=True)
class UserIndex:
    """Where the user gets packages from. Addresses may hold credentials."""

    indexes: tuple[str, ...]
    """Simple API roots, extra ones first, the default index last; `https:` or `file:`."""
    find_links: tuple[str, ...]
    """Folders with files."""
    ca: str | None
    """A file of certificates to trust instead of the usual ones."""
    netrc: Path
    environ: Mapping[str, str]
    """For the proxy variables."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """What one program's variables or files say."""

    default: str = ""
    extra: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    ca: str = ""


def read(environ: Mapping[str, str]) -> UserIndex:
    """Read the user's settings.

    Args:
        environ: the user's own environment, `HOME` and `XDG_CONFIG_HOME` included.
    """
    home = Path(environ.get("HOME") or "/")
    places = (_uv_variables(environ), *_uv_files(environ, home), _pip_variables(environ), *_pip_files(environ, home))
    default = next((place.default for place in places if place.default), addresses.PYPI.simple)
    extra = [url for place in places for url in place.extra if "://" in url and url != default]
    links = chain.from_iterable(place.links for place in places)
    trust = (environ.get(name, "") for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"))
    return UserIndex(
        indexes=tuple(dict.fromkeys([*extra, default])),
        find_links=tuple(dict.fromkeys(link for link in links if "://" not in link or link.startswith("file://"))),
        ca=next((ca for ca in (*(place.ca for place in places), *trust) if ca), None),
        netrc=Path(environ.get("NETRC") or home / ".netrc"),
        environ=environ,
    )


def without_user(url: str) -> str:
    """An address without user and password."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _uv_variables(environ: Mapping[str, str]) -> _Place:
    extra = f"{environ.get('UV_INDEX', '')} {environ.get('UV_EXTRA_INDEX_URL', '')}".split()
    return _Place(
        default=environ.get("UV_DEFAULT_INDEX") or environ.get("UV_INDEX_URL", ""),
        extra=tuple(url.partition("=")[2] if "=" in url.partition("://")[0] else url for url in extra),
        links=tuple(environ.get("UV_FIND_LINKS", "").replace(",", " ").split()),
    )


def _uv_files(environ: Mapping[str, str], home: Path) -> Iterator[_Place]:
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    named = environ.get("UV_CONFIG_FILE")
    for path in [Path(named)] if named else [config / "uv/uv.toml", Path("/etc/uv/uv.toml")]:
        try:
            data = toml.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue  # absent, or uv's own business to complain about
        pip = table(data, "pip")
        urls = {text(t, "url") or "": t for t in tables(data, "index") if t.get("explicit") is not True}
        named_default = next((url for url, t in urls.items() if t.get("default") is True), "")
        default = named_default or text(data, "index-url") or text(pip, "index-url") or ""
        extra = [url for url in urls if url != named_default]
        extra += (*texts(data, "extra-index-url"), *texts(pip, "extra-index-url"))
        names = {url: text(t, "name") or "" for url, t in urls.items()}
        yield _Place(
            default=_with_user(default, names.get(default, ""), environ),
            extra=tuple(_with_user(url, names.get(url, ""), environ) for url in extra),
            links=(*texts(data, "find-links"), *texts(pip, "find-links")),
        )


def _with_user(url: str, name: str, environ: Mapping[str, str]) -> str:
    """Add the credentials that uv takes from `UV_INDEX_<NAME>_USERNAME` and `_PASSWORD`."""
    key = "".join(c if c.isalnum() else "_" for c in name.upper())
    user, password = environ.get(f"UV_INDEX_{key}_USERNAME", ""), environ.get(f"UV_INDEX_{key}_PASSWORD", "")
    parts = urlsplit(url)
    if not name or not (user or password) or "@" in parts.netloc:
        return url
    return parts._replace(netloc=f"{quote(user, '')}:{quote(password, '')}@{parts.netloc}").geturl()


def _pip_variables(environ: Mapping[str, str]) -> _Place:
    return _Place(
        default=environ.get("PIP_INDEX_URL", ""),
        extra=tuple(environ.get("PIP_EXTRA_INDEX_URL", "").split()),
        links=tuple(environ.get("PIP_FIND_LINKS", "").split()),
        ca=environ.get("PIP_CERT", ""),
    )


def _pip_files(environ: Mapping[str, str], home: Path) -> Iterator[_Place]:
    """The files of pip, the one that wins first: the named one, the user's, the machine's."""
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    usual = [
        config / "pip/pip.conf",
        home / "Library/Application Support/pip/pip.conf",
        home / ".pip/pip.conf",
        Path("/etc/pip.conf"),
        Path("/Library/Application Support/pip/pip.conf"),
    ]
    named = environ.get("PIP_CONFIG_FILE")
    for path in ([Path(named)] if named else []) + ([] if named == "/dev/null" else usual):
        parser = configparser.RawConfigParser()
        try:
            parser.read_string(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, configparser.Error):
            continue
        values = {
            key.replace("_", "-"): value
            for section in ("global", "install")
            if parser.has_section(section)
            for key, value in parser.items(section)
        }
        yield _Place(
            default=values.get("index-url", "").strip(),
            extra=tuple(values.get("extra-index-url", "").split()),
            links=tuple(values.get("find-links", "").split()),
            ca=values.get("cert", "").strip(),
        )
