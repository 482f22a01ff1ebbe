"""Importing and exporting what is configured, so that it can live in a repository.

::

    file ─ documents ─► own YAML ──────────────── own.apply ───┐
                        CloudFormation, SAM ─┐                 ├─► one transaction ─► diff of states
                        Terraform's plan ────┼─► resources ────┘       │
                        `aws events` JSON ───┘  (EventBridge's own     └─ committed, or rolled back
                                                 operations)              if it is a dry run

``state`` tells all of the configuration as plain values, without secrets: it is what ``export`` writes, and
what is compared before and after. A dry run makes the changes and rolls them back, so it shows what would
happen and no guess of it; models and EventBridge's operations judge the values, as at every door.

Nothing is left out silently, and nothing guessed: what cannot be known from the file is left out alone, told
with its place and the reason; what was assumed is a note; a value that is refused refuses the import as a
whole. ``tests/importing/test_mutations`` puts any value in any place.
"""
