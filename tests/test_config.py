"""Configuration: valid or refused as a whole, safe by default, and the same in every process."""

from __future__ import annotations

import base64
import dataclasses

import pytest

from config import Config, ConfigError, config_table

GOOD_KEY = base64.b64encode(bytes(range(32))).decode()
PRODUCTION = {"WMS_ENV": "production", "WMS_SECRET_KEY": "s" * 40, "WMS_PII_KEY": GOOD_KEY}


def problems(environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        Config.from_environ(environ)
    return caught.value.problems


def test_development_starts_without_any_setting():
    config = Config.from_environ({})
    assert (config.environment, config.port, config.seed_demo, config.log_json) == (
        "development",
        8000,
        True,
        False,
    )
    assert config.public_url == "http://127.0.0.1:8000"
    assert config.files_root == config.instance_path / "files"


def test_production_starts_with_its_own_secrets():
    config = Config.from_environ(PRODUCTION)
    assert config.is_production
    assert not config.seed_demo
    assert config.log_json


def test_all_problems_are_named_at_once():
    found = problems(
        {
            "WMS_ENV": "prod",
            "PORT": "eighty",
            "WMS_WEB_THREADS": "0",
            "WMS_PII_KEY": "AAAA",
            "WMS_LOG_JSON": "maybe",
        }
    )
    assert [problem.split()[0] for problem in found] == [
        "WMS_ENV",
        "WMS_PII_KEY",
        "PORT",
        "WMS_WEB_THREADS",
        "WMS_LOG_JSON",
    ]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"WMS_SECRET_KEY": ""}, "WMS_SECRET_KEY"),
        ({"WMS_SECRET_KEY": "short"}, "WMS_SECRET_KEY"),
        ({"WMS_PII_KEY": ""}, "WMS_PII_KEY"),
        ({"WMS_SEED_DEMO": "yes"}, "WMS_SEED_DEMO"),
        ({"WMS_FILEZ": "80"}, "WMS_FILEZ is not a setting; do you mean WMS_FILES?"),
        ({"DATABASE_URL": "sqlite:///x"}, "DATABASE_URL"),
        ({"REDIS_URL": "localhost"}, "REDIS_URL"),
        ({"WMS_OUTBOX_SWEEP_SECONDS": "200"}, "WMS_OUTBOX_SWEEP_SECONDS"),
    ],
)
def test_production_refuses(change: dict[str, str], named: str):
    (problem,) = problems({**PRODUCTION, **change})
    assert named in problem


@pytest.mark.parametrize("bind", ["0.0.0.0", "::", "192.168.1.5", "warehouse.example"])
def test_public_secrets_are_refused_where_other_machines_reach(bind: str):
    assert {problem.split()[0] for problem in problems({"BIND": bind})} == {
        "WMS_SECRET_KEY",
        "WMS_PII_KEY",
    }


def test_a_child_reads_the_same_configuration_from_what_it_is_given():
    config = Config.from_environ({**PRODUCTION, "DATABASE_URL": "postgres://u:p@h/n", "REDIS_URL": "redis://h/0"})
    assert config.database_url == "postgresql+psycopg://u:p@h/n"
    assert Config.from_environ(config.to_environ()) == config


def test_a_web_process_needs_engines():
    with pytest.raises(ConfigError) as caught:
        Config.from_environ({}).require_engines()
    assert [problem.split()[0] for problem in caught.value.problems] == ["DATABASE_URL", "REDIS_URL"]


def test_the_table_names_every_setting_once_with_its_meaning():
    table = config_table()
    assert len({row.variable for row in table}) == len(dataclasses.fields(Config))
    assert all(row.meaning.endswith(".") for row in table)
    assert not any("development-only" in row.default for row in table)
