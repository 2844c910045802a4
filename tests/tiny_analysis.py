"""An analyzer and an extraction bundle whose answers can be checked by eye."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from stance.analysis import Analyzer
from stance.bundle import publish, seal, stage
from stance.classifier import Classifier
from stance.domain import Issue
from stance.quotes import Extractor
from stance.speakers import SpeakerModel
from stance.tags import OUTSIDE, TAGS, Part, beginning
from tests.fakes import fake_classifier, word_tokenizer
from tests.tiny_articles import LINK_WIDTH, SURE, by_eye

PEACE = Issue("peace", "Peace", "we should have peace in ukraine")
TAX = Issue("carbon-tax", "Carbon tax", "there should be a carbon tax")
NAMING = SpeakerModel({}, 0.0)  # names whoever is as probable as any
NOBODY = SpeakerModel({}, 1.0)

TEXT = (
    "Football is good. Moscow says that it supports peace. "
    "That Kyiv opposes a bad carbon tax, says Warsaw."
)
ONE = "Moscow says that it supports peace."


def analyzer_by_eye(
    speakers: SpeakerModel = NAMING, classifier: Classifier | None = None
) -> Analyzer:
    """An analyzer that finds 'says', 'that ...' and states, and scores by words."""
    return Analyzer(Extractor(by_eye(), speakers), classifier or fake_classifier())


def publish_extractor(models: Path, name: str, report: Any = None, threshold: float = 0.0) -> Path:
    """Publish a bundle that finds 'says', 'that ...' up to a full stop, and states.

    Whatever it finds belongs together, so texts for it have one statement.
    """
    with stage(models, name) as staged:
        onnx.save(_gathering_network(), staged / "model.onnx")
        word_tokenizer(".").save(str(staged / "tokenizer.json"))
        speakers = SpeakerModel({}, threshold).to_json()
        (staged / "speakers.json").write_text(json.dumps(speakers))
        if report is not None:
            (staged / "report.json").write_text(json.dumps(report))
        seal(staged, {"kind": "extraction", "window": 64, "description": name})
        return publish(staged, models, name)


def _gathering_network() -> onnx.ModelProto:
    vocabulary = word_tokenizer(".").get_vocab()
    tags = np.full((len(vocabulary), len(TAGS)), -SURE, np.float32)
    tags[:, OUTSIDE] = 0
    tags[:, beginning(Part.CONTENT) + 1] = 1  # legal only in a content that has begun
    told = {"says": Part.CUE, "moscow": Part.SOURCE, "warsaw": Part.SOURCE, "that": Part.CONTENT}
    for word, part in told.items():
        tags[vocabulary[word], beginning(part)] = SURE
    tags[vocabulary["."], OUTSIDE] = SURE
    links = np.zeros((len(vocabulary), LINK_WIDTH), np.float32)
    links[:, 0] = SURE
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT32, ["rows", "length"])
        for name in ("input_ids", "position_ids", "group")
    ]
    nodes = [
        helper.make_node("Add", ["position_ids", "group"], ["places"]),
        helper.make_node("Mul", ["places", "zero"], ["nothing"]),
        helper.make_node("Add", ["input_ids", "nothing"], ["ids"]),
    ]
    outputs, constants = [], [helper.make_tensor("zero", TensorProto.INT32, [1], [0])]
    for name, table in (("tags", tags), ("link_from", links), ("link_to", links)):
        constants.append(numpy_helper.from_array(table, f"{name}_table"))
        nodes.append(helper.make_node("Gather", [f"{name}_table", "ids"], [name]))
        shape: list[str | int] = ["rows", "length", table.shape[1]]
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    graph = helper.make_graph(nodes, "gathering", inputs, outputs, constants)
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="tests"
    )
