"""Pages are their reader's alone: no cache keeps them, so that nothing is left after signing out."""

from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin


class PrivatePagesMiddleware(MiddlewareMixin):
    """Forbid keeping whatever does not say itself for how long it may be kept."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Set the header, unless the view or the API did."""
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response
