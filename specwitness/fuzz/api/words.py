"""Every list of English words by which the fuzzer reads names in a contract.

A word of a list matches whole words of a name, never a part of one: `log` is in `/audit-log` and
`auditLog`, and not in `/blogs`. Each word has an example, a name in which it occurs. A test removes
every word in turn, and checks that the fuzzer then reads the example differently.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import inflect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BORDERS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+")


def snake(name: str) -> str:
    """Write a name in lower case with underscores: `noteId` and `Note-Id` give `note_id`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").lower()


def words_of(text: str) -> tuple[str, ...]:
    """Split a name or a sentence into its words, in lower case: `resetToken` gives `reset`, `token`."""
    return tuple(word.lower() for word in _BORDERS.split(text) if word)


@cache
def _engine() -> inflect.engine:
    return inflect.engine()


@cache
def singular(word: str) -> str:
    """Give the singular of a noun, or of the last word of several: `order_items` gives `order_item`."""
    head, border, last = word.rpartition("_")
    # `inflect` wants at least one letter.
    found = _engine().singular_noun(last) if last[:1].isalpha() else False
    return f"{head}{border}{found}" if found else word


@cache
def singulars(word: str) -> frozenset[str]:
    """Give the word and its singular, since either may be the singular.

    `buses` is a plural, and `bus` only looks like one.
    """
    return frozenset({word, singular(word)})


def same_noun(one: str, other: str) -> bool:
    """Tell whether two words may be one noun, in singular or plural: `bus` and `buses`."""
    return bool(singulars(one) & singulars(other))


@dataclass(frozen=True)
class WordList:
    """Words or phrases, each with a name in which it occurs.

    Args:
        purpose: What the list is for.
        examples: A name for each word; the words of a phrase are joined by underscores.
        is_inflected: Whether the plural of a word matches too. A list of verbs is not inflected:
            `report` reads, and `POST /reports` makes a report.
    """

    purpose: str
    examples: Mapping[str, str] = field(repr=False)
    is_inflected: bool = True

    @cached_property
    def _longest(self) -> int:
        return max(phrase.count("_") + 1 for phrase in self.examples)

    def _matches(self, words: tuple[str, ...]) -> str | None:
        for phrase in self._spellings(words):
            if phrase in self.examples:
                return phrase
        return None

    def _spellings(self, words: tuple[str, ...]) -> Iterator[str]:
        phrase = "_".join(words)
        yield phrase
        if self.is_inflected:
            yield singular(phrase)

    def __contains__(self, name: str) -> bool:
        """Tell whether a whole name is a word of the list."""
        words = words_of(name)
        return 0 < len(words) <= self._longest and self._matches(words) is not None

    def find_in(self, text: str) -> list[str]:
        """List the words that occur in a text, in the order in which they stand there."""
        words, found, start = words_of(text), [], 0
        while start < len(words):
            for length in range(min(self._longest, len(words) - start), 0, -1):
                if phrase := self._matches(words[start : start + length]):
                    found.append(phrase)
                    start += length - 1
                    break
            start += 1
        return found

    def occurs_in(self, text: str) -> bool:
        """Tell whether a word of the list occurs in a text."""
        return bool(self.find_in(text))

    def starts(self, name: str) -> bool:
        """Tell whether a name begins with a word of the list."""
        words = words_of(name)
        return any(self._matches(words[:length]) for length in range(1, min(self._longest, len(words)) + 1))

    def ends(self, name: str) -> bool:
        """Tell whether a name ends with a word of the list, and does not consist of it alone."""
        words = words_of(name)
        longest = min(self._longest, len(words) - 1)
        return any(self._matches(words[-length:]) for length in range(1, longest + 1))


# --- Users and relations

USERS = WordList(
    "A user of the service: `/users/{id}` is filled with the caller's id where no operation makes users.",
    {
        "user": "/users/{userId}",
        "owner": "ownerId",
        "account": "/accounts/{accountId}",
        "author": "author_id",
        "creator": "creatorId",
        "customer": "/customers/{customerId}/orders",
        "member": "/teams/{teamId}/members/{memberId}",
        "profile": "/profiles/{id}",
        "sub": "sub",
        "subject": "subject_id",
        "username": "/users/{username}",
        "employee": "/employees/{employeeId}/payslips",
        "patient": "/patients/{patientId}/visits",
        "student": "/students/{studentId}/grades",
        "seller": "/sellers/{sellerId}/offers",
        "buyer": "buyer_id",
        "tenant": "tenantId",
        "farmer": "/farmers/{farmerId}/fields",
        "driver": "driverId",
        "person": "/people/{personId}/letters",
    },
)
OWN = WordList(
    "The last word of a path that shows the caller.",
    {
        "me": "GET /me",
        "whoami": "GET /whoami",
        "who_am_i": "GET /who-am-i",
        "profile": "GET /profile",
        "userinfo": "GET /userinfo",
        "user_info": "GET /user-info",
        "account": "GET /account",
        "user": "GET /user",
        "self": "GET /self",
    },
    is_inflected=False,
)
ACCOUNTS = WordList(
    "Objects that a sign-up creates: its refusal of a taken e-mail address is no finding.",
    {"user": "POST /users", "account": "POST /accounts", "profile": "POST /profiles"},
)
HANDLES = WordList(
    "Names of a user in a path, in place of the id: `/users/{username}`.",
    {
        "username": "/users/{username}",
        "user_name": "/users/{user_name}",
        "handle": "/@{handle}",
        "login": "/users/{login}/repos",
        "nickname": "/players/{nickname}",
        "email": "/users/{email}",
        "slug": "/authors/{slug}",
    },
    is_inflected=False,
)
ADDRESSES = WordList(
    "Members that identify an account at login: no two accounts can have the same e-mail address.",
    {"email": "email", "email_address": "emailAddress", "phone": "phone", "phone_number": "phoneNumber"},
)
PUBLIC_NAMES = WordList(
    "Public names of an object, which are unique: a refusal of a taken `handle` is no finding.",
    {
        "username": "username",
        "user_name": "userName",
        "handle": "handle",
        "nickname": "nickname",
        "slug": "slug",
        "domain": "domain",
        "subdomain": "subdomain",
        "host": "host",
        "hostname": "hostname",
    },
)
RECIPIENTS = WordList(
    "Members that name a recipient: `to_account_id` may be another user's account.",
    {
        "to": "to_account_id",
        "recipient": "recipientId",
        "receiver": "receiver_id",
        "payee": "payeeId",
        "beneficiary": "beneficiaryId",
        "destination": "destination_account",
        "invitee": "inviteeId",
    },
)
RELATION_ROLES = WordList(
    "Relations between objects of one collection: `parentId` of a folder names a folder.",
    {
        "parent": "parentId",
        "target": "target_id",
        "source": "sourceId",
        "destination": "destination_id",
        "from": "from_id",
        "to": "to_id",
        "previous": "previousId",
        "next": "next_id",
        "root": "rootId",
        "original": "original_id",
        "related": "relatedId",
    },
)

# --- Ids and keys

ID_ENDINGS = {
    "_ids": "note_ids",
    "_id": "noteId",
    "_uuid": "note_uuid",
    "_key": "projectKey",
    "_slug": "post_slug",
    "_code": "couponCode",
    "_number": "orderNumber",
    "_name": "bucket_name",
}
KEY_MEMBERS = {
    "id": '{"id": 7}',
    "uuid": '{"uuid": "…"}',
    "_id": '{"_id": "…"}',
    "key": '{"key": "A-1"}',
    "slug": '{"slug": "my-post"}',
    "code": '{"code": "SUMMER"}',
    "number": '{"number": "INV-7"}',
    "name": '{"name": "my-bucket"}',
    "token": '{"token": "…"}',
}
GENERIC_KEYS = WordList(
    "Keys that any object may have: `id` does not show the collection, `noteId` does.",
    {"id": "id", "ids": "ids", "uuid": "uuid", "key": "key", "name": "name", "number": "number"},
    is_inflected=False,
)
NATURAL_KEYS = WordList(
    "Keys that people read and type, by which objects refer to each other: `sender_slug`.",
    {
        "slug": "/posts/{slug}",
        "code": "/coupons/{code}",
        "sku": "/products/{sku}",
        "key": "/projects/{key}",
        "handle": "/shops/{handle}",
        "iban": "/accounts/{iban}",
    },
)
OWN_KEY_ENDINGS = {
    "_name": "bucket_name",
    "_code": "coupon_code",
    "_number": "orderNumber",
    "_slug": "post_slug",
    "_key": "project_key",
}
REFERENCE_ENDINGS = {
    "_id": "category_id",
    "_ids": "tag_ids",
    "_by": "assigned_by",
    "_to": "replyTo",
}
COMMON_MEMBERS = WordList(
    "Last words that many members share: `to_name` is not filled with the `name` of another object.",
    {
        "id": "id",
        "at": "at",
        "by": "by",
        "name": "name",
        "type": "type",
        "status": "status",
        "count": "count",
    },
    is_inflected=False,
)
VERSION_MEMBERS = WordList(
    "The version of an object, which a write has to send.",
    {
        "version": "version",
        "revision": "revision",
        "rev": "_rev",
        "etag": "etag",
        "lock_version": "lockVersion",
        "row_version": "rowVersion",
        "record_version": "recordVersion",
    },
    is_inflected=False,
)

# --- What an operation does

READING = WordList(
    "First words of the last segment of a POST that only reads: `POST /notes/search`.",
    {
        "list": "POST /notes/list",
        "search": "POST /notes/search",
        "find": "POST /notes/findByTag",
        "query": "POST /query",
        "export": "POST /notes/export",
        "read": "POST /notes/read",
        "get": "POST /getNotes",
        "show": "POST /notes/show",
        "fetch": "POST /notes/fetch",
        "view": "POST /notes/view",
        "filter": "POST /notes/filter",
        "report": "POST /notes/report",
        "lookup": "POST /notes/lookup",
        "browse": "POST /notes/browse",
    },
    is_inflected=False,
)
MAKING = WordList(
    "Last segments of a POST that creates objects of the noun before it: `POST /notes/new`.",
    {
        "create": "POST /entries/create",
        "new": "POST /notes/new",
        "add": "POST /notes/add",
        "open": "POST /accounts/open",
        "upload": "POST /files/upload",
        "insert": "POST /rows/insert",
        "make": "POST /notes/make",
        "register": "POST /devices/register",
        "issue": "POST /tickets/issue",
        "submit": "POST /claims/submit",
    },
    is_inflected=False,
)
DELETING = WordList(
    "Verbs of a deletion: `POST /notes/delete` deletes notes, `POST /images/remove-background` no image.",
    {
        "delete": "POST /notes/delete",
        "remove": "POST /entries/{id}/remove",
        "destroy": "POST /notes/destroy",
        "discard": "POST /drafts/discard",
        "purge": "POST /notes/purge",
    },
    is_inflected=False,
)
BULK = WordList(
    "Words of a deletion beside its verb and its noun: `POST /notes/bulk-delete`.",
    {
        "all": "POST /notes/delete-all",
        "many": "POST /notes/delete-many",
        "bulk": "POST /notes/bulk-delete",
        "batch": "POST /notes/batch-delete",
        "multiple": "POST /notes/delete-multiple",
        "selected": "POST /notes/delete-selected",
        "by": "POST /notes/delete-by-ids",
        "id": "POST /notes/delete-by-ids",
    },
)
LOG_OUT = WordList(
    "An operation that ends a session and nothing else.",
    {
        "logout": "POST /logout",
        "log_out": "POST /log-out",
        "signout": "POST /signout",
        "sign_out": "POST /sign-out",
    },
    is_inflected=False,
)
ENDING_ACCESS = WordList(
    "An operation whose last segment has one of these may end the caller's session or change a credential.",
    {
        **LOG_OUT.examples,
        "refresh": "POST /auth/refresh",
        "rotate": "POST /token/rotate",
        "revoke": "POST /oauth/revoke",
        "deactivate": "POST /me/deactivate",
        "close_account": "POST /close-account",
        "erase": "POST /account/erase",
        "password": "PUT /me/password",
        "mfa": "POST /mfa",
        "2fa": "POST /2fa",
    },
)
CLOSING_ACCOUNT = WordList(
    "An operation whose last segment begins so ends the caller's account.",
    {"deactivate": "POST /me/deactivate", "close": "POST /close-account", "erase": "POST /account/erase"},
    is_inflected=False,
)
ACCESS_NOUNS = WordList(
    "Nouns of operations after which the fuzzer checks that both users still have access.",
    {
        "auth": "POST /auth",
        "credential": "POST /credentials",
        "key": "POST /api-keys",
        "login": "POST /login",
        "password": "POST /password",
        "session": "POST /sessions",
        "token": "POST /tokens",
    },
)
KEY_NOUNS = WordList(
    "An operation whose path has one of these may give its caller a key for the API.",
    {
        "key": "POST /api-keys",
        "token": "POST /tokens",
        "credential": "POST /credentials",
        "secret": "POST /client-secrets",
    },
)
SWEEPING = WordList(
    "Words of administrators' operations that may delete other users' data: the fuzzer does not call them.",
    {
        "reset": "POST /admin/reset",
        "clear": "POST /admin/clear-cache",
        "purge": "POST /admin/purge",
        "wipe": "POST /admin/wipe",
        "drop": "POST /admin/drop-index",
        "delete": "DELETE /admin/sessions",
        "remove": "POST /admin/remove-inactive",
        "shut": "POST /admin/shut-down",
        "shutdown": "POST /admin/shutdown",
        "restart": "POST /admin/restart",
        "seed": "POST /admin/seed",
        "flush": "POST /admin/flush",
        "import": "POST /admin/import",
        "ban": "POST /admin/ban",
        "disable": "POST /admin/disable",
    },
    is_inflected=False,
)
KEEPING_DELETED = WordList(
    "An operation with one of these beside the deleted object's own path may rightly show what was deleted.",
    {
        "restore": "POST /notes/{id}/restore",
        "undelete": "POST /notes/{id}/undelete",
        "recover": "POST /notes/{id}/recover",
        "trash": "GET /trash",
        "recycle": "GET /recycle-bin",
        "history": "GET /notes/{id}/history",
        "audit": "GET /audit",
        "archive": "GET /archive",
        "log": "GET /change-log",
        "event": "GET /events",
        "activity": "GET /activity",
        "feed": "GET /feed",
        "timeline": "GET /timeline",
        "notification": "GET /notifications",
        "sync": "GET /sync",
        "change": "GET /changes",
        "deleted": "GET /notes/deleted",
    },
)
ENDED_STATES = WordList(
    "Members and states of an object that has ended: `revoked_at`, `closed`.",
    {
        "revoked": "revoked_at",
        "cancelled": '"status": "cancelled"',
        "canceled": '"status": "canceled"',
        "archived": "archived",
        "trashed": "trashed_at",
        "closed": '"status": "closed"',
        "disabled": "disabled",
        "inactive": '"status": "inactive"',
    },
    is_inflected=False,
)

# --- Rights

PRIVILEGED = WordList(
    "Words for administrators: as a scope, a segment of a path, or the first word of a tag or operationId.",
    {
        "admin": "/admin/users",
        "administrator": "x: administrators only",
        "administration": "/administration/reports",
        "staff": "/staff/orders",
        "superuser": "scope superuser",
        "root": "scope root",
        "operator": "operatorListUsers",
        "moderator": "/moderators/queue",
        "backoffice": "/backoffice/orders",
        "back_office": "/back-office/orders",
    },
)
EVERYBODY = WordList(
    "Roles of every user who has logged in.",
    {
        "user": "x-roles: [user]",
        "member": "x-roles: [member]",
        "customer": "x-roles: [customer]",
        "everyone": "x-roles: [everyone]",
        "anyone": "x-roles: [anyone]",
        "authenticated": "x-roles: [authenticated]",
        "owner": "x-roles: [owner]",
    },
)
ROLE_EXTENSIONS = ("x-roles", "x-role", "x-required-roles", "x-required-role")

# --- Members of bodies and responses

SECRETS = WordList(
    "Members that no response may show.",
    {
        "password": "passwordHash",
        "passwd": "passwd",
        "pwd": "user_pwd",
        "passphrase": "passphrase",
        "passcode": "passcode",
        "pin": "card_pin",
        "api_key": "apiKey",
        "session_token": "sessionToken",
        "secret": "client_secret",
        "salt": "salt",
        "private_key": "privateKey",
        "totp": "totpSeed",
        "otp": "otp",
        "recovery_code": "recoveryCodes",
        "reset_token": "resetToken",
        "security_answer": "securityAnswer",
        "cvv": "card_cvv",
        "cvv2": "cvv2",
        "cvc": "cvc",
        "ssn": "ssn",
        "card_number": "cardNumber",
    },
)
LOGIN_CODES = WordList(
    "Members of a login that authenticate the user, beside the secrets.",
    {"code": "login_code"},
)
LOGIN_NAMES = WordList(
    "Members of a login that name the account.",
    {
        "username": "username",
        "user_name": "userName",
        "user": "user",
        "login": "login",
        "name": "name",
        "handle": "handle",
        "account": "account",
        "email": "email",
        "e_mail": "eMail",
        "email_address": "emailAddress",
        "phone": "phone",
        "phone_number": "phoneNumber",
        "identifier": "identifier",
    },
    is_inflected=False,
)
PERSONAL = WordList(
    "Personal data: a response may show another user's only if the contract documents the member.",
    {
        "email": "email",
        "e_mail": "e_mail",
        "phone": "phoneNumber",
        "mobile": "mobile",
        "address": "home_address",
        "birth": "date_of_birth",
        "birthday": "birthday",
        "birthdate": "birthdate",
        "dob": "dob",
        "iban": "iban",
        "salary": "salary",
        "passport": "passport_number",
        "latitude": "latitude",
    },
)
OWNER_MEMBERS = WordList(
    "Members that name the owner of an object.",
    {
        "user_id": "userId",
        "owner_id": "ownerId",
        "owner": "owner",
        "user": "user",
        "author_id": "authorId",
        "author": "author",
        "account_id": "accountId",
        "created_by": "createdBy",
        "sub": "sub",
        "tenant_id": "tenantId",
        "employee_id": "employeeId",
        "patient_id": "patientId",
        "student_id": "studentId",
        "seller_id": "sellerId",
    },
    is_inflected=False,
)
PRIVILEGE_MEMBERS: dict[str, Any] = {"role": "admin", "is_admin": True, "admin": True}
ENVELOPE_MEMBERS = WordList(
    'Members beside an object in a response that holds it: `{"status": "ok", "note": {…}}`.',
    {
        "status": "status",
        "message": "message",
        "msg": "msg",
        "success": "success",
        "ok": "ok",
        "detail": "detail",
        "code": "code",
    },
    is_inflected=False,
)
AMOUNTS = WordList(
    "Numbers of a body that may use up a balance: `amount` of a payment.",
    {
        "amount": "amount",
        "quantity": "quantity",
        "points": "points",
        "credits": "credits",
        "sum": "sum",
    },
    is_inflected=False,
)
BALANCES = WordList(
    "Numbers of a response that show a balance: `remaining`.",
    {
        "balance": "balance",
        "credit": "creditsLeft",
        "available": "available",
        "remaining": "remaining",
        "stock": "stock",
        "point": "points",
    },
)
MOMENTS = WordList(
    "Last words of members that hold a date or time, if the schema has no format: `starts_at`.",
    {
        "at": "starts_at",
        "on": "due_on",
        "date": "birthDate",
        "time": "startTime",
        "due": "due",
        "until": "valid_until",
        "since": "since",
        "deadline": "deadline",
    },
    is_inflected=False,
)

# --- Pages and searches

PAGE_SIZES = WordList(
    "Parameters for the page size.",
    {
        "limit": "limit",
        "size": "size",
        "page_size": "pageSize",
        "per_page": "per_page",
        "max_results": "maxResults",
        "count": "count",
        "top": "$top",
        "take": "take",
        "first": "first",
        "page_limit": "page_limit",
        "rows": "rows",
    },
    is_inflected=False,
)
SEARCH_TERMS = WordList(
    "Parameters for the search term.",
    {
        "q": "q",
        "query": "query",
        "search": "search",
        "term": "term",
        "text": "text",
        "keyword": "keyword",
        "keywords": "keywords",
        "s": "s",
    },
    is_inflected=False,
)
# The value of a parameter for the page after the first.
NEXT_PAGES = {"page": "2", "page_number": "2", "offset": "1", "skip": "1"}
CURSORS = {
    "cursor": "?cursor=",
    "after": "?after=",
    "page_token": "?pageToken=",
    "next": "?next=",
    "starting_after": "?starting_after=",
    "continuation_token": "?continuationToken=",
    "marker": "?marker=",
}
NEXT_CURSORS = re.compile(r"^(next|cursor|after|continuation)(_?(page|cursor|token|id))*$")
# Values that are preferred in an enumeration: bob may read a public note, and that is no finding.
LEAST_PUBLIC = {
    "private": "visibility: public, private",
    "personal": "audience: everyone, personal",
    "only_me": "sharedWith: friends, only_me",
    "draft": "state: published, draft",
    "user": "role: admin, user",
    "member": "role: owner, member",
    "low": "priority: high, low",
}


def noun_of(name: str) -> str:
    """Give the noun of a parameter or member: `noteId` and `note_ids` -> `note`; empty for `id`."""
    plain = snake(name)
    for ending in ID_ENDINGS:
        if plain.endswith(ending):
            return plain.removesuffix(ending)
    return "" if plain in {*KEY_MEMBERS, "ids"} else plain
