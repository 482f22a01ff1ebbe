"""Everybody at every address: who is let in is what the table says, and nobody sees what is not theirs."""

import copy
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver

from eventhub.flow import process
from eventhub.flow.process import Parts
from eventhub.journal.sqlite import SqliteJournal
from tests.access.estate import OURS, SECRETS, THEIRS, Estate, FullDisk, Visitor
from tests.access.matrix import ADMIN, PAGES, REST, TABLE, Ask

ELSEWHERE = ("/sign-in", "/admin/login")


@pytest.fixture
def estate(journal: SqliteJournal) -> Iterator[Estate]:
    estate = Estate(journal)
    process.install(Parts(journal, estate.keeper, FullDisk()))  # type: ignore[arg-type]  # takes nothing
    yield estate
    process.uninstall()


def routes(patterns: Iterable[URLPattern | URLResolver], before: str = "") -> Iterator[str]:
    for one in patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from routes(one.url_patterns, route)
        else:
            yield route


def test_every_address_is_in_the_table() -> None:
    assert sorted(routes(get_resolver().url_patterns)) == sorted(TABLE)


def should_let_in(visitor: Visitor, need: str, half: str) -> bool:
    if need in {"public", "known", "person"}:
        return need == "public" or visitor.may("", need, half)
    if (
        need == "redrive"
    ):  # seen by who sees every bus, steered by who may change every bus: keys have one scope
        return visitor.here is None and {"w", "e"} <= set(visitor.letters)
    if need == "both":
        return any({"e", "r"} <= set(visitor.letters_on(one)) for one in (OURS, THEIRS))
    ways = [way.partition("@") for way in need.split()]
    return any(visitor.may(letters, where, half) for letters, _, where in ways if where)


def ask(visitor: Visitor, asked: Ask, names: dict[str, Any]) -> tuple[bool, int, bytes]:
    """Make a request, and take back what it changed; return whether it was let in."""
    address = asked.address.format(**names)
    is_api = address.startswith("/api/")
    body = asked.body.replace("<event>", str(names["event"]))
    content_type = "application/json" if is_api else "application/x-www-form-urlencoded"
    cookies = copy.deepcopy(visitor.client.cookies)  # signing out ends the session, until it is taken back
    with transaction.atomic():
        response = visitor.client.generic(
            asked.method,
            address,
            body.encode() if is_api and asked.method != "GET" else b"",
            content_type=content_type,
            headers={**visitor.headers, "Accept": "application/json"},
        )
        content = b"".join(response) if response.streaming else response.content
        transaction.set_rollback(True)
    visitor.client.cookies = cookies
    assert response.status_code < 500 or response.status_code == 503, (visitor.name, asked, content)
    location = response.headers.get("Location", "")
    led_away = asked.need != "public" and (location.startswith(ELSEWHERE) or location == "/admin/")
    refused = led_away or response.status_code in {401, 403, 404}
    return not refused, response.status_code, content


def check(estate: Estate, visitors: list[Visitor], table: dict[str, list[Ask]]) -> None:
    faults = faults_of(estate, visitors, table)
    assert not faults, "\n" + "\n".join(faults)


def faults_of(estate: Estate, visitors: list[Visitor], table: dict[str, list[Ask]]) -> list[str]:
    faults = []
    for asks in table.values():
        for asked in asks:
            halves = (OURS, THEIRS) if "{" in asked.address or "<" in asked.body else (OURS,)
            for visitor in visitors:
                for half in halves:
                    let_in, status, content = ask(visitor, asked, estate.names[half])
                    wanted = should_let_in(visitor, asked.need, half)
                    where = f"{visitor.name}: {asked.method} {asked.address} ({half})"
                    if let_in != wanted:
                        faults.append(f"{where}: wanted {'in' if wanted else 'out'}, found {status}")
                    for owner, secret in SECRETS.items():
                        if secret in content and not visitor.may("s", "bus", owner):
                            at = content.index(secret)
                            faults.append(f"{where}: shows {content[max(0, at - 60) : at + 30]!r}")
                    if not visitor.sees_theirs and half == OURS and b"theirs" in content:
                        at = content.index(b"theirs")
                        faults.append(f"{where}: shows {content[max(0, at - 60) : at + 30]!r}")
    return faults


def test_people_over_rest(estate: Estate) -> None:
    check(estate, estate.people(), {f"api/{route}": asks for route, asks in REST.items()})


def test_keys_over_rest(estate: Estate) -> None:
    check(estate, estate.programs(), {f"api/{route}": asks for route, asks in REST.items()})


def test_people_on_pages(estate: Estate) -> None:
    check(estate, estate.people(), PAGES)


def test_people_in_the_admin(estate: Estate) -> None:
    check(estate, estate.people(), {f"admin/{route}": asks for route, asks in ADMIN.items()})


def test_keys_open_no_pages(estate: Estate) -> None:
    pages = {
        route: [ask for ask in asks if ask.need != "public"]
        for route, asks in {**PAGES, **{f"admin/{route}": asks for route, asks in ADMIN.items()}}.items()
    }
    [everything] = [key for key in estate.programs() if key.name == "key admin of every bus"]

    for asks in pages.values():
        for asked in asks:
            assert not ask(everything, asked, estate.names[OURS])[0], asked
