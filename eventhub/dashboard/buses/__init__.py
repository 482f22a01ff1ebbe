"""The pages of buses: the list, the page of one, and what is done there.

    listing    /buses: what comes in on each, what goes out, what waits; pausing and resuming
    page       /buses/{name}: everything about one bus
    figures    what buses did lately, out of the rollups
    series     one bus over an hour, a day or a week, in bars
    picked     its rules by what they match, and those that never do
    seen_types the sources and types that came, new ones marked
    kept       how far back its events go, and what goes next
    archiving  its archives; making one
    replaying  /replays: counted first, then begun, followed, cancelled
    policy     who else may put events on it, and what feeds it

Each page is complete without JavaScript and dated; with it ``static/js/fresh.js`` takes the figures anew
every few seconds, and ``static/js/chart.js`` reads a chart bar by bar.
"""
