"""A transport whose responses are fixed: what a client does, without a service."""

from __future__ import annotations

from specwitness.fuzz.http.message import Request, Response


class ScriptedTransport:
    """Gives responses in order, 200 after the last one, and keeps the requests.

    Args:
        answers: The responses.
        is_remote: Whether the service counts as one on another machine.
    """

    def __init__(self, *answers: Response, is_remote: bool = False) -> None:
        self.is_remote = is_remote
        self.answers = list(answers)
        self.requests: list[Request] = []

    def send(self, request: Request) -> Response:
        """Give the next response."""
        self.requests.append(request)
        return self.answers.pop(0) if self.answers else Response(200)
