"""Arrow tables in and out of PostgreSQL, for whole districts.

A district is half a million records of facts, two gigabytes of JSON. Row by row through the ORM that is minutes; here DuckDB writes
each record, PostgreSQL takes the rows as they are (COPY) or thousands with one statement, and on the way back Arrow reads what PostgreSQL
writes. Rows travel in the binary form of COPY: in a text form both sides would look at every character for what must be escaped, which
takes them three times as long.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import batched

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json
from django.db import DEFAULT_DB_ALIAS, connection, connections
from psycopg import sql

from welfare import Fact

_BEGIN, _END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"  # of a COPY in binary form
_BLOCK = 2**20  # bytes that one of Arrow's threads reads at once; a line must fit in
_LINES = 4_000  # lines given to Arrow at once
_ROWS = 10_000  # rows given to PostgreSQL at once

# Types of PostgreSQL that travel as whole numbers: how many bytes, and the number as DuckDB works it out. Anything else is text.
_NUMBERS = {
    "smallint": (2, "({})::BIGINT"),
    "integer": (4, "({})::BIGINT"),
    "bigint": (8, "({})::BIGINT"),
    "date": (4, "({})::DATE - DATE '2000-01-01'"),
    "timestamp with time zone": (8, "epoch_us(({})::TIMESTAMPTZ) - 946684800000000"),
}

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
    table: str,
    columns: Sequence[str],
    source: pa.Table,
    cells: Iterable[str],
    using: str = DEFAULT_DB_ALIAS,
    told: Callable[[int], None] = lambda rows: None,
) -> int:
    """Add one row to a PostgreSQL table for every row of `source`; returns how many.

    `cells` are DuckDB expressions over the columns of `source`, one for each of `columns`. Runs in the caller's
    transaction on the connection `using`. An expression that is NULL becomes NULL. `told` hears of every so many rows.
    """
    with connections[using].cursor() as cursor, duckdb.connect() as duck:
        duck.register("source", source)
        cursor.execute("SELECT row_security_active(%s)", [table])
        if cursor.fetchone() == (True,):  # PostgreSQL copies nothing into a table behind row-level security
            wanted = ", ".join(f"({cell})::VARCHAR AS c{place}" for place, cell in enumerate(cells))
            statement = _insert(table, columns, using)
            for batch in duck.sql(f"SELECT {wanted} FROM source").to_arrow_reader(_ROWS):  # noqa: S608
                cursor.execute(statement, [column.to_pylist() for column in batch.columns])
                told(batch.num_rows)
            return source.num_rows
        types = _types(table, using)
        wanted = ", ".join(
            f"{_NUMBERS.get(types[name], (0, '({})::VARCHAR'))[1].format(cell)} AS {name}"
            for name, cell in zip(columns, cells, strict=True)
        )
        copying = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(
            sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        begin = pa.scalar(len(columns).to_bytes(2), pa.large_binary())
        with cursor.copy(copying) as copy:
            copy.write(_BEGIN)
            for batch in duck.sql(f"SELECT {wanted} FROM source").to_arrow_reader(_ROWS):  # noqa: S608
                fields = [
                    _fields(cells, _NUMBERS.get(types[name], (0,))[0])
                    for name, cells in zip(columns, batch.columns, strict=True)
                ]
                rows = pc.binary_join_element_wise(begin, *fields, pa.scalar(b"", pa.large_binary()))
                copy.write(memoryview(rows.buffers()[2]))
                told(batch.num_rows)
            copy.write(_END)
    return source.num_rows


def _fields(cells: pa.Array, width: int) -> pa.Array:
    """Cells as COPY has them in binary form: how long, then the text or a whole number of `width` bytes; -1 for NULL."""
    if width:
        bits = pa.array(cells).fill_null(0).to_numpy().astype(f">i{width}")
        values = _binary(bits, width)
    else:
        values = cells.cast(pa.large_binary())
    lengths = pc.binary_length(values).fill_null(0).to_numpy().astype(">i4")
    fields = pc.binary_join_element_wise(_binary(lengths, 4), values, pa.scalar(b"", pa.large_binary()))
    return pc.if_else(cells.is_null(), pa.scalar(b"\xff" * 4, pa.large_binary()), fields)


def _binary(numbers: np.ndarray, width: int) -> pa.Array:
    """Numbers as the bytes they lie in memory with."""
    wide = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(width), len(numbers), [None, pa.py_buffer(np.ascontiguousarray(numbers))]
    )
    return wide.cast(pa.binary()).cast(pa.large_binary())


def add_rows(table: str, columns: Iterable[str], rows: Iterable[Sequence[object]]) -> None:
    """Add rows of plain values (numbers, texts, None) to a PostgreSQL table, in the caller's transaction."""
    statement = _insert(table, tuple(columns))
    with connection.cursor() as cursor:
        for block in batched(rows, _ROWS):
            texts = (
                [None if cell is None else str(cell) for cell in cells] for cells in zip(*block, strict=True)
            )
            cursor.execute(statement, list(texts))


def _types(table: str, using: str) -> dict[str, str]:
    """The type of each column of a PostgreSQL table."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0",
            [table],
        )
        return dict(cursor.fetchall())


def _insert(table: str, columns: Sequence[str], using: str = DEFAULT_DB_ALIAS) -> sql.Composable:
    """A statement that takes one list of texts for each column and adds a row for each place in them.

    This is what is left where row-level security forbids to copy.
    """
    types = _types(table, using)
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


def copy_out(
    query: sql.Composable, about: pa.Schema, facts: pa.Schema, rest: Callable[[], None] = lambda: None
) -> pa.Table:
    """The rows of a query whose only column is a JSON object, as an Arrow table of the columns of `about` and then of `facts`.

    The object has the keys of `about`, and "facts" with an object of those of `facts`. A key that is missing in a row becomes null;
    a key outside the schemas is left out. Arrow reads one part while PostgreSQL writes the next, so never more than two parts of the
    text are in memory. `rest` is called between two parts.
    """
    # Arrow reads no dates from JSON: they come as text and are turned here.
    plain = [field.with_type(pa.string()) if pa.types.is_date(field.type) else field for field in facts]
    lines = pa.schema([*about, ("facts", pa.struct(plain))])
    schema = pa.schema([*about, *facts])

    def read(part: bytes) -> pa.Table:
        table = pyarrow.json.read_json(
            pa.BufferReader(part),
            read_options=pyarrow.json.ReadOptions(block_size=_BLOCK),
            parse_options=pyarrow.json.ParseOptions(
                explicit_schema=lines, unexpected_field_behavior="ignore"
            ),
        )
        return table.flatten().rename_columns(schema.names).cast(schema)

    statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT binary)").format(query)
    parts: list[Future[pa.Table]] = []
    with ThreadPoolExecutor(1) as reader, connection.cursor() as cursor, cursor.copy(statement) as copy:
        for block in batched(copy.rows(), _LINES):
            if parts:
                parts[-1].result()
                rest()
            parts.append(reader.submit(read, b"\n".join(line for (line,) in block)))
    return pa.concat_tables([schema.empty_table(), *(part.result() for part in parts)])
