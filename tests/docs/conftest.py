"""The fixtures of these tests."""

from tests.rehearsal.act.generated import act_cache, outfit

__all__ = ["act_cache", "outfit"]
