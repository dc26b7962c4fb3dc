"""The bugs that can be planted in the journal."""

from __future__ import annotations

from tests.proving_ground.model import EVERY, Family, list_bugs

BUGS = list_bugs(
    "journal",
    (
        (
            "x5u-trusted",
            Family.TOKEN_HEADER,
            EVERY,
            "A token is verified with the certificate at the address that its own header names.",
        ),
        (
            "typ-case-sensitive",
            Family.TOKEN_HEADER,
            EVERY,
            "The type in small letters, as good as any, is refused.",
        ),
        (
            "alg-unbound",
            Family.TOKEN_SIGNATURE,
            EVERY,
            "A key is not tied to its algorithm: a token signed RS512 is let in.",
        ),
        ("use-ignored", Family.TOKEN_SIGNATURE, EVERY, "A token signed with a key for encryption is let in."),
        ("rsa-1024", Family.TOKEN_SIGNATURE, EVERY, "A token signed with a key of 1024 bits is let in."),
        (
            "aud-list-refused",
            Family.TOKEN_PARTIES,
            EVERY,
            "A token for several audiences, this one among them, is refused.",
        ),
        ("header-object-crash", Family.TOKEN_PARSING, EVERY, "A header that is a text is answered with 500."),
        (
            "payload-mark-accepted",
            Family.TOKEN_PARSING,
            EVERY,
            "A payload that begins with a byte order mark is let in.",
        ),
        (
            "export-unprotected",
            Family.MISSING_PROTECTION,
            "GET /entries/export",
            "The entries of all users are exported without any credentials.",
        ),
        (
            "alg-confusion",
            Family.TOKEN_SIGNATURE,
            EVERY,
            "The header's algorithm decides: a token signed HS256 with the public key as the secret is let in.",
        ),
        (
            "b64-ignored",
            Family.TOKEN_HEADER,
            EVERY,
            "A header that calls the payload unencoded is passed over.",
        ),
        ("kid-ignored", Family.TOKEN_HEADER, EVERY, "A token that names an unknown key is let in."),
        ("exp-ignored", Family.TOKEN_TIME, EVERY, "An expired token is let in."),
        ("sub-unchecked", Family.TOKEN_PARTIES, EVERY, "A subject that is blank is a user."),
        (
            "payload-encoding-crash",
            Family.TOKEN_PARSING,
            EVERY,
            "A payload that is no UTF-8, rightly signed, is answered with 500.",
        ),
        ("cookie-token", Family.WRONG_SCHEME, EVERY, "A token in a cookie is let in: any site may send it."),
        ("read-any", Family.BOLA_READ, "POST /entries/read", "Any user reads any entry."),
        ("update-any", Family.BOLA_UPDATE, "POST /entries/update", "Any user changes any entry."),
        ("delete-any", Family.BOLA_DELETE, "POST /entries/delete", "Any user deletes any entry."),
        ("list-all", Family.BOLA_LIST, "POST /entries/list", "The list holds the entries of all users."),
        (
            "search-any",
            Family.BOLA_SEARCH,
            "POST /entries/search",
            "The search finds the entries of all users.",
        ),
        (
            "read-many-any",
            Family.BOLA_BULK,
            "POST /entries/read-many",
            "Many ids at once give the entries of all users.",
        ),
        (
            "export-all",
            Family.BOLA_EXPORT,
            "GET /entries/export",
            "The export holds the entries of all users.",
        ),
        (
            "create-as-another",
            Family.MASS_ASSIGNMENT,
            "POST /entries/create",
            "A new entry may name its author.",
        ),
        (
            "author-in-message",
            Family.LEAK_BODY,
            "POST /entries/read",
            "The 404 for another user's entry names its author.",
        ),
        (
            "delete-before-check",
            Family.REFUSED_SIDE_EFFECT,
            "POST /entries/delete",
            "The entry is marked as deleted first: a call answered with 404 deleted another user's.",
        ),
        (
            "update-after-delete",
            Family.USE_AFTER_DELETE,
            "POST /entries/update",
            "A deleted entry is still read and changed.",
        ),
        (
            "search-format-crash",
            Family.CRASH_TEXT,
            "POST /entries/search",
            "The words become a template: a brace is answered with 500.",
        ),
        (
            "text-ascii-crash",
            Family.CRASH_ENCODING,
            "POST /entries/create",
            "A text beyond ASCII is answered with 500.",
        ),
    ),
)
