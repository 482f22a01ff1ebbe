"""Scopes: who may do what."""

import pytest
from django.contrib.auth.models import AnonymousUser, User

from eventhub.access.caller import Caller, CallerKind, caller_of_user
from eventhub.access.scopes import Scope

READS = {Scope.EVENTS_READ, Scope.RULES_READ}


@pytest.mark.parametrize("held", list(Scope))
@pytest.mark.parametrize("wanted", list(Scope))
def test_scope_allows_itself_and_admin_allows_all(held: Scope, wanted: Scope) -> None:
    caller = Caller(CallerKind.KEY, "K", frozenset({held}))

    assert caller.may(wanted) == (held in {wanted, Scope.ADMIN})


def test_signed_in_user_reads_and_no_more() -> None:
    caller = caller_of_user(User(username="ann"))

    assert caller is not None
    assert {scope for scope in Scope if caller.may(scope)} == READS
    assert caller.who == "user:ann"


@pytest.mark.parametrize("flag", ["is_staff", "is_superuser"])
def test_staff_may_do_everything(flag: str) -> None:
    caller = caller_of_user(User(username="ann", **{flag: True}))

    assert caller is not None
    assert all(caller.may(scope) for scope in Scope)


def test_stranger_and_deactivated_user_are_nobody() -> None:
    assert caller_of_user(AnonymousUser()) is None
    assert caller_of_user(User(username="ann", is_staff=True, is_active=False)) is None
