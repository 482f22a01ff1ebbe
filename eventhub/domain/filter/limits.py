"""How much a filter may be: what it costs to read, and to ask of each event."""

MAX_CHARACTERS = 1000
MAX_CLAUSES = 20  # terms in the whole filter
MAX_VALUES = 50  # alternatives in the whole filter
MAX_DEPTH = 10  # parentheses and negations within each other
MAX_STEPS = 20  # of one path
MAX_STARS = 10  # in one value
