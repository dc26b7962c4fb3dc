"""The bugs that can be planted in the orders service."""

from __future__ import annotations

from tests.proving_ground.model import EVERY, Family, list_bugs

BUGS = list_bugs(
    "orders",
    (
        (
            "jku-trusted",
            Family.TOKEN_HEADER,
            EVERY,
            "A token is verified with the key at the address that its own header names.",
        ),
        (
            "header-duplicates-accepted",
            Family.TOKEN_HEADER,
            EVERY,
            "Of two algorithms in one header the last one counts.",
        ),
        (
            "alg-substring",
            Family.TOKEN_SIGNATURE,
            EVERY,
            "The list of algorithms is a text: a part of a name will do.",
        ),
        (
            "curve-ignored",
            Family.TOKEN_SIGNATURE,
            EVERY,
            "A key is not tied to its algorithm: a token signed ES256 with a key of P-384 is let in.",
        ),
        ("exp-boundary", Family.TOKEN_TIME, EVERY, "A token is good for the second in which it ends."),
        (
            "alg-missing-crash",
            Family.TOKEN_PARSING,
            EVERY,
            "A header without an algorithm is answered with 500.",
        ),
        ("size-unbounded", Family.TOKEN_PARSING, EVERY, "A token of any size is read."),
        (
            "refusal-echoes-token",
            Family.WRONG_CHALLENGE,
            EVERY,
            "A refusal repeats the token that it refuses.",
        ),
        (
            "alg-confusion",
            Family.TOKEN_SIGNATURE,
            EVERY,
            "The header's algorithm decides: a token signed HS256 with the public key as the secret is let in.",
        ),
        (
            "alg-none",
            Family.TOKEN_SIGNATURE,
            EVERY,
            "An unsigned token is let in when its algorithm is none.",
        ),
        (
            "jwk-trusted",
            Family.TOKEN_HEADER,
            EVERY,
            "A token is verified with the key that its own header brings.",
        ),
        ("kid-ignored", Family.TOKEN_HEADER, EVERY, "A token that names an unknown key is let in."),
        (
            "crit-ignored",
            Family.TOKEN_HEADER,
            EVERY,
            "An extension that the header calls critical is passed over.",
        ),
        ("exp-ignored", Family.TOKEN_TIME, EVERY, "An expired token is let in."),
        ("aud-ignored", Family.TOKEN_PARTIES, EVERY, "A token for another audience is let in."),
        ("parts-crash", Family.TOKEN_PARSING, EVERY, "A token of two or five parts is answered with 500."),
        (
            "delete-unprotected",
            Family.MISSING_PROTECTION,
            "DELETE /orders/{order_id}",
            "An order is deleted without any credentials.",
        ),
        ("read-any", Family.BOLA_READ, "GET /orders/{order_id}", "Any user reads any order."),
        ("patch-any", Family.BOLA_UPDATE, "PATCH /orders/{order_id}", "Any user changes any order."),
        ("delete-any", Family.BOLA_DELETE, "DELETE /orders/{order_id}", "Any user deletes any order."),
        ("list-all", Family.BOLA_LIST, "GET /orders", "The list holds the orders of all users."),
        ("search-any", Family.BOLA_SEARCH, "GET /search/orders", "The search finds the orders of all users."),
        (
            "items-any",
            Family.BOLA_NESTED,
            "GET /orders/{order_id}/items",
            "Any user reads the items of any order.",
        ),
        (
            "add-item-any",
            Family.BOLA_NESTED,
            "POST /orders/{order_id}/items",
            "Any user adds an item to any order.",
        ),
        (
            "delete-item-any",
            Family.BOLA_NESTED,
            "DELETE /orders/{order_id}/items/{item_id}",
            "The order is checked, the item is not: under an own order, any item is deleted.",
        ),
        (
            "bulk-delete-any",
            Family.BOLA_BULK,
            "POST /bulk/orders/delete",
            "The bulk deletion takes the ids of all users.",
        ),
        ("export-all", Family.BOLA_EXPORT, "GET /export/orders", "The export holds the orders of all users."),
        (
            "patch-owner",
            Family.MASS_ASSIGNMENT,
            "PATCH /orders/{order_id}",
            "A change may name owner and state: an order is given away, or paid by a word.",
        ),
        (
            "foreign-403",
            Family.LEAK_STATUS,
            "GET /orders/{order_id}",
            "An order of another user is answered with 403, an absent one with 404.",
        ),
        (
            "patch-before-check",
            Family.REFUSED_SIDE_EFFECT,
            "PATCH /orders/{order_id}",
            "The change is stored first and the owner is checked then: a call answered with 404 changed the order.",
        ),
        (
            "read-after-delete",
            Family.USE_AFTER_DELETE,
            "GET /orders/{order_id}",
            "A deleted order is still read, by anybody.",
        ),
        (
            "shadow-dump",
            Family.SHADOW_ROUTE,
            "GET /internal/dump",
            "A route that the contract does not know gives all orders to everybody.",
        ),
        ("cached", Family.CACHED_PRIVATE, EVERY, "Answers to one user may be kept by shared caches."),
        (
            "search-pattern-crash",
            Family.CRASH_TEXT,
            "GET /search/orders",
            "The text is taken as a regular expression: an open bracket is answered with 500.",
        ),
        (
            "cursor-unchecked-crash",
            Family.PAGINATION,
            "GET /orders",
            "A cursor beyond what the contract allows is answered with 500.",
        ),
    ),
)
