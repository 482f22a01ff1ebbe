"""The page of sources, ``/sources``: who puts events on the buses, how often, and who has fallen silent.

figures   each source's events, types and buses; what counts as silent
posters   by which keys its newest events came, for administrators
listing   the page
"""
