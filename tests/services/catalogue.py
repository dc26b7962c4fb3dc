"""The small services in which bugs can be planted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.services.chat import CHAT
from tests.services.desk import DESK
from tests.services.feeds import FEEDS
from tests.services.goods import GOODS
from tests.services.library import LIBRARY
from tests.services.notebook import NOTEBOOK
from tests.services.shop import SHOP
from tests.services.snippets import SNIPPETS

if TYPE_CHECKING:
    from tests.services.service import SmallService

SERVICES: tuple[SmallService, ...] = (CHAT, DESK, FEEDS, GOODS, LIBRARY, NOTEBOOK, SHOP, SNIPPETS)
PLANTED = [(service, bug) for service in SERVICES for bug in service.bugs]
