"""The tables are what the models say, on both engines."""

from pathlib import Path

import psycopg
import pytest
from django.apps import apps
from django.db import models

from eventhub.journal.postgres import PostgresJournal
from eventhub.journal.sqlite import SqliteJournal

MODELS = list(apps.get_app_config("journal").get_models())
Columns = dict[str, tuple[str, bool]]

# How each engine stores what a field holds.
SQLITE = {"UUIDField": "TEXT", "TextField": "TEXT", "FloatField": "REAL"}
POSTGRES = {
    "UUIDField": "uuid",
    "TextField": "text",
    "IntegerField": "integer",
    "FloatField": "double precision",
}


def wanted(model: type[models.Model], types: dict[str, str], otherwise: str) -> Columns:
    return {
        str(field.column): (types.get(type(field).__name__, otherwise), field.null)
        for field in model._meta.concrete_fields
    }


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_sqlite(model: type[models.Model], tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path / "journal.sqlite3")
    journal.migrate()
    journal.open()
    with journal._reading() as db:
        rows = db.execute(f"PRAGMA table_info({model._meta.db_table})").fetchall()
    journal.close()

    # A rowid key is never null, though SQLite does not say so.
    assert {name: (kind, not notnull and not key) for _, name, kind, notnull, _, key in rows} == wanted(
        model, SQLITE, "INTEGER"
    )


def test_postgres(postgres_dsn: str) -> None:
    PostgresJournal(postgres_dsn).migrate()

    with psycopg.connect(postgres_dsn) as db:
        for model in MODELS:
            rows = db.execute(
                "SELECT column_name, data_type, is_nullable = 'YES' FROM information_schema.columns"
                " WHERE table_schema = 'public' AND table_name = %s",
                (model._meta.db_table,),
            )
            found = {name: (kind, null) for name, kind, null in rows}
            assert found == wanted(model, POSTGRES, "bigint"), model
