"""Archives: create, describe, update, delete, list."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction

from eventhub.access.caller import Caller
from eventhub.access.scopes import Scope
from eventhub.api.eventbridge.errors import AwsError, denied, over_quota, seconds
from eventhub.api.eventbridge.names import bus_arn, bus_of, find_bus, prefixed, visible_buses
from eventhub.api.eventbridge.paging import page
from eventhub.api.eventbridge.try_pattern import parsed
from eventhub.flow.archives import EMPTY
from eventhub.flow.configure import take_effect
from eventhub.flow.process import parts
from eventhub.journal.port import ArchiveSize
from eventhub.models import Archive

ENABLED = "ENABLED"
_COLUMNS = {"Description": "description", "EventPattern": "pattern", "RetentionDays": "retention_days"}
_TOLD = ("KmsKeyIdentifier",)  # told again, and without meaning here: nothing is encrypted by KMS


def archive_arn(name: str) -> str:
    """Return an archive's ARN."""
    return f"arn:aws:events:{settings.REGION}:{settings.ACCOUNT_ID}:archive/{name}"


def create(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer CreateArchive."""
    name = request["ArchiveName"]
    with transaction.atomic():
        bus = find_bus(request["EventSourceArn"], caller, Scope.RULES_WRITE, "CreateArchive")
        if Archive.objects.filter(name=name).exists():
            raise AwsError("ResourceAlreadyExistsException", f"Archive {name} already exists.")
        if Archive.objects.count() >= settings.MAX_ARCHIVES:
            raise over_quota()
        archive = Archive(name=name, bus=bus)
        _configure(archive, request)
    return _changed(archive)


def describe(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer DescribeArchive, with what it holds now."""
    archive = _find(request["ArchiveName"], caller, Scope.RULES_READ, "DescribeArchive")
    said = {"Description": archive.description, "EventPattern": archive.pattern}
    shown = _listed(archive, parts().journal.archive_sizes())
    told: dict[str, Any] = archive.told
    return shown | {"ArchiveArn": archive_arn(archive.name)} | {k: v for k, v in said.items() if v} | told


def update(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer UpdateArchive: what is left out stays."""
    with transaction.atomic():
        archive = _find(request["ArchiveName"], caller, Scope.RULES_WRITE, "UpdateArchive", changes=True)
        _configure(archive, request)
    return _changed(archive)


def delete(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer DeleteArchive; what it holds goes within a minute."""
    with transaction.atomic():
        _find(request["ArchiveName"], caller, Scope.RULES_WRITE, "DeleteArchive").delete()
        take_effect()
    return {}


def list_all(request: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Answer ListArchives by prefix, bus or state."""
    if not caller.may(Scope.RULES_READ):
        raise denied(caller, "ListArchives", archive_arn("*"))
    if sum(name in request for name in ("NamePrefix", "EventSourceArn", "State")) > 1:
        raise AwsError(
            "ValidationException",
            "At most one filter is allowed for ListArchives. "
            "Use either : State, EventSourceArn, or NamePrefix.",
        )
    visible = Archive.objects.select_related("bus").filter(bus__in=visible_buses(caller))
    rows = prefixed(visible, request.get("NamePrefix"))
    if "EventSourceArn" in request:
        rows = rows.filter(bus__name=bus_of(request["EventSourceArn"]))
    if request.get("State", ENABLED) != ENABLED:
        rows = rows.none()
    shown = partial(_listed, sizes=parts().journal.archive_sizes())
    return page(request, rows, of="archives", shown=shown, member="Archives")


def _find(name: str, caller: Caller, scope: Scope, action: str, *, changes: bool = False) -> Archive:
    """Return an archive; raises AwsError if there is none, or the caller may not do this there.

    With ``changes``, within a transaction, others that change it wait.
    """
    rows = Archive.objects.select_related("bus")
    if changes:
        rows = rows.select_for_update(of=("self",), no_key=True)
    archive = rows.filter(name=name).first()
    if not caller.may(scope, archive.bus_id if archive else None):
        raise denied(caller, action, archive_arn(name))
    if archive is None:
        raise AwsError("ResourceNotFoundException", f"Archive {name} does not exist.")
    return archive


def _configure(archive: Archive, request: dict[str, Any]) -> None:
    if request.get("EventPattern"):
        parsed(request["EventPattern"])
    for member, column in _COLUMNS.items():
        if member in request:
            setattr(archive, column, request[member])
    archive.told = archive.told | {member: request[member] for member in _TOLD if member in request}
    archive.full_clean()
    archive.save()
    take_effect()


def _changed(archive: Archive) -> dict[str, Any]:
    return {
        "ArchiveArn": archive_arn(archive.name),
        "State": ENABLED,
        "CreationTime": seconds(archive.created_at),
    }


def _listed(archive: Archive, sizes: Mapping[int, ArchiveSize]) -> dict[str, Any]:
    size = sizes.get(archive.pk, EMPTY)
    return {
        "ArchiveName": archive.name,
        "EventSourceArn": bus_arn(archive.bus.name),
        "State": ENABLED,
        "RetentionDays": archive.retention_days,
        "SizeBytes": size.bytes,
        "EventCount": size.events,
        "CreationTime": seconds(archive.created_at),
    }
