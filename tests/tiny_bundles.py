"""Bundles with a real network of a few bytes, and prediction sets that can be checked by eye."""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from stance.bundle import publish, seal, stage
from stance.calibration import HEADS, N_LOGITS, UNCALIBRATED
from stance.classifier import Classifier
from stance.conformal import LEVELS, PredictionSets
from stance.domain import Kind
from stance.render import Renderer
from stance.speakers import SpeakerModel
from stance.tags import OUTSIDE, TAGS, Part, beginning
from tests.fakes import LOGIT, keyword_network, word_tokenizer

_LINK_WIDTH = 64


def opening_at(level: float) -> PredictionSets:
    """Sets of the answer alone below a level, and of all labels from there on."""
    rows = [0.5 if one < level else 0.01 for one in LEVELS]
    return PredictionSets(
        counts={kind: (100,) * len(kind.labels) for kind in Kind},
        thresholds={kind: tuple((row,) * len(kind.labels) for row in rows) for kind in Kind},
    )


def classifier_with_sets(level: float = 0.9) -> Classifier:
    """The fake classifier, with sets that open at a level."""
    tokenizer = word_tokenizer()
    return Classifier(
        keyword_network(tokenizer),
        Renderer(tokenizer, 64),
        UNCALIBRATED,
        "keyword",
        opening_at(level),
    )


def publish_tiny(
    models: Path, name: str, stance: str, sets: PredictionSets | None = None, window: int = 64
) -> Path:
    """Publish a bundle that answers every stance alike, and every tone with 'neutral'."""
    with stage(models, name) as staged:
        onnx.save(_constant_network(stance), staged / "model.onnx")
        word_tokenizer().save(str(staged / "tokenizer.json"))
        manifest = {"window": window, "temperatures": dict.fromkeys(Kind, 1.0), "description": name}
        seal(staged, manifest | ({"prediction_sets": sets.to_json()} if sets else {}))
        return publish(staged, models, name)


def publish_tiny_extractor(models: Path, name: str) -> Path:
    """Publish a bundle that finds 'says', Moscow and Warsaw, and what follows 'that' to a stop."""
    tokenizer = word_tokenizer(".")
    tags = {"says": Part.CUE, "moscow": Part.SOURCE, "warsaw": Part.SOURCE, "that": Part.CONTENT}
    table = np.zeros((tokenizer.get_vocab_size(), len(TAGS)), np.float32)
    for word, number in tokenizer.get_vocab().items():
        inside = beginning(Part.CONTENT) + 1 if word.isalnum() else OUTSIDE
        table[number, beginning(tags[word]) if word in tags else inside] = LOGIT
    with stage(models, name) as staged:
        onnx.save(_table_network(table), staged / "model.onnx")
        tokenizer.save(str(staged / "tokenizer.json"))
        speakers = SpeakerModel({}, 0.0)
        (staged / "speakers.json").write_text(json.dumps(speakers.to_json()))
        seal(staged, {"kind": "extraction", "window": 64, "description": name})
        return publish(staged, models, name)


def _table_network(table: "np.ndarray[tuple[int, int], np.dtype[np.float32]]") -> onnx.ModelProto:
    """A tagger's network that knows the tags of each word, and links all with all."""
    ones = np.ones((len(table), _LINK_WIDTH), np.float32)
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT32, ["rows", "length"])
        for name in ("input_ids", "position_ids", "group")
    ]
    constants = [numpy_helper.from_array(table, "table"), numpy_helper.from_array(ones, "ones")]
    names = {"tags": "table", "link_from": "ones", "link_to": "ones"}
    nodes = [
        helper.make_node("Gather", [table_name, "input_ids"], [name])
        for name, table_name in names.items()
    ]
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows", "length", width])
        for name, width in (
            ("tags", len(TAGS)), ("link_from", _LINK_WIDTH), ("link_to", _LINK_WIDTH),
        )
    ]  # fmt: skip
    graph = helper.make_graph(nodes, "table", inputs, outputs, constants)
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="tests"
    )


def _constant_network(stance: str) -> onnx.ModelProto:
    logits = [0.0] * N_LOGITS
    logits[Kind.STANCE.labels.index(stance)] = LOGIT
    logits[HEADS[Kind.SENTIMENT].start + Kind.SENTIMENT.labels.index("neutral")] = LOGIT
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT32, ["rows", width])
        for name, width in [
            *((name, "length") for name in ("input_ids", "position_ids", "group", "block")),
            ("first", "questions"),
        ]
    ]
    constants = [
        helper.make_tensor("last", TensorProto.INT64, [1], [-1]),
        helper.make_tensor("zero", TensorProto.FLOAT, [1], [0.0]),
        helper.make_tensor("answer", TensorProto.FLOAT, [N_LOGITS], logits),
    ]
    nodes = [
        helper.make_node("Cast", ["first"], ["number"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["number", "last"], ["column"]),
        helper.make_node("Mul", ["column", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "answer"], ["logits"]),
    ]
    output = helper.make_tensor_value_info(
        "logits", TensorProto.FLOAT, ["rows", "questions", N_LOGITS]
    )
    graph = helper.make_graph(nodes, "constant", inputs, [output], constants)
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="tests"
    )
