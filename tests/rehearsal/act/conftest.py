"""The fixtures of these tests."""

from tests.rehearsal.act.acting import act
from tests.rehearsal.act.generated import act_cache, act_generated, adopted, outfit
from tests.workflow.gha import gha

__all__ = ["act", "act_cache", "act_generated", "adopted", "gha", "outfit"]
