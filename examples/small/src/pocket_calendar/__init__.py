"""A month on one line."""

import argparse
import calendar
import datetime


def month(year: int, number: int) -> str:
    """The days of a month, each with its weekday."""
    first, days = calendar.monthrange(year, number)
    names = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
    return " · ".join(f"{names[(first + day) % 7]} {day + 1}" for day in range(days))


def main() -> None:
    """The command."""
    today = datetime.date.today()
    parser = argparse.ArgumentParser(prog="pocket-calendar", description=__doc__)
    parser.add_argument("year", nargs="?", type=int, default=today.year)
    parser.add_argument("month", nargs="?", type=int, default=today.month)
    chosen = parser.parse_args()
    print(month(chosen.year, chosen.month))
