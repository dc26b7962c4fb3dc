"""Regular expressions that the steps of several stories share."""

from __future__ import annotations

import re

from tests.support.credentials import RECIPES

REQUEST = r"(?P<request>[A-Z]+ \S+)"
CREDENTIAL = "|".join(map(re.escape, ["no credential", *RECIPES]))
