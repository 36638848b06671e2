"""No regular expression of ours takes long, whatever it is given."""

import importlib
import pkgutil
import re
import time

import pytest

from devstack.scan import PRODUCT

#: Ten times what is allowed: on a busy machine only what grows out of all proportion is found here.
AT_MOST_SECONDS = 0.5
N = 4_000
PROBES = [
    *(letter * N + "!" for letter in "aA0 .-_@\"'\\/<&=:,\n\t"),
    *(
        pair * (N // 2) + "\x00"
        for pair in ("a ", "a.", "a-", "0 ", "0-", ". ", "a@", "Aa", "a,", "((", "''", "\r\n", " \n")
    ),
    "a" * N + "@" + "a." * (N // 2),
    "+44 " + "0 " * N,
    "https://" + "a." * N + "/" + "?" * N,
]


@pytest.mark.slow
def test_every_pattern_is_quick_on_text_made_to_be_slow() -> None:
    patterns = {}
    for package in PRODUCT:
        root = importlib.import_module(package)
        names = [one.name for one in pkgutil.walk_packages(root.__path__, f"{package}.")]
        for name in names:
            if ".migrations" in name or ".management" in name or name == "jol.serving":
                continue
            for held, value in vars(importlib.import_module(name)).items():
                if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                    patterns[value] = f"{name}.{held}"
    slow = []
    for pattern, name in patterns.items():
        for probe in PROBES:
            began = time.process_time()
            pattern.search(probe)
            pattern.fullmatch(probe)
            if (took := time.process_time() - began) > AT_MOST_SECONDS:
                slow.append(f"{name}: {took:.2f} s for {probe[:10]!r}")

    assert len(patterns) > 20
    assert slow == []
