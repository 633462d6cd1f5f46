"""One line that says what the figures were measured on."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from pathlib import Path


def describe(folder: Path) -> str:
    """Name processor, cores, load, system, Python, SQLite and the file system that `folder` lies on."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    parts = (
        f"{_processor()}, {os.cpu_count()} cores",
        f"load {load}",
        f"{platform.system()} {platform.release()}",
        f"Python {platform.python_version()}",
        f"SQLite {sqlite3.sqlite_version}",
        f"{_file_system(folder)} on {folder}",
    )
    return "; ".join(parts)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _file_system(folder: Path) -> str:
    found = subprocess.run(
        ["stat", "-f", "-c", "%T", str(folder)], capture_output=True, text=True, check=False, timeout=10
    )
    return found.stdout.strip() or "unknown file system"
