"""The environment of everything that runs inside a rehearsal: the machine's tools, and nothing of the user's.

No credential, no configuration and no cache of the user's can reach a child, because variables are let in by name
and the home folder is an empty one.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from tagship.services.environment import tools


def environment(outer: Mapping[str, str], home: Path, doors: Mapping[str, str]) -> dict[str, str]:
    """The variables of every child.

    Args:
        outer: the user's variables.
        home: an empty folder that becomes the home, with the temporary files beside it.
        doors: proxy and trust, which lead into the embedded world.
    """
    inner = tools(outer)
    temporary = home.parent / "tmp"
    for folder in (home, temporary):
        folder.mkdir(parents=True, exist_ok=True)
    rust = Path(outer.get("HOME", "/")) / ".rustup"
    if rust.is_dir():
        inner.setdefault("RUSTUP_HOME", str(rust))  # the tool chain lies in the real home
    return {
        **inner,
        "HOME": str(home),
        "USERPROFILE": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_DATA_HOME": str(home / ".local" / "share"),
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary)),
        "GIT_CONFIG_GLOBAL": str(_git_settings(home)),
        "GIT_CONFIG_NOSYSTEM": "1",
        "UV_NO_CONFIG": "1",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "PYTHONDONTWRITEBYTECODE": "1",
        **doors,
    }


def _git_settings(home: Path) -> Path:
    """Somebody to commit as, in the rehearsal's clones and in tests that use git."""
    settings = home / ".gitconfig"
    settings.write_text("[user]\n\tname = tagship rehearsal\n\temail = rehearsal@tagship.invalid\n", encoding="utf-8")
    return settings


def trusting(folder: Path) -> dict[str, str]:
    """Let git read the user's repository, which git itself has already agreed to under the user's own settings."""
    return {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": str(folder)}
