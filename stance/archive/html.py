"""HTML pages -> articles, by trafilatura. The only place that knows it.

Pages are read as browsers do: a mark, what was declared, UTF-8.
"""

import codecs
import re
import warnings
from datetime import date
from typing import Any

from stance.archive.fragments import check_attributes
from stance.archive.records import Limits
from stance.archive.values import as_text
from stance.archive.window import bom_of, encoding_of
from stance.domain import Article
from stance.errors import InputError, extra_needed

# Pages that declare these mean more than the standards of that name hold.
_MEANT = {"iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254", "gb2312": "gb18030",
          "gbk": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949"}  # fmt: skip
_DECLARED = re.compile(
    rb"""<(?:meta|\?xml)[^>]*?(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE
)
_HEAD = 4096
_LATEST = "2100-12-31"
_TAG = re.compile(r"<[A-Za-z]")
_GUESSED_FROM = 1 << 16


def page_text(content: bytes, declared: str | None = None) -> str:
    """A page as text.

    Args:
        content: its bytes.
        declared: the encoding that it was sent with.

    Returns:
        decoded by its byte order mark; else by what was declared, first around it and then in it;
        else as UTF-8; else by what the bytes look like. Bytes that none of these can read become
        U+FFFD, as in a browser.
    """
    if mark := bom_of(content[:4]):
        return content[len(mark) :].decode(encoding_of(mark, None), "replace")
    in_page = _DECLARED.search(content[:_HEAD])
    told = [declared, in_page[1].decode() if in_page else None, "utf-8"]
    encodings = [known for name in told if name and (known := _known(name))]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    # A few bad bytes in what was declared are a slip; without a declaration it is another encoding.
    encoding = encodings[0] if len(encodings) > 1 else _looks_like(content)
    return content.decode(encoding, "replace")


def _known(name: str) -> str | None:
    try:
        codec = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    if not codec._is_text_encoding:  # what bytes.decode itself asks
        return None
    if codec.name.startswith(("utf-16", "utf-32")):
        return "utf-8"  # in those, the declaration itself could not have been found
    return _MEANT.get(codec.name, codec.name)


def _looks_like(content: bytes) -> str:
    from charset_normalizer import from_bytes

    found = from_bytes(content[:_GUESSED_FROM]).best()
    return found.encoding if found else "cp1252"


def html_article(
    page: str, limits: Limits, url: str | None = None, fetched: date | None = None
) -> Article | None:
    """The article of a page; None where it holds none.

    Args:
        page: HTML.
        limits: the most tags.
        url: where the page was; its host is the outlet.
        fetched: when; the article is not younger.

    Raises:
        InputError: the page would take too long to read.
    """
    n_tags = sum(1 for _ in _TAG.finditer(page))
    if n_tags > limits.page_tags:
        raise InputError("page", f"has {n_tags:,} tags; the limit is {limits.page_tags:,}")
    check_attributes(page)
    latest = fetched.isoformat() if fetched else _LATEST
    found = _extract(page, url, latest)
    if found is None or not (found.text or "").strip():
        return None
    outlet = as_text(found.hostname) or as_text(found.sitename)
    return Article(
        found.text.replace("\0", ""),
        id=as_text(url) or as_text(found.url),
        title=as_text(found.title),
        outlet=outlet.removeprefix("www.") if outlet else None,
        date=as_text(found.date),
    )


def _extract(page: str, url: str | None, latest: str) -> Any:
    bare_extraction = require_html()
    dates = {"original_date": True, "extensive_search": False, "max_date": latest}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of lxml about trafilatura, nothing that a reader can do
        try:
            return bare_extraction(
                page,
                url=url,
                with_metadata=True,
                include_comments=False,
                date_extraction_params=dates,
            )
        except MemoryError:
            raise
        except Exception as error:  # whatever a strange page does to an extractor
            raise InputError("page", f"cannot be read: {type(error).__name__}: {error}") from error


def require_html() -> Any:
    """The extractor of articles from pages.

    Raises:
        MissingExtraError: it is not installed.
    """
    with extra_needed("reading HTML and WARC", "archive"):
        from trafilatura import bare_extraction
    return bare_extraction
