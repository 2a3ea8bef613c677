"""The vision tower for ONNX Runtime and OpenVINO, in float32 and as each one's own quantiser makes it.

    vision.onnx            float32                          vision.xml           float32
    vision-int8.onnx       onnxruntime's quantize_dynamic   vision-int8.xml      nncf.quantize
                                                            vision-weights8.xml  nncf.compress_weights
"""

import logging

import nncf
import onnx
import openvino
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic

from fused_attention import fuse_attention, onnx_attention

OPSET = 20  # the first with GELU as one operation


class Tower(torch.nn.Module):
    """pixel_values [B, 3, S, S] → last_hidden_state [B, N, E]"""

    def __init__(self, vision_model):
        super().__init__()
        self.vision_model = vision_model
        self.eval()

    def forward(self, pixel_values):
        return self.vision_model(pixel_values).last_hidden_state


def export_onnx(vision_model, directory, pixels):
    """float32, and int8 with a scale for each output channel: quantize_dynamic is what ONNX Runtime
    recommends for transformers; activations get their scales while it runs. Its optimiser for
    transformers does not recognise BLIP's attention, so that is exported as the operation the
    optimiser would put there."""
    fuse_attention(vision_model, onnx_attention)
    batch = torch.export.Dim("batch", min=1, max=64)
    example = torch.from_numpy(pixels).repeat(2, 1, 1, 1)  # one image would fix the batch at one
    program = torch.onnx.export(
        Tower(vision_model), (example,), dynamo=True, opset_version=OPSET, verbose=False,
        input_names=["pixel_values"], output_names=["last_hidden_state"],
        dynamic_shapes={"pixel_values": {0: batch}})
    program.save(directory / "vision.onnx", external_data=False)
    quantize_dynamic(directory / "vision.onnx", directory / "vision-int8.onnx", per_channel=True,
                     weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul", "Gemm"],
                     extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT})


def export_openvino(vision_model, directory, pixels, calibration):
    """Straight from PyTorch, as OpenVINO recommends, with attention as one operation, which its
    processor plugin has a kernel for."""
    fuse_attention(vision_model)
    model = openvino.convert_model(Tower(vision_model), example_input=torch.from_numpy(pixels),
                                   input=[-1, *pixels.shape[1:]])
    openvino.save_model(model, directory / "vision.xml", compress_to_fp16=False)

    nncf.set_log_level(logging.ERROR)
    images = nncf.Dataset([image[None] for image in calibration])
    quantised = nncf.quantize(model, images, model_type=nncf.ModelType.TRANSFORMER,
                              subset_size=len(calibration))
    openvino.save_model(quantised, directory / "vision-int8.xml", compress_to_fp16=False)
    compressed = nncf.compress_weights(openvino.Core().read_model(directory / "vision.xml"),
                                       mode=nncf.CompressWeightsMode.INT8_SYM)
    openvino.save_model(compressed, directory / "vision-weights8.xml", compress_to_fp16=False)


def export_all(vision_model, directory, pixels, calibration):
    export_onnx(vision_model, directory, pixels)
    export_openvino(vision_model, directory, pixels, calibration)
