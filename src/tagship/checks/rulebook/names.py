"""Names that an index gives to nobody, or to nobody any more: warehouse/packaging/services.py `check_project_name`."""

import sys

from packaging.utils import canonicalize_name

_GONE_MODULES = (
    "asynchat asyncore binhex cgi cgitb chunk crypt distutils formatter imghdr imp mailcap msilib nis nntplib "
    "ossaudiodev parser pipes smtpd sndhdr spwd sunau symbol telnetlib uu xdrlib commands urllib2 urlparse"
)
STANDARD_LIBRARY = frozenset(
    canonicalize_name(name.strip("-_.")) for name in (*sys.stdlib_module_names, *_GONE_MODULES.split())
)
"""Names of modules that are or were in the standard library; PyPI's list has its submodules too."""
PROHIBITED = frozenset({"requirements-txt", "requirement-txt", "requirements", "pip-install"})
"""Names nobody may take; the real list is longer and not public."""
MOST = 12
"""Names that look like one, at most."""
_SWAPS = {"l": "1i", "i": "1l", "1": "il", "o": "0", "0": "o"}


def look_alike(name: str) -> str:
    """What names have in common that people cannot tell apart (SQL function `ultranormalize_name`)."""
    bare = "".join(char for char in name.lower() if char not in "._-")
    return bare.translate(str.maketrans("lio", "110"))


def likeliest(name: str) -> tuple[str, ...]:
    """Normalised names that look like this one, by one letter or without its hyphens: all of them would be too many."""
    normal = canonicalize_name(name)
    swapped = (normal[:at] + new + normal[at + 1 :] for at, old in enumerate(normal) for new in _SWAPS.get(old, ""))
    shorter = (normal[:at] + normal[at + 1 :] for at, char in enumerate(normal) if char == "-")
    found = dict.fromkeys((normal.replace("-", ""), *shorter, *swapped))
    return tuple(other for other in found if other != normal)[:MOST]
