"""Objects in a bucket of an S3-compatible server, `ab/cd/<sha256>`. Imported only where a bucket is configured.

Requests are signed (SigV4) with the hash of their body, so bytes changed on the way are refused by the server; what is
read is hashed again here. Every wait is bounded: a request of a page must not hang on a server that does not answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from config import Config, ConfigError
from wms.platform.stores import Kept, StoreAway, checked

try:
    import boto3
    from botocore.config import Config as ClientConfig
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    raise ConfigError(["WMS_S3_BUCKET needs the package boto3: pip install -r requirements-s3.txt"]) from None

CONNECT_SECONDS = 2.0
READ_SECONDS = 10.0
ATTEMPTS = 2  # of each call; the outbox repeats a job, a person a page
# Refusals that another try may not meet: overload, and the server's own faults. Others are told as they are.
AWAY_STATUS = frozenset({408, 429, 500, 502, 503, 504})


def s3_client(
    config: Config,
    connect_seconds: float = CONNECT_SECONDS,
    read_seconds: float = READ_SECONDS,
    attempts: int = ATTEMPTS,
) -> Any:
    """A client for the configured server, safe to share between threads. It asks for nothing yet."""
    style = config.s3_addressing or ("path" if config.s3_endpoint else "auto")
    return boto3.client(
        "s3",
        endpoint_url=config.s3_endpoint or None,
        region_name=config.s3_region,
        # Without keys the library looks where AWS programs look: instance role, shared credentials file.
        aws_access_key_id=config.s3_access_key or None,
        aws_secret_access_key=config.s3_secret_key or None,
        config=ClientConfig(
            connect_timeout=connect_seconds,
            read_timeout=read_seconds,
            retries={"total_max_attempts": attempts, "mode": "standard"},
            max_pool_connections=config.web_threads + 1,
            # Newer checksum headers are not known to every compatible server; the signature covers the body.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": style, "payload_signing_enabled": True},
        ),
    )


class S3Store:
    """See `wms.platform.stores.Store`. Compatible servers need PUT, GET, DELETE and ListObjectsV2, nothing else."""

    def __init__(self, client: Any, bucket: str) -> None:
        self.client = client
        self.bucket = bucket

    def put(self, content: bytes) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        with _told(sha256):  # always written: that renews the date by which the orphan sweep judges
            self.client.put_object(Bucket=self.bucket, Key=_key(sha256), Body=content)
        return sha256

    def get(self, sha256: str) -> bytes:
        with _told(sha256):
            answer = self.client.get_object(Bucket=self.bucket, Key=_key(sha256))
            content: bytes = answer["Body"].read()
        return checked(content, sha256)

    def delete(self, name: str) -> None:
        with _told(name):
            self.client.delete_object(Bucket=self.bucket, Key=_key(name))

    def delete_old(self, name: str, deadline: datetime) -> bool:
        with _told(name):
            answer = self.client.list_objects_v2(Bucket=self.bucket, Prefix=_key(name), MaxKeys=1)
        if not any(
            each["Key"] == _key(name) and each["LastModified"] <= deadline for each in answer.get("Contents", ())
        ):
            return False
        self.delete(name)
        return True

    def listing(self) -> Iterator[list[Kept]]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        following = iter(pages)
        while True:
            with _told(self.bucket):
                page = next(following, None)
            if page is None:
                return
            # Objects of others in the same bucket are not ours to judge.
            found = [(each["Key"].rpartition("/")[2], each) for each in page.get("Contents", ())]
            yield [Kept(name, each["LastModified"]) for name, each in found if each["Key"] == _key(name)]


def _key(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


@contextmanager
def _told(what: str) -> Iterator[None]:
    """The library's faults as ours. Its texts may name keys and addresses: only the kind of fault goes on."""
    try:
        yield
    except ClientError as fault:
        error = fault.response.get("Error", {})
        status = fault.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if error.get("Code") in {"NoSuchKey", "404"}:
            raise FileNotFoundError(what) from None
        if status in AWAY_STATUS:
            raise StoreAway(f"the file store answers {status}") from None
        raise StoreRefuses(f"the file store refuses: {error.get('Code')}") from None
    except (BotoCoreError, OSError) as fault:
        raise StoreAway(f"the file store does not answer: {type(fault).__name__}") from None


class StoreRefuses(StoreAway):
    """Wrong keys, no such bucket, no permission: it will answer again when a person has mended that."""
