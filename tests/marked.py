"""Articles with marks in them, for tests: `{s1:She} {q1:said} {c1:that it was late}`."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from stance.domain import Attribution, Span, SpeechKind

_MARK = re.compile(r"\{([sqc])(\d+):|\}")
_SENTENCE = re.compile(r"[^.!?\n]+[.!?\n]*[\"”’»]*")
_QUOTES = '"“„«‘'


Marks = Mapping[int, Mapping[str, list[Span]]]  # by number, and by s, q or c


def marked(written: str) -> tuple[str, list[Attribution]]:
    """The text without the marks, and the attributions that they mark, in order."""
    text, spans = spans_in(written)
    return text, [_attribution(text, spans[number]) for number in sorted(spans)]


def spans_in(written: str) -> tuple[str, Marks]:
    """The text without the marks, and what they mark."""
    spans: defaultdict[int, defaultdict[str, list[Span]]] = defaultdict(lambda: defaultdict(list))
    text, opened, behind = "", [], 0
    for mark in _MARK.finditer(written):
        text += written[behind : mark.start()]
        behind = mark.end()
        if mark.group(1):
            opened.append((int(mark.group(2)), mark.group(1), len(text)))
        else:
            number, part, start = opened.pop()
            spans[number][part].append((start, len(text)))
    return text + written[behind:], spans


def _attribution(text: str, parts: Mapping[str, list[Span]]) -> Attribution:
    content = tuple(sorted(parts["c"]))
    is_quoted = all(text[start] in _QUOTES for start, _ in content)
    kind = SpeechKind.DIRECT if is_quoted else SpeechKind.INDIRECT
    cue, mention = parts.get("q", []), parts.get("s", [])
    return Attribution(content, kind, cue[0] if cue else None, mention[0] if mention else None)


def sentences_of(text: str) -> list[Span]:
    """Sentences by their last marks: enough for tests."""
    return list(_sentences(text))


def _sentences(text: str) -> Iterator[Span]:
    for match in _SENTENCE.finditer(text):
        start = match.start() + len(match.group()) - len(match.group().lstrip())
        if match.group().strip():
            yield start, start + len(match.group().strip())
