"""The doors to the outside: one thin module for each, gathered in `World`."""
