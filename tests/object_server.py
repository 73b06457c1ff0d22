"""An S3-compatible server on this machine, which can be away or silent, and come back with what it had."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import Any

from moto.server import ThreadedMotoServer

from config import Config
from wms.platform.s3_store import S3Store, s3_client

BUCKET = "files"
IMPATIENT_SECONDS = 1.0
PATIENT_SECONDS = 20.0


class ObjectServer:
    """`away()`: nobody listens. `silent()`: somebody does, and never answers. Objects live as long as this process."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.server: ThreadedMotoServer | None = None

    def start(self) -> None:
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=self.port, verbose=False)
        self.server.start()

    def stop(self) -> None:
        if self.server is not None:
            self.server.stop()
            self.server = None

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        self.stop()
        yield
        self.start()

    @contextlib.contextmanager
    def silent(self) -> Iterator[None]:
        self.stop()
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", self.port))
            listener.listen()
            yield
        self.start()

    def config(self, **changes: str) -> Config:
        settings = {
            "WMS_ENV": "test", "WMS_S3_BUCKET": BUCKET, "WMS_S3_ENDPOINT": f"http://127.0.0.1:{self.port}",
            "WMS_S3_ACCESS_KEY": "a-key", "WMS_S3_SECRET_KEY": "a-secret", **changes,
        }  # fmt: skip
        return Config.from_environ(settings)

    def client(self) -> Any:
        return s3_client(self.config(), IMPATIENT_SECONDS, IMPATIENT_SECONDS, attempts=1)

    def empty_store(self) -> S3Store:
        """A store on a bucket with nothing in it. Emptied with patience: a busy machine is no server that is away."""
        client = s3_client(self.config(), IMPATIENT_SECONDS, PATIENT_SECONDS, attempts=1)
        with contextlib.suppress(client.exceptions.BucketAlreadyOwnedByYou):
            client.create_bucket(Bucket=BUCKET)
        store = S3Store(client, BUCKET)
        for batch in store.listing():
            for each in batch:
                store.delete(each.name)
        return S3Store(self.client(), BUCKET)


@contextlib.contextmanager
def running_object_server() -> Iterator[ObjectServer]:
    server = ObjectServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()
