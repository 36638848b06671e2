"""The rules about code fire on what they are for, and find nothing in the tree."""

import subprocess
import sys
from pathlib import Path

import pytest

from devstack.code_rules import RULES, TEMPLATE_RULES, findings_in, findings_in_template, open_findings
from devstack.tree_secrets import in_tree, looks_secret

ROOT = Path(__file__).resolve().parent.parent
BAD: list[tuple[str, str]] = [
    ("sql", "cursor.execute(f'SELECT {name}')"),
    ("sql", "cursor.execute('SELECT %s' % name)"),
    ("sql", "cursor.execute('SELECT {}'.format(name))"),
    ("sql", "cursor.execute('SELECT ' + name, [1])"),
    ("sql", "cursor.execute(query)"),
    ("sql", "Lesson.objects.raw(query)"),
    ("sql", "Lesson.objects.extra(where)"),
    ("sql", "RawSQL(query, [])"),
    ("html", "mark_safe(lesson.title)"),
    ("html", "SafeString('<b>' + title)"),
    ("html", "format_html(f'<b>{title}</b>')"),
    ("html", "format_html_join('', title, [])"),
    ("template", "Template(lesson.title).render(context)"),
    ("template", "engines['django'].from_string(text)"),
    ("random", "import random"),
    ("random", "from random import choice"),
    ("uuid", "token = str(uuid.uuid4())"),
    ("uuid", "from uuid import uuid4"),
    ("append-only", "cursor.execute('UPDATE accounts_auditevent SET role = 1')"),
    ("append-only", "SQL = 'delete from lessons_lessonmove where true'"),
    ("append-only", "SQL = 'TRUNCATE TABLE \"accounts_auditevent\"'"),
    ("append-only", "AuditEvent.objects.filter(pk=1).update(reason='')"),
    ("append-only", "LessonMove.objects.all().delete()"),
    ("append-only", "with pgtrigger.ignore('x:y'): pass"),
    ("csrf", "@csrf_exempt\ndef view(request): pass"),
    ("outgoing", "import requests"),
    ("outgoing", "from urllib.request import urlopen"),
    ("outgoing", "import socket"),
]
GOOD = [
    "cursor.execute('SELECT 1 WHERE x = %s', [name])",
    "cursor.execute(COUNT_UP, {'key': key})",
    "cursor.execute(sql.HOLDERS + COUNT)",
    "mark_safe('<br>')",
    "format_html('<b>{}</b>', title)",
    "format_html(CHOICE, link.url)",
    "secrets.token_urlsafe(32)",
    "Lesson.objects.filter(pk=1).update(title='x')",
    "SQL = 'SELECT * FROM accounts_auditevent'",
    "loader.get_template('500.html')",
]
BAD_TEMPLATES: list[tuple[str, str]] = [
    ("safe", "{{ lesson.title|safe }}"),
    ("safe", "{{ names | safeseq }}"),
    ("safe", "{% autoescape off %}{{ text }}{% endautoescape %}"),
    ("inline", "<script>go()</script>"),
    ("inline", '<script type="module">go()</script>'),
    ("inline", "<style>p {}</style>"),
    ("inline", '<a href="/" onclick="go()">x</a>'),
    ("inline", '<p style="color: red">x</p>'),
    ("scheme", '<a href="javascript:go()">x</a>'),
    ("scheme", '<img src="data:image/png;base64,x">'),
    ("scheme", "<form action='http://elsewhere.example'>"),
]
GOOD_TEMPLATES = ['<script src="{% static "a.js" %}" defer></script>', "<a href='https://x.example'>only safe</a>"]
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


@pytest.mark.parametrize(("rule", "source"), BAD)
def test_each_rule_finds_what_it_is_for(rule: str, source: str) -> None:
    assert rule in {found.rule for found in findings_in(source, "x.py")}


@pytest.mark.parametrize("source", GOOD)
def test_what_is_right_is_passed_over(source: str) -> None:
    assert list(findings_in(source, "x.py")) == []


@pytest.mark.parametrize(("rule", "source"), BAD_TEMPLATES)
def test_each_rule_of_templates_finds_what_it_is_for(rule: str, source: str) -> None:
    assert rule in {found.rule for found in findings_in_template(source, "x.html")}


def test_every_rule_was_seen_to_find_something() -> None:
    assert {rule for rule, _ in BAD} == set(RULES)
    assert {rule for rule, _ in BAD_TEMPLATES} == set(TEMPLATE_RULES)
    assert not [found for source in GOOD_TEMPLATES for found in findings_in_template(source, "x.html")]


def test_the_tree_keeps_the_rules() -> None:
    assert open_findings() == []


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
