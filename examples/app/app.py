"""A notebook behind the sign-in: no code for passwords, sessions or providers.

nginx lets only signed-in users reach it, and names the user in each request (user.py).
"""

from __future__ import annotations

import asyncio
import json
import os
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

from notes import Notes
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect
from user import User, signed_in

HERE = Path(__file__).resolve().parent
# The prefix of all paths, from the same setting as in nginx.
PREFIX = os.environ.get("APP_PATH", "/").rstrip("/")
LONGEST_NOTE = 2000
LARGEST_FILE = 20_000_000
# Shorter than APP_TIMEOUT, after which nginx closes a silent connection.
HEARTBEAT = 20

notes = Notes(Path(os.environ.get("DATA") or HERE / "data"))
templates = Jinja2Templates(HERE / "templates")
# The open pages of each user.
listeners: defaultdict[str, set[asyncio.Queue[str]]] = defaultdict(set)
# The WebSockets of all users.
members: dict[WebSocket, str] = {}


def is_from_here(connection: HTTPConnection) -> bool:
    """Whether a request comes from a page of this application, not from another site in the user's name."""
    origin = connection.headers.get("Origin")
    return origin is None or origin.partition("://")[2] == connection.headers.get("Host")


def author(request: Request) -> User:
    """The user who sent a form; 403 for a form from another site."""
    if not is_from_here(request):
        raise HTTPException(403)
    return signed_in(request)


async def show(request: Request) -> Response:
    """The page with the user's notes and files."""
    user = signed_in(request)
    content = {
        "user": user,
        "prefix": PREFIX,
        "longest_note": LONGEST_NOTE,
        "notes": await run_in_threadpool(notes.notes, user.id),
        "files": await run_in_threadpool(notes.files, user.id),
    }
    return templates.TemplateResponse(request, "notes.html", content)


async def add(request: Request) -> Response:
    """Stores a note and sends it to the user's open pages."""
    user = author(request)
    async with request.form(max_files=0, max_fields=1, max_part_size=8 * LONGEST_NOTE) as form:
        text = str(form.get("text", "")).strip()
    if not 1 <= len(text) <= LONGEST_NOTE:
        return PlainTextResponse(f"A note has 1 to {LONGEST_NOTE} characters.\n", 422)
    note = await run_in_threadpool(notes.add, user.id, text)
    for queue in listeners[user.id]:
        queue.put_nowait(json.dumps({"id": note.id, "text": note.text}))
    return RedirectResponse(f"{PREFIX}/notes", 303)


async def delete(request: Request) -> Response:
    """Deletes a note."""
    await run_in_threadpool(notes.delete, author(request).id, request.path_params["id"])
    return RedirectResponse(f"{PREFIX}/notes", 303)


async def events(request: Request) -> Response:
    """New notes as an event stream."""
    user = signed_in(request)

    async def stream() -> AsyncIterator[str]:
        queue: asyncio.Queue[str] = asyncio.Queue()
        listeners[user.id].add(queue)
        try:
            yield ": open\n\n"
            while True:
                try:
                    yield f"data: {await asyncio.wait_for(queue.get(), HEARTBEAT)}\n\n"
                except TimeoutError:
                    yield ": still here\n\n"
        finally:
            listeners[user.id].discard(queue)
            if not listeners[user.id]:
                del listeners[user.id]

    # With X-Accel-Buffering, nginx forwards each event at once.
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream(), media_type="text/event-stream", headers=headers)


async def chat(websocket: WebSocket) -> None:
    """A conversation of all users who have the page open."""
    if not is_from_here(websocket):
        await websocket.close()
        return
    user = signed_in(websocket)
    await websocket.accept()
    members[websocket] = user.name
    try:
        while True:
            text = (await websocket.receive_text()).strip()[:LONGEST_NOTE]
            if text:
                line = {"name": user.name, "text": text}
                await asyncio.gather(*(member.send_json(line) for member in list(members)), return_exceptions=True)
    except WebSocketDisconnect:
        pass
    finally:
        del members[websocket]


async def upload(request: Request) -> Response:
    """Stores an uploaded file. APP_MAX_BODY limits uploads in nginx."""
    user = author(request)
    async with request.form(max_files=1, max_fields=1) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            return PlainTextResponse("Choose a file.\n", 422)
        if (file.size or 0) > LARGEST_FILE:
            return PlainTextResponse(f"A file has at most {LARGEST_FILE} bytes.\n", 413)
        await run_in_threadpool(notes.keep_file, user.id, file.filename[:200], await file.read())
    return RedirectResponse(f"{PREFIX}/notes", 303)


async def download(request: Request) -> Response:
    """A file, which browsers save and never show as a page of this site."""
    found = await run_in_threadpool(notes.file, signed_in(request).id, request.path_params["id"])
    if found is None:
        raise HTTPException(404)
    name, content = found
    disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    headers = {"Content-Disposition": disposition, "Cache-Control": "no-store"}
    return Response(content, media_type="application/octet-stream", headers=headers)


async def ping(request: Request) -> Response:
    """A constant, for health checks and benchmarks."""
    return PlainTextResponse("pong\n")


POLICY = b"default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'"


class SecurityHeaders:
    """Adds a content security policy; nginx leaves the application's headers alone."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def add_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] += [(b"content-security-policy", POLICY), (b"referrer-policy", b"same-origin")]
            await send(message)

        await self.app(scope, receive, add_headers)


routes = [
    Route("/", lambda _: RedirectResponse(f"{PREFIX}/notes", 303)),
    Route("/notes", show),
    Route("/notes", add, methods=["POST"]),
    Route("/notes/{id}/delete", delete, methods=["POST"]),
    Route("/events", events),
    WebSocketRoute("/socket", chat),
    Route("/files", upload, methods=["POST"]),
    Route("/files/{id}", download),
    Route("/ping", ping),
    Mount("/static", StaticFiles(directory=HERE / "static")),
]
app = Starlette(
    routes=[Mount(PREFIX, routes=routes)] if PREFIX else routes,
    middleware=[Middleware(SecurityHeaders)],
)
