"""The bugs that can be planted in the reminders service."""

from __future__ import annotations

from tests.proving_ground.model import EVERY, Family, list_bugs

BUGS = list_bugs(
    "reminders",
    (
        (
            "weak-secret",
            Family.TOKEN_SIGNATURE,
            EVERY,
            "The secret of the tutorial still counts: a token signed with it is let in.",
        ),
        (
            "signature-spare-bits",
            Family.TOKEN_SIGNATURE,
            EVERY,
            "The signature's last character has four spellings.",
        ),
        ("exp-null", Family.TOKEN_TIME, EVERY, "An end that is null never comes: the token is let in."),
        ("sub-long", Family.TOKEN_PARTIES, EVERY, "A subject of 5,000 characters is a user."),
        (
            "session-cache-accepted",
            Family.TOKEN_PARTIES,
            EVERY,
            "The cache of a session, signed with the same secret, is let in as a token.",
        ),
        ("typ-type-crash", Family.TOKEN_PARSING, EVERY, "A type that is a list is answered with 500."),
        (
            "deep-payload-crash",
            Family.TOKEN_PARSING,
            EVERY,
            "A payload of 1,500 brackets, rightly signed, is answered with 500.",
        ),
        (
            "zip-ignored",
            Family.TOKEN_HEADER,
            EVERY,
            "A header that calls the payload compressed is passed over.",
        ),
        (
            "exp-overflow-crash",
            Family.TOKEN_TIME,
            EVERY,
            "An end beyond the calendar, rightly signed, is answered with 500.",
        ),
        ("aud-ignored", Family.TOKEN_PARTIES, EVERY, "A token for another audience is let in."),
        ("sub-number", Family.TOKEN_PARTIES, EVERY, "A subject that is a number is taken for its digits."),
        (
            "challenge-without-error",
            Family.WRONG_CHALLENGE,
            EVERY,
            "The challenge does not say that the token is invalid.",
        ),
        (
            "scheme-case-sensitive",
            Family.WRONG_SCHEME,
            EVERY,
            "The scheme in small letters, as good as any, is refused.",
        ),
        ("read-any", Family.BOLA_READ, "GET /reminders/{reminder_id}", "Any user reads any reminder."),
        (
            "replace-takes-over",
            Family.BOLA_UPDATE,
            "PUT /reminders/{reminder_id}",
            "Who replaces a reminder of another user owns it from then on.",
        ),
        (
            "delete-any",
            Family.BOLA_DELETE,
            "DELETE /reminders/{reminder_id}",
            "Any user deletes any reminder.",
        ),
        ("list-all", Family.BOLA_LIST, "GET /reminders", "The list holds the reminders of all users."),
        (
            "comments-any",
            Family.BOLA_NESTED,
            "GET /reminders/{reminder_id}/comments",
            "The comments are found by the reminder's id, whosever it is.",
        ),
        (
            "finish-all",
            Family.BOLA_BULK,
            "POST /finish",
            "Finishing all finishes the reminders of all users.",
        ),
        ("done-at-once", Family.MASS_ASSIGNMENT, "POST /reminders", "A reminder may say that it is done."),
        (
            "total-header-of-all",
            Family.LEAK_HEADER,
            "GET /reminders",
            "The header X-Total-Count counts the reminders of all users.",
        ),
        (
            "order-of-all",
            Family.LEAK_ORDER,
            "GET /reminders",
            "The list's order follows how many reminders of all users have the tag.",
        ),
        (
            "comment-before-check",
            Family.REFUSED_SIDE_EFFECT,
            "POST /reminders/{reminder_id}/comments",
            "A comment that is answered with 404 stands under another user's reminder.",
        ),
        ("cached", Family.CACHED_PRIVATE, EVERY, "Answers to one user are public."),
        (
            "due-overflow-crash",
            Family.CRASH_NUMBER,
            "POST /reminders",
            "A date beyond the calendar is answered with 500.",
        ),
    ),
)
