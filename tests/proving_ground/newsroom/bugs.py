"""The bugs that can be planted in the newsroom."""

from __future__ import annotations

from tests.proving_ground.model import Family, list_bugs

BUGS = list_bugs(
    "newsroom",
    (
        *(
            (
                f"{kind}-read-after-delete",
                Family.USE_AFTER_DELETE,
                "deletion",
                f"GET /{kind}/{{{parameter}}}",
                f"The owner still reads a deleted object of `{kind}`.",
            )
            for kind, parameter in (
                ("blogs", "blog_id"),
                ("catalogs", "catalog_id"),
                ("events", "event_id"),
                ("exchanges", "exchange_id"),
                ("feedbacks", "feedback_id"),
                ("notifications", "notification_id"),
                ("activities", "activity_id"),
                ("audits", "audit_id"),
            )
        ),
        (
            "blogs-listed-after-delete",
            Family.USE_AFTER_DELETE,
            "deletion",
            "GET /blogs",
            "The list still shows deleted blogs.",
        ),
        (
            "notifications-listed-after-delete",
            Family.USE_AFTER_DELETE,
            "deletion",
            "GET /notifications",
            "The list still shows deleted notifications.",
        ),
        (
            "articles-listed-after-delete",
            Family.USE_AFTER_DELETE,
            "deletion",
            "GET /articles",
            "The list still shows deleted articles; that they are disclosed does not mean that they are closed.",
        ),
        (
            "drafts-listed-after-delete",
            Family.USE_AFTER_DELETE,
            "deletion",
            "GET /drafts",
            "The list still shows a draft that was discarded.",
        ),
    ),
)
