"""The bugs that can be planted in the vault."""

from __future__ import annotations

from tests.proving_ground.model import Family, list_bugs

BUGS = list_bugs(
    "vault",
    (
        (
            "folder-of-anyone",
            Family.BOLA_REFERENCE,
            "isolation",
            "POST /passwords",
            "A password may be put into a folder of another user.",
        ),
        (
            "password-for-another",
            Family.MASS_ASSIGNMENT,
            "assignment",
            "POST /passwords",
            "A new password may name its owner: it stands among another user's.",
        ),
        (
            "password-template-crash",
            Family.CRASH_TEXT,
            "robustness",
            "POST /passwords",
            "The title becomes a template: a brace is answered with 500.",
        ),
        (
            "password-read-after-delete",
            Family.USE_AFTER_DELETE,
            "deletion",
            "GET /passwords/{password_id}",
            "The owner still reads a deleted password.",
        ),
        (
            "page-of-all",
            Family.LEAK_COUNT,
            "existence",
            "GET /passwords",
            "The page, of so many rows, is cut first and filtered then: it has gaps.",
        ),
        (
            "find-any",
            Family.BOLA_SEARCH,
            "disclosure",
            "GET /find",
            "The search by a phrase finds the passwords of all users.",
        ),
        (
            "eraser-sold-at-once",
            Family.MASS_ASSIGNMENT,
            "assignment",
            "POST /erasers",
            "A new eraser may say that it is sold.",
        ),
        (
            "refreshment-ascii-crash",
            Family.CRASH_ENCODING,
            "robustness",
            "POST /refreshments",
            "A title beyond ASCII is answered with 500.",
        ),
        (
            "baskets-of-all-cleared",
            Family.BOLA_BULK,
            "isolation",
            "DELETE /basket",
            "Who clears their basket clears the baskets of all users.",
        ),
        (
            "ticket-checked-by-anyone",
            Family.BOLA_READ,
            "isolation",
            "POST /tickets/check",
            "Any user reads any ticket.",
        ),
        (
            "browse-all",
            Family.BOLA_LIST,
            "disclosure",
            "POST /tickets/browse",
            "The list holds the tickets of all users.",
        ),
        (
            "personal-memo-read-any",
            Family.BOLA_READ,
            "isolation",
            "GET /memos/{memo_id}",
            "Any user reads the memos that are not for everyone.",
        ),
        *(
            (
                f"{name}-shown",
                Family.DATA_EXPOSURE,
                "disclosure",
                "GET /me",
                f"The answer holds `{name}`, which the contract does not show.",
            )
            for name in ("pin", "api_key", "session_token", "passcode")
        ),
        (
            "emails-shown",
            Family.DATA_EXPOSURE,
            "disclosure",
            "GET /instruments",
            "The list, which anybody may read, holds `owner_emails`, which the contract does not show.",
        ),
    ),
)
