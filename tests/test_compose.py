"""What docker-compose.yml starts fits together."""

from pathlib import Path

import yaml

from lessons.attachments.archives import MOST_UNPACKED
from lessons.attachments.kinds import MOST_BYTES

ROOT = Path(__file__).resolve().parent.parent


def test_web_and_worker_share_the_folder_of_attachments_and_the_scanner_takes_what_may_be_attached() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    example = dict(
        line.split("=", 1) for line in (ROOT / ".env.example").read_text().splitlines() if line[:1].isupper()
    )
    lines = (ROOT / "docker" / "clamd.conf").read_text().splitlines()
    clamd = dict(line.split(maxsplit=1) for line in lines if line and not line.startswith("#"))

    for name in ("web", "worker"):
        assert f"attachments:{example['ATTACHMENTS_ROOT']}" in services[name]["volumes"]
    assert example["SCANNER_URL"] == f"clamd://clamav:{clamd['TCPSocket']}"
    assert "./docker/clamd.conf:/etc/clamav/clamd.conf:ro" in services["clamav"]["volumes"]
    assert clamd["AlertExceedsMax"] == "yes"
    assert _bytes(clamd["StreamMaxLength"]) > MOST_BYTES
    assert _bytes(clamd["MaxFileSize"]) > MOST_UNPACKED


def _bytes(megabytes: str) -> int:
    return int(megabytes.removesuffix("M")) * 1024 * 1024
