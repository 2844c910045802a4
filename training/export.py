"""A torch network -> the ONNX file that is served. Knows nothing of texts or bundles.

Weights are stored in half precision and computed in single precision: half the file, the same
answers as the saved torch weights.
"""

import logging
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from stance.network import TokenTags
from stance.packing import Group, lay_out
from stance.render import Block
from stance.torch_network.heads import StanceNetwork, TaggerNetwork

OPSET = 20


def export_onnx(network: StanceNetwork, path: Path) -> None:
    """Write the network as one ONNX file with free numbers of rows, tokens and questions."""
    example = lay_out([[Group(Block((101,) * 12), (Block((102,) * 6), Block((103,) * 5)))]] * 3)
    sizes = dict.fromkeys(example.inputs(), ("rows", "length")) | {"first": ("rows", "questions")}
    _export(network, example.inputs(), sizes, ["logits"], path)


def export_tagger(network: TaggerNetwork, path: Path) -> None:
    """Write the tagger's network as one ONNX file with free numbers of rows and tokens."""
    example = lay_out([[Group(Block((101,) * 12), ()), Group(Block((102,) * 5), ())]] * 3)
    sizes = dict.fromkeys(example.token_inputs(), ("rows", "length"))
    _export(network, example.token_inputs(), sizes, TokenTags._fields, path)


def _export(
    network: nn.Module,
    example: Mapping[str, NDArray[np.int32]],
    sizes: Mapping[str, Sequence[str]],
    outputs: Sequence[str],
    path: Path,
) -> None:
    """Write a network as one ONNX file.

    Args:
        example: inputs by name, as arrays of their own: the exporter takes one that is passed twice
            for one input.
        sizes: the names of each input's axes, which are free.
        outputs: their names.
    """
    network.eval()
    free = {axis: torch.export.Dim(axis) for axes in sizes.values() for axis in axes}
    shapes = tuple({n: free[axis] for n, axis in enumerate(sizes[name])} for name in example)
    # The exporter warns of operators that this network does not have.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            network,
            tuple(torch.from_numpy(array) for array in example.values()),
            dynamo=True,
            dynamic_shapes=shapes,
            input_names=list(example),
            output_names=list(outputs),
            opset_version=OPSET,
            verbose=False,
        )
    if program is None:
        raise RuntimeError("torch.onnx.export gave no program")
    model = program.model_proto
    _store_half(model)
    _forget_where_it_was_made(model)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def _store_half(model: onnx.ModelProto) -> None:
    """Keep every large float32 weight as float16 with a cast in front of its readers."""
    graph = model.graph
    casts = []
    for weight in graph.initializer:
        if weight.data_type != TensorProto.FLOAT or np.prod(weight.dims) < 1024:
            continue
        half = numpy_helper.to_array(weight).astype(np.float16)
        name = weight.name
        weight.CopyFrom(numpy_helper.from_array(half, name + ".half"))
        casts.append(helper.make_node("Cast", [name + ".half"], [name], to=TensorProto.FLOAT))
    for n, cast in enumerate(casts):
        graph.node.insert(n, cast)


def _forget_where_it_was_made(model: onnx.ModelProto) -> None:
    """Drop the exporter's notes: stack traces with paths of this machine, which nobody reads."""
    graph = model.graph
    for noted in (model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info,
                  *graph.initializer):  # fmt: skip
        del noted.metadata_props[:]
        noted.doc_string = ""
