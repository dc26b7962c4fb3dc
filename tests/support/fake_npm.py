"""Node and npm as `make dev` sees them, without either: programs of Python that do what they are told to."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LOCK = {
    "packages": {"": {}, "node_modules/next": {"version": "16.0.0"}, "node_modules/x": {"optional": True}}
}
_NODE = "#!/bin/sh\necho {version}\n"
_NPM = """\
#!{python}
import http.server, json, os, pathlib, shutil, subprocess, sys
words = sys.argv[1:]
if words[:1] != ["serve"]:
    with open({told!r}, "a") as told:
        told.write(" ".join(words) + "\\n")
if words[:1] == ["--version"]:
    print("11.0.0")
elif words[:1] == ["ci"]:
    pathlib.Path("node_modules").mkdir(exist_ok=True)
    shutil.copy("package-lock.json", "node_modules/.package-lock.json")
elif "migrate" in words:
    sys.exit({migrate})
elif words[:2] == ["run", "dev"]:
    # As npm does: what serves is a process of a process.
    inner = [sys.executable, __file__, "serve", *words]
    sys.exit(subprocess.Popen(inner).wait() if {serves} else 7)
else:
    pathlib.Path({told!r} + ".json").write_text(json.dumps(dict(os.environ, PID=str(os.getpid()))))
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/end":
                os._exit(3)
            self.send_response(200)
            self.end_headers()
        def log_message(self, *_):
            pass
    http.server.HTTPServer(("127.0.0.1", int(words[-1])), Handler).serve_forever()
"""


class FakeNpm:
    """A folder of programs to put on the PATH, and a front end for them.

    Args:
        place: An empty folder.
        version: What Node says that it is.
        migrate: The exit code of the migrations.
        serves: Whether the front end comes up.
    """

    def __init__(
        self, place: Path, version: str = "v20.19.5", *, migrate: int = 0, serves: bool = True
    ) -> None:
        self.programs, self.front_end = place / "programs", place / "frontend"
        self._told = place / "told"
        for folder in (self.programs, self.front_end):
            folder.mkdir()
        npm = _NPM.format(python=sys.executable, told=str(self._told), migrate=migrate, serves=serves)
        for name, text in (("node", _NODE.format(version=version)), ("npm", npm)):
            (self.programs / name).write_text(text)
            (self.programs / name).chmod(0o755)
        (self.front_end / "package.json").write_text(json.dumps({"engines": {"node": ">=20.19.0"}}))
        (self.front_end / "package-lock.json").write_text(json.dumps(LOCK))

    @property
    def path(self) -> str:
        return f"{self.programs}{os.pathsep}{os.defpath}"

    @property
    def commands(self) -> list[str]:
        """What npm was told to do."""
        return self._told.read_text().splitlines() if self._told.exists() else []

    @property
    def environ(self) -> dict[str, str]:
        """The environment of the process that serves, and its number as PID."""
        found: dict[str, str] = json.loads(self._told.with_name("told.json").read_text())
        return found
