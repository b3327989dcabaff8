from pocket_calendar import month


def test_february_of_a_leap_year_has_29_days() -> None:
    assert month(2028, 2).endswith("Tu 29")


def test_a_month_begins_on_the_right_weekday() -> None:
    assert month(2026, 11).startswith("Su 1 · Mo 2")
