"""The world in which everything is right: the doctor has no complaint, and a release runs to its end."""

import pytest

from tests.setup.worlds import Auth, Said, Stagehand

RELEASED = Said(where="", words="released")


@pytest.mark.parametrize("ref", ["refs/tags/v1.0.0", "refs/heads/main"])
@pytest.mark.parametrize("auth", ["trusted-publishing", "token"])
def test_a_right_set_up_releases(worlds: Stagehand, auth: Auth, ref: str) -> None:
    """Where everything is right the doctor names no problem, and the release succeeds on both indexes."""
    with worlds.open(f"right-{auth}-{ref.rpartition('/')[2]}", auth=auth) as made:
        assert made.problems() == {}
        assert made.release(ref=ref) == RELEASED


def test_before_the_first_release_nothing_is_wrong(worlds: Stagehand) -> None:
    """Before anything was released the doctor names no problem, and the first release succeeds."""
    with worlds.open("fresh", fresh=True) as made:
        assert made.problems() == {}
        assert made.release() == RELEASED
