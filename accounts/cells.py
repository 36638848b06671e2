"""Cells of tables that are downloaded."""

import re

#: A cell that a spreadsheet would calculate, however it hides the sign.
FORMULA = re.compile(r"[\s\x00]*[=+\-@＝＋－＠]|[\t\r\n]")


def harmless(cell: str | int) -> str | int:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe stands before what looks like one."""
    return f"'{cell}" if isinstance(cell, str) and FORMULA.match(cell) else cell
