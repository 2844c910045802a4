"""Pieces of HTML that are an article and nothing else -> plain text, by lxml."""

import re

from stance.errors import InputError, extra_needed

_LONG_TAG = re.compile(r"<[A-Za-z][^<>]{16384,}")
_MOST_ATTRIBUTES = 2000

_BLOCKS = {"address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption",
           "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "ol", "p",
           "pre", "section", "table", "td", "th", "tr", "ul"}  # fmt: skip
_UNSEEN = ("script", "style", "template", "noscript")


def check_attributes(markup: str) -> None:
    """Refuse what parsers need hours for: their time grows with the square of a tag's attributes.

    Raises:
        InputError: a tag has very many.
    """
    if any(tag[0].count("=") > _MOST_ATTRIBUTES for tag in _LONG_TAG.finditer(markup)):
        raise InputError("page", f"has a tag with more than {_MOST_ATTRIBUTES:,} attributes")


def fragment_text(fragment: str) -> str:
    """The text of a piece of HTML, a line for each block.

    Raises:
        InputError: it cannot be read, or would take very long.
        MissingExtraError: lxml is not installed.
    """
    with extra_needed("reading HTML", "archive"):
        from lxml import etree, html
    check_attributes(fragment)
    try:
        tree = html.fragment_fromstring(fragment, create_parent="div")
    except (etree.LxmlError, ValueError) as error:
        raise InputError("text", f"is HTML that cannot be read: {error}") from None
    for unseen in list(tree.iter(*_UNSEEN)):
        unseen.drop_tree()
    for element in tree.iter(*_BLOCKS):
        element.text = "\n" + (element.text or "")
        element.tail = "\n" + (element.tail or "")
    lines = (" ".join(line.split()) for line in tree.text_content().splitlines())
    return "\n".join(line for line in lines if line)
