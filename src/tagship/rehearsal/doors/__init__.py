"""The doors of the embedded world: the loopback server that is proxy, TLS end and web server at once."""

from tagship.rehearsal.doors.server import Doors, environment

__all__ = ["Doors", "environment"]
