"""The API in a browser, in development only: Swagger UI on the contract that the service serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse, RedirectResponse

if TYPE_CHECKING:
    from fastapi import FastAPI

PATH = "/docs"
PUBLIC_PATHS = frozenset({"/", PATH})


def add_docs_page(app: FastAPI) -> None:
    """Add the page at `/docs`, and a redirect from `/` to it.

    The browser loads Swagger UI from a public CDN. `backend.main.app_from_environment`, which serves
    in production, never adds the page.

    Args:
        app: The application; `PUBLIC_PATHS` must be among the public paths that it was made with.
    """

    @app.get(PATH, include_in_schema=False)
    async def get_docs_page() -> HTMLResponse:
        return get_swagger_ui_html(openapi_url="/openapi.json", title=app.title)

    @app.get("/", include_in_schema=False)
    async def redirect_to_docs_page() -> RedirectResponse:
        return RedirectResponse(PATH)
