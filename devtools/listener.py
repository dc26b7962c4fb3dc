"""The sockets that development servers listen on, with messages for ports that are taken or wrong."""

from __future__ import annotations

import socket

from devtools.errors import ServeError

_HIGHEST_PORT = 65535
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


def _read_port(setting: str, value: str) -> int:
    if not (value.isascii() and value.isdecimal()) or int(value) > _HIGHEST_PORT:
        raise ServeError(f"{setting} is {value!r}, which is no port: set a number from 0 to {_HIGHEST_PORT}")
    return int(value)


def listen(host: str, port: str, example: str) -> socket.socket:
    """Listen on an address.

    Args:
        host: A host name or an IP address.
        port: The text of a port number; `0` chooses a free port.
        example: A command with another port, for the message: `PORT=8001 make run`.

    Raises:
        ServeError: The text is no port number, or the address is in use.
    """
    number = _read_port(example.partition("=")[0], port)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, number), family=family)
    except OSError as error:
        reason = str(error.strerror).partition(" (while")[0]
        raise ServeError(
            f"cannot listen on {host}, port {port} ({reason}): "
            f"end the program that uses it, or choose another port: {example}"
        ) from error


def name_address(listener: socket.socket) -> str:
    """Return the URL of a listener on this machine: `http://127.0.0.1:8000`, also if bound to 0.0.0.0."""
    host, port = listener.getsockname()[:2]
    local = _EVERYWHERE.get(host, host)
    return f"http://[{local}]:{port}" if ":" in local else f"http://{local}:{port}"
