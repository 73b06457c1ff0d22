"""Both stores keep the same promises; the S3-compatible one also when its server is away, silent or refuses."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from moto.s3.models import s3_backends
from sqlalchemy import text

from config import Config, ConfigError
from tests.cast import Cast
from tests.engines import Databases
from tests.object_server import BUCKET, ObjectServer, running_object_server
from tests.printing.conftest import Desk, desk
from wms.core import clock
from wms.facility.models import Location
from wms.platform import files, outbox
from wms.platform.database import end_reading, session, transaction
from wms.platform.locks import Rank, lock
from wms.platform.s3_store import S3Store, StoreRefuses, s3_client
from wms.platform.stores import DRAFT, LocalStore, Store, StoreAway, StoreDamaged, open_store
from wms.printing import service as printing

__all__ = ["desk"]  # a fixture of the neighbours

GONE = "0" * 64


@pytest.fixture(scope="module")
def object_server() -> Iterator[ObjectServer]:
    with running_object_server() as server:
        yield server


@pytest.fixture(params=["local", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "local":
        return LocalStore(tmp_path)
    server: ObjectServer = request.getfixturevalue("object_server")
    return server.empty_store()


def names(store: Store) -> list[str]:
    return sorted(each.name for batch in store.listing() for each in batch)


def test_the_same_bytes_are_one_object_and_come_back(store: Store):
    first = store.put(b"one")
    assert store.put(b"one") == first
    second = store.put(bytes(range(256)) * 5000)
    assert names(store) == sorted([first, second])
    assert (store.get(first), store.get(second)) == (b"one", bytes(range(256)) * 5000)
    assert store.get(store.put(b"")) == b""


def test_what_is_gone_is_told_as_gone(store: Store):
    sha256 = store.put(b"short-lived")
    store.delete(sha256)
    store.delete(sha256)
    for name in (sha256, GONE):
        with pytest.raises(FileNotFoundError):
            store.get(name)
    assert names(store) == []


def test_a_changed_object_is_never_handed_out(store: Store):
    sha256 = store.put(b"as it was")
    if isinstance(store, S3Store):
        store.client.put_object(Bucket=BUCKET, Key=f"{sha256[:2]}/{sha256[2:4]}/{sha256}", Body=b"as it wax")
    else:
        store.path_of(sha256).write_bytes(b"as it wax")
    with pytest.raises(StoreDamaged):
        store.get(sha256)


def test_a_listing_is_whole_however_many_there_are(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("wms.platform.stores.BATCH", 7)
    if isinstance(store, S3Store):
        original = store.client.get_paginator

        class Small:
            def paginate(self, **more: object) -> object:
                return original("list_objects_v2").paginate(**more, PaginationConfig={"PageSize": 7})

        monkeypatch.setattr(store.client, "get_paginator", lambda _: Small())
    wanted = sorted(store.put(str(number).encode()) for number in range(30))
    batches = list(store.listing())
    assert [len(batch) for batch in batches] == [7, 7, 7, 7, 2]
    assert sorted(each.name for batch in batches for each in batch) == wanted
    young = clock.now() - timedelta(minutes=1)
    assert all(each.written_at > young for batch in batches for each in batch)


@pytest.fixture
def stored(fresh_app: Flask, store: Store) -> Iterator[Store]:
    """The store as the application's, in a context."""
    fresh_app.extensions["wms_files"] = store
    with fresh_app.app_context():
        yield store


def save(content: bytes) -> tuple[uuid.UUID, str]:
    with transaction():
        file_id = files.save_file(content, "text/plain")
        return file_id, session().get_one(files.StoredFile, file_id).sha256


def test_orphans_go_when_they_are_old_and_nothing_named_goes(stored: Store):
    file_id, named = save(b"wanted")
    orphan = stored.put(b"its row was rolled back")
    with transaction():
        assert files.sweep_orphans() == 0  # both are fresh: a row may be on its way
    assert names(stored) == sorted([named, orphan])
    with transaction():
        assert files.sweep_orphans(older_than_seconds=-5) == 1
    assert names(stored) == [named]
    with transaction():
        files.erase_file(file_id)
    with transaction():
        files.sweep_orphans(older_than_seconds=-5)
    assert names(stored) == []


def test_an_orphan_wanted_again_while_it_is_being_swept_stays(stored: Store, monkeypatch: pytest.MonkeyPatch):
    again, forgotten = stored.put(b"the same label, once more"), stored.put(b"of an order that never was")
    _age(stored, again, forgotten)
    named = files._named

    def put_meanwhile(asked: Iterable[str]) -> set[str]:
        found = named(asked)
        stored.put(b"the same label, once more")  # another process; its row is committed after the sweep has looked
        return found

    monkeypatch.setattr(files, "_named", put_meanwhile)
    with transaction():
        assert files.sweep_orphans() == 1
    assert names(stored) == [again]


def _age(store: Store, *older: str) -> None:
    """Make these objects two hours old."""
    then = time.time() - 2 * 3600
    for sha256 in older:
        if isinstance(store, LocalStore):
            os.utime(store.path_of(sha256), (then, then))
        else:
            key = f"{sha256[:2]}/{sha256[2:4]}/{sha256}"
            s3_backends["123456789012"]["aws"].buckets[BUCKET].keys[key].last_modified = datetime.fromtimestamp(
                then, UTC
            )


def test_an_object_swept_while_it_is_put_again_is_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    store = LocalStore(tmp_path)
    sha256 = store.put(b"again")

    def swept(path: Path, *_: object) -> None:
        path.unlink()
        raise FileNotFoundError(path)

    monkeypatch.setattr("wms.platform.stores.os.utime", swept)
    assert store.put(b"again") == sha256
    assert store.get(sha256) == b"again"


def test_one_object_of_two_rows_stays_for_the_second(stored: Store):
    first, sha256 = save(b"the same page")
    second, _ = save(b"the same page")
    for file_id, removed in ((first, False), (second, True)):
        with transaction():
            files.erase_file(file_id)
        with transaction():
            assert files.remove_unnamed(sha256) is removed
    assert names(stored) == []


def test_what_a_killed_writer_left_is_swept(fresh_app: Flask, tmp_path: Path):
    store = LocalStore(tmp_path)
    fresh_app.extensions["wms_files"] = store
    draft = store.path_of(store.put(b"whole")).parent / f"{DRAFT}abc"
    draft.write_bytes(b"ha")
    os.utime(draft, (0, 0))
    with fresh_app.app_context(), transaction():
        assert files.sweep_orphans() == 1
    assert not draft.exists()


def test_while_a_backup_runs_nothing_is_deleted(stored: Store, fresh_app: Flask):
    _, kept = save(b"to be copied")
    with files.objects_kept():
        with transaction():
            session().execute(text("DELETE FROM stored_file"))
        with transaction():
            assert files.remove_unnamed(kept) is False
            assert files.sweep_orphans(older_than_seconds=-5) == 0
        assert names(stored) == [kept]
    with transaction():
        assert files.sweep_orphans(older_than_seconds=-5) == 1


def test_a_transaction_with_changes_is_not_left_for_the_store(fresh_app: Flask, cast: Cast):
    ids = list(cast.overseas.locations.values())[:1]
    with fresh_app.app_context():
        _leave_only_what_was_read(ids)


def _leave_only_what_was_read(ids: list[uuid.UUID]) -> None:
    for change in (
        lambda: lock(Rank.DOCUMENT, Location, ids),
        lambda: session().execute(text("UPDATE seller SET code = code")),
    ):
        with pytest.raises(RuntimeError), transaction():
            change()
            end_reading()
    with transaction():
        session().execute(text("SELECT 1"))
        end_reading()


# --- the server away, silent, or refusing -----------------------------------------------------------------------------


@pytest.fixture
def bucket(object_server: ObjectServer) -> S3Store:
    return object_server.empty_store()


@pytest.mark.parametrize("outage", ["away", "silent"])
def test_every_call_ends_soon_when_the_server_does_not_answer(
    object_server: ObjectServer, bucket: S3Store, outage: str
):
    sha256 = bucket.put(b"before")
    calls = [
        lambda: bucket.put(b"during"), lambda: bucket.get(sha256), lambda: bucket.delete(sha256),
        lambda: list(bucket.listing()),
    ]  # fmt: skip
    with getattr(object_server, outage)():
        began = time.monotonic()
        for call in calls:
            with pytest.raises(StoreAway):
                call()
        assert time.monotonic() - began < 30  # without our bounds one call alone waits a minute, five times
    assert bucket.get(sha256) == b"before"


@pytest.mark.parametrize("outage", ["away", "silent"])
def test_labels_wait_for_the_store_and_none_is_lost(
    object_server: ObjectServer, bucket: S3Store, desk: Desk, fresh_app: Flask, cast: Cast, outage: str
):
    fresh_app.extensions["wms_files"] = bucket
    (bundle_id,) = desk.request(desk.draft(), desk.draft())
    with getattr(object_server, outage)():
        with transaction():  # hours into the outage: the job must not be given up
            session().execute(text("UPDATE outbox_job SET attempts = :most"), {"most": outbox.MAX_ATTEMPTS})
        assert desk.work() == 0
        with transaction():
            session().execute(text("UPDATE outbox_job SET next_at = now()"))
    with transaction():
        state, attempts, error = session().execute(text("SELECT state, attempts, last_error FROM outbox_job")).one()
    assert (state, attempts) == ("new", outbox.MAX_ATTEMPTS)
    assert error.startswith("StoreAway: ")
    assert desk.work() == 1
    assert [document.state for document in desk.documents(bundle_id)] == ["ready", "ready"]
    assert len(names(bucket)) == 1


def test_a_label_asked_for_while_the_store_is_away_is_told_to_come_back(
    object_server: ObjectServer, bucket: S3Store, desk: Desk, fresh_app: Flask, cast: Cast
):
    from wms.core.actor import SYSTEM

    fresh_app.extensions["wms_files"] = bucket
    document = desk.ready()
    with object_server.away(), fresh_app.test_request_context("/api/v1/documents"):
        with pytest.raises(StoreAway) as caught:
            printing.document_pdf(SYSTEM, document.id)
        answer = fresh_app.handle_user_exception(caught.value)
    assert (answer.status_code, answer.json["code"]) == (503, "files_away")
    assert answer.headers["Retry-After"]
    with transaction():
        assert printing.document_pdf(SYSTEM, document.id).startswith(b"%PDF")


def test_refusals_of_the_server_are_told_without_its_words(object_server: ObjectServer):
    missing = S3Store(object_server.client(), "no-such-bucket")
    with pytest.raises(StoreRefuses, match="NoSuchBucket"):
        missing.put(b"anything")


# --- configuration ----------------------------------------------------------------------------------------------------


def test_the_configuration_chooses_the_store(object_server: ObjectServer, engines: Databases, tmp_path: Path):
    assert isinstance(open_store(Config.from_environ({"WMS_FILES": str(tmp_path)})), LocalStore)
    found = open_store(object_server.config())
    assert isinstance(found, S3Store)
    assert found.get(found.put(b"through the configuration")) == b"through the configuration"


@pytest.mark.parametrize(
    ("endpoint", "addressing", "host", "path"),
    [
        ("http://store.example:9000", "", "store.example:9000", "/files/ab"),
        ("https://oss.example", "virtual", "files.oss.example", "/ab"),
        ("", "", "files.s3.amazonaws.com", "/ab"),
    ],
)
def test_where_the_bucket_stands_in_the_address(endpoint: str, addressing: str, host: str, path: str):
    config = Config.from_environ({
        "WMS_S3_BUCKET": "files", "WMS_S3_ENDPOINT": endpoint, "WMS_S3_ADDRESSING": addressing,
        "WMS_S3_REGION": "eu-central-1", "WMS_S3_ACCESS_KEY": "k", "WMS_S3_SECRET_KEY": "s",
    })  # fmt: skip
    url = s3_client(config).generate_presigned_url("get_object", Params={"Bucket": "files", "Key": "ab"})
    assert url.partition("?")[0] == f"{(endpoint or 'https://x').partition('://')[0]}://{host}{path}"


@pytest.mark.parametrize(
    "settings",
    [
        {"WMS_S3_BUCKET": "files", "WMS_S3_ACCESS_KEY": "k"},
        {"WMS_S3_ENDPOINT": "https://store.example"},
        {"WMS_S3_BUCKET": "files", "WMS_S3_ENDPOINT": "store.example"},
        {"WMS_S3_BUCKET": "files", "WMS_S3_ADDRESSING": "host"},
    ],
)
def test_half_a_store_is_refused(settings: dict[str, str]):
    with pytest.raises(ConfigError):
        Config.from_environ(settings)
