"""The bugs that can be planted in the ledger."""

from __future__ import annotations

from tests.proving_ground.model import EVERY, Family, list_bugs

BUGS = list_bugs(
    "ledger",
    (
        (
            "x5c-trusted",
            Family.TOKEN_HEADER,
            EVERY,
            "A token is verified with the certificate that its own header brings.",
        ),
        ("kid-type-crash", Family.TOKEN_PARSING, EVERY, "A key id that is a list is answered with 500."),
        (
            "unknown-alg-crash",
            Family.TOKEN_SIGNATURE,
            EVERY,
            "An algorithm that is not served, such as none, is answered with 500.",
        ),
        (
            "iat-age-ignored",
            Family.TOKEN_TIME,
            EVERY,
            "A token made a year ago is let in, though a day is the limit.",
        ),
        (
            "payload-utf8-replaced",
            Family.TOKEN_PARSING,
            EVERY,
            "A payload that is no UTF-8 is mended, and let in.",
        ),
        ("form-token", Family.WRONG_SCHEME, EVERY, "A token in a form is let in."),
        (
            "cty-ignored",
            Family.TOKEN_HEADER,
            EVERY,
            "A header that says a token is inside the token is passed over.",
        ),
        ("signature-ignored", Family.TOKEN_SIGNATURE, EVERY, "The signature is not checked."),
        ("exp-not-finite", Family.TOKEN_TIME, EVERY, "An end that is NaN never comes: the token is let in."),
        ("iat-ignored", Family.TOKEN_TIME, EVERY, "A token made in the future is let in."),
        (
            "iss-prefix",
            Family.TOKEN_PARTIES,
            EVERY,
            "The issuer is compared by its beginning: a longer name is let in.",
        ),
        (
            "duplicates-accepted",
            Family.TOKEN_PARSING,
            EVERY,
            "Of two subjects in one token the last one counts.",
        ),
        (
            "header-base64-crash",
            Family.TOKEN_PARSING,
            EVERY,
            "A header that is no base64url is answered with 500.",
        ),
        (
            "challenge-other-scheme",
            Family.WRONG_CHALLENGE,
            EVERY,
            "A 401 asks for Basic, which the service does not know.",
        ),
        (
            "header-ascii-crash",
            Family.CRASH_HEADER,
            EVERY,
            "An Authorization header beyond ASCII is answered with 500.",
        ),
        ("transfers-any", Family.BOLA_READ, "GET /transfers", "Any user lists the transfers of any account."),
        ("rename-any", Family.BOLA_UPDATE, "PUT /accounts/{account_id}", "Any user renames any account."),
        ("source-any", Family.BOLA_UPDATE, "POST /transfers", "Any user takes money from any account."),
        ("target-any", Family.BOLA_UPDATE, "POST /transfers", "Any user puts money into any account."),
        ("list-all", Family.BOLA_LIST, "GET /accounts", "The list holds the accounts of all users."),
        (
            "opening-balance",
            Family.MASS_ASSIGNMENT,
            "POST /accounts",
            "A new account may name its balance.",
        ),
        (
            "label-taken-anywhere",
            Family.LEAK_STATUS,
            "POST /accounts",
            "A label that another user has is answered with 409.",
        ),
        (
            "labels-by-use",
            Family.LEAK_ORDER,
            "GET /labels",
            "The labels stand in the order of how many accounts of all users have them.",
        ),
        ("total-of-all", Family.LEAK_COUNT, "GET /accounts", "The total counts the accounts of all users."),
        (
            "page-of-all",
            Family.LEAK_COUNT,
            "GET /accounts",
            "The page is cut first and filtered then: it has gaps.",
        ),
        (
            "summary-of-all",
            Family.LEAK_COUNT,
            "GET /summary",
            "The summary counts the transfers of all users.",
        ),
        (
            "after-overflow-crash",
            Family.PAGINATION,
            "GET /accounts",
            "A cursor beyond 64 bits is answered with 500.",
        ),
        (
            "errors-echo-input",
            Family.CRASH_NUMBER,
            "PUT /accounts/{account_id}",
            "The 422 repeats what came: NaN in a body is answered with 500.",
        ),
        (
            "caller-shared",
            Family.RACE,
            "POST /accounts",
            "Who calls is kept in one place for all: of two calls at the same time, one makes an account for the other.",
        ),
        (
            "id-from-count",
            Family.RACE,
            "POST /accounts",
            "Two calls at the same time get the same id, and the second account replaces the first.",
        ),
        (
            "double-spend",
            Family.RACE,
            "POST /transfers",
            "Two transfers at the same time spend the same money.",
        ),
    ),
)
