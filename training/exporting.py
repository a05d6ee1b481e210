"""Make an exported model smaller: weights in 8 or in 16 bits."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic


def quantized(whole: Path, kinds: Sequence[str]) -> onnx.ModelProto:
    """Store weights in 8 bits; those of "MatMul" with a scale for each channel. Removes the file `whole`.

    Args:
        whole: The exported model.
        kinds: Of the operations whose weights are stored so: "Gather" for the table of tokens, "MatMul".
    """
    small = whole.with_name("small.onnx")
    channels = "MatMul" in kinds
    quantize_dynamic(whole, small, op_types_to_quantize=list(kinds), weight_type=QuantType.QInt8, per_channel=channels)
    model = onnx.load(small)
    whole.unlink()
    small.unlink()
    return model


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store large weights in 16 bits; the runtime widens them once, when it loads the model."""
    graph = model.graph
    casts = []
    for tensor in list(graph.initializer):
        values = numpy_helper.to_array(tensor)
        if tensor.data_type == TensorProto.FLOAT and values.size > 1000:
            name = tensor.name
            graph.initializer.remove(tensor)
            graph.initializer.append(numpy_helper.from_array(values.astype(np.float16), f"{name}_16"))
            casts.append(helper.make_node("Cast", [f"{name}_16"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return model
