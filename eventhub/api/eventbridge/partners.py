"""Partner event sources, from both sides: what a partner offers, and what the account sees of it.

Here both sides are keys of one installation. A source that is offered to another account stays PENDING:
nobody can make its bus. Expired sources are gone for both.
"""

from typing import Any

from django.conf import settings
from django.db import transaction

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.api.eventbridge.connections import refuse_limited
from eventhub.api.eventbridge.errors import AwsError, seconds
from eventhub.api.eventbridge.names import prefixed
from eventhub.api.eventbridge.paging import page
from eventhub.flow.configure import take_effect
from eventhub.models import PartnerSource, SourceStateError


def source_arn(name: str) -> str:
    """Return a source's ARN, which has no account: the partner's and the customer's are the same."""
    return f"arn:aws:events:{settings.REGION}::event-source/{name}"


def create(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer CreatePartnerEventSource."""
    name = request["Name"]
    refuse_limited(caller, Scope.RULES_WRITE, "CreatePartnerEventSource", f"event-source/{name}")
    with transaction.atomic():
        if PartnerSource.there().filter(name=name).exists():
            raise AwsError("ResourceAlreadyExistsException", f"Event source {name} already exists.")
        source = PartnerSource(name=name, account=request["Account"])
        source.full_clean()
        source.save()
        take_effect()
    return {"EventSourceArn": source_arn(name)}


def delete(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer DeletePartnerEventSource; one that is not there is deleted already."""
    name = request["Name"]
    refuse_limited(caller, Scope.RULES_WRITE, "DeletePartnerEventSource", f"event-source/{name}")
    with transaction.atomic():
        found = PartnerSource.objects.select_for_update()
        source = found.filter(name=name, account=request["Account"]).first()
        if source is not None:
            source.delete()
            take_effect()
    return {}


def describe(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer DescribePartnerEventSource."""
    refuse_limited(caller, Scope.RULES_READ, "DescribePartnerEventSource", f"event-source/{request['Name']}")
    source = _found(PartnerSource.there().filter(name=request["Name"]).first(), request["Name"])
    return {"Arn": source_arn(source.name), "Name": source.name}


def list_all(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer ListPartnerEventSources."""
    refuse_limited(caller, Scope.RULES_READ, "ListPartnerEventSources", "event-source/*")
    rows = prefixed(PartnerSource.there(), request["NamePrefix"])
    return page(
        request,
        rows,
        of="partner-sources",
        shown=lambda source: {"Arn": source_arn(source.name), "Name": source.name},
        member="PartnerEventSources",
    )


def list_accounts(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer ListPartnerEventSourceAccounts: there is one for each name."""
    name = request["EventSourceName"]
    refuse_limited(caller, Scope.RULES_READ, "ListPartnerEventSourceAccounts", f"event-source/{name}")
    source = _found(PartnerSource.there().filter(name=name).first(), name)
    return page(
        request,
        PartnerSource.objects.filter(pk=source.pk),
        of="partner-accounts",
        shown=lambda one: {"Account": one.account} | _state(one),
        member="PartnerEventSourceAccounts",
    )


def activate(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer ActivateEventSource."""
    return _switch(request["Name"], caller, "ActivateEventSource", active=True)


def deactivate(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer DeactivateEventSource."""
    return _switch(request["Name"], caller, "DeactivateEventSource", active=False)


def describe_shared(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer DescribeEventSource."""
    name = request["Name"]
    refuse_limited(caller, Scope.RULES_READ, "DescribeEventSource", f"event-source/{name}")
    return _shown(_found(PartnerSource.shared().filter(name=name).first(), name))


def list_shared(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer ListEventSources: those that are offered to this account."""
    refuse_limited(caller, Scope.RULES_READ, "ListEventSources", "event-source/*")
    rows = prefixed(PartnerSource.shared(), request.get("NamePrefix"))
    return page(request, rows, of="event-sources", shown=_shown, member="EventSources")


def _switch(name: str, caller: Caller, action: str, *, active: bool) -> dict[str, Any]:
    refuse_limited(caller, Scope.RULES_WRITE, action, f"event-source/{name}")
    with transaction.atomic():
        rows = PartnerSource.shared().select_for_update()
        source = _found(rows.filter(name=name).first(), name)
        try:
            if active:
                source.activate()
            else:
                source.deactivate()
        except SourceStateError as error:
            raise AwsError("InvalidStateException", str(error)) from error
        take_effect()
    return {}


def _found(source: PartnerSource | None, name: str) -> PartnerSource:
    if source is None:
        raise AwsError("ResourceNotFoundException", f"Event source {name} does not exist.")
    return source


def _state(source: PartnerSource) -> dict[str, Any]:
    shown: dict[str, Any] = {"CreationTime": seconds(source.created_at), "State": str(source.state)}
    return shown | ({} if source.expires_at is None else {"ExpirationTime": seconds(source.expires_at)})


def _shown(source: PartnerSource) -> dict[str, Any]:
    names = {"Arn": source_arn(source.name), "Name": source.name, "CreatedBy": source.partner}
    return names | _state(source)
