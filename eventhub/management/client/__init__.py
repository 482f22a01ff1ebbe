"""The command-line clients: they speak to a running Eventhub over HTTP, as any program does.

    tail      follow ── shown ──▶ standard output
    forward   follow ── receiver ──▶ a server of yours
    put       lines ── putting ──▶ the door for events

``hub``       where Eventhub is, and the credentials that are shown there
``follow``    a bus's stream, resumed after whatever interrupts it, without loss
``since``     what ``--since`` may say
``shown``     an event as a line for people
``receiver``  posting events to a server that comes and goes
``lines``     a file or pipe as lines, in batches that wait for nobody
``putting``   a batch's way through the door: retried under the same keys, halved to find what is wrong
"""
