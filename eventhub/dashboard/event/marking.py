"""Marks on an event's JSON: the values that a pattern looked at, by how its fields fare. Pure."""

from collections.abc import Iterable

from eventhub.dashboard.jsonview import Marker
from eventhub.domain.pattern.explain import AllReport, AnyReport, FieldReport

HOLDS, FAILS, ELSEWHERE = "holds", "fails", "elsewhere"


def fields_of(tree: AllReport) -> list[FieldReport]:
    """Return the reports of all fields of a tree, in its order."""
    found: list[FieldReport] = []
    todo: list[AllReport | AnyReport | FieldReport] = [tree]
    while todo:
        match todo.pop():
            case FieldReport() as field:
                found.append(field)
            case AllReport(members=members):
                todo += reversed(members)
            case AnyReport(alternatives=alternatives):
                todo += reversed(alternatives)
    return found


def marker_of(fields: Iterable[FieldReport]) -> Marker:
    """Return what marks each value: a field that fails before one that holds, and before one elsewhere.

    A field that was judged by one element of an array leaves the values in other elements ``elsewhere``.
    """
    by_path: dict[str, list[FieldReport]] = {}
    for field in fields:
        by_path.setdefault(field.path, []).append(field)

    def mark(path: str, place: str) -> str:
        found = {
            ELSEWHERE
            if field.element and not place.startswith(field.element)
            else (HOLDS if field.holds else FAILS)
            for field in by_path.get(path, ())
        }
        return next((one for one in (FAILS, HOLDS, ELSEWHERE) if one in found), "")

    return mark
