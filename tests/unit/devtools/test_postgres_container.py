"""The probe of the container engine, and PostgreSQL in a container if there is an engine."""

from __future__ import annotations

import os
import socket
import tempfile
import threading
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from devtools.errors import ContainerError, EngineMissingError
from devtools.postgres import provide_postgres, read_version
from devtools.postgres_container import probe_engine, run_container


def require_engine() -> None:
    try:
        probe_engine(os.environ)
    except EngineMissingError as error:
        if os.environ.get("REQUIRE_TESTCONTAINERS"):
            raise
        pytest.skip(f"no container engine responds ({error})")


@pytest.mark.parametrize(
    "host",
    [
        "unix:///nowhere/engine.sock",
        "tcp://127.0.0.1:1",
        "http://127.0.0.1:1",
        "nonsense",
        "tcp://127.0.0.1:port",
    ],
)
def test_missing_engine_is_detected_at_once_without_warnings(
    host: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(EngineMissingError, match=host):
        probe_engine({"DOCKER_HOST": host})
    assert capfd.readouterr() == ("", "")


def test_silent_socket_is_no_engine() -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as place, socket.socket(socket.AF_UNIX) as mute:
        path = Path(place) / "mute.sock"
        mute.bind(str(path))
        mute.listen(8)
        with pytest.raises(EngineMissingError, match=r"mute\.sock"):
            probe_engine({"DOCKER_HOST": f"unix://{path}"})


def test_other_http_server_is_no_engine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:

        def response() -> None:
            for _ in range(2):
                connection, _ = other.accept()
                with connection:
                    connection.settimeout(1)
                    connection.sendall(
                        b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"
                    )

        thread = threading.Thread(target=response)
        thread.start()
        port = other.getsockname()[1]
        with pytest.raises(EngineMissingError, match=str(port)):
            probe_engine({"DOCKER_HOST": f"tcp://127.0.0.1:{port}"})
        thread.join(5)


def test_container_serves_on_loopback_only() -> None:
    require_engine()
    with provide_postgres({**os.environ, "DATABASE_URL": ""}) as server:
        if server.kind != "testcontainers":
            pytest.skip(server.origin)
        url = make_url(server.url)
        assert url.host == "127.0.0.1"
        assert read_version(server.url) in server.origin
        with socket.socket() as elsewhere:
            elsewhere.settimeout(1)
            # The whole of 127.0.0.0/8 is this machine; only the one address is bound.
            assert elsewhere.connect_ex(("127.0.0.2", url.port or 0)) != 0


def test_unavailable_image_gives_a_reason() -> None:
    require_engine()
    image = "localhost:1/no-such-image:1"
    with pytest.raises(ContainerError), run_container({**os.environ, "POSTGRES_IMAGE": image}):
        pass
