"""Every setting of the system: its environment variable, its default and its meaning, each written once.

The environment is read here and nowhere else. `Config.from_environ` either returns a whole, valid
configuration or raises `ConfigError` with *every* problem at once, so that a first deployment is corrected in
one round and not in ten. The settings table in the README is generated from `config_table()`.
"""

from __future__ import annotations

import base64
import binascii
import difflib
import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent

ENVIRONMENTS = ("development", "test", "production")
LANGUAGES = ("en", "zh_CN")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

# Public, hence worthless as secrets: they let a developer start without preparation, on this machine only.
DEVELOPMENT_SECRET = "development-only-secret-known-to-everybody"
DEVELOPMENT_PII_KEY = base64.b64encode(b"development-only-key-of-32-bytes").decode()

SECRET_MIN_LENGTH = 32  # characters; shorter signing keys can be guessed offline from one signed cookie
METRICS_TOKEN_MIN_LENGTH = 16  # characters; it can only be guessed by asking
PII_KEY_BYTES = 32  # AES-256-GCM
MOST = 1_000_000  # of any limit: beyond it no limit is meant


class ConfigError(Exception):
    """The environment does not make a valid configuration. `problems` has one sentence for each fault."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("The configuration is not valid:\n" + "\n".join(f"  - {problem}" for problem in problems))


def _text(raw: str) -> str:
    return raw


def _integer(low: int, high: int) -> Callable[[str], int]:
    def parse(raw: str) -> int:
        try:
            number = int(raw)
        except ValueError:
            raise ValueError(f"must be a whole number, not {raw!r}") from None
        if not low <= number <= high:
            raise ValueError(f"must be between {low} and {high}, not {number}")
        return number

    return parse


def _boolean(raw: str) -> bool:
    known = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    if raw.lower() not in known:
        raise ValueError(f"must be one of 1, 0, true, false, yes, no, on, off, not {raw!r}")
    return known[raw.lower()]


def _choice(*allowed: str) -> Callable[[str], str]:
    def parse(raw: str) -> str:
        if raw not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}, not {raw!r}")
        return raw

    return parse


def _path(raw: str) -> Path:
    return (ROOT / Path(raw).expanduser()).resolve()


def _database_url(raw: str) -> str:
    scheme, separator, rest = raw.partition("://")
    if separator and scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        return f"postgresql+psycopg://{rest}"
    raise ValueError("must begin with postgresql:// (PostgreSQL 15 or newer; no other database is supported)")


def _redis_url(raw: str) -> str:
    if raw.split("://")[0] not in ("redis", "rediss", "unix") or "://" not in raw:
        raise ValueError("must begin with redis://, rediss:// or unix://")
    return raw


def _web_address(raw: str) -> str:
    if not raw.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return raw


def _public_url(raw: str) -> str:
    return _web_address(raw).rstrip("/")


def _networks(raw: str) -> str:
    for each in raw.split(","):
        try:
            ipaddress.ip_network(each.strip())
        except ValueError:
            raise ValueError(
                f"must be networks like 10.1.0.0/16, separated by commas; {each.strip()!r} is none"
            ) from None
    return raw


def _gs1_prefix(raw: str) -> str:
    if raw and not (raw.isascii() and raw.isdigit() and 4 <= len(raw) <= 12):
        raise ValueError("must be 4 to 12 digits")
    return raw


def _pii_key(raw: str) -> str:
    try:
        size = len(base64.b64decode(raw, validate=True))
    except (binascii.Error, ValueError):
        raise ValueError("must be base64") from None
    if size != PII_KEY_BYTES:
        raise ValueError(f"must be {PII_KEY_BYTES} bytes in base64, not {size}")
    return raw


def setting(variable: str, default: Any, meaning: str, parse: Callable[[str], Any] = _text, shown: str = "") -> Any:
    """Declare one setting. `shown` is its default in words, where the value would say nothing to a reader."""
    return field(default=default, metadata={"variable": variable, "meaning": meaning, "parse": parse, "shown": shown})


@dataclass(frozen=True)
class Config:
    """The configuration of one process. The supervisor, web, workers and commands all build the same one."""

    environment: str = setting(
        "WMS_ENV",
        "development",
        f"{', '.join(ENVIRONMENTS)}. Production refuses public secrets and the demonstration cast.",
        _choice(*ENVIRONMENTS),
    )
    database_url: str = setting(
        "DATABASE_URL",
        "",
        "PostgreSQL 15 or newer, as postgresql://user:password@server/name.",
        _database_url,
        "empty: the supervisor starts the embedded PostgreSQL",
    )
    redis_url: str = setting(
        "REDIS_URL",
        "",
        "Redis 6.2 or newer, or Valkey, as redis://server:6379/0.",
        _redis_url,
        "empty: the supervisor starts the embedded Valkey",
    )
    secret_key: str = setting(
        "WMS_SECRET_KEY",
        DEVELOPMENT_SECRET,
        f"Signs session cookies; at least {SECRET_MIN_LENGTH} characters.",
        _text,
        "a public one, for this machine only",
    )
    pii_key: str = setting(
        "WMS_PII_KEY",
        DEVELOPMENT_PII_KEY,
        f"Encrypts consignees' ID numbers (AES-256-GCM): {PII_KEY_BYTES} random bytes in base64.",
        _pii_key,
        "a public one, for this machine only",
    )
    pii_key_id: str = setting(
        "WMS_PII_KEY_ID",
        "1",
        "Name of that key, stored beside each encrypted value so that keys can be rotated.",
    )
    instance_path: Path = setting(
        "WMS_INSTANCE",
        ROOT / "instance",
        "Folder of everything this installation keeps: embedded data, files, logs.",
        _path,
        "instance/",
    )
    files_root: Path = setting(
        "WMS_FILES", None, "Folder of label files and photographs.", _path, "files/ in WMS_INSTANCE"
    )
    s3_bucket: str = setting(
        "WMS_S3_BUCKET",
        "",
        "Bucket of an S3-compatible server that keeps the files instead of that folder; needs requirements-s3.txt.",
        _text,
        "empty: files lie in WMS_FILES",
    )
    s3_endpoint: str = setting(
        "WMS_S3_ENDPOINT", "", "Its address, as https://server:9000.", _public_url, "empty: Amazon's own"
    )
    s3_region: str = setting("WMS_S3_REGION", "us-east-1", "Its region, which is part of each signature.")
    s3_access_key: str = setting(
        "WMS_S3_ACCESS_KEY", "", "Access key.", _text, "empty: what the machine's role or AWS files give"
    )
    s3_secret_key: str = setting("WMS_S3_SECRET_KEY", "", "The secret of that key.", _text, "empty: the same")
    s3_addressing: str = setting(
        "WMS_S3_ADDRESSING",
        "",
        "Where the bucket stands in an address: path, or virtual (part of the server's name).",
        _choice("path", "virtual"),
        "path with an endpoint, virtual without",
    )
    wal_archive: Path = setting(
        "WMS_WAL_ARCHIVE",
        None,
        "Folder, best on another disk, that receives the embedded PostgreSQL's log: needed to restore to a moment.",
        _path,
        "empty: no archive; only whole backups can be restored",
    )
    engine_account: str = setting(
        "WMS_ENGINE_ACCOUNT",
        "wms-engines",
        "System account that runs the embedded engines when the supervisor is root; made when missing.",
    )
    bind: str = setting("BIND", "127.0.0.1", "Address the web server listens on.")
    port: int = setting("PORT", 8000, "TCP port the web server listens on.", _integer(1, 65535))
    public_url: str = setting(
        "WMS_PUBLIC_URL",
        "",
        "Address people and devices use, for links, QR codes and cookies.",
        _public_url,
        "http://BIND:PORT",
    )
    web_workers: int = setting("WMS_WEB_WORKERS", 2, "Web processes.", _integer(1, 64))
    web_threads: int = setting(
        "WMS_WEB_THREADS",
        4,
        "Threads of each web process; each may hold one database connection.",
        _integer(1, 64),
    )
    request_seconds: int = setting(
        "WMS_REQUEST_SECONDS",
        30,
        "Seconds a request has to arrive, and a client to take its answer, before the connection is closed.",
        _integer(1, 600),
    )
    label_workers: int = setting("WMS_LABEL_WORKERS", 1, "Processes that render labels and documents.", _integer(0, 64))
    carrier_workers: int = setting(
        "WMS_CARRIER_WORKERS",
        None,
        "Processes that ask carriers over the network. 0: those that render labels do it too, and wait for slow ones.",
        _integer(0, 64),
        "1 in production, else 0",
    )
    worker_ttl: int = setting(
        "WMS_WORKER_TTL",
        30,
        "Seconds without a heartbeat after which a worker counts as dead.",
        _integer(10, 3600),
    )
    stop_grace_seconds: int = setting(
        "WMS_STOP_GRACE_SECONDS",
        30,
        "Seconds a process has to finish what it is doing when the system stops.",
        _integer(1, 600),
    )
    outbox_sweep_seconds: int = setting(
        "WMS_OUTBOX_SWEEP_SECONDS",
        15,
        "Seconds between two looks for work that its courier lost.",
        _integer(1, 3600),
    )
    outbox_lease_seconds: int = setting(
        "WMS_OUTBOX_LEASE_SECONDS",
        120,
        "Seconds a worker owns a piece of work before another may take it.",
        _integer(2, 3600),
    )
    session_idle_minutes: int = setting(
        "WMS_SESSION_IDLE_MINUTES",
        30,
        "Minutes without a request after which a login ends.",
        _integer(1, 1440),
    )
    tablet_idle_minutes: int = setting(
        "WMS_TABLET_IDLE_MINUTES",
        10,
        "Minutes without a request after which a tablet asks for the badge again.",
        _integer(1, 1440),
    )
    session_absolute_hours: int = setting(
        "WMS_SESSION_ABSOLUTE_HOURS", 12, "Hours after which a login ends whatever happens.", _integer(1, 168)
    )
    limit_key: int = setting(
        "WMS_LIMIT_KEY",
        60_000,
        "Requests a minute with one API key; 0: no limit, as for all limits.",
        _integer(0, MOST),
    )
    limit_session: int = setting(
        "WMS_LIMIT_SESSION", 12_000, "Requests a minute in one login (a browser, a tablet).", _integer(0, MOST)
    )
    limit_address: int = setting(
        "WMS_LIMIT_ADDRESS",
        6_000,
        "Requests a minute from one address without a valid key or login.",
        _integer(0, MOST),
    )
    limit_logins: int = setting(
        "WMS_LIMIT_LOGINS",
        300,
        "Tries to sign in from one address in five minutes; a warehouse often has one address for all its tablets.",
        _integer(0, MOST),
    )
    limit_account_logins: int = setting(
        "WMS_LIMIT_ACCOUNT_LOGINS",
        20,
        "Tries to sign in to one account in five minutes, wherever they come from. Five wrong ones lock it anyway.",
        _integer(0, MOST),
    )
    proxies: int = setting(
        "WMS_PROXIES",
        0,
        "Reverse proxies in front whose X-Forwarded-For and X-Forwarded-Proto are believed.",
        _integer(0, 5),
    )
    carrier_networks: str = setting(
        "WMS_CARRIER_NETWORKS",
        "",
        "Private networks in which carriers' services may stand, as 10.1.0.0/16,192.168.7.9; no other is ever asked.",
        _networks,
        "empty: none in production, else this machine",
    )
    gs1_prefix: str = setting(
        "WMS_GS1_PREFIX",
        "",
        "The operator's GS1 company prefix, 4 to 12 digits: bags and pallets of parcels are numbered by SSCC-18.",
        _gs1_prefix,
        "empty: numbers of the house",
    )
    default_language: str = setting(
        "WMS_LANGUAGE",
        "en",
        f"Language of a reader who has not chosen one: {', '.join(LANGUAGES)}.",
        _choice(*LANGUAGES),
    )
    log_level: str = setting("WMS_LOG_LEVEL", "INFO", ", ".join(LOG_LEVELS) + ".", _choice(*LOG_LEVELS))
    log_json: bool = setting(
        "WMS_LOG_JSON",
        None,
        "One JSON object a line, instead of lines for people.",
        _boolean,
        "yes in production",
    )
    metrics_token: str = setting(
        "WMS_METRICS_TOKEN",
        "",
        f"What Prometheus sends to read /metrics (bearer); at least {METRICS_TOKEN_MIN_LENGTH} characters.",
        _text,
        "empty: there is no /metrics",
    )
    metrics_root: Path = setting(
        "WMS_METRICS", None, "Folder in which the processes of one host count; on a local disk.", _path,
        "metrics/ in WMS_INSTANCE",
    )  # fmt: skip
    traces_url: str = setting(
        "WMS_TRACES_URL",
        "",
        "OpenTelemetry collector for traces (OTLP over HTTP), as http://server:4318/v1/traces.",
        _web_address,
        "empty: no traces",
    )
    traces_percent: int = setting("WMS_TRACES_PERCENT", 100, "Share of the requests that are traced.", _integer(0, 100))
    audit_hour: int = setting(
        "WMS_AUDIT_HOUR", 20, "Hour of the day (UTC) at which the books are audited.", _integer(0, 23)
    )
    seed_demo: bool = setting(
        "WMS_SEED_DEMO",
        None,
        "Put the demonstration cast (with published passwords) into an empty database.",
        _boolean,
        "yes in development",
    )
    seed_day: bool = setting(
        "WMS_SEED_DAY",
        True,
        "With the cast, a fortnight of work behind it and a working day half done: stock, orders, returns.",
        _boolean,
        "yes",
    )

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Config:
        """Read the configuration. An empty variable counts as not set.

        Raises ConfigError naming every bad value, unknown WMS_* variable and unsafe combination at once.
        """
        problems = _unknown_variables(environ)
        values: dict[str, Any] = {}
        for each in fields(cls):
            raw = environ.get(each.metadata["variable"], "").strip()
            if not raw:
                continue
            try:
                values[each.name] = each.metadata["parse"](raw)
            except ValueError as error:
                problems.append(f"{each.metadata['variable']} {error}")
        config = _with_derived_defaults(cls(**values))
        problems += _unsafe(config)
        if problems:
            raise ConfigError(problems)
        return config

    def require_engines(self) -> Config:
        """Return self, or raise ConfigError if no database or queue is named.

        Only the supervisor can start its own engines; a web process or a command needs to be told.
        """
        missing = [
            f"{name} is not set. `make run` starts an embedded one; for a command beside a running system: "
            'eval "$(python -m wms.supervisor env)"'
            for name, value in (("DATABASE_URL", self.database_url), ("REDIS_URL", self.redis_url))
            if not value
        ]
        if missing:
            raise ConfigError(missing)
        return self

    def with_engines(self, database_url: str, redis_url: str) -> Config:
        """This configuration on the given engines (SQLAlchemy and redis-py addresses)."""
        return replace(self, database_url=database_url, redis_url=redis_url)

    def to_environ(self) -> dict[str, str]:
        """The variables from which `from_environ` builds an equal Config: what the children are given."""
        return {each.metadata["variable"]: _as_text(getattr(self, each.name)) for each in fields(self)}

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @property
    def is_https(self) -> bool:
        """Whether browsers come by https: then cookies are bound to it."""
        return self.is_production or self.public_url.startswith("https://")


# For whoever drives one system from one place as fast as it goes: the demonstration, the measurements, the tests.
WITHOUT_LIMITS = {each.metadata["variable"]: "0" for each in fields(Config) if each.name.startswith("limit_")}


class SettingRow(NamedTuple):
    """One line of the settings table: environment variable, default in words, meaning."""

    variable: str
    default: str
    meaning: str


def config_table() -> list[SettingRow]:
    """Every setting in the order of its declaration, for the README."""
    return [
        SettingRow(each.metadata["variable"], _default_in_words(each), each.metadata["meaning"])
        for each in fields(Config)
    ]


def _default_in_words(each: Field[Any]) -> str:
    return str(each.metadata["shown"] or _as_text(None if each.default is MISSING else each.default))


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)


def _with_derived_defaults(config: Config) -> Config:
    """Fill in what depends on other settings."""
    host = f"[{config.bind}]" if ":" in config.bind else config.bind
    return replace(
        config,
        files_root=config.files_root or config.instance_path / "files",
        metrics_root=config.metrics_root or config.instance_path / "metrics",
        public_url=config.public_url or f"http://{host}:{config.port}",
        log_json=config.is_production if config.log_json is None else config.log_json,
        carrier_workers=int(config.is_production) if config.carrier_workers is None else config.carrier_workers,
        seed_demo=config.environment == "development" if config.seed_demo is None else config.seed_demo,
    )


def _unknown_variables(environ: Mapping[str, str]) -> list[str]:
    known = [each.metadata["variable"] for each in fields(Config)]
    problems = []
    for name in sorted(environ):
        if name.startswith("WMS_") and name not in known:
            near = difflib.get_close_matches(name, known, 1)
            problems.append(f"{name} is not a setting" + (f"; do you mean {near[0]}?" if near else ""))
    return problems


def _unsafe(config: Config) -> list[str]:
    """Combinations that start but must not run."""
    problems = []
    if len(config.secret_key) < SECRET_MIN_LENGTH:
        problems.append(
            f"WMS_SECRET_KEY must have at least {SECRET_MIN_LENGTH} characters, not {len(config.secret_key)}"
        )
    if 0 < len(config.metrics_token) < METRICS_TOKEN_MIN_LENGTH:
        problems.append(f"WMS_METRICS_TOKEN must have at least {METRICS_TOKEN_MIN_LENGTH} characters")
    if config.is_production and config.seed_demo:
        problems.append("WMS_SEED_DEMO must be off in production: its passwords are published")
    if config.outbox_sweep_seconds >= config.outbox_lease_seconds:
        problems.append("WMS_OUTBOX_SWEEP_SECONDS must be below WMS_OUTBOX_LEASE_SECONDS")
    if bool(config.s3_access_key) != bool(config.s3_secret_key):
        problems.append("WMS_S3_ACCESS_KEY and WMS_S3_SECRET_KEY must be set together")
    if not config.s3_bucket and (config.s3_endpoint or config.s3_access_key):
        problems.append("WMS_S3_BUCKET is not set, but the other WMS_S3_* settings are")
    where = _where_public_secrets_are_refused(config)
    if where:
        make = 'python3 -c "import base64, secrets; print(base64.b64encode(secrets.token_bytes(32)).decode())"'
        for variable, value, public in (
            ("WMS_SECRET_KEY", config.secret_key, DEVELOPMENT_SECRET),
            ("WMS_PII_KEY", config.pii_key, DEVELOPMENT_PII_KEY),
        ):
            if value == public:
                problems.append(f"{variable} must be set {where}; make one with: {make}")
    return problems


def _where_public_secrets_are_refused(config: Config) -> str:
    """'' where the public secrets may be used: never in production, else on loopback."""
    if config.is_production:
        return "in production"
    try:
        loopback = config.bind == "localhost" or ipaddress.ip_address(config.bind).is_loopback
    except ValueError:
        loopback = False
    return "" if loopback else f"when BIND ({config.bind}) can be reached from other machines"
