"""Settings, here and on GitHub, PyPI and TestPyPI: read once, judged as facts, and set right where an API can.

`observe` looks at everything and decides nothing, `doctor` judges what was seen and looks at nothing; `CHECKS` is the
table of all that is judged, from which the reference page and the checklist are made.
"""
