"""Arrow tables in and out of PostgreSQL, for whole districts.

A district is half a million records of facts. Row by row through the ORM that is minutes; here DuckDB writes each record as text,
PostgreSQL takes the lines as they are (COPY) or thousands with one statement, and on the way back Arrow reads the lines that PostgreSQL writes.
Lines carry JSON; the two control characters that separate and quote fields cannot occur in it.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import batched

import duckdb
import pyarrow as pa
import pyarrow.json
from django.db import DEFAULT_DB_ALIAS, connection, connections
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


def copy_in(
    table: str, columns: Sequence[str], source: pa.Table, cells: Iterable[str], using: str = DEFAULT_DB_ALIAS
) -> int:
    """Add one row to a PostgreSQL table for every row of `source`; returns how many.

    `cells` are DuckDB expressions over the columns of `source`, one for each of `columns`. Runs in the caller's
    transaction on the connection `using`. An expression that is NULL becomes NULL.
    """
    with connections[using].cursor() as cursor, duckdb.connect() as duck:
        duck.register("source", source)
        cursor.execute("SELECT row_security_active(%s)", [table])
        if cursor.fetchone() == (True,):  # PostgreSQL copies nothing into a table behind row-level security
            wanted = ", ".join(f"({cell})::VARCHAR AS c{place}" for place, cell in enumerate(cells))
            statement = _insert(table, columns, using)
            for batch in duck.sql(f"SELECT {wanted} FROM source").to_arrow_reader(_ROWS):  # noqa: S608
                cursor.execute(statement, [column.to_pylist() for column in batch.columns])
            return source.num_rows
        # An empty text stands in quotes; nothing at all is NULL.
        quoted = (
            f"CASE ({cell})::VARCHAR WHEN '' THEN chr(1) || chr(1) ELSE ({cell})::VARCHAR END"
            for cell in cells
        )
        line = " || chr(2) || ".join(f"coalesce({cell}, '')" for cell in quoted) + " || chr(10)"
        copying = sql.SQL("COPY {} ({}) FROM STDIN " + _FORMAT).format(
            sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        with cursor.copy(copying) as copy:
            for batch in duck.sql(f"SELECT {line} AS line FROM source").to_arrow_reader(5 * _ROWS):  # noqa: S608
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


def add_rows(table: str, columns: Iterable[str], rows: Iterable[Sequence[object]]) -> None:
    """Add rows of plain values (numbers, texts, None) to a PostgreSQL table, in the caller's transaction."""
    statement = _insert(table, tuple(columns))
    with connection.cursor() as cursor:
        for block in batched(rows, _ROWS):
            texts = (
                [None if cell is None else str(cell) for cell in cells] for cells in zip(*block, strict=True)
            )
            cursor.execute(statement, list(texts))


def _insert(table: str, columns: Sequence[str], using: str = DEFAULT_DB_ALIAS) -> sql.Composable:
    """A statement that takes one list of texts for each column and adds a row for each place in them.

    This is what is left where row-level security forbids to copy.
    """
    with connections[using].cursor() as cursor:
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
