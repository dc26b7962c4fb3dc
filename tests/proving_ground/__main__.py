"""`python -m tests.proving_ground`: writes the page of the bugs, or serves one build on this machine."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

import uvicorn

from tests.proving_ground.catalogue import SERVICES, find_service
from tests.proving_ground.page import PAGE, make_page

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(words: Sequence[str]) -> int:
    """Write the page when no service is named, else serve it.

    Returns:
        0; 2 when there is no such bug.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.proving_ground", description=main.__doc__)
    parser.add_argument("service", nargs="?", choices=[entry.name for entry in SERVICES])
    parser.add_argument("bug", nargs="?", help="the id of the bug to plant; without it, the right build")
    parser.add_argument("--port", type=int, default=8100, help="the port on 127.0.0.1")
    named = parser.parse_args(words)
    if named.service is None:
        PAGE.write_text(make_page(), encoding="utf-8")
        return 0
    service = find_service(named.service)
    if named.bug not in {None, *(bug.id for bug in service.bugs)}:
        parser.error(f"{service.name} has no bug {named.bug!r}; docs/proving-ground.md lists them")
    for who in service.mint.subjects:
        sys.stdout.write(f"{who}: {service.mint.token(who, time.time())}\n")
    sys.stdout.flush()
    uvicorn.run(service.build(named.bug), host="127.0.0.1", port=named.port)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
