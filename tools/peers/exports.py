"""Towers for ONNX Runtime and OpenVINO, in float32 and as each one's own quantiser makes them. Of a
tower called `vision`:

    vision.onnx            float32                          vision.xml           float32
    vision-int8.onnx       onnxruntime's quantize_dynamic   vision-int8.xml      nncf.quantize
                                                            vision-weights8.xml  nncf.compress_weights
"""

import dataclasses
import logging

import nncf
import onnx
import openvino
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

OPSET = 20  # the first with GELU as one operation


@dataclasses.dataclass(frozen=True)
class Tower:
    """`module`: one tensor, `example` with the batch of one, → one tensor. `dynamic` names the axes of
    it that may be of any length. `fuse(module, for_onnx)` puts in the attention that the runtime has
    as one operation."""
    name: str
    module: torch.nn.Module
    input_name: str
    output_name: str
    example: torch.Tensor
    dynamic: dict
    fuse: object

    def dynamic_axes(self):
        return {axis: torch.export.Dim(name, min=1, max=limit)
                for axis, (name, limit) in self.dynamic.items()}


def export_onnx(tower, directory):
    """float32, and int8 with a scale for each output channel: quantize_dynamic is what ONNX Runtime
    recommends for transformers; activations get their scales while it runs. Its optimiser for
    transformers does not recognise BLIP's attention, so that is exported as the operation the
    optimiser would put there."""
    tower.fuse(tower.module, for_onnx=True)
    example = torch.cat([tower.example] * 2)  # one row would fix the batch at one
    program = torch.onnx.export(
        tower.module, (example,), dynamo=True, opset_version=OPSET, verbose=False,
        input_names=[tower.input_name], output_names=[tower.output_name],
        dynamic_shapes=(tower.dynamic_axes(),))
    path = directory / f"{tower.name}.onnx"
    program.save(path, external_data=False)
    quantize_dynamic(path, directory / f"{tower.name}-int8.onnx", per_channel=True,
                     weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul", "Gemm"],
                     extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT})


def export_openvino(tower, directory, calibration):
    """Straight from PyTorch, as OpenVINO recommends, with attention as one operation, which its
    processor plugin has a kernel for. calibration: inputs with a batch of one"""
    tower.fuse(tower.module, for_onnx=False)
    shape = [-1 if axis in tower.dynamic else length
             for axis, length in enumerate(tower.example.shape)]
    model = openvino.convert_model(tower.module, example_input=tower.example, input=[shape])
    path = directory / f"{tower.name}.xml"
    openvino.save_model(model, path, compress_to_fp16=False)

    nncf.set_log_level(logging.ERROR)
    quantised = nncf.quantize(model, nncf.Dataset(calibration), model_type=nncf.ModelType.TRANSFORMER,
                              subset_size=len(calibration))
    openvino.save_model(quantised, directory / f"{tower.name}-int8.xml", compress_to_fp16=False)
    compressed = nncf.compress_weights(openvino.Core().read_model(path),
                                       mode=nncf.CompressWeightsMode.INT8_SYM)
    openvino.save_model(compressed, directory / f"{tower.name}-weights8.xml", compress_to_fp16=False)


def export_all(tower, directory, calibration):
    export_onnx(tower, directory)
    export_openvino(tower, directory, calibration)
