"""Importing a text: what it is, what it changes, and whether that is kept."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from eventhub.access.caller import Caller
from eventhub.api.importing import aws_json, cloudformation, documents, own, terraform
from eventhub.api.importing.report import BROKEN, ImportRefusedError, Report, broken, difference
from eventhub.api.importing.resources import Maker, Resource
from eventhub.flow import as_values
from eventhub.flow.configure import take_effect
from eventhub.models import Door, doing


def import_text(
    text: str,
    caller: Caller,
    *,
    apply: bool,
    prune: bool = False,
    name: str = "import",
    parameters: Mapping[str, str] | None = None,
    arns: Mapping[str, str] | None = None,
) -> Report:
    """Return what importing changes; with ``apply`` and nothing refused, change it.

    ``name`` is the stack's, for CloudFormation; ``parameters`` give its parameters values; ``arns`` are those
    of resources, by logical id or Terraform's address, that the text does not tell. With ``prune`` what the
    text does not have goes too: of our own, the rows of the sections that it has; of others, the rules of the
    buses that it has rules of. Raises ImportRefusedError if the text is nothing that can be imported.
    """
    report = Report()
    try:
        document = documents.read(text)
        resources = _resources(document, report, name=name, parameters=parameters or {}, arns=arns or {})
    except ImportRefusedError:
        raise
    except BROKEN as error:
        raise ImportRefusedError(broken("the file", error).text) from error
    with doing(caller.who, Door.IMPORT), transaction.atomic():
        before, sealed = as_values.told(), as_values.sealed()
        if resources is None:
            own.apply(document, report, who=caller.who, prune=prune)
        else:
            maker = Maker(caller, report)
            maker.make(resources)
            if prune:
                maker.prune()
        report.changes = difference(before, as_values.told(), _other_secrets(sealed, as_values.sealed()))
        report.is_applied = apply and not report.refused
        if report.is_applied:
            take_effect()
        else:
            transaction.set_rollback(True)
    return report


def _other_secrets(
    before: Mapping[tuple[str, str], Mapping[str, Any]], after: Mapping[tuple[str, str], Mapping[str, Any]]
) -> list[tuple[str, str, str]]:
    """Return the secrets that are there as before, and are others: by section, row and name."""
    return [
        (*row, name)
        for row, secrets in after.items()
        for name, value in secrets.items()
        if name in before.get(row, {}) and before[row][name] != value
    ]


def _resources(
    document: Any,
    report: Report,
    *,
    name: str,
    parameters: Mapping[str, str],
    arns: Mapping[str, str],
) -> list[Resource] | None:
    """Return a document's resources; None if it is one of ours."""
    if terraform.is_one(document):
        return terraform.read(document, arns=arns, report=report)
    if isinstance(document, dict) and "Resources" in document:
        return cloudformation.read(document, name=name, parameters=parameters, arns=arns, report=report)
    if aws_json.is_one(document):
        return aws_json.read(document, report)
    if isinstance(document, dict) and document and document.keys() <= as_values.SECTIONS.keys():
        return None
    known = ", ".join(as_values.SECTIONS)
    raise ImportRefusedError(
        "it is neither a CloudFormation or SAM template (Resources), nor Terraform's plan (planned_values), "
        f"nor an answer of `aws events`, nor of our own form: wanted an object of {known}"
    )
