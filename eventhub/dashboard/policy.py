"""The content security policy of every response that Django makes."""

import secrets

from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

# connect-src 'self' covers the socket: browsers match ws: and wss: of the page's own host and port to it.
_POLICY = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_NO_DEVICES = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


class ContentSecurityPolicyMiddleware(MiddlewareMixin):
    """Allow a page its own files and, by the nonce, its own import map; nothing else.

    Templates find the nonce as ``request.csp_nonce``. A view with another policy sets the header itself.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Give the request the nonce of its response."""
        request.csp_nonce = secrets.token_urlsafe(16)  # type: ignore[attr-defined]  # how templates get at it

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Set the header, unless the view did."""
        nonce = getattr(request, "csp_nonce", secrets.token_urlsafe(16))
        response.headers.setdefault("Content-Security-Policy", _POLICY.format(nonce=nonce))
        response.headers.setdefault("Permissions-Policy", _NO_DEVICES)
        return response
