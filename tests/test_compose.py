"""What docker-compose.yml, Dockerfile and nginx.conf start is closed, and fits together."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from jol import serving
from lessons.attachments.archives import MOST_UNPACKED
from lessons.attachments.kinds import MOST_BYTES

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
EXAMPLE = dict(line.split("=", 1) for line in (ROOT / ".env.example").read_text().splitlines() if line[:1].isupper())
NGINX = (ROOT / "docker" / "nginx" / "nginx.conf").read_text()
#: What it writes to when it starts is in several places; the rest of it is closed as the others are.
WRITES_TO_ITS_IMAGE = {"clamav"}
SECRETS = ("KEY", "PASSWORD", "TOKEN", "SECRET")


def test_web_and_worker_share_the_folder_of_attachments_and_the_scanner_takes_what_may_be_attached() -> None:
    lines = (ROOT / "docker" / "clamd.conf").read_text().splitlines()
    clamd = dict(line.split(maxsplit=1) for line in lines if line and not line.startswith("#"))

    for name in ("web", "web-2", "worker", "backup"):
        assert f"attachments:{EXAMPLE['ATTACHMENTS_ROOT']}" in SERVICES[name]["volumes"]
    assert EXAMPLE["SCANNER_URL"] == f"clamd://clamav:{clamd['TCPSocket']}"
    assert "./docker/clamd.conf:/etc/clamav/clamd.conf:ro" in SERVICES["clamav"]["volumes"]
    assert clamd["AlertExceedsMax"] == "yes"
    assert _bytes(clamd["StreamMaxLength"]) > MOST_BYTES
    assert _bytes(clamd["MaxFileSize"]) > MOST_UNPACKED


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_can_do_no_more_than_it_must(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is (name not in WRITES_TO_ITS_IMAGE)
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not service.get("privileged")
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["tmpfs"]
    assert re.fullmatch(r"[\w./-]+:(\d[\w.-]*|built-here)", service["image"]), "it names no version"
    assert not any("docker.sock" in volume for volume in service.get("volumes", []))
    assert ("healthcheck" in service) is (name != "migrate")
    assert service["restart"] == ("no" if name == "migrate" else "unless-stopped")
    for variable, value in service.get("environment", {}).items():
        assert value.startswith("${") or not value or not any(word in variable for word in SECRETS), (
            f"{variable} stands in the file"
        )


def test_no_upload_fills_the_memory_of_the_proxy() -> None:
    [folder] = SERVICES["proxy"]["tmpfs"]

    size = re.search(r"size=(\d+m)\b", folder)
    assert size, "without an end it grows until the container is ended"
    assert 2 * _bytes(size[1].upper()) <= _bytes(SERVICES["proxy"]["mem_limit"].upper())


def test_only_who_migrates_and_who_makes_backups_can_change_the_record() -> None:
    given = {name: one.get("environment", {}) for name, one in SERVICES.items() if one.get("env_file") == ".env"}
    owners = {name for name, values in given.items() if "OWNER_DATABASE_URL" in values.get("DATABASE_URL", "")}

    assert owners == {"migrate", "backup"}
    assert given["migrate"]["APP_DATABASE_URL"].startswith("${DATABASE_URL:")
    assert SERVICES["migrate"]["command"].index("migrate ") < SERVICES["migrate"]["command"].index("grant_app_role")
    for name in given.keys() - owners:
        assert given[name] == {"OWNER_DATABASE_URL": "", "POSTGRES_PASSWORD": ""}, name
    owner, app = (urlsplit(EXAMPLE[name]).username for name in ("OWNER_DATABASE_URL", "DATABASE_URL"))
    assert owner == SERVICES["db"]["environment"]["POSTGRES_USER"] != app
    hba = (ROOT / "docker" / "pg_hba.conf").read_text()
    assert re.search(rf"^host\s+all\s+{owner},{app}\s+samenet\s+scram", hba, re.MULTILINE)


def test_only_the_proxy_is_reached_from_outside_and_nobody_but_the_portal_reaches_the_data() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["inner"]["internal"]
    calls_out = {name for name, service in SERVICES.items() if "outer" in service["networks"]}
    assert calls_out == {"proxy", "web", "web-2", "worker", "clamav"}, "mail, sign-in by others, signatures of viruses"
    assert SERVICES["db"]["networks"] == SERVICES["redis"]["networks"] == SERVICES["backup"]["networks"] == ["inner"]
    assert "inner" not in SERVICES["proxy"]["networks"]
    hosts = {_first(r"@(\w+):", EXAMPLE["DATABASE_URL"]), _first(r"//(\w+):", EXAMPLE["REDIS_URL"])}
    assert hosts == {"db", "redis"}


def test_the_proxy_knows_both_web_servers_and_waits_and_takes_what_they_do() -> None:
    addresses = {SERVICES[name]["networks"]["front"]["ipv4_address"] for name in ("web", "web-2")}
    port = serving.bind.rpartition(":")[2]

    assert set(re.findall(r"server ([\d.]+:\d+)", NGINX)) == {f"{address}:{port}" for address in addresses}
    assert MOST_BYTES < _bytes(_first(r"client_max_body_size (\w+);", NGINX).upper()) < 2 * MOST_BYTES
    assert int(_first(r"keepalive_timeout (\d+)s; # less", NGINX)) < serving.keepalive
    assert int(_first(r"proxy_read_timeout (\d+)s", NGINX)) > serving.timeout
    assert SERVICES["web"]["stop_grace_period"] > f"{serving.graceful_timeout}s"


def test_the_database_hands_out_its_log_often_enough_and_to_whom_seals_it() -> None:
    command = SERVICES["db"]["command"]

    timeout = next(int(one.partition("=")[2]) for one in command if one.startswith("-carchive_timeout"))
    assert timeout <= 60, "three minutes may be lost: this, a minute to seal it, and one for what is slow"
    assert "-carchive_mode=on" in command
    assert "archive:/archive" in SERVICES["db"]["volumes"]
    assert "archive:/archive" in SERVICES["backup"]["volumes"]


#: Stands for docker: every image is there but one, and the build makes the portal's anew where the file `new` is.
DOCKER = """#!/bin/sh
echo "$*" >> "$0.said"
case "$*" in
    *inspect*built-here) test -e "$0.new" && echo new || echo old ;;
    *inspect*) echo old ;;
    *"-database:built-here "*) exit 1 ;;
esac
"""


def rolled(folder: Path, *options: str, is_new: bool = True) -> list[str]:
    """Return what docker/rolling asks docker for, in order."""
    folder.mkdir()
    (folder / "docker").write_text(DOCKER)
    (folder / "docker").chmod(0o755)
    if is_new:
        (folder / "docker.new").touch()
    path = f"{folder}:{os.environ['PATH']}"
    done = subprocess.run(["sh", ROOT / "docker" / "rolling", *options], env={"PATH": path}, capture_output=True)
    assert done.returncode == 0, done.stderr
    return (folder / "docker.said").read_text().splitlines()


def test_a_new_release_keeps_the_images_before_it_and_goes_back_to_them_without_building(tmp_path: Path) -> None:
    images = {service["image"].partition(":")[0] for service in SERVICES.values() if "build" in service}

    said, again = rolled(tmp_path / "new"), rolled(tmp_path / "again", is_new=False)
    back, as_is = rolled(tmp_path / "back", "--back"), rolled(tmp_path / "as-is", "--as-is")

    kept = {f"image tag {image}:last {image}:before" for image in images}
    assert said.index("compose build --pull") < min(map(said.index, kept)) < said.index("compose run --rm migrate")
    assert not kept & set(again), "what was before it stays before it"
    assert set(back[:3]) == {f"image tag {image}:before {image}:built-here" for image in images}
    assert said[-4:] == again[-4:] == back[3:]
    assert as_is == ["compose run --rm migrate", *back[3:]], "another password is taken in at night, too"
    assert [one.rpartition(" ")[2] for one in back[3:5]] == ["web", "web-2"]


def test_images_are_small_closed_and_without_secrets() -> None:
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    stages: dict[str, list[str]] = {}
    for line in lines:
        if line.startswith("FROM "):
            image, _, name = line.removeprefix("FROM ").partition(" AS ")
            assert image in stages or re.fullmatch(r"[\w./-]+:\d[\w.-]*", image), f"{image} names no version"
            stages[name or "last"] = list(stages.get(image, []))
        else:
            stages[name or "last"].append(line)

    for name in ("portal", "operation", "database", "last"):
        users = [line.split()[1] for line in stages[name] if line.startswith("USER ")]
        assert users, name
        assert users[-1].partition(":")[0] not in {"root", "0"}, name
    assert "--uid 10001 " in " ".join(stages["operation"]), "who seals the log must be able to read it"
    assert "--uid 10001 " in " ".join(stages["database"])
    for line in lines:
        assert not line.startswith("ADD "), "COPY says what it does"
        if line.startswith(("ENV ", "ARG ")):
            assert not any(word in line for word in SECRETS), line
        if "apt-get install" in line:
            assert "--no-install-recommends" in line
            assert "rm -rf /var/lib/apt/lists" in line
        if "pip install" in line:
            assert "--require-hashes" in line
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert next(line for line in ignored if not line.startswith("#")) == "*", "only what is named comes in"
    assert not any(line.startswith("!.env") for line in ignored)
    assert stages["portal"][-1].startswith('CMD ["gunicorn", "jol.wsgi", "-c", "python:jol.serving"]')


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found, pattern
    return found[1]


def _bytes(megabytes: str) -> int:
    return int(megabytes.removesuffix("M")) * 1024 * 1024
