"""Notes and files in SQLite, each with the user that it belongs to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

# No statement reads or changes a row without naming the user. SQLite converts an ID from a path, a text of any length,
# to a number when it compares it with a column.
SCHEMA = """
    create table if not exists notes (id integer primary key, user text not null, text text not null);
    create index if not exists notes_of_user on notes (user, id);
    create table if not exists files (
        id integer primary key, user text not null, name text not null, content blob not null
    );
    create index if not exists files_of_user on files (user, id);
"""


@dataclass(frozen=True)
class Note:
    """A note."""

    id: int
    text: str


@dataclass(frozen=True)
class File:
    """An uploaded file, without its content."""

    id: int
    name: str
    size: int


class Notes:
    """The database; each call opens it, so calls from several threads are safe."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "notes.sqlite"
        with self._database() as database:
            database.execute("pragma journal_mode = wal")
            database.executescript(SCHEMA)

    def notes(self, user: str) -> list[Note]:
        """The notes of a user, newest first."""
        with self._database() as database:
            rows = database.execute("select id, text from notes where user = ? order by id desc", (user,))
            return [Note(*row) for row in rows]

    def add(self, user: str, text: str) -> Note:
        """Stores a note."""
        with self._database() as database:
            identifier = database.execute("insert into notes (user, text) values (?, ?)", (user, text)).lastrowid
            return Note(identifier or 0, text)

    def delete(self, user: str, note: str) -> None:
        """Deletes a note, if it is one of the user's."""
        with self._database() as database:
            database.execute("delete from notes where user = ? and id = ?", (user, note))

    def files(self, user: str) -> list[File]:
        """The files of a user, newest first."""
        query = "select id, name, length(content) from files where user = ? order by id desc"
        with self._database() as database:
            return [File(*row) for row in database.execute(query, (user,))]

    def keep_file(self, user: str, name: str, content: bytes) -> None:
        """Stores an uploaded file."""
        with self._database() as database:
            database.execute("insert into files (user, name, content) values (?, ?, ?)", (user, name, content))

    def file(self, user: str, file: str) -> tuple[str, bytes] | None:
        """The name and content of a file, if it is one of the user's."""
        with self._database() as database:
            query = "select name, content from files where user = ? and id = ?"
            return database.execute(query, (user, file)).fetchone()

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=5)) as database, database:
            yield database
