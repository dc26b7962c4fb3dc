"""The bugs that can be planted in the files service."""

from __future__ import annotations

from tests.proving_ground.model import EVERY, Family, list_bugs

BUGS = list_bugs(
    "files",
    (
        (
            "kid-sql",
            Family.TOKEN_HEADER,
            EVERY,
            "The key id is put into SQL: a token signed with what the query says is let in.",
        ),
        ("exp-type-crash", Family.TOKEN_TIME, EVERY, "An end that is a list is answered with 500."),
        ("sub-unbounded", Family.TOKEN_PARTIES, EVERY, "A subject of a megabyte is a user."),
        ("payload-list-crash", Family.TOKEN_PARSING, EVERY, "Claims that are a list are answered with 500."),
        (
            "challenge-error-unasked",
            Family.WRONG_CHALLENGE,
            EVERY,
            "The challenge calls a token invalid where none came.",
        ),
        ("signature-optional", Family.TOKEN_SIGNATURE, EVERY, "A signature that is empty is not checked."),
        (
            "signature-malleable",
            Family.TOKEN_SIGNATURE,
            EVERY,
            "The signature has many spellings: one with padding is let in.",
        ),
        ("exp-wide-leeway", Family.TOKEN_TIME, EVERY, "A token that expired hours ago is let in."),
        ("iat-optional", Family.TOKEN_TIME, EVERY, "A token that does not say when it was made is let in."),
        ("iss-optional", Family.TOKEN_PARTIES, EVERY, "A token that names no issuer is let in."),
        (
            "aud-substring",
            Family.TOKEN_PARTIES,
            EVERY,
            "The audience is looked for inside the claim's text: a longer name is let in.",
        ),
        (
            "deep-header-crash",
            Family.TOKEN_PARSING,
            EVERY,
            "A header of 1,500 brackets is answered with 500.",
        ),
        (
            "sub-nul-crash",
            Family.TOKEN_PARSING,
            EVERY,
            "A subject that holds NUL is let in, and breaks the path of the user's folder: 500.",
        ),
        (
            "second-header-ignored",
            Family.WRONG_SCHEME,
            EVERY,
            "Of two Authorization headers the first is taken, whatever the second says.",
        ),
        (
            "key-prefix",
            Family.WRONG_SCHEME,
            "GET /files",
            "The beginning of an API key, or an empty one, is enough.",
        ),
        ("key-in-query", Family.WRONG_SCHEME, "GET /files", "An API key in the query string is let in."),
        (
            "shelf-open",
            Family.OPTIONAL_SECURITY,
            "GET /shelf",
            "Who brings no credentials sees the files of all users.",
        ),
        (
            "shelf-unverified",
            Family.OPTIONAL_SECURITY,
            "GET /shelf",
            "Where credentials are optional, a token is read and not verified.",
        ),
        ("read-any", Family.BOLA_READ, "GET /file", "Any user reads any file."),
        ("read-any-by-key", Family.BOLA_READ, "GET /file", "Who calls with an API key reads any file."),
        ("replace-any", Family.BOLA_UPDATE, "PUT /file", "Any user replaces any file."),
        ("delete-any", Family.BOLA_DELETE, "DELETE /file", "Any user deletes any file."),
        ("list-all", Family.BOLA_LIST, "GET /files", "The list holds the files of all users."),
        (
            "tag-on-404",
            Family.LEAK_HEADER,
            "GET /file",
            "The 404 for another user's file carries its entity tag.",
        ),
        (
            "conflict-writes",
            Family.REFUSED_SIDE_EFFECT,
            "PUT /file",
            "A replacement that is answered with 409 is stored all the same.",
        ),
        (
            "gone-410",
            Family.UNDOCUMENTED_STATUS,
            "GET /file",
            "A deleted file is answered with 410, which the contract does not know.",
        ),
        (
            "name-in-header-crash",
            Family.CRASH_ENCODING,
            "POST /files",
            "The name goes into a header: one beyond Latin-1 is answered with 500.",
        ),
        (
            "tag-parse-crash",
            Family.CRASH_HEADER,
            "GET /file",
            "An If-None-Match that is no number is answered with 500.",
        ),
        (
            "lost-update",
            Family.RACE,
            "PUT /file",
            "Two replacements of the same version at the same time both succeed, and one is lost.",
        ),
    ),
)
