"""Reaching targets before a rule delivers to them: the address guard, and a connection that sends nothing.

No event is sent, unlike a test by hand (``testing``): the receiver of a rule that is only being written
should not have to tell a trial from an order.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from urllib.parse import urlsplit

from eventhub.domain.addresses import AddressGuard
from eventhub.domain.hosts import check_host
from eventhub.flow.guard import guard_of_settings
from eventhub.models import Target
from eventhub.targets.kinds import UnknownKindError, complete, kind_of
from eventhub.targets.reach import unreached

SECONDS = 2.0
_PORTS = {"http": 80, "https": 443}


def unreached_targets(targets: Iterable[Target]) -> Iterator[tuple[Target, str]]:
    """Give those of the targets that cannot be reached now, each with why; takes two seconds at most.

    Asked are the kinds that name a host: the others (a bus, the log, a service of AWS) are not.
    """
    asked = [(target, place) for target in targets if (place := place_of(target)) is not None]
    if not asked:
        return
    guard = guard_of_settings()
    pool = ThreadPoolExecutor(max_workers=min(8, len(asked)), thread_name_prefix="reach")
    try:
        running = [(target, host, pool.submit(_why_not, host, port, guard)) for target, (host, port) in asked]
        for target, host, future in running:
            try:
                why = future.result(timeout=SECONDS + 0.5)
            except NotInTime:
                why = f"{host} was not found within {SECONDS:g} s"
            if why:
                yield target, why
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def place_of(target: Target) -> tuple[str, int] | None:
    """Return the host and port that a target delivers to, or None if its settings name none."""
    try:
        kind = kind_of(target.kind)
    except UnknownKindError:
        return None
    settings = complete(kind, {**target.config, **target.columns()})
    url = settings.get("url") or settings.get("endpoint")
    if isinstance(url, str) and url:
        parts_of_url = urlsplit(url)
        port = parts_of_url.port or _PORTS.get(parts_of_url.scheme)
        return (parts_of_url.hostname, port) if parts_of_url.hostname and port else None
    host, port = settings.get("host"), settings.get("port")
    return (host, port) if isinstance(host, str) and host and isinstance(port, int) else None


def _why_not(host: str, port: int, guard: AddressGuard) -> str:
    try:
        check_host(f"[{host}]" if ":" in host else host, guard)
    except ValueError as error:
        return str(error)
    return unreached(host, port, guard, seconds=SECONDS)
