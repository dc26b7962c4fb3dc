"""Links to lines of files, pinned to the commit that was proven."""

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
    """Where the files of a trace can be read; `base` is None where no commit holds them."""

    base: str | None

    def to_line(self, location: Location, last_line: int | None = None) -> str | None:
        """Link to a line, or to the lines up to `last_line`."""
        page = self.to_file(location.file)
        if page is None:
            return None
        end = f"-L{last_line}" if last_line and last_line > location.line else ""
        return f"{page}#L{location.line}{end}"

    def to_file(self, path: str) -> str | None:
        """Link to a file, given by its path from the repository's root."""
        return None if self.base is None else f"{self.base}/{quote(path)}"


def links_of(trace: Trace) -> Links:
    """Find out whether lines can be linked: a web repository, and a commit without changes on top."""
    commit = trace.revision or ""
    repository = (trace.repository or "").rstrip("/").removesuffix(".git")
    if urlsplit(repository).scheme not in {"http", "https"} or not _COMMIT.fullmatch(commit):
        return Links(base=None)
    return Links(base=f"{repository}/blob/{commit}")
