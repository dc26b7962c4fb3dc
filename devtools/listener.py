"""The sockets that development servers listen on, and what is said where they cannot."""

from __future__ import annotations

import socket

from devtools.errors import ServeError

_HIGHEST_PORT = 65535
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not bound


def _read_port(setting: str, value: str) -> int:
    """Read a port.

    Raises:
        ServeError: It is none.
    """
    if not (value.isascii() and value.isdecimal()) or int(value) > _HIGHEST_PORT:
        raise ServeError(
            f"{setting} is {value!r}, which is no port: write a number from 0 to {_HIGHEST_PORT}"
        )
    return int(value)


def listen(host: str, port: str, example: str) -> socket.socket:
    """Listen on an address.

    Args:
        host: A name or a number.
        port: A number; 0 asks for a free one.
        example: A command line that takes another port; its first word is the setting's.

    Raises:
        ServeError: The port is none, or the address is taken.
    """
    number = _read_port(example.partition("=")[0], port)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, number), family=family)
    except OSError as error:
        said = str(error.strerror).partition(" (while")[0]
        raise ServeError(
            f"cannot listen on {host}, port {port} ({said}): "
            f"end what uses it, or choose another, as in {example}"
        ) from error


def name_address(listener: socket.socket) -> str:
    """Name the address of a listener, as this machine reaches it."""
    host, port = listener.getsockname()[:2]
    near = _EVERYWHERE.get(host, host)
    return f"http://[{near}]:{port}" if ":" in near else f"http://{near}:{port}"
