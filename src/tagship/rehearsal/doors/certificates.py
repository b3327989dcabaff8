"""The throw-away certificate authority of one rehearsal, and the one certificate that all its hosts share.

The keys exist in memory and, for the instant in which OpenSSL reads the leaf's, in a file that only we can
read. Nothing outside the rehearsal ever trusts this authority. The authority and the leaf are two
certificates, because rustls (uv) refuses an authority that is used as a leaf (`CaUsedAsEndEntity`).
"""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tagship.services.connections import Taken


@dataclass(frozen=True, kw_only=True, slots=True)
class Certificates:
    """What one server needs, PEM-encoded."""

    authority: bytes
    """The certificate that clients are told to trust."""
    leaf: bytes
    """Private key and certificate of the server."""

    def context(self, folder: Path) -> ssl.SSLContext:
        """A server-side context with the leaf; `folder` is where the key lies while OpenSSL reads it.

        Only HTTP/1.1 is offered: that is what the doors speak.
        """
        from tempfile import NamedTemporaryFile

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.sslsocket_class = Taken
        context.set_alpn_protocols(["http/1.1"])
        with NamedTemporaryFile(dir=folder, prefix="leaf-", suffix=".pem") as file:
            file.write(self.leaf)
            file.flush()
            context.load_cert_chain(file.name)
        return context


def issue(names: Sequence[str]) -> Certificates:
    """Make a new authority and one certificate of it for all the given host names or addresses.

    Elliptic-curve keys, so it takes milliseconds; the import of the library takes ten times as long, which is
    why callers do this in a thread.
    """
    import trustme

    authority = trustme.CA(organization_name="tagship rehearsal, trusted by nobody else")
    leaf = authority.issue_cert(*names, common_name="tagship rehearsal")
    return Certificates(
        authority=authority.cert_pem.bytes(),
        leaf=leaf.private_key_and_cert_chain_pem.bytes(),
    )
