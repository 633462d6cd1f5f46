"""Reading a whole session file without owning it."""

from __future__ import annotations

import contextlib
from pathlib import Path

from hermes_tui.capabilities.state.blobs import Blobs
from hermes_tui.capabilities.state.database import connect_reader, is_blank
from hermes_tui.capabilities.state.journal import blob_folder
from hermes_tui.capabilities.state.rows import SELECT, record_of
from hermes_tui.domain.ids import Seq
from hermes_tui.domain.records import NO_CAUSE, Record


def read_session(path: Path, after: Seq = NO_CAUSE) -> list[Record]:
    """Return the durable records after `after` of a session that another process may own.

    Raises:
        JournalUnreadable: missing, no session file, damaged, or of a newer version.
    """
    if is_blank(path):
        return []
    with contextlib.closing(connect_reader(path)) as connection:
        blobs = Blobs(connection, blob_folder(path))
        return [record_of(row, blobs.load) for row in connection.execute(SELECT, (after,))]
