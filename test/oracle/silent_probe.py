"""Prints, as base64, the model by which runtime/engine/silent.ts asks onnxruntime-node: y = -x behind an empty sequence.

    python silent_probe.py
"""

import base64

import onnx
from onnx import TensorProto, helper

one = [1]
graph = helper.make_graph(
    [helper.make_node("SequenceEmpty", [], ["nothing"]), helper.make_node("Neg", ["x"], ["y"])],
    "probe",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, one)],
    [helper.make_tensor_sequence_value_info("nothing", TensorProto.FLOAT, None), helper.make_tensor_value_info("y", TensorProto.FLOAT, one)],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], producer_name="")
model.ir_version = 8
onnx.checker.check_model(model)
print(base64.b64encode(model.SerializeToString()).decode())
