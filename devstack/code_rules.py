"""Rules of our own about code and templates, beside those of ruff: what could let text become code, SQL or a secret.

`reviewed_code` names the places that may, with the reason.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from devstack.installation import ROOT
from devstack.reviewed_code import REVIEWED

PRODUCT = ("jol", "accounts", "lessons", "notifications", "govuk")
CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*")
APPEND_ONLY = "accounts_auditevent|accounts_auditseal|lessons_lessonmove|lessons_exportrecord"
CHANGES_ROWS = re.compile(rf"\b(UPDATE|DELETE\s+FROM|TRUNCATE(\s+TABLE)?)\s+\"?({APPEND_ONLY})\"?\b", re.IGNORECASE)
APPEND_ONLY_MODELS = {"AuditEvent", "AuditSeal", "LessonMove", "ExportRecord"}
RUNS_SQL = {"execute", "executemany", "raw", "extra", "RawSQL"}
MAKES_HTML = {"mark_safe", "SafeString", "SafeText"}
SPEAKS_TO_OTHERS = {"requests", "urllib.request", "http.client", "httpx", "aiohttp", "socket", "smtplib", "ftplib"}


@dataclass(frozen=True, order=True)
class Finding:
    path: str
    line: int
    rule: str
    function: str

    @property
    def place(self) -> str:
        return f"{self.path} {self.function}".strip()

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.rule}: {WORDS[self.rule]} (in {self.function or 'the module'})"


def _called(node: ast.AST) -> str:
    """Return the last name of what is called: `execute` of `cursor.execute(…)`."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else _name(node.func)


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""


def _is_fixed(node: ast.expr) -> bool:
    """Whether a text is written here, or a constant of a module, with nothing put into it."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.IfExp):
        return _is_fixed(node.body) and _is_fixed(node.orelse)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _is_fixed(node.left) and _is_fixed(node.right)
    name = node.attr if isinstance(node, ast.Attribute) else _name(node)
    return bool(CONSTANT.fullmatch(name))


def sql_is_fixed(node: ast.AST) -> bool:
    return _called(node) in RUNS_SQL and bool(node.args) and not _is_fixed(node.args[0])  # type: ignore[attr-defined]


def html_is_escaped(node: ast.AST) -> bool:
    name = _called(node)
    if name in {"format_html", "format_html_join"}:
        place = 1 if name == "format_html_join" else 0
        return not _is_fixed(node.args[place])  # type: ignore[attr-defined]
    return name in MAKES_HTML and not _is_fixed(node.args[0])  # type: ignore[attr-defined]


def templates_are_files(node: ast.AST) -> bool:
    return _called(node) in {"Template", "from_string", "select_template_from_string"}


def chance_is_secure(node: ast.AST) -> bool:
    return (isinstance(node, ast.Import) and any(name.name == "random" for name in node.names)) or (
        isinstance(node, ast.ImportFrom) and node.module == "random"
    )


def uuids_are_no_secrets(node: ast.AST) -> bool:
    names = {"uuid1", "uuid4"}
    return (isinstance(node, ast.Attribute) and node.attr in names) or (
        isinstance(node, ast.ImportFrom) and node.module == "uuid" and bool(names & {name.name for name in node.names})
    )


def rows_stay(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return bool(CHANGES_ROWS.search(node.value))
    if isinstance(node, ast.Attribute) and node.attr == "ignore" and _name(node.value) == "pgtrigger":
        return True
    return _called(node) in {"update", "delete", "bulk_update"} and _model_of(node) in APPEND_ONLY_MODELS


def _model_of(node: ast.AST) -> str:
    """Return the model of `Model.objects.filter(…).update(…)`."""
    while True:
        if isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Attribute):
            node = node.value
        else:
            return _name(node)


def forms_have_tokens(node: ast.AST) -> bool:
    return "csrf_exempt" in {_name(node), node.attr if isinstance(node, ast.Attribute) else ""}


def few_speak_to_others(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return any(name.name in SPEAKS_TO_OTHERS for name in node.names)
    return isinstance(node, ast.ImportFrom) and node.module in SPEAKS_TO_OTHERS


#: What each looks for, and what to do about it.
RULES: dict[str, tuple[Callable[[ast.AST], bool], str]] = {
    "sql": (sql_is_fixed, "write SQL as a constant, values as parameters"),
    "html": (html_is_escaped, "use format_html with a constant, or a template"),
    "template": (templates_are_files, "templates are files; no text becomes one"),
    "random": (chance_is_secure, "use secrets"),
    "uuid": (uuids_are_no_secrets, "a UUID is no secret: use secrets.token_urlsafe"),
    "append-only": (rows_stay, "rows of this table are never changed"),
    "csrf": (forms_have_tokens, "forms keep their token"),
    "outgoing": (few_speak_to_others, "few modules speak to other servers"),
}
#: The same for templates of pages; texts of mails have no HTML to escape for.
TEMPLATE_RULES = {
    "safe": (re.compile(r"\|\s*safe(seq)?\b|\{%-?\s*autoescape\s+off"), "texts of pages are escaped"),
    "inline": (
        re.compile(r"<script(?![^>]*\bsrc=)[^>]*>|<style\b|\son[a-z]+\s*=\s*[\"']|\sstyle\s*=\s*[\"']", re.IGNORECASE),
        "no script or style within a page",
    ),
    "scheme": (re.compile(r"(?:href|src|action)\s*=\s*[\"']?\s*(?:javascript|data|http):", re.IGNORECASE), "use https"),
}
WORDS = {name: words for name, (_, words) in [*RULES.items(), *TEMPLATE_RULES.items()]}


def findings_in(source: str, path: str) -> Iterator[Finding]:
    """Yield what the rules find in a module, reviewed or not."""
    tree = ast.parse(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    for node in ast.walk(tree):
        for rule, (finds, _) in RULES.items():
            if finds(node):
                line = node.lineno  # type: ignore[attr-defined]
                around = [one for one in functions if _first_line(one) <= line <= (one.end_lineno or 0)]
                yield Finding(path, line, rule, max(around, key=lambda one: one.lineno).name if around else "")


def _first_line(node: ast.FunctionDef | ast.ClassDef) -> int:
    return min([node.lineno, *(one.lineno for one in node.decorator_list)])


def findings_in_template(source: str, path: str) -> Iterator[Finding]:
    for rule, (pattern, _) in TEMPLATE_RULES.items():
        for found in pattern.finditer(source):
            yield Finding(path, source.count("\n", 0, found.start()) + 1, rule, "")


def all_findings() -> Iterator[Finding]:
    for folder in PRODUCT:
        for path in sorted(ROOT.glob(f"{folder}/**/*.py")):
            if "migrations" not in path.parts:
                yield from findings_in(path.read_text(), str(path.relative_to(ROOT)))
    for path in sorted(ROOT.glob("templates/**/*.html")):
        if "emails" in path.parts:  # their styles go into each element when they are sent
            continue
        yield from findings_in_template(path.read_text(), str(path.relative_to(ROOT)))


def open_findings() -> list[str]:
    """Return, in words, what nobody has reviewed."""
    return [str(one) for one in sorted(set(all_findings())) if one.place not in REVIEWED.get(one.rule, {})]


def stale_reviews() -> list[str]:
    """Return reviews of what is not there any more: to be taken away, and no fault."""
    used = {(one.rule, one.place) for one in all_findings()}
    reviewed = [(rule, place) for rule, places in REVIEWED.items() for place in places]
    return [f"{rule}: {place} needs no review any more" for rule, place in reviewed if (rule, place) not in used]


def main() -> int:
    told = open_findings()
    for line in [*told, *stale_reviews()]:
        print(line)
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
