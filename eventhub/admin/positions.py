"""Lists of the journal's rows: read from a position on, newest first, and never counted.

Whoever turns to older rows goes on from where the page ended, whatever arrived meanwhile; there are no page
numbers, for they would have to be counted. A filter that no index serves is looked for within a time; then
the page says how far it looked, and leads on (``flow.walk``).
"""

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.core.paginator import Paginator
from django.http import HttpRequest

from eventhub.flow.walk import walk
from eventhub.journal.port import Position


class PositionList(ChangeList):
    """What the templates show of a list, with ``older_query`` and ``newest_query`` for page numbers."""

    older_query = newest_query = ""
    was_cut = False
    looked_back_to: Any = None  # the moment that the search came to, if the time was up

    def get_results(self, request: HttpRequest) -> None:
        """Read one page; raises IncorrectLookupParameters for a position that is none."""
        text = request.GET.get(PAGE_VAR, "")
        before = self._position(text)
        is_indexed = bool(self.query) or self.model_admin.is_indexed(request, self)  # type: ignore[attr-defined]  # PositionedAdmin's
        walked = walk(
            self.model._default_manager.all(),
            self.queryset,
            before=before,
            wanted=self.list_per_page,
            is_indexed=is_indexed,
        )
        self.result_list = walked.rows
        self.result_count = len(walked.rows)  # of the page: an action can choose these and no others
        self.full_result_count = None
        self.show_full_result_count = self.can_show_all = self.multi_page = False
        self.show_admin_actions = True
        self.paginator = Paginator(walked.rows, self.list_per_page)
        self.was_cut = walked.was_cut
        if walked.older is not None:
            self.older_query = self.get_query_string({PAGE_VAR: str(walked.older)})
            if walked.was_cut:
                self.looked_back_to = self._moment(walked.older)
        if before is not None:
            self.newest_query = self.get_query_string()

    def _position(self, text: str) -> Position | None:
        try:
            return Position.parse(text) if text else None
        except ValueError as error:
            raise IncorrectLookupParameters(error) from error

    def _moment(self, at: Position) -> Any:
        """Return when the event of a row near a position was accepted, or when the row was made."""
        column = self.model_admin.moment_column  # type: ignore[attr-defined]  # PositionedAdmin's
        rows = self.model._default_manager.filter(seq__gte=at.seq, xid__gte=at.xid).order_by("seq")
        return rows.values_list(column, flat=True).first()
