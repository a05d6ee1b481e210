"""Make an exported model smaller: tokens in 8 bits, other weights in 16."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic


def quantized(whole: Path) -> onnx.ModelProto:
    """Store the table of tokens in 8 bits. Removes the file `whole`."""
    table = whole.with_name("table.onnx")
    quantize_dynamic(whole, table, op_types_to_quantize=["Gather"], weight_type=QuantType.QInt8)
    model = onnx.load(table)
    whole.unlink()
    table.unlink()
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
