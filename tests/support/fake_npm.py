"""Fake `node` and `npm` programs for the tests of `make dev`, and a front end folder for them."""

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
arguments = sys.argv[1:]
if arguments[:1] != ["serve"]:
    with open({log!r}, "a") as log:
        log.write(" ".join(arguments) + "\\n")
if arguments[:1] == ["--version"]:
    print("11.0.0")
elif arguments[:1] == ["ci"]:
    pathlib.Path("node_modules").mkdir(exist_ok=True)
    shutil.copy("package-lock.json", "node_modules/.package-lock.json")
elif "migrate" in arguments:
    sys.exit({migrate})
elif arguments[:2] == ["run", "dev"]:
    # Like npm, serve in a child process.
    inner = [sys.executable, __file__, "serve", *arguments]
    sys.exit(subprocess.Popen(inner).wait() if {serves} else 7)
else:
    pathlib.Path({log!r} + ".json").write_text(json.dumps(dict(os.environ, PID=str(os.getpid()))))
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/end":
                os._exit(3)
            self.send_response(200)
            self.end_headers()
        def log_message(self, *_):
            pass
    http.server.HTTPServer(("127.0.0.1", int(arguments[-1])), Handler).serve_forever()
"""


class FakeNpm:
    """A folder with the programs, to be put on the PATH, and a front end folder.

    Args:
        place: An empty folder.
        version: The version that `node` prints.
        migrate: The exit code of the migrations.
        serves: Whether the front end starts.
    """

    def __init__(
        self, place: Path, version: str = "v20.19.5", *, migrate: int = 0, serves: bool = True
    ) -> None:
        self.programs, self.front_end = place / "programs", place / "frontend"
        self._log = place / "npm.log"
        for folder in (self.programs, self.front_end):
            folder.mkdir()
        npm = _NPM.format(python=sys.executable, log=str(self._log), migrate=migrate, serves=serves)
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
        """The arguments of every call of npm, in order."""
        return self._log.read_text().splitlines() if self._log.exists() else []

    @property
    def environ(self) -> dict[str, str]:
        """The environment of the serving process, with its process id as PID."""
        found: dict[str, str] = json.loads(self._log.with_name("npm.log.json").read_text())
        return found
