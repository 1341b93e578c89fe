"""Arrow tables in and out of PostgreSQL, for whole districts.

A district is half a million records of facts. Row by row through the ORM that is minutes; here DuckDB writes each record as text,
PostgreSQL takes thousands of them with one statement, and on the way back Arrow reads the lines that PostgreSQL writes (COPY).
Lines carry JSON; the two control characters that separate and quote fields cannot occur in it.
"""

import io
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import batched

import duckdb
import pyarrow as pa
import pyarrow.json
from django.db import connection
from psycopg import sql

from welfare import Fact

_FORMAT = "(FORMAT csv, DELIMITER E'\\x02', QUOTE E'\\x01', NULL '')"
_BLOCK = 16 * 2**20  # bytes given to Arrow at once
_ROWS = 10_000  # rows given to PostgreSQL at once

_ARROW_TYPES = {
    "bool": pa.bool_(),
    "int": pa.int64(),
    "won": pa.int64(),
    "code": pa.string(),
    "date": pa.date32(),
}


def arrow_type(fact: Fact) -> pa.DataType:
    """The type of this fact's column: bool, int64 (counts and won), string (codes) or date32."""
    return _ARROW_TYPES[fact.type]


def json_of(facts: Iterable[Fact], columns: Iterable[str]) -> str:
    """A DuckDB expression: the known facts of a row as one JSON object; empty cells leave no trace."""
    present = set(columns)
    parts = []
    for fact in facts:
        if fact.name not in present:
            continue
        cell = f'"{fact.name}"'
        if fact.type in ("code", "date"):
            text = f"to_json({cell}::VARCHAR)::VARCHAR"
        else:
            text = f"{cell}::VARCHAR"
        parts.append(f"'\"{fact.name}\":' || {text}")
    if not parts:
        return "'{}'"
    return "'{' || concat_ws(',', " + ", ".join(parts) + ") || '}'"


def copy_in(table: str, columns: Iterable[str], source: pa.Table, cells: Iterable[str]) -> int:
    """Add one row to a PostgreSQL table for every row of `source`; returns how many.

    `cells` are DuckDB expressions over the columns of `source`, one for each of `columns`. Runs in the caller's
    transaction. An expression that is NULL becomes NULL.
    """
    columns = tuple(columns)
    wanted = ", ".join(f"({cell})::VARCHAR AS c{place}" for place, cell in enumerate(cells))
    with duckdb.connect() as duck, connection.cursor() as cursor:
        duck.register("source", source)
        statement = _insert(table, columns)
        for batch in duck.sql(f"SELECT {wanted} FROM source").to_arrow_reader(_ROWS):  # noqa: S608
            cursor.execute(statement, [column.to_pylist() for column in batch.columns])
    return source.num_rows


def add_rows(table: str, columns: Iterable[str], rows: Iterable[Sequence[object]]) -> None:
    """Add rows of plain values (numbers, texts, None) to a PostgreSQL table, in the caller's transaction."""
    statement = _insert(table, tuple(columns))
    with connection.cursor() as cursor:
        for block in batched(rows, _ROWS):
            texts = (
                [None if cell is None else str(cell) for cell in cells] for cells in zip(*block, strict=True)
            )
            cursor.execute(statement, list(texts))


def _insert(table: str, columns: Sequence[str]) -> sql.Composable:
    """A statement that takes one list of texts for each column and adds a row for each place in them.

    PostgreSQL copies nothing into a table behind row-level security; this is the next best thing.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0",
            [table],
        )
        types = dict(cursor.fetchall())
    return sql.SQL(
        "INSERT INTO {table} ({columns}) SELECT {cells} FROM unnest({lists}) AS row ({names})"
    ).format(
        table=sql.Identifier(table),
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        cells=sql.SQL(", ").join(
            sql.SQL("row.{}::{}").format(sql.Identifier(name), sql.SQL(types[name])) for name in columns
        ),
        lists=sql.SQL(", ").join([sql.SQL("%b::text[]")] * len(columns)),
        names=sql.SQL(", ").join(map(sql.Identifier, columns)),
    )


def copy_out(query: sql.Composable, schema: pa.Schema) -> pa.Table:
    """The rows of a query whose only column is a JSON object, as an Arrow table of this schema.

    A key that is missing in a row becomes null; a key outside the schema is left out. Arrow reads one part while
    PostgreSQL writes the next, so never more than two parts of the text are in memory.
    """
    # Arrow reads no dates from JSON: they come as text and are turned here.
    plain = pa.schema(
        [field.with_type(pa.string()) if pa.types.is_date(field.type) else field for field in schema]
    )

    def read(part: bytes) -> pa.Table:
        table = pyarrow.json.read_json(
            pa.BufferReader(part),
            read_options=pyarrow.json.ReadOptions(block_size=_BLOCK // 16),
            parse_options=pyarrow.json.ParseOptions(
                explicit_schema=plain, unexpected_field_behavior="ignore"
            ),
        )
        return table.select(schema.names).cast(schema)

    statement = sql.SQL("COPY ({}) TO STDOUT " + _FORMAT).format(query)
    parts: list[Future[pa.Table]] = []
    text = io.BytesIO()
    with ThreadPoolExecutor(1) as reader, connection.cursor() as cursor, cursor.copy(statement) as copy:
        for block in copy:  # whole lines
            text.write(block)
            if text.tell() >= _BLOCK:
                if parts:
                    parts[-1].result()
                parts.append(reader.submit(read, text.getvalue()))
                text = io.BytesIO()
        if text.tell():
            parts.append(reader.submit(read, text.getvalue()))
    return pa.concat_tables([schema.empty_table(), *(part.result() for part in parts)])
