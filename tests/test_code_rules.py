"""The rules about code fire on what they are for, and find nothing in the tree."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from devstack.installation import SCANNERS, install_scanners
from devstack.scan import RULES, ScanError, findings_in, unproven_rules
from devstack.tree_secrets import in_tree, looks_secret

ROOT = Path(__file__).resolve().parent.parent
#: What ruff's rules of security must find, each on a line of its own.
FOR_RUFF = {
    "S102": "exec(text)",
    "S113": "requests.get(address)",
    "S301": "pickle.loads(text)",
    "S307": "eval(text)",
    "S308": "mark_safe(text)",
    "S311": "random.choice(letters)",
    "S324": "hashlib.md5(text)",
    "S501": "requests.get(address, verify=False, timeout=1)",
    "S506": "yaml.load(text)",
    "S602": "subprocess.run(text, shell=True)",
    "S605": "os.system(text)",
    "S608": "query = f'SELECT * FROM x WHERE y = {text}'",
    "S701": "jinja2.Environment(autoescape=False)",
}
#: The same for bandit.
FOR_BANDIT = {
    "B102": "exec(text)",
    "B301": "pickle.loads(text)",
    "B307": "eval(text)",
    "B324": "hashlib.md5(text)",
    "B501": "requests.get(address, verify=False, timeout=1)",
    "B506": "yaml.load(text)",
    "B602": "subprocess.run(text, shell=True)",
    "B605": "os.system(text)",
    "B701": "jinja2.Environment(autoescape=False)",
}
SECRET_LINES = [
    "-----BEGIN RSA PRIVATE KEY-----",  # no secret
    "key = AKIAIOSFODNN7QUUXMPL",  # no secret
    "DATABASE_URL=postgresql://portal:kiv6ot9r@db.internal:5432/portal",  # no secret
    "API_TOKEN = 'q8Zr4Lw2Xv7Tn1Kp9Bd5Fs3Hj6Gm0Yc'",  # no secret
    '"client_secret": "9f8e7d6c5b4a39281706f5e4d3c2b1a0"',  # no secret
    "ghp_0123456789abcdefghijABCDEFGHIJ012345",  # no secret
]
HARMLESS_LINES = [
    "postgresql://user:change-me@db:5432/portal",
    'KNOX_TOKEN_MODEL = "accounts.ApiToken.of.people"',
    'password = "correct-horse-with-no-digits"',
    "token = secrets.token_urlsafe(32)",
    "SECRET_KEY: only-for-tests-0123456789abcdef",
]


@pytest.fixture(scope="module")
def _scanners() -> None:
    install_scanners()


@pytest.fixture
def product(tmp_path: Path, _scanners: None) -> Path:
    """A product of two files, under our rules."""
    shutil.copytree(ROOT / RULES, tmp_path / RULES)
    for name, text in {"jol/x.py": "import json\n", "templates/x.html": "<p>{{ text }}</p>\n"}.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.slow
@pytest.mark.usefixtures("_scanners")
def test_the_tree_keeps_the_rules() -> None:
    found = findings_in(ROOT)

    assert [str(one) for one in found if not one.is_reviewed] == []
    assert {"sql", "html", "random", "uuid", "append-only", "csrf", "outgoing"} == {one.rule for one in found}


@pytest.mark.slow
def test_each_rule_finds_what_it_is_for(product: Path) -> None:
    assert list(unproven_rules(product)) == []

    rules = product / RULES / "templates.yaml"
    rules.write_text(rules.read_text().replace("safe(seq)?", "safeseq"))
    lines = product / RULES / "modules.py"
    lines.write_text(lines.read_text().replace("# ruleid: csrf", "#"))
    told = list(unproven_rules(product))
    assert [one.partition(":")[0] for one in told] == ["csrf", "safe"]


@pytest.mark.slow
def test_a_place_that_nobody_reviewed_is_found_whatever_stands_beside_it(product: Path) -> None:
    view = "class Page:\n    @csrf_exempt\n    def show(self):\n        return mark_safe(self.text)  # nosemgrep\n"
    (product / "jol" / "x.py").write_text(view)
    (product / "templates" / "x.html").write_text("<p>\n{{ text|safe }}\n</p>\n")

    found = findings_in(product)

    assert [(one.place, one.line, one.rule, one.is_reviewed) for one in found] == [
        ("jol/x.py show", 2, "csrf", False),
        ("jol/x.py show", 4, "html", False),
        ("templates/x.html", 2, "safe", False),
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("devstack/semgrep/broken.yaml", "rules:\n  - id: broken\n", "broken"),
        ("jol/x.py", "#" * 1_000_001, "did not read what it should: jol/x.py"),  # semgrep leaves large files out
    ],
    ids=["rule", "file"],
)
def test_a_broken_rule_and_a_file_that_was_not_read_are_no_good_news(
    product: Path, name: str, text: str, words: str
) -> None:
    (product / name).write_text(text)

    with pytest.raises(ScanError, match=words):
        findings_in(product)


def test_nothing_to_scan_is_no_good_news(tmp_path: Path) -> None:
    with pytest.raises(ScanError, match="nothing to scan"):
        findings_in(tmp_path)


@pytest.mark.slow
@pytest.mark.usefixtures("_scanners")
def test_bandit_finds_what_it_is_for(tmp_path: Path) -> None:
    imports = "import hashlib, os, pickle, subprocess\nimport jinja2, requests, yaml\n"
    (tmp_path / "x.py").write_text(imports + "\n".join(FOR_BANDIT.values()) + "\n")
    command = [SCANNERS / "bin" / "bandit", "--quiet", "--configfile", "pyproject.toml", "--recursive", tmp_path]

    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)

    assert {rule for rule in FOR_BANDIT if f"[{rule}:" in done.stdout} == set(FOR_BANDIT)
    assert done.returncode == 1


def test_ruffs_rules_of_security_are_on() -> None:
    imports = "import hashlib, os, pickle, random, subprocess\nimport jinja2, requests, yaml\n"
    source = imports + "from django.utils.safestring import mark_safe\n" + "\n".join(FOR_RUFF.values()) + "\n"
    name = str(ROOT / "accounts" / "x.py")
    command = [
        Path(sys.executable).parent / "ruff",
        "check",
        "--output-format",
        "concise",
        "--stdin-filename",
        name,
        "-",
    ]

    told = subprocess.run(command, input=source, capture_output=True, text=True, cwd=ROOT).stdout

    assert {rule for rule in FOR_RUFF if f" {rule} " in told} == set(FOR_RUFF)


@pytest.mark.parametrize("line", SECRET_LINES, ids=range(len(SECRET_LINES)))
def test_what_looks_like_a_secret_is_found(line: str) -> None:
    assert looks_secret(line)
    assert not looks_secret(line + "  # no secret")


@pytest.mark.parametrize("line", HARMLESS_LINES)
def test_placeholders_and_names_are_no_secrets(line: str) -> None:
    assert not looks_secret(line)


def test_the_tree_holds_no_secret() -> None:
    assert list(in_tree()) == []


@pytest.mark.slow
def test_nothing_that_was_ever_committed_held_a_key() -> None:
    history = subprocess.run(
        ["git", "log", "-p", "--no-color", "--unified=0", "--", ".", ":!requirements", ":!package-lock.json", ":!data"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        errors="replace",
        check=True,
    ).stdout

    kinds = {"private key", "cloud key", "token of a forge or chat", "secret key of age"}
    told = {line[:80] for line in history.splitlines() if line[:1] == "+" and looks_secret(line) in kinds}
    assert told == set()


# -- templates -----------------------------------------------------------------------------------------
def test_no_block_asks_for_a_name_that_another_block_sets() -> None:
    """What a block sets is forgotten at its end: a link would lead nowhere, without an error."""
    lost = [f"{path}: {name}" for path in sorted(Path("templates").rglob("*.html")) for name in _lost_in(path)]

    assert not lost


def _lost_in(path: Path) -> list[str]:
    parts = re.split(r"\{% (?:end)?block\b[^%]*%\}", path.read_text())
    set_in = [set(re.findall(r" as (\w+) %\}", part)) for part in parts]
    asked_for = [set(re.findall(r"(?:=|\{\{ |\bif |\bwith )(\w+)\b", part)) for part in parts]
    everywhere = set().union(*set_in)
    return sorted(set().union(*(asked & everywhere - own for asked, own in zip(asked_for, set_in, strict=True))))
