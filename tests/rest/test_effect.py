"""Changes are in force when the answer arrives."""

from collections.abc import Callable, Iterator

import pytest

from eventhub.access.scopes import Scope
from eventhub.flow import process
from eventhub.flow.rulebook import RulebookKeeper
from eventhub.journal.sqlite import SqliteJournal
from tests.rest.conftest import Api


@pytest.fixture
def keeper(journal: SqliteJournal) -> Iterator[RulebookKeeper]:
    """Install a keeper that does not watch by itself."""
    keeper = RulebookKeeper()
    keeper.refresh()
    process.install(process.Parts(journal=journal, keeper=keeper))
    yield keeper
    process.uninstall()


def test_a_rule_is_in_force_when_its_making_is_answered(
    keeper: RulebookKeeper, key_api: Callable[..., Api]
) -> None:
    api = key_api(Scope.ADMIN)
    api("POST", "/buses", {"name": "b"})
    api("POST", "/targets", {"name": "t", "url": "http://t.example/"})

    made = api(
        "POST", "/rules", {"bus": "b", "name": "r", "pattern": {"source": ["s"]}, "targets": ["t"]}
    ).json()

    rule = keeper.current.rule(keeper.current.buses["b"], made["id"])
    assert rule is not None
    assert (rule.version, rule.enabled, len(rule.target_ids)) == (1, True, 1)

    api("PATCH", f"/rules/{made['id']}", {"enabled": False})
    rule = keeper.current.rule(keeper.current.buses["b"], made["id"])
    assert rule is not None
    assert (rule.version, rule.enabled) == (2, False)


def test_a_rulebook_that_cannot_be_loaded_does_not_spoil_the_answer(
    keeper: RulebookKeeper, key_api: Callable[..., Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    api = key_api(Scope.ADMIN)

    def fails() -> None:
        raise RuntimeError("the database went away")

    monkeypatch.setattr(keeper, "refresh", fails)

    assert api("POST", "/buses", {"name": "b"}).status_code == 201


def test_options_describe_a_resource(journal: SqliteJournal, key_api: Callable[..., Api]) -> None:
    api = key_api(Scope.ADMIN)

    for path in ("/buses", "/rules", "/targets", "/events"):
        assert api("OPTIONS", path).status_code == 200
