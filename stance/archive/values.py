"""Values as archives have them -> text, and dates -> ISO 8601."""

import re
from contextlib import suppress
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Any

_MILLISECONDS = 100_000_000_000  # seconds since 1970 up to the year 5138
_SPELLED = (
    "%B %d, %Y", "%b %d, %Y", "%b. %d, %Y", "%A, %B %d, %Y", "%d %B %Y", "%d %b %Y", "%Y/%m/%d",
)  # fmt: skip
_UNREADABLE = re.compile("[\0\ud800-\udfff]")


def as_text(value: Any) -> str | None:
    """A value that is carried along, as text; None where it is blank, or nothing that text is.

    What no file of text can hold (NUL, half a surrogate pair) becomes U+FFFD: the record counts,
    not its title.
    """
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, date):
        value = value.isoformat()
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return _UNREADABLE.sub("\ufffd", str(value)).strip() or None


def iso_date(value: Any) -> str | None:
    """A date or time as ISO 8601, where that is certain; else as it stands.

    Read are ISO 8601, RFC 2822 ("Mon, 1 Jun 2020 10:00:00 GMT"), seconds or milliseconds since
    1970, and dates with the month spelled ("June 1, 2020"). "1/6/2020" could be two days and stays.
    """
    text = as_text(value)
    if text is None or isinstance(value, date):
        return text
    for read in (_counted, _iso, _mailed, _spelled):
        with suppress(ValueError, TypeError, IndexError, OverflowError, OSError):
            return read(text)
    return text


def _counted(text: str) -> str:
    if not re.fullmatch(r"\d{9,13}(\.\d+)?", text):
        raise ValueError
    seconds = float(text) / 1000 if float(text) > _MILLISECONDS else float(text)
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _iso(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return datetime.fromisoformat(text).isoformat()


def _mailed(text: str) -> str:
    if not re.match(r"[A-Za-z]{3}, \d", text):
        raise ValueError
    return parsedate_to_datetime(text).isoformat()


def _spelled(text: str) -> str:
    for form in _SPELLED:
        with suppress(ValueError):
            return datetime.strptime(text, form).date().isoformat()  # noqa: DTZ007 - a day alone
    raise ValueError
