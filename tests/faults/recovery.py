"""How long each recovery took: printed at the end of a run, for docs/benchmarks.md."""

from __future__ import annotations

import os

from _pytest.terminal import TerminalReporter

#: What is promised after a return.  Tests measure and report it; machines are noisy, so they fail at ten times that.
RECOVERY_SECONDS = 30
RECOVERED = "recovered after (seconds)"


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    measured = {
        report.nodeid.partition("::")[2]: seconds
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, seconds in report.user_properties
        if name == RECOVERED
    }
    if measured:
        load = os.getloadavg()[0]
        terminalreporter.section(f"recovery, promised within {RECOVERY_SECONDS} s (load {load:.1f})")
    for test, seconds in measured.items():
        late = "" if seconds <= RECOVERY_SECONDS else "  TOO LATE"
        terminalreporter.line(f"{seconds:6.1f} s  {test}{late}")
