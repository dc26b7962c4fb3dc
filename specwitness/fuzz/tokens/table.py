"""All attacks by bad credentials, in the order in which they are tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specwitness.fuzz.tokens.altered import ALTERED_ATTACKS
from specwitness.fuzz.tokens.claims import CLAIM_ATTACKS
from specwitness.fuzz.tokens.headers import HEADER_ATTACKS
from specwitness.fuzz.tokens.keys import KEY_ATTACKS, MINTED_KEY_ATTACKS
from specwitness.fuzz.tokens.placement import PLACEMENT_ATTACKS
from specwitness.fuzz.tokens.times import TIME_ATTACKS

if TYPE_CHECKING:
    from specwitness.fuzz.tokens.attack import Attack

# These need a good credential and nothing else.
RAW_ATTACKS: tuple[Attack, ...] = (*PLACEMENT_ATTACKS, *ALTERED_ATTACKS, *KEY_ATTACKS)
# These need the service's key: tokens with a right signature and wrong content.
SIGNED_ATTACKS: tuple[Attack, ...] = (*MINTED_KEY_ATTACKS, *HEADER_ATTACKS, *TIME_ATTACKS, *CLAIM_ATTACKS)
ATTACKS: tuple[Attack, ...] = (*RAW_ATTACKS, *SIGNED_ATTACKS)
