"""The signed-in user, from the headers that nginx sets on each request."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection


@dataclass(frozen=True)
class User:
    """Who sent a request."""

    # Never changes, unlike the address and the name: use it as the key of everything that belongs to the user.
    id: str
    email: str
    # Whether Google or another provider has verified the address.
    is_email_verified: bool
    name: str


def signed_in(connection: HTTPConnection) -> User:
    """The user of a request; 401 on paths that need no session (APP_PUBLIC_PATHS)."""
    headers = connection.headers
    identifier = headers.get("Remote-User", "")
    if not identifier:
        raise HTTPException(401)
    return User(
        identifier,
        headers.get("Remote-Email", ""),
        headers.get("Remote-Email-Verified") == "true",
        # UTF-8, percent-encoded: headers are ASCII.
        unquote(headers.get("Remote-Name", "")),
    )
