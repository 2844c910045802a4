"""Is int8 worth it? Speed, laws and loss of quantised forms of a bundle against its float32.

    python -m benchmarks.int8 --labels FILE [--model NAME]

Forms: dynamic int8 (one activation scale a tensor), static int8 (scales from a calibration split),
and weights in 8-bit blocks with activations quantised row by row (MatMulNBits). Each is
measured in one run with float32: pairs per second, the largest change of a probability when a
statement has other batch mates (the law wants 1e-5), label agreement, and macro-F1. Extra: train.
"""

import argparse
import json
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quant_pre_process,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.matmul_nbits_quantizer import (
    DefaultWeightOnlyQuantConfig,
    MatMulNBitsQuantizer,
)
from tokenizers import Tokenizer

from stance import models_dir, read_catalogue
from stance.bundle import open_bundle
from stance.classifier import Classifier
from stance.domain import Kind
from stance.network import OnnxNetwork
from stance.packing import PADDING_GROUP, Group, Rows, lay_out
from stance.render import Renderer
from training import evaluate
from training.examples import Example
from training.label_files import read_labels
from training.material import OWN_DATA

N_CALIBRATION = 96


def groups_of(renderer: Renderer, examples: Sequence[Example]) -> list[Group]:
    """Each example as one packed group with its own questions."""
    blocks = renderer.statements([example.statement.text for example in examples])
    return [
        Group(block, tuple(renderer.question(label.question) for label in example.labels))
        for example, block in zip(examples, blocks, strict=True)
    ]


class Reader(CalibrationDataReader):  # type: ignore[misc]
    """Feeds calibration rows to the quantiser."""

    def __init__(self, groups: list[Group]) -> None:
        self._rows: Iterator[Rows] = (lay_out([[group]]) for group in groups)

    def get_next(self) -> dict[str, NDArray[np.int32]] | None:
        """The next row's inputs, or None at the end."""
        rows = next(self._rows, None)
        return _padded(rows.inputs()) if rows else None


def _padded(inputs: dict[str, NDArray[np.int32]]) -> dict[str, NDArray[np.int32]]:
    """The inputs in one shape for all, which the quantiser's histograms want."""
    padded = {}
    for name, array in inputs.items():
        room = (24 if name == "first" else 400) - array.shape[1]
        fill = PADDING_GROUP if name == "group" else 0
        padded[name] = np.pad(array, ((0, 0), (0, room)), constant_values=fill)
    return padded


def float_weights(source: Path, target: Path) -> None:
    """The model with its half-precision weights as float32, as quantisers want them."""
    model = onnx.load(source)
    weights = {w.name: w for w in model.graph.initializer}
    for node in list(model.graph.node):
        if node.op_type == "Cast" and node.input[0] in weights:
            half = onnx.numpy_helper.to_array(weights[node.input[0]])
            full = onnx.numpy_helper.from_array(half.astype(np.float32), node.output[0])
            model.graph.initializer.remove(weights[node.input[0]])
            model.graph.initializer.append(full)
            model.graph.node.remove(node)
    onnx.save(model, target)
    quant_pre_process(str(target), str(target), skip_symbolic_shape=True)


def forms(full: Path, folder: Path, groups: list[Group]) -> dict[str, Path]:
    """Write every quantised form; returns their paths."""
    paths = {name: folder / f"{name}.onnx" for name in ("dynamic", "static", "blocks")}
    quantize_dynamic(
        full, paths["dynamic"], op_types_to_quantize=["MatMul"], per_channel=True,
        weight_type=QuantType.QInt8,
    )  # fmt: skip
    quantize_static(
        full, paths["static"], Reader(groups), quant_format=QuantFormat.QDQ,
        op_types_to_quantize=["MatMul"], per_channel=True,
        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
        calibrate_method=CalibrationMethod.Percentile,
        extra_options={"CalibPercentile": 99.99, "MatMulConstBOnly": True},
    )  # fmt: skip
    config = DefaultWeightOnlyQuantConfig(
        block_size=32, is_symmetric=True, accuracy_level=4, bits=8
    )
    quantizer = MatMulNBitsQuantizer(onnx.load(full), algo_config=config)
    quantizer.process()
    quantizer.model.save_model_to_file(str(paths["blocks"]))
    return paths


def worst_change(network: Callable[[Rows], NDArray[np.float32]], groups: list[Group]) -> float:
    """The largest change of a probability when a group is asked alone or among seven others."""
    worst = 0.0
    for n in range(0, len(groups) - 8, 8):
        together = network(lay_out([[group] for group in groups[n : n + 8]]))
        for r, group in enumerate(groups[n : n + 8]):
            alone = network(lay_out([[group]]))[0]
            mates = together[r, : len(group.questions)]
            p, q = (
                np.exp(x[:, :4]) / np.exp(x[:, :4]).sum(1, keepdims=True) for x in (alone, mates)
            )
            worst = max(worst, float(np.abs(p - q).max()))
    return worst


def main() -> None:
    """Measure, and print one JSON object a form."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=Path, nargs="+", required=True)
    parser.add_argument("--model")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    bundle = open_bundle(models_dir(), options.model)
    catalogue = read_catalogue()
    examples = read_labels(options.labels, catalogue).examples
    tuning = read_labels([OWN_DATA / "calibration.jsonl"], catalogue).examples
    renderer = Renderer(Tokenizer.from_file(str(bundle.folder / "tokenizer.json")), bundle.window)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        float_weights(bundle.folder / "model.onnx", folder / "float32.onnx")
        paths = {"float32": folder / "float32.onnx"}
        paths |= forms(paths["float32"], folder, groups_of(renderer, tuning[:N_CALIBRATION]))
        networks = {name: OnnxNetwork(path, options.threads) for name, path in paths.items()}
        rates: dict[str, list[float]] = {name: [] for name in networks}
        answers: dict[str, list[evaluate.Answered]] = {}
        for _ in range(options.rounds):
            for name, network in networks.items():
                classifier = Classifier(network, renderer, bundle.calibration, name)
                began = time.perf_counter()
                answers[name] = evaluate.answer(classifier, examples)
                rates[name].append(len(answers[name]) / (time.perf_counter() - began))
        groups = groups_of(renderer, examples[:96])
        for name, network in networks.items():
            labels = [one.prediction.label for one in answers[name]]
            reference = [one.prediction.label for one in answers["float32"]]
            report = evaluate.report(answers[name], name)
            speeds = [a / b for a, b in zip(rates[name], rates["float32"], strict=True)]
            print(
                json.dumps(
                    {
                        "form": name,
                        "times_float32": round(statistics.median(speeds), 2),
                        "worst_change_by_batch_mates": worst_change(network, groups),
                        "label_agreement": round(
                            float(np.mean(np.array(labels) == np.array(reference))), 4
                        ),
                        **{kind.value: report[kind.value]["macro_f1"] for kind in Kind},
                        "megabytes": round(paths[name].stat().st_size / 1e6, 1),
                    }
                )
            )


if __name__ == "__main__":
    main()
