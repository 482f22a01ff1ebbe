"""Who may do what: scopes of keys, roles of people."""

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from eventhub.access.caller import Caller, CallerKind, caller_of_user
from eventhub.access.scopes import ALL_SCOPES, READ_SCOPES, Scope
from eventhub.models import Bus, Grant, Role
from tests.people import person

pytestmark = pytest.mark.django_db
EDITS = READ_SCOPES | {Scope.RULES_WRITE, Scope.EVENTS_PUT}
ALLOWED = {Role.VIEWER: READ_SCOPES, Role.EDITOR: EDITS, Role.ADMINISTRATOR: ALL_SCOPES}


@pytest.fixture
def bus() -> Bus:
    return Bus.objects.create(name="ours")


@pytest.fixture
def other() -> Bus:
    return Bus.objects.create(name="theirs")


def caller(name: str) -> Caller:
    found = caller_of_user(User.objects.get(username=name))
    assert found is not None
    return found


def scopes(of: Caller, bus: Bus | None = None) -> set[Scope]:
    return {scope for scope in Scope if of.may(scope, bus.pk if bus else None)}


@pytest.mark.parametrize("held", list(Scope))
@pytest.mark.parametrize("wanted", list(Scope))
def test_scope_allows_itself_and_admin_allows_all(held: Scope, wanted: Scope) -> None:
    caller = Caller(CallerKind.KEY, "K", frozenset({held}))

    assert caller.may(wanted) == (held in {wanted, Scope.ADMIN})
    assert caller.may_everywhere(wanted) == (held in {wanted, Scope.ADMIN})


@pytest.mark.parametrize("role", list(Role))
def test_a_role_on_a_bus_holds_there_and_nowhere_else(role: Role, bus: Bus, other: Bus) -> None:
    person("ann", role, bus)

    ann = caller("ann")

    assert scopes(ann, bus) == ALLOWED[role]
    assert scopes(ann, other) == set()
    assert not any(ann.may_everywhere(scope) for scope in Scope)
    assert ann.buses(Scope.EVENTS_READ) == {bus.pk}
    assert ann.who == "user:ann"


@pytest.mark.parametrize("role", list(Role))
def test_a_role_on_every_bus_holds_on_buses_that_are_made_later(role: Role) -> None:
    person("ann", role)

    ann = caller("ann")

    assert scopes(ann, Bus.objects.create(name="later")) == ALLOWED[role]
    assert ann.buses(Scope.EVENTS_READ) is None
    assert {scope for scope in Scope if ann.may_everywhere(scope)} == ALLOWED[role]


def test_roles_on_one_bus_add_to_those_on_every_bus(bus: Bus, other: Bus) -> None:
    person("ann", Role.VIEWER)
    person("ann", Role.EDITOR, bus)

    ann = caller("ann")

    assert (scopes(ann, bus), scopes(ann, other)) == (EDITS, READ_SCOPES)
    assert ann.buses(Scope.RULES_WRITE) == {bus.pk}
    assert not ann.may_everywhere(Scope.RULES_WRITE)


def test_roles_of_groups_are_held_by_their_members(bus: Bus) -> None:
    team = Group.objects.create(name="till")
    Grant.objects.create(group=team, bus=bus, role=Role.EDITOR)
    person("ann", None).groups.add(team)
    person("bob", None)

    assert scopes(caller("ann"), bus) == EDITS
    assert caller("bob").has_no_role


def test_a_grant_may_show_sensitive_fields(bus: Bus, other: Bus) -> None:
    person("ann", Role.VIEWER, bus, sees_sensitive=True)
    person("ann", Role.VIEWER, other)

    assert caller("ann").buses(Scope.EVENTS_SENSITIVE) == {bus.pk}


def test_a_user_without_a_role_may_do_nothing(bus: Bus) -> None:
    person("ann", None, is_staff=True)

    ann = caller("ann")

    assert scopes(ann) == scopes(ann, bus) == set()
    assert ann.buses(Scope.EVENTS_READ) == frozenset()
    assert ann.has_no_role


def test_superusers_are_administrators_of_every_bus() -> None:
    person("ann", None, is_superuser=True)

    assert all(caller("ann").may_everywhere(scope) for scope in Scope)


def test_stranger_and_deactivated_user_are_nobody() -> None:
    assert caller_of_user(AnonymousUser()) is None
    assert caller_of_user(person("ann", Role.ADMINISTRATOR, is_active=False)) is None


def test_roles_are_read_once_for_a_request() -> None:
    user = person("ann")

    with CaptureQueriesContext(connection) as queries:
        for _ in range(5):
            caller_of_user(user)

    assert len(queries) == 1
