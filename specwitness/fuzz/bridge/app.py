"""The app of a plain Schemathesis run, called through Schemathesis' own client."""

from __future__ import annotations

from typing import Any

from requests import PreparedRequest
from schemathesis.python import asgi
from schemathesis.transport import is_asgi_app
from urllib3 import HTTPHeaderDict

from specwitness.errors import TargetError
from specwitness.fuzz.http.message import Request, Response

_NO_RESPONSE = Response(500)


class SchemathesisTransport:
    """Sends requests to an app on the event loop where Schemathesis started its lifespan.

    A pool of connections is tied to the event loop that it was opened on: on another loop, each call
    that needs the pool would fail.

    Args:
        app: The ASGI app.
    """

    is_remote = False

    def __init__(self, app: Any) -> None:
        self._app = app

    def send(self, request: Request) -> Response:
        """Call the app; an exception that it raises becomes a response with status 500.

        Raises:
            TargetError: The app is no ASGI app.
        """
        if not is_asgi_app(self._app):
            raise TargetError(
                f"{type(self._app).__name__} is no ASGI app",
                where="specwitness.fuzz.bridge.hooks",
                remedy="start the app with a server, and run Schemathesis against its URL",
            )
        with asgi.get_client(self._app) as client:
            try:
                response = client.send(_prepare(request), stream=True, allow_redirects=False)
                content = response.raw.read(decode_content=False)
            except Exception:  # noqa: BLE001  # a server would respond with 500 to any of them
                return _NO_RESPONSE
        lines: dict[str, list[str]] = {}
        for name, value in response.raw.headers.iteritems():
            lines.setdefault(name.lower(), []).append(value)
        return Response(response.status_code, lines, content)


def _prepare(request: Request) -> PreparedRequest:
    """Write a request field by field: `prepare()` would change its path and merge its headers."""
    prepared = PreparedRequest()
    prepared.method, prepared.url = request.method, f"http://{asgi.HOST}{request.target}"
    prepared.body = request.body
    headers = HTTPHeaderDict(request.headers)
    if request.body is not None:
        headers.add("content-length", str(len(request.body)))
    prepared.headers = headers  # type: ignore[assignment]  # requests' own mapping holds no name twice
    return prepared
