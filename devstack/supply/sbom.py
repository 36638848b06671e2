"""The bill of materials in CycloneDX 1.6: `python -m devstack.supply.sbom` writes var/sbom.cdx.json."""

from __future__ import annotations

import json
import sys
import tomllib
from datetime import UTC, datetime
from typing import Any

from devstack.installation import ROOT
from devstack.supply.licences import licence_of
from devstack.supply.parts import PYPI, Part, npm_parts, python_parts

TARGET = ROOT / "var" / "sbom.cdx.json"


def sbom(at: datetime) -> dict[str, Any]:
    """Return it for the locked parts.

    :param at: aware
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    product = {"type": "application", "name": project["name"], "version": project["version"], "bom-ref": "portal"}
    components = [_component(part) for part in sorted([*python_parts(), *npm_parts()])]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"timestamp": at.isoformat(timespec="seconds"), "component": product},
        "components": components,
        "dependencies": [{"ref": "portal", "dependsOn": [one["bom-ref"] for one in components]}],
    }


def _component(part: Part) -> dict[str, Any]:
    algorithm = "SHA-256" if part.ecosystem == PYPI else "SHA-512"
    # Each file of a package has a hash of its own: they belong to what is fetched, not to the package.
    fetched = [{"alg": algorithm, "content": one} for one in part.hashes]
    licence = licence_of(part)
    return {
        "type": "library",
        "bom-ref": part.purl,
        "name": part.name,
        "version": part.version,
        "purl": part.purl,
        "scope": "required" if part.is_shipped else "excluded",
        **({"licenses": [{"expression": licence}]} if licence else {}),
        **({"externalReferences": [{"type": "distribution", "url": part.purl, "hashes": fetched}]} if fetched else {}),
    }


def main() -> int:
    TARGET.parent.mkdir(exist_ok=True)
    made = sbom(datetime.now(UTC))
    TARGET.write_text(json.dumps(made, indent=1) + "\n")
    print(f"{len(made['components'])} parts in {TARGET.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
