"""Guessing passwords is slow: how long somebody has to wait before the next try to sign in.

Tries are counted before the password is looked at, so that many at once gain nothing, under three heads::

    name and address    5 free, then 2, 4, 8 … seconds, up to 15 minutes
    address             20 free, then the same: one machine that tries many names
    name                20 free, then 1, 2, 4 … seconds, up to 10: many machines that try one name

The last is short, for it meets the real user too; and a browser that has signed in as this user before (a
signed cookie says so) is spared it. A try that has to wait is not counted. A success forgets the tries of
its name; an hour without a try forgets any. IPv6 addresses count by their /64, which one customer has.
"""

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from eventhub.models import SignInTries

FORGOTTEN_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Patience:
    """So many tries are free; then each has to wait twice as long as the one before."""

    free: int
    first: timedelta
    longest: timedelta

    def wait(self, count: int) -> timedelta:
        """Return how long after the last of ``count`` tries the next one may come.

        >>> [str(PAIR.wait(count)) for count in (4, 5, 6, 50)]
        ['0:00:00', '0:00:02', '0:00:04', '0:15:00']
        """
        if count < self.free:
            return timedelta(0)
        return min(self.longest, self.first * (1 << min(count - self.free, 20)))


PAIR = Patience(5, timedelta(seconds=2), timedelta(minutes=15))
ADDRESS = Patience(20, timedelta(seconds=2), timedelta(minutes=15))
NAME = Patience(20, timedelta(seconds=1), timedelta(seconds=10))


def take(name: str, address: str, *, is_known_browser: bool, now: datetime) -> float:
    """Count a try and return 0, or return for how many seconds it has to wait."""
    asked = _heads(name, address)
    if is_known_browser:
        del asked[_head("name", name)]
    SignInTries.objects.filter(last_at__lt=now - FORGOTTEN_AFTER).delete()
    with transaction.atomic():
        SignInTries.objects.bulk_create(
            [SignInTries(of=head, last_at=now) for head in asked], ignore_conflicts=True
        )
        # In one order, so that two who try at once do not wait for each other.
        rows = list(SignInTries.objects.select_for_update().filter(of__in=asked).order_by("of"))
        free_at = max(row.last_at + asked[row.of].wait(row.count) for row in rows)
        if free_at > now and any(row.count for row in rows):
            return (free_at - now).total_seconds()
        for row in rows:
            row.count += 1
            row.last_at = now
        SignInTries.objects.bulk_update(rows, ["count", "last_at"])
    return 0.0


def succeeded(name: str, address: str) -> None:
    """Forget the tries of a name at an address: they were its owner's; and take back the one just counted."""
    of_name = [head for head, patience in _heads(name, address).items() if patience is not ADDRESS]
    with transaction.atomic():
        SignInTries.objects.filter(of__in=of_name).delete()
        row = SignInTries.objects.select_for_update().filter(of=_head("address", _network(address))).first()
        if row is not None and row.count:
            row.count -= 1
            row.save(update_fields=["count"])


def _heads(name: str, address: str) -> dict[str, Patience]:
    network = _network(address)
    return {
        _head("pair", f"{name.casefold()}\n{network}"): PAIR,
        _head("address", network): ADDRESS,
        _head("name", name): NAME,
    }


def _head(kind: str, text: str) -> str:
    return hashlib.sha256(f"{kind}\n{text.casefold()}".encode()).hexdigest()


def _network(address: str) -> str:
    """Return what counts as one address.

    >>> _network("2001:db8::7:1"), _network("::ffff:192.0.2.1"), _network("192.0.2.1")
    ('2001:db8::/64', '192.0.2.1', '192.0.2.1')
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is None:
            return str(ipaddress.ip_network((parsed, 64), strict=False))
        parsed = parsed.ipv4_mapped
    return str(parsed)
