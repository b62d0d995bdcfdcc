"""Which statements write."""

from __future__ import annotations

import pytest

from drf_live_graphql.live.read_only import writes


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t VALUES (1)",
        "\tupdate t SET a = 1",
        "UPDATE\tt SET a = 1",
        "DELETE\nFROM t",
        "/* by whom */ -- and why\n DELETE FROM t",
        "REPLACE INTO t VALUES (1)",
        "TRUNCATE t",
        "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a",
        "WITH a AS (SELECT 1)\nUPDATE t SET b = 1",
        "with a as (delete from t returning *) select * from a",
    ],
)
def test_what_writes(sql: str) -> None:
    assert writes(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "(SELECT 1) UNION (SELECT 2)",
        "SELECT * FROM t FOR UPDATE",
        "SELECT REPLACE(a, 'x', 'y') FROM t",
        "WITH a AS (SELECT (REPLACE(b, 'x', 'y')) FROM t) SELECT * FROM a FOR UPDATE",
        "SAVEPOINT x",
        "-- DELETE FROM t",
        "",
    ],
)
def test_what_does_not(sql: str) -> None:
    assert not writes(sql)
