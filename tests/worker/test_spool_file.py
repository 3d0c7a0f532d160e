"""Rows on disk: of a process that had to end while neither Supabase nor Redis took them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hosts.cpython.spool_file import SpoolFolder
from tests.doubles.postgrest import PostgrestDouble
from tests.doubles.upstash import UpstashDouble
from tests.worker.edge import Edge, until
from tests.worker.in_process import Isolate, isolate, usage_row


@pytest.fixture
def supabase() -> Iterator[PostgrestDouble]:
    with PostgrestDouble() as double:
        yield double


@pytest.fixture
def upstash() -> Iterator[UpstashDouble]:
    with UpstashDouble() as double:
        yield double


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def folder_of(one: Isolate, path: Path) -> SpoolFolder:
    return SpoolFolder(path, one.platform, one.runtime.outbox)


async def test_a_file_is_sealed_and_private(
    supabase: PostgrestDouble, upstash: UpstashDouble, tmp_path: Path
) -> None:
    async with isolate(supabase, upstash) as one:
        path = await folder_of(one, tmp_path).write([usage_row(1, prompt="what I asked")])
    assert "asked" not in path.read_text()
    assert "project-a" not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert files(tmp_path) == [path.name]


async def test_every_row_comes_in_once_and_the_file_goes(
    supabase: PostgrestDouble, upstash: UpstashDouble, tmp_path: Path
) -> None:
    async with isolate(supabase, upstash) as one:
        await folder_of(one, tmp_path).write([usage_row(number) for number in range(1_200)])
    async with isolate(supabase, upstash) as next_one, isolate(supabase, upstash) as another:
        await folder_of(next_one, tmp_path).restore()
        await folder_of(another, tmp_path).restore()
    assert sorted(row["request_id"] for row in supabase.usage_logs) == sorted(
        f"project-a.{number}" for number in range(1_200)
    )
    assert not files(tmp_path)


async def test_a_file_that_nobody_takes_or_can_read_stays(
    supabase: PostgrestDouble, upstash: UpstashDouble, tmp_path: Path
) -> None:
    (tmp_path / "0.rows").write_text("not ours")
    async with isolate(supabase, upstash) as one:
        await folder_of(one, tmp_path).write([usage_row(1)])
        supabase.break_with("refused")
        upstash.break_with("refused")
        await folder_of(one, tmp_path).restore()
    assert len(files(tmp_path)) == 2
    supabase.heal()
    upstash.heal()
    async with isolate(supabase, upstash) as one:
        await folder_of(one, tmp_path).restore()
    assert files(tmp_path) == ["0.rows"]
    assert len(supabase.usage_logs) == 1


def test_sigterm_with_both_stores_away_leaves_rows_for_the_next_start(tmp_path: Path) -> None:
    with Edge("cpython", USAGE_SPOOL_DIR=str(tmp_path)) as edge:
        tenant = edge.tenant()
        tenant.chat()
        tenant.rows(1)
        edge.supabase.break_with("refused")
        edge.upstash.break_with("refused")
        for _ in range(3):
            assert tenant.chat().status_code == 200
        edge.end()
        assert [path.suffix for path in tmp_path.iterdir()] == [".rows"]
        edge.supabase.heal()
        edge.upstash.heal()
        with Edge("cpython", beside=edge, USAGE_SPOOL_DIR=str(tmp_path)):
            assert len(tenant.rows(4)) == 4
            until(lambda: not list(tmp_path.iterdir()), "the file to be deleted")
