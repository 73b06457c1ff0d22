"""How much one client may ask: a budget for each API key, each login and each address without either.

The budgets stand in the queue's Valkey under keyed hashes (no address, name or key can be read there), one round trip
a request. Valkey being away costs nobody anything: each process then counts by itself, and the log says so.

The rule is GCRA, a bucket that refills evenly: a whole quota may come at once, and then one more every window/quota. The
answers carry `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10), a refusal also `Retry-After`.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import redis
import structlog
from flask import Flask, Response, current_app, g, request
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError
from redis.retry import Retry

from config import Config
from wms.core.refusals import Refused
from wms.platform.access import SAFE_METHODS, presented_credential
from wms.platform.problems import answer_limit

log = structlog.get_logger(__name__)

MINUTE = 60
FIVE_MINUTES = 300
PATIENCE_SECONDS = 0.25  # for Valkey: longer than it ever takes, shorter than a person notices
PAUSE_SECONDS = 5.0  # between two tries while Valkey is away
ALARM_SECONDS = 60.0  # between two lines of the log about it
MOST_LOCAL = 20_000  # subjects that one process remembers while Valkey is away
EXEMPT = {"static", "health.healthz", "health.readyz"}

# All budgets or none: a refused request takes nothing. Answers, for each key, the microseconds until its budget would be
# whole again, and last the number of the key that refuses (0: none). Time is the server's: web hosts need not agree.
_SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local refused = 0
local ahead, due = {}, {}
for i, key in ipairs(KEYS) do
  local before = tonumber(redis.call('GET', key) or 0)
  if before < now then before = now end
  due[i] = before + tonumber(ARGV[2 * i - 1])
  ahead[i] = due[i] - now
  if refused == 0 and ahead[i] > tonumber(ARGV[2 * i]) then refused = i end
end
if refused == 0 then
  for i, key in ipairs(KEYS) do
    redis.call('SET', key, string.format('%.0f', due[i]), 'PX', math.ceil(ahead[i] / 1000))
  end
end
ahead[#ahead + 1] = refused
return ahead
"""
_SCRIPT_SHA = hashlib.sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Policy:
    """At most `quota` requests in `seconds`; a quota of 0 is no limit. `name` is what the headers call it."""

    name: str
    quota: int
    seconds: int

    @property
    def every(self) -> int:
        """Microseconds in which one request's worth comes back."""
        return max(1, self.seconds * 1_000_000 // self.quota)

    @property
    def tolerance(self) -> int:
        """Microseconds of debt that a client may have: exactly a quota's worth."""
        return self.every * self.quota


@dataclass(frozen=True)
class Standing:
    """Where a client stands with one policy after a request: µs until its budget is whole, and whether it refused."""

    policy: Policy
    ahead: int
    refused: bool

    @property
    def remaining(self) -> int:
        return max(0, (self.policy.tolerance - self.ahead) // self.policy.every)

    @property
    def seconds(self) -> int:
        """Until the whole quota is there again; for a refusal, until one request is."""
        micros = self.ahead - self.policy.tolerance if self.refused else self.ahead
        return max(1, math.ceil(micros / 1_000_000))


Charge = tuple[Policy, str]  # which budget, whose


class LocalBudgets:
    """The same rule in the memory of one process."""

    def __init__(self) -> None:
        self.due: dict[str, int] = {}
        self.lock = threading.Lock()

    def charge(self, keys: Sequence[str], policies: Sequence[Policy]) -> list[int]:
        """The answer of the script."""
        now = time.monotonic_ns() // 1000
        with self.lock:
            if len(self.due) > MOST_LOCAL:
                self.due = {key: due for key, due in self.due.items() if due > now}
                if len(self.due) > MOST_LOCAL:
                    self.due.clear()
            due = [max(self.due.get(key, 0), now) + each.every for key, each in zip(keys, policies, strict=True)]
            over = [at - now > each.tolerance for at, each in zip(due, policies, strict=True)]
            if not any(over):
                self.due.update(zip(keys, due, strict=True))
        return [*(at - now for at in due), over.index(True) + 1 if any(over) else 0]


@dataclass
class Limiter:
    """The policies of an installation and the place where their budgets stand."""

    config: Config
    valkey: redis.Redis
    local: LocalBudgets = field(default_factory=LocalBudgets)
    away_until: float = 0.0
    alarm_after: float = 0.0

    def __post_init__(self) -> None:
        config = self.config
        self.key = Policy("key", config.limit_key, MINUTE)
        self.session = Policy("session", config.limit_session, MINUTE)
        self.address = Policy("address", config.limit_address, MINUTE)
        self.logins = Policy("logins", config.limit_logins, FIVE_MINUTES)
        self.account = Policy("account", config.limit_account_logins, FIVE_MINUTES)

    def charge(self, *charges: Charge) -> list[Standing]:
        """Take one request from each budget, or from none when one of them is empty. Never raises."""
        wanted = [(policy, subject) for policy, subject in charges if policy.quota]
        if not wanted:
            return []
        policies = [policy for policy, _ in wanted]
        keys = [self._name(policy, subject) for policy, subject in wanted]
        *ahead, refused = self._ask(keys, policies)
        return [
            Standing(policy, micros, number == refused)
            for number, (policy, micros) in enumerate(zip(policies, ahead, strict=True), 1)
        ]

    def _name(self, policy: Policy, subject: str) -> str:
        """A hash under the installation's secret: a copy of Valkey names nobody, and nobody can test a guess."""
        secret = self.config.secret_key.encode()[:64]
        digest = hashlib.blake2b(subject.encode("utf-8", "surrogateescape"), digest_size=12, key=secret)
        return f"limit:{policy.name}:{digest.hexdigest()}"

    def _ask(self, keys: list[str], policies: list[Policy]) -> list[int]:
        if time.monotonic() < self.away_until:
            return self.local.charge(keys, policies)
        arguments = [number for policy in policies for number in (policy.every, policy.tolerance)]
        try:
            return self._run(keys, arguments)
        except redis.RedisError as fault:
            self._note_away(fault)
            return self.local.charge(keys, policies)

    def _run(self, keys: list[str], arguments: list[int]) -> list[int]:
        try:
            found: list[int] = self.valkey.evalsha(_SCRIPT_SHA, len(keys), *keys, *arguments)
        except NoScriptError:
            found = self.valkey.eval(_SCRIPT, len(keys), *keys, *arguments)
        return found

    def _note_away(self, fault: redis.RedisError) -> None:
        now = time.monotonic()
        self.away_until = now + PAUSE_SECONDS
        if now >= self.alarm_after:
            self.alarm_after = now + ALARM_SECONDS
            log.error("limits.valkey_away", error=type(fault).__name__)


def init_limits(app: Flask, config: Config) -> None:
    """Charge every request but static files and health. Register it before anything that asks the database."""
    app.extensions["wms_limits"] = Limiter(config, connect(config.redis_url))
    app.before_request(_charge_request)
    app.after_request(_tell)


def connect(redis_url: str) -> redis.Redis:
    """A client that gives up at once: its own tries again would make everybody wait while Valkey is away."""
    return redis.Redis.from_url(
        redis_url, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS, retry=Retry(NoBackoff(), 0)
    )


def limiter() -> Limiter:
    found: Limiter = current_app.extensions["wms_limits"]
    return found


def _charge_request() -> Response | None:
    """One request from the budget of what was presented, before anybody looks whether it is genuine."""
    g.standings, g.credential = [], None
    if request.endpoint in EXEMPT:
        return None
    budgets = limiter()
    g.credential = presented_credential()
    if g.credential is None:
        charge = (budgets.address, client_address())
    else:
        kind, token = g.credential
        charge = (budgets.key if kind == "bearer" else budgets.session, token)
    return _refused(budgets.charge(charge))


def _refused(standings: list[Standing]) -> Response | None:
    """The answer to a request over its budget; who asks is not looked up for it."""
    g.standings = [*g.standings, *standings]
    over = next((each for each in standings if each.refused), None)
    if over is None:
        return None
    g.actor = None
    return answer_limit(over.policy.name, over.seconds)


def _tell(response: Response) -> Response:
    """Charge a credential that was not genuine to its address, and write the headers."""
    if "standings" not in g:
        return response
    if g.credential is not None and g.get("actor", g) is None and response.status_code != 429:
        budgets = limiter()
        refusal = _refused(budgets.charge((budgets.address, client_address())))
        if refusal is not None and (response.status_code == 401 or request.method in SAFE_METHODS):
            response = refusal
    if g.standings:
        response.headers["RateLimit-Policy"] = ", ".join(
            f'"{each.policy.name}";q={each.policy.quota};w={each.policy.seconds}' for each in g.standings
        )
        response.headers["RateLimit"] = ", ".join(
            f'"{each.policy.name}";r={each.remaining};t={each.seconds}' for each in g.standings
        )
    return response


def too_many_logins(account: str) -> Refused | None:
    """Charge one try to log in to its address and to its account, known or not; the refusal when it is one too many."""
    budgets = limiter()
    standings = budgets.charge((budgets.logins, client_address()), (budgets.account, account.strip().lower()))
    g.standings = [*g.standings, *standings]
    over = next((each for each in standings if each.refused), None)
    return None if over is None else Refused("too_many_tries", {"seconds": over.seconds})


def client_address() -> str:
    """Who asks, as far as the network knows: an IPv4 address, or the /64 that one IPv6 subscriber has for themselves.

    Behind proxies the setting WMS_PROXIES says how many of them are believed.
    """
    text = request.remote_addr or "unknown"
    if ":" not in text:
        return text
    try:
        address = ipaddress.IPv6Address(text.partition("%")[0])
    except ValueError:
        return text
    return str(address.ipv4_mapped or ipaddress.IPv6Network((int(address) >> 64 << 64, 64)))
