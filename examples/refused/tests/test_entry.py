from pocket_diary import entry


def test_an_entry_begins_politely() -> None:
    assert entry("rain.") == "Dear diary, rain."
