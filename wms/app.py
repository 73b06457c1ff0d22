"""The factory: the list of features, in tier order. Nothing happens at import."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from flask import Flask
from flask_smorest import Blueprint as ApiBlueprint
from werkzeug.middleware.proxy_fix import ProxyFix

from config import Config
from wms.platform import access, exposition, health, metrics, telemetry, tracing
from wms.platform.api_document import init_api_document
from wms.platform.courier import init_courier
from wms.platform.database import db, engine_options, init_database, migrate
from wms.platform.forms import init_forms
from wms.platform.http import ProblemApi, init_http
from wms.platform.i18n import LANGUAGES, init_i18n, refusal_texts
from wms.platform.limits import init_limits
from wms.platform.outbox import jobs
from wms.platform.pages import init_pages
from wms.platform.schemas import DecimalText
from wms.platform.stores import open_store
from wms.printing.sources import sources

ROOT = Path(__file__).parents[1]

# Tier order. Each feature is plugged in by the role files it has; a test forbids imports that go up.
FEATURES = (
    "identity", "catalog", "facility",
    "inventory",
    "customs", "shipping", "printing", "added_services",
    "inbound", "outbound", "returns",
    "floor", "portal", "office", "transfers", "exchange",
)  # fmt: skip

MAX_BODY_BYTES = 8 * 1024 * 1024


class Application(Flask):
    """Flask without its question, of each function of each request, whether it is a coroutine: none of ours is."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def create_app(config: Config) -> Flask:
    """The application for web, worker, commands and tests alike: one configuration, one factory."""
    app = Application(
        "wms",
        root_path=str(ROOT / "wms"),
        static_folder=str(ROOT / "static"),
        template_folder="platform/templates",
    )
    app.config.update(
        SECRET_KEY=config.secret_key,
        SQLALCHEMY_DATABASE_URI=config.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(config.web_threads + 1),
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_BODY_BYTES,
        BABEL_DEFAULT_LOCALE=config.default_language,
        LANGUAGES=LANGUAGES,
        # What a page says once (flashed messages) travels in this cookie; no login does.
        SESSION_COOKIE_NAME="__Host-said" if config.is_https else "said",
        SESSION_COOKIE_SECURE=config.is_https,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    if config.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=config.proxies, x_proto=config.proxies)  # type: ignore[method-assign]
    app.extensions["wms_config"] = config
    app.extensions["wms_files"] = open_store(config)
    jobs.lease_seconds = config.outbox_lease_seconds
    telemetry.configure_logging(config.log_level, config.log_json)
    metrics.configure(config.metrics_root)
    tracing.configure(config.traces_url, config.traces_percent, config.metrics_root)
    telemetry.init_requests(app)
    init_limits(app, config)
    init_database(app)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"))
    init_courier(app, config.redis_url)
    init_http(app)
    init_i18n(app)
    init_pages(app)
    init_forms(app)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(exposition.blueprint)
    _register_features(app)
    init_api_document(app)
    importlib.import_module("wms.reactions").register()
    importlib.import_module("wms.cli").register(app)
    return app


def _register_features(app: Flask) -> None:
    api = ProblemApi(app, spec_kwargs=_api_description())
    api.register_field(DecimalText, ["string", "number"], None)
    app.extensions["wms_api"] = api
    for feature in FEATURES:
        for role in ("models", "errors", "jobs", "documents", "authentication", "api", "floor_api", "pages"):
            module = _role(feature, role)
            if module is not None:
                _plug_in(app, api, role, module)


def _role(feature: str, role: str) -> ModuleType | None:
    """The role file of a feature, or None: a feature has only the roles it needs."""
    package = ROOT / "wms" / feature
    if not ((package / f"{role}.py").exists() or (package / role / "__init__.py").exists()):
        return None
    return importlib.import_module(f"wms.{feature}.{role}")


def _plug_in(app: Flask, api: ProblemApi, role: str, module: ModuleType) -> None:
    if role == "errors":
        refusal_texts.add(module.TEXTS)
    elif role == "jobs":
        for topic, handler, queue in module.JOBS:
            jobs.register(topic, handler, queue)
    elif role == "documents":
        sources.add(module.SOURCES)
    elif role == "authentication":
        module.register(access.authenticators)
    elif role in {"api", "pages", "floor_api"}:
        for blueprint in module.BLUEPRINTS:
            if isinstance(blueprint, ApiBlueprint):
                api.register_blueprint(blueprint)
            else:
                app.register_blueprint(blueprint)


def _api_description() -> dict[str, object]:
    return {
        "title": "WMS",
        "version": "v1",
        "openapi_version": "3.1.0",
        "security": [{"bearer": []}],
        "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
    }
