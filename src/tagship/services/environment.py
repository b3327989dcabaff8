"""Which of the user's variables a child process gets, by name: build backends and tests are other people's code.

What is not named here is not passed on. A list of what to keep out would always lack somebody's `GH_PAT`,
`DATABASE_URL` or `SSH_AUTH_SOCK`; and `PYTHONPATH`, `PYTEST_ADDOPTS` or a second index would change what is built
and tested.
"""

from collections.abc import Mapping

TOOLS = frozenset(
    {
        *("PATH", "LANG", "LANGUAGE", "TZ", "SYSTEMROOT", "COMSPEC", "PATHEXT"),
        # compilers and where they look
        *("CC", "CXX", "CPP", "LD", "AR", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "ARCHFLAGS"),
        *("PKG_CONFIG", "PKG_CONFIG_PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SDKROOT", "DEVELOPER_DIR"),
        *("MACOSX_DEPLOYMENT_TARGET", "JAVA_HOME", "PYENV_ROOT", "RUSTUP_HOME"),
    }
)
"""The machine and its tools: in rehearsals as well."""
WAYS = frozenset(
    {
        # the way out, which clients read in either case
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
        *("http_proxy", "https_proxy", "all_proxy", "no_proxy", "NODE_USE_ENV_PROXY"),
        # whom to trust there
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT"),
        *("GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS", "CARGO_HTTP_CAINFO"),
        # which index, but no second one: it could answer for any name
        *("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"),
        # where settings, caches and temporary files are
        *("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "TMPDIR", "TEMP", "TMP", "UV_CACHE_DIR"),
        *("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"),
        *("GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM", "RUNNER_TEMP", "RUNNER_TOOL_CACHE"),
        # by which compilers are found on Windows
        *("SYSTEMDRIVE", "WINDIR", "PROGRAMDATA", "PROGRAMFILES", "PROGRAMFILES(X86)", "INCLUDE", "LIB", "LIBPATH"),
    }
)
"""Ways to the outside and places on the disk: in production alone, a rehearsal has its own."""


def tools(outer: Mapping[str, str]) -> dict[str, str]:
    """The variables for children of a rehearsal, which adds its own doors and folders."""
    return {name: value for name, value in outer.items() if name in TOOLS or name.startswith("LC_")}


def production(outer: Mapping[str, str]) -> dict[str, str]:
    """The variables for children where the services are the real ones."""
    return tools(outer) | {name: value for name, value in outer.items() if name in WAYS}
