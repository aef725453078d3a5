"""Compares Parquet files, as pyarrow and DuckDB read them, with JSON lines of the same rows.

    python compare_parquet.py FOLDER

FOLDER has columns.json (table → column → [type, nullable]), TABLE.jsonl, and the folder TABLE with its files.
Prints a line for each table and exits with 1 at the first difference.
"""

import base64
import datetime
import decimal
import glob
import json
import math
import os
import sys

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

ARROW = {
    "string": pa.string(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "uint64": pa.uint64(),
    "double": pa.float64(),
    "decimal": pa.decimal128(38, 7),
    "boolean": pa.bool_(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "bytes": pa.binary(),
}
DUCK = {
    "string": "VARCHAR",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "uint64": "UBIGINT",
    "double": "DOUBLE",
    "decimal": "DECIMAL(38,7)",
    "boolean": "BOOLEAN",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "bytes": "BLOB",
    "strings": "VARCHAR[]",
    "json": "JSON",
}
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
MICROSECOND = datetime.timedelta(microseconds=1)


def exact(text):
    return json.loads(text, parse_float=decimal.Decimal)


def as_json_has_it(value, kind):
    """What a reader gives, in the form of the JSON line."""
    if value is None:
        return None
    if kind == "json":
        return exact(value)
    if kind == "bytes":
        return base64.b64encode(value).decode()
    if kind == "timestamp":
        return value if isinstance(value, int) else (value - EPOCH) // MICROSECOND
    return value


def expected_value(value, kind):
    if value is None:
        return None
    if kind == "timestamp":
        return (datetime.datetime.fromisoformat(value) - EPOCH) // MICROSECOND
    if kind == "double":
        return float(value)
    return value


def same(got, expected, kind):
    if kind == "double" and got is not None and expected is not None:
        return got == expected and math.copysign(1, got) == math.copysign(1, expected)
    # 1 == 1.0 == True in Python.
    return got == expected and (kind != "boolean" or type(got) is type(expected))


def compare(reader, table, columns, rows, expected):
    if len(rows) != len(expected):
        sys.exit(f"{reader}: {table} has {len(rows)} rows, not {len(expected)}")
    for index, (row, line) in enumerate(zip(rows, expected)):
        for got, (name, (kind, _)) in zip(row, columns.items()):
            got = as_json_has_it(got, kind)
            wanted = expected_value(line[name], kind)
            if not same(got, wanted, kind):
                sys.exit(f"{reader}: {table}, row {index}, {name}: {got!r}, not {wanted!r}")


def check_types(table, columns, schema, described):
    for name, (kind, nullable) in columns.items():
        field = schema.field(name)
        if field.nullable != nullable:
            sys.exit(f"{table}.{name}: nullable is {field.nullable}")
        if kind in ARROW and field.type != ARROW[kind]:
            sys.exit(f"{table}.{name}: pyarrow reads {field.type}")
        if kind == "strings" and field.type.value_type != pa.string():
            sys.exit(f"{table}.{name}: pyarrow reads {field.type}")
        if described[name] != DUCK[kind]:
            sys.exit(f"{table}.{name}: DuckDB reads {described[name]}")


def main(folder):
    duck = duckdb.connect()
    duck.execute("set TimeZone = 'UTC'")
    with open(os.path.join(folder, "columns.json")) as file:
        tables = json.load(file)
    for table, columns in tables.items():
        files = sorted(glob.glob(os.path.join(folder, table, "*.parquet")))
        with open(os.path.join(folder, f"{table}.jsonl"), encoding="utf-8") as lines:
            expected = [exact(line) for line in lines]
        select = "from read_parquet(?, file_row_number = true, filename = true)"
        described = duck.execute(f"describe select * {select}", [files]).fetchall()
        check_types(table, columns, pq.read_schema(files[0]), {d[0]: d[1] for d in described})
        rows = [list(row.values()) for file in files for row in pq.read_table(file).to_pylist()]
        compare("pyarrow", table, columns, rows, expected)
        wanted = ", ".join(
            f'epoch_us("{name}")' if kind == "timestamp" else f'"{name}"'
            for name, (kind, _) in columns.items()
        )
        query = f"select {wanted} {select} order by filename, file_row_number"
        compare("DuckDB", table, columns, duck.execute(query, [files]).fetchall(), expected)
        groups = sum(pq.ParquetFile(file).num_row_groups for file in files)
        print(f"{table}: {len(expected)} rows in {groups} row groups")


main(sys.argv[1])
