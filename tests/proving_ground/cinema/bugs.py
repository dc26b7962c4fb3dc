"""The bugs that can be planted in the cinema."""

from __future__ import annotations

from tests.proving_ground.model import Family, list_bugs

BUGS = list_bugs(
    "cinema",
    tuple(
        (
            f"{collection}-of-anyone",
            Family.BOLA_REFERENCE,
            "isolation",
            f"POST {path}",
            f"The body may name an object of another user in `{member}`.",
        )
        for path, collection, member in (
            ("/screenings", "movies", "movie_id"),
            ("/screenings", "people", "person_id"),
            ("/tours", "buses", "bus_id"),
            ("/tours", "children", "childId"),
            ("/reviews", "statuses", "status_id"),
            ("/reviews", "caches", "cache_id"),
            ("/albums", "to-dos", "toDoId"),
            ("/albums", "photos", "photo_id"),
            ("/reports", "series", "series_id"),
            ("/reports", "analyses", "analysis_id"),
            ("/rounds", "aliases", "alias_id"),
            ("/rounds", "quizzes", "quiz_id"),
        )
    ),
)
