"""Links to lines of files in the web repository, at the commit of the run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from specwitness.model import Location, Trace

_COMMIT = re.compile(r"[0-9a-f]{7,64}")


@dataclass(frozen=True)
class Links:
    """The address of the files of a trace; `base` is None if no commit has these files."""

    base: str | None

    def to_line(self, location: Location, last_line: int | None = None) -> str | None:
        """Link to a line, or to the lines up to `last_line`."""
        page = self.to_file(location.file)
        if page is None:
            return None
        end = f"-L{last_line}" if last_line and last_line > location.line else ""
        return f"{page}#L{location.line}{end}"

    def to_file(self, path: str) -> str | None:
        """Link to a file; the path is relative to the root of the repository."""
        return None if self.base is None else f"{self.base}/{quote(path)}"


def links_of(trace: Trace) -> Links:
    """Return the links of a trace: it needs a web repository and a commit without local changes."""
    commit = trace.revision or ""
    repository = (trace.repository or "").rstrip("/").removesuffix(".git")
    if urlsplit(repository).scheme not in {"http", "https"} or not _COMMIT.fullmatch(commit):
        return Links(base=None)
    return Links(base=f"{repository}/blob/{commit}")
