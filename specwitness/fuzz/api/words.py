"""Every list of English words by which the fuzzer reads names in a contract."""

from __future__ import annotations

import re
from typing import Any

# What an object is called: where it is made or changed, a member with such a name is its own.
OWN_KEY_ENDINGS = ("_name", "_code", "_number", "_slug", "_key")
LOG_OUT = re.compile(r"^(log|sign)-?_?out$")
ACCESS_NOUNS = frozenset({"auth", "credential", "key", "login", "password", "session", "token"})
# How members end that name objects.
REFERENCE_ENDINGS = ("_id", "_ids", "_by", "_to")
LEAST_PUBLIC = ("private", "draft", "user", "member", "low")
# By these a path may name a user who has an id as well.
HANDLES = frozenset({"username", "user_name", "handle", "login", "nickname", "email", "slug"})
COMMON_MEMBERS = frozenset({"id", "at", "by", "name", "type", "status", "count"})
USERS = frozenset(
    {
        "user",
        "owner",
        "account",
        "author",
        "creator",
        "customer",
        "member",
        "profile",
        "sub",
        "subject",
        "username",
    }
)
# What ends in these shows the caller.
OWN = frozenset({"me", "whoami", "profile", "userinfo", "account", "user", "self"})
# Every object may have these: they tell nothing of whose it is.
GENERIC_KEYS = frozenset({"id", "ids", "uuid", "_id", "key", "name", "number"})
NATURAL_KEYS = frozenset({"slug", "code", "sku", "key", "handle", "iban"})
# What an object is to another of its own kind.
RELATION_ROLES = frozenset(
    {
        "parent",
        "target",
        "source",
        "destination",
        "from",
        "to",
        "previous",
        "next",
        "root",
        "original",
        "related",
    }
)
DELETING = re.compile(r"(^|[-_:.])(delete|remove|destroy|purge)")
MAKING = frozenset({"create", "new", "add", "open", "upload", "insert", "make", "register"})
SECRETS = re.compile(
    r"passw(or)?d|passphrase|secret|(^|_)salt($|_)|private_key|totp|(^|_)otp($|_)|recovery_code|reset_token"
    r"|security_answer|(^|_)cvv|(^|_)cvc|(^|_)ssn($|_)|card_number"
)
PERSONAL = re.compile(r"e_?mail|phone|mobile|(^|_)address|birth|(^|_)dob($|_)|iban|salary|passport|latitude")
VERSION_MEMBERS = frozenset(
    {"version", "revision", "rev", "etag", "lock_version", "row_version", "record_version"}
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ID_ENDINGS = ("_ids", "_id", "_uuid", "_key", "_slug", "_code", "_number", "_name")
KEY_MEMBERS = ("id", "uuid", "_id", "key", "slug", "code", "number", "name", "token")
_LISTS = 3


def snake(name: str) -> str:
    """Write a name in lower case with underscores."""
    return _CAMEL.sub("_", name).replace("-", "_").lower()


def singular(word: str) -> str:
    """Give the singular of an English noun, well enough to find its plural."""
    if word.endswith("ies") and len(word) > _LISTS + 1:
        return f"{word[:-3]}y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def noun_of(name: str) -> str:
    """Give what a parameter names: `noteId` and `note_ids` name a note, `id` names nothing."""
    plain = snake(name)
    for ending in _ID_ENDINGS:
        if plain.endswith(ending):
            return plain.removesuffix(ending)
    return "" if plain in {*KEY_MEMBERS, "ids"} else plain


ENDING_ACCESS = (
    "logout",
    "log-out",
    "refresh",
    "rotate",
    "signout",
    "sign-out",
    "revoke",
    "deactivate",
    "close-account",
    "erase",
    "password",
    "mfa",
    "2fa",
)
CLOSING_ACCOUNT = ("deactivate", "close", "erase")
# What an administrator calls with these would be missed by the other users.
SWEEPING = re.compile(r"reset|clear|purge|wipe|drop|delete|remove|shut|restart|seed|flush|import|ban|disable")
READING = re.compile(
    r"^(list|search|find|query|export|read|get|show|fetch|view|filter|report|lookup)(?![a-z])"
)
KEY_NOUNS = frozenset({"key", "token", "credential", "secret"})
PAGE_SIZES = frozenset(
    {"limit", "size", "page_size", "per_page", "max_results", "count", "top", "take", "first", "page_limit"}
)
SEARCH_TERMS = frozenset({"q", "query", "search", "term", "text", "keyword", "keywords", "s"})
NEXT_PAGES = {"page": "2", "page_number": "2", "offset": "1", "skip": "1"}
CURSORS = ("cursor", "after", "page_token", "next", "starting_after", "continuation_token", "marker")
NEXT_CURSORS = re.compile(r"^(next|cursor|after|continuation)(_?(page|cursor|token|id))*$")
OWNER_MEMBERS = frozenset(
    {
        "user_id",
        "owner_id",
        "owner",
        "user",
        "author_id",
        "author",
        "account_id",
        "created_by",
        "sub",
        "tenant_id",
    }
)
PRIVILEGE_MEMBERS: dict[str, Any] = {"role": "admin", "is_admin": True, "admin": True}
ENVELOPE_MEMBERS = frozenset({"status", "message", "msg", "success", "ok", "detail", "code"})
LOGIN_SECRETS = re.compile(r"passw(or)?d|passphrase|secret|(^|_)pin($|_)|(^|_)code($|_)|(^|_)otp($|_)")
LOGIN_NAMES = re.compile(
    r"^(user_?name|user|login|name|handle|account|e_?mail(_address)?|phone(_number)?|identifier)$"
)
AMOUNTS = re.compile(r"amount|quantity|points|credits|sum")
BALANCES = re.compile(r"balance|credit|available|remaining|stock|points")
PRIVILEGED = re.compile(
    r"(?<![a-z])(admin|administrators?|staff|superuser|root|operators?|moderators?|backoffice)(?![a-z])",
    re.IGNORECASE,
)
# What everybody is who has signed in.
EVERYBODY = frozenset({"user", "users", "member", "customer", "everyone", "anyone", "authenticated", "owner"})
ROLE_EXTENSIONS = ("x-roles", "x-role", "x-required-roles", "x-required-role")
MOMENTS = re.compile(r"(_at|_on|_?date|_?time|due|until|since|deadline)$")
RECIPIENTS = re.compile(r"to_|recipient|receiver|payee|beneficiary|destination|invitee")
# By these people sign in: a second account with the same one cannot be.
ADDRESSES = frozenset({"email", "email_address", "phone", "phone_number"})
ACCOUNTS = frozenset({"user", "account", "profile"})
# Names by which everybody finds the object: that they are one of a kind is no secret.
PUBLIC_NAMES = frozenset(
    {
        "username",
        "user_name",
        "handle",
        "nickname",
        "slug",
        "domain",
        "subdomain",
        "host",
        "hostname",
    }
)
KEEPING_DELETED = (
    "restore",
    "undelete",
    "recover",
    "trash",
    "recycle",
    "history",
    "audit",
    "archive",
    "log",
    "event",
    "activit",
    "feed",
    "timeline",
    "notification",
    "sync",
    "change",
    "deleted",
)
ENDED_STATES = re.compile(r"revoked|cancel|archived|trashed|closed|disabled|inactive")
