"""The bugs that can be planted in the teams service."""

from __future__ import annotations

from tests.proving_ground.model import EVERY, Family, list_bugs

BUGS = list_bugs(
    "teams",
    (
        (
            "empty-secret",
            Family.TOKEN_SIGNATURE,
            EVERY,
            "A secret that was never set still counts: a token signed with the empty secret is let in.",
        ),
        (
            "alg-same-family",
            Family.TOKEN_SIGNATURE,
            EVERY,
            "Any HMAC algorithm will do: a token signed HS384 is let in.",
        ),
        (
            "alg-none-any-case",
            Family.TOKEN_SIGNATURE,
            EVERY,
            "none is refused by its spelling: an unsigned token of nOnE is let in.",
        ),
        (
            "signature-truncated",
            Family.TOKEN_SIGNATURE,
            EVERY,
            "The signature is compared as far as it goes: half of it, or nothing, is enough.",
        ),
        (
            "typ-ignored",
            Family.TOKEN_HEADER,
            EVERY,
            "A token of another kind, such as a session's, is let in.",
        ),
        ("alg-type-crash", Family.TOKEN_PARSING, EVERY, "An algorithm that is a list is answered with 500."),
        ("exp-optional", Family.TOKEN_TIME, EVERY, "A token without an end is let in."),
        ("exp-as-text", Family.TOKEN_TIME, EVERY, "An end that is a text is taken for a number."),
        ("nbf-ignored", Family.TOKEN_TIME, EVERY, "A token that is not valid yet is let in."),
        ("iss-ignored", Family.TOKEN_PARTIES, EVERY, "A token of another issuer is let in."),
        ("aud-optional", Family.TOKEN_PARTIES, EVERY, "A token that names no audience is let in."),
        (
            "sub-optional",
            Family.TOKEN_PARTIES,
            EVERY,
            "A token without a subject is let in, as a user called None.",
        ),
        (
            "any-scheme",
            Family.WRONG_SCHEME,
            EVERY,
            "The scheme is not looked at: a token sent as Basic is let in.",
        ),
        ("query-token", Family.WRONG_SCHEME, EVERY, "A token in the query string is let in."),
        ("challenge-absent", Family.WRONG_CHALLENGE, EVERY, "A 401 comes without a challenge."),
        ("refusal-403", Family.WRONG_CHALLENGE, EVERY, "A call without credentials is answered with 403."),
        (
            "empty-bearer-crash",
            Family.CRASH_HEADER,
            EVERY,
            "A bearer scheme without a token is answered with 500.",
        ),
        (
            "replace-unprotected",
            Family.MISSING_PROTECTION,
            "PUT /teams/{team_id}",
            "A team is replaced without any credentials.",
        ),
        ("read-any", Family.BOLA_READ, "GET /teams/{team_id}", "Any user reads any team."),
        ("replace-any", Family.BOLA_UPDATE, "PUT /teams/{team_id}", "Any user replaces any team."),
        ("delete-any", Family.BOLA_DELETE, "DELETE /teams/{team_id}", "Any user deletes any team."),
        ("list-all", Family.BOLA_LIST, "GET /teams", "The list holds the teams of all users."),
        (
            "members-any",
            Family.BOLA_NESTED,
            "GET /teams/{team_id}/members",
            "Any user lists any team's members.",
        ),
        (
            "remove-member-any",
            Family.BOLA_NESTED,
            "DELETE /teams/{team_id}/members/{member_id}",
            "Any user removes any member.",
        ),
        (
            "admin-list-open",
            Family.FUNCTION_LEVEL,
            "GET /admin/teams",
            "Any user lists the teams of all users.",
        ),
        (
            "admin-delete-open",
            Family.FUNCTION_LEVEL,
            "DELETE /admin/teams/{team_id}",
            "Any user deletes as an administrator does.",
        ),
        (
            "admin-by-header",
            Family.FUNCTION_LEVEL,
            "GET /admin/teams",
            "A header that a gateway once set still makes an administrator: X-Role: admin.",
        ),
        ("profile-role", Family.MASS_ASSIGNMENT, "PUT /me", "A profile may name its own role."),
        (
            "create-for-another",
            Family.MASS_ASSIGNMENT,
            "POST /teams",
            "A new team may name its owner: it stands among another user's.",
        ),
        (
            "owner-in-message",
            Family.LEAK_BODY,
            "GET /teams/{team_id}",
            "The sentence of the 404 differs for another user's team.",
        ),
        ("total-of-all", Family.LEAK_COUNT, "GET /teams", "The total counts the teams of all users."),
        (
            "delete-before-check",
            Family.REFUSED_SIDE_EFFECT,
            "DELETE /teams/{team_id}",
            "The team is deleted first and its owner is looked for then: a call answered with 404 deleted it.",
        ),
        (
            "members-outlive",
            Family.USE_AFTER_DELETE,
            "GET /teams/{team_id}/members",
            "The members of a deleted team are still listed, to anybody.",
        ),
        (
            "shadow-handover",
            Family.SHADOW_ROUTE,
            "POST /teams/{team_id}/handover",
            "A route that the contract does not know gives any team to anybody.",
        ),
        (
            "members-conflict",
            Family.UNDOCUMENTED_STATUS,
            "DELETE /teams/{team_id}",
            "A team with members is answered with 409, which the contract does not know.",
        ),
        (
            "cached",
            Family.CACHED_PRIVATE,
            EVERY,
            "Answers to one user may be kept by shared caches, by s-maxage.",
        ),
        (
            "seats-overflow-crash",
            Family.CRASH_NUMBER,
            "POST /teams",
            "A number beyond 32 bits is answered with 500.",
        ),
        (
            "per-page-zero-crash",
            Family.PAGINATION,
            "GET /teams",
            "A page of no rows is answered with 500.",
        ),
    ),
)
