"""The text of a PDF's pages where poppler is not installed; the only file that imports pypdf."""

from __future__ import annotations

import io
import logging

import pypdf
from pypdf.errors import PyPdfError

logging.getLogger("pypdf").setLevel(logging.ERROR)


def pages_of(data: bytes) -> list[str]:
    """Return the text of each page.

    Raises:
        ValueError: it is damaged, or needs a password.
    """
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise ValueError("locked")
        return [page.extract_text() for page in reader.pages]
    except (PyPdfError, OSError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("damaged") from error
