"""What a labeller wrote -> the label, or the share of each label, that it means.

One label, an object of shares, or a list of annotators' labels. Knows nothing of files.
"""

import difflib
import math
from collections.abc import Iterable, Mapping, Sequence

from stance.domain import Kind

TOLERANCE = 1e-6  # by which shares may miss 1

_MEANT = {
    Kind.STANCE: {
        "favor": "pro for favour favors favours favorable positive supports support supportive "
        "supporting supported agree agrees yes 1 +1",
        "against": "con contra anti oppose opposes opposed opposing negative disagree disagrees "
        "rejects reject no -1",
        "neutral": "none neither undecided mixed unclear 0",
        "unrelated": "irrelevant off-topic other n/a",
    },
    Kind.SENTIMENT: {
        "positive": "pos good favorable favor 1 +1",
        "negative": "neg bad unfavorable against -1",
        "neutral": "neu none neither mixed objective 0",
    },
}
_NEAR = {
    kind: {word: label for label, words in meant.items() for word in words.split()}
    for kind, meant in _MEANT.items()
}


def read_shares(kind: Kind, field: str, value: object) -> tuple[float, ...]:
    """The share of each of `kind.labels`, in their order; they sum to 1.

    Args:
        kind: whose labels are permitted.
        field: how the value is called in a message.
        value: a label, `{label: share}`, or a list with one label for each annotator.

    Raises:
        ValueError: it is none of these; the message names the permitted labels.
    """
    if isinstance(value, str):
        return shares_of(kind, [_label(kind, field, value)])
    if isinstance(value, list):
        if not value:
            raise ValueError(f"{field} is an empty list; give each annotator's label")
        return shares_of(kind, [_label(kind, f"{field}.{n}", one) for n, one in enumerate(value)])
    if isinstance(value, Mapping):
        return _written_shares(kind, field, value)
    if value is None:
        raise ValueError(f"{field} is missing; give one of {', '.join(kind.labels)}")
    raise ValueError(
        f"{field} must be one of {', '.join(kind.labels)}, shares of them, "
        f"or a list of annotators' labels, not {type_name(value)}"
    )


def shares_of(kind: Kind, labels: Sequence[str]) -> tuple[float, ...]:
    """How often each of `kind.labels` was given, as shares that sum to 1."""
    return tuple(labels.count(name) / len(labels) for name in kind.labels)


def mean_shares(shares: Iterable[Sequence[float]]) -> tuple[float, ...]:
    """The mean of several annotators' shares, label by label."""
    return tuple(sum(column) / len(column) for column in zip(*shares, strict=True))


def type_name(value: object) -> str:
    """What a value is, in words of a person who writes JSON."""
    if isinstance(value, bool):
        return "true or false"
    names = {
        dict: "an object", list: "a list", str: "text", int: "a number", float: "a number",
        type(None): "null",
    }  # fmt: skip
    return names.get(type(value), f"a {type(value).__name__}")


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean ...?` where a known name is near, else nothing."""
    near = difflib.get_close_matches(name.lower(), list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _label(kind: Kind, field: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{field} must be a label, not {type_name(value)}")
    if value in kind.labels:
        return value
    word = value.strip().lower()
    near = _NEAR[kind].get(word) or next(
        iter(difflib.get_close_matches(word, kind.labels, n=1, cutoff=0.7)), None
    )
    meant = f"; probably {near!r} is meant" if near else ""
    raise ValueError(f"{field} {value[:40]!r} is not one of {', '.join(kind.labels)}{meant}")


def _written_shares(kind: Kind, field: str, value: Mapping[object, object]) -> tuple[float, ...]:
    shares = dict.fromkeys(kind.labels, 0.0)
    for name, share in value.items():
        label = _label(kind, field, name)
        if share is None:  # Parquet's way to leave a label out
            continue
        if isinstance(share, bool) or not isinstance(share, (int, float)):
            raise ValueError(f"{field}.{label} must be a share, not {type_name(share)}")
        if not 0 <= share <= 1:  # NaN as well
            raise ValueError(f"{field}.{label} is {share:g}; a share lies between 0 and 1")
        shares[label] = float(share)
    total = math.fsum(shares.values())
    if abs(total - 1) > TOLERANCE:
        raise ValueError(f"the shares of {field} sum to {total:.7g}; they must sum to 1")
    return tuple(shares.values())
