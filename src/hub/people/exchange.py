"""Arrow tables in and out of PostgreSQL, for whole districts.

A district is half a million records of facts. Row by row through the ORM that is minutes; here DuckDB writes each record as one
line of text, PostgreSQL takes the lines as they are (COPY), and on the way back Arrow reads the lines that PostgreSQL
writes. Lines carry JSON; the two control characters that separate and quote fields cannot occur in it.
"""

import io
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import duckdb
import pyarrow as pa
import pyarrow.json
from django.db import connection
from psycopg import sql

from welfare import Fact

_FORMAT = "(FORMAT csv, DELIMITER E'\\x02', QUOTE E'\\x01', NULL '')"
_BLOCK = 16 * 2**20  # bytes given to PostgreSQL or Arrow at once

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
    line = " || chr(2) || ".join(f"coalesce(({cell})::VARCHAR, '')" for cell in cells) + " || chr(10)"
    statement = sql.SQL("COPY {} ({}) FROM STDIN " + _FORMAT).format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with duckdb.connect() as duck, connection.cursor() as cursor:
        duck.register("source", source)
        reader = duck.sql(f"SELECT {line} AS line FROM source").to_arrow_reader(50_000)  # noqa: S608
        with cursor.copy(statement) as copy:
            for batch in reader:
                for block in _bytes_of(batch.column(0)):
                    copy.write(block)
    return source.num_rows


def _bytes_of(lines: pa.Array) -> Iterator[memoryview]:
    """The lines of an Arrow text column, which lie one after the other in memory anyway."""
    if isinstance(lines, pa.ChunkedArray):
        lines = lines.combine_chunks()
    lines = lines.cast(pa.large_string())
    offsets = memoryview(lines.buffers()[1]).cast("q")
    first, last = offsets[lines.offset], offsets[lines.offset + len(lines)]
    data = memoryview(lines.buffers()[2])
    for start in range(first, last, _BLOCK):
        yield data[start : min(start + _BLOCK, last)]


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
