"""How the guard counts."""

import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIGURES = pathlib.Path(__file__).resolve().parent / "figures"

# Operations of each section, as a multiple of the scenario's. What an operation costs is the
# difference of the two lengths: so what a section costs beside its operations does not count.
# The lowest of each length stands, as a disturbance only adds. They run once uncounted before:
# free lists fill, buffers grow, the interpreter specialises its code.
SECTIONS = (1, 2, 1, 2)

TOLERANCE = 0.03  # a figure may rise by so much
WITHIN = 240  # seconds for one run of a tool: it hangs when it takes longer
