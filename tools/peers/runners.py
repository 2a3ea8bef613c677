"""The peers, each with the settings its own documentation recommends for one machine's processor:
`prepare` loads a model, `run` answers one request and returns {"ids": …} or {"array": …}.

Nothing is imported before it is needed, so that a process's memory is that of one library.
"""

import json
import pathlib
import sys

import numpy

import clip_inputs

HERE = pathlib.Path(__file__).resolve().parent
TEXTS_AT_ONCE = 25
# transformers encodes the image anew for every text: only so many are run, and their time scaled.
SEPARATE_TEXTS = 4


# What the exported towers take and are called, by the kind of request.
TOWERS = {"vision": ("vision", "pixel_values"), "embed_images": ("image", "pixel_values"),
          "embed_texts": ("text", "input_ids")}


class Runner:
    """request: as main.py writes it, see workload.py."""

    def __init__(self, request):
        self.kind, self.threads = request["kind"], request["threads"]
        self.variant = set(request["variant"].split("+"))
        self.directory = pathlib.Path(request["directory"])
        self.pixels = numpy.load(self.directory / "pixels.npy")[:request["photos"]]
        self.inputs = json.loads((self.directory / "inputs.json").read_text())
        self.options = dict(num_beams=request["beams"], min_new_tokens=request["tokens"],
                            max_new_tokens=request["tokens"], do_sample=False)
        self.scale = 1  # of the measured time

    def prepare(self):
        raise NotImplementedError

    def run(self):
        raise NotImplementedError


class Torch(Runner):
    """transformers. Variants, joined by +: f32, bf16, int8 (dynamic quantisation of all linear layers),
    sdpa (fused attention in the vision tower), compiled (torch.compile of the vision tower, constants
    folded), separate (a forward pass of its own for every text)."""

    def prepare(self):
        import torch
        import transformers
        self.torch = torch
        torch.set_num_threads(self.threads)
        classes = {"vision": ("caption", transformers.BlipForConditionalGeneration),
                   "caption": ("caption", transformers.BlipForConditionalGeneration),
                   "vqa": ("vqa", transformers.BlipForQuestionAnswering),
                   "itm": ("itm", transformers.BlipForImageTextRetrieval)}
        name, model_class = classes[self.kind]
        self.dtype = torch.bfloat16 if "bf16" in self.variant else torch.float32
        self.model = self.load(self.directory / name, model_class).eval()
        self.pixels = torch.from_numpy(self.pixels).to(self.dtype)
        if self.kind == "vision":
            self.model = self.model.vision_model
        vision = self.model if self.kind == "vision" else self.model.vision_model
        if "sdpa" in self.variant:
            from fused_attention import fuse_attention
            fuse_attention(vision)
        if "int8" in self.variant:
            self.model = torch.ao.quantization.quantize_dynamic(
                self.model, {torch.nn.Linear}, dtype=torch.qint8)
        if "compiled" in self.variant:
            import torch._inductor.config
            torch._inductor.config.freezing = True
            vision.forward = torch.compile(vision.forward, dynamic=False)

    def load(self, directory, model_class):
        config = model_class.config_class.from_pretrained(directory)
        if self.kind == "vqa" and config.vision_config.hidden_size != config.text_config.hidden_size:
            return self.load_with_narrow_decoder(directory, config)
        return model_class.from_pretrained(directory, dtype=self.dtype)

    def load_with_narrow_decoder(self, directory, config):
        """transformers' own class cannot hold a VQA model with a ViT-L: random_models.py says why."""
        sys.path.append(str(HERE.parent / "reference"))
        import random_models
        from safetensors.torch import load_model
        size = dict(vision=config.vision_config.to_diff_dict(), text=config.text_config.to_diff_dict())
        model = random_models.question_answering(size, seed=0)
        load_model(model, directory / "model.safetensors", strict=False)
        return model.to(self.dtype)

    def run(self):
        with self.torch.inference_mode():
            return getattr(self, "run_" + self.kind)()

    def array(self, tensor):
        return {"array": tensor.float().numpy()}

    def run_vision(self):
        return self.array(self.model(pixel_values=self.pixels).last_hidden_state)

    def run_caption(self):
        return {"ids": self.model.generate(pixel_values=self.pixels, **self.options).tolist()}

    def run_vqa(self):
        question = self.torch.tensor(self.inputs["question_ids"])
        return {"ids": self.model.generate(input_ids=question, pixel_values=self.pixels,
                                           **self.options).tolist()}

    def padded(self, rows):
        tensors = [self.torch.tensor(row) for row in rows]
        ids = self.torch.nn.utils.rnn.pad_sequence(tensors, batch_first=True, padding_value=0)
        return ids, (self.torch.arange(ids.shape[1]) <
                     self.torch.tensor([[len(row)] for row in rows])).long()

    def run_itm(self):
        texts = self.inputs["text_ids"]
        if "separate" in self.variant:
            some = texts[:SEPARATE_TEXTS]
            self.scale = len(texts) / len(some)
            return self.array(self.torch.cat([
                self.model(input_ids=self.torch.tensor([row]), pixel_values=self.pixels).itm_score
                for row in some]))
        # By hand: the image once, texts of like lengths together, as little padding as possible.
        features = self.model.vision_model(self.pixels).last_hidden_state
        by_length = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        scores = [None] * len(texts)
        for start in range(0, len(texts), TEXTS_AT_ONCE):
            indices = by_length[start:start + TEXTS_AT_ONCE]
            ids, mask = self.padded([texts[index] for index in indices])
            states = self.model.text_encoder(
                input_ids=ids, attention_mask=mask,
                encoder_hidden_states=features.expand(len(indices), -1, -1),
                encoder_attention_mask=self.torch.ones(len(indices), features.shape[1]).long())
            for index, score in zip(indices, self.model.itm_head(states.last_hidden_state[:, 0])):
                scores[index] = score
        return self.array(self.torch.stack(scores))


class Exported(Runner):
    """A runtime that has the towers alone: `open_tower` loads one, of a name and of inputs' shape, and
    returns a function from inputs to outputs. A request about labels takes both towers."""

    def open_tower(self, name, input_name, shape):
        raise NotImplementedError

    def prepare(self):
        if self.kind == "labels":
            rows = clip_inputs.padded(self.inputs["label_ids"])
            self.parts = clip_inputs.parts(rows)
            image = self.open_tower("image", "pixel_values", self.pixels.shape)
            text = self.open_tower("text", "input_ids", self.parts[0].shape)
            self.pass_once = lambda: clip_inputs.logits(
                image(self.pixels), numpy.concatenate([text(part) for part in self.parts]))
            return
        name, input_name = TOWERS[self.kind]
        rows = self.pixels
        if input_name == "input_ids":
            rows = clip_inputs.padded(self.inputs["text_ids"])
        tower = self.open_tower(name, input_name, rows.shape)
        embeds = self.kind != "vision"
        self.pass_once = lambda: clip_inputs.unit(tower(rows)) if embeds else tower(rows)

    def run(self):
        return {"array": self.pass_once()}


class OnnxRuntime(Exported):
    """Variants: f32, int8."""

    def open_tower(self, name, input_name, shape):
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.add_free_dimension_override_by_name("batch", shape[0])
        if input_name == "input_ids":
            options.add_free_dimension_override_by_name("tokens", shape[1])
        # Threads that go on spinning after their work would take time from the next contender's.
        options.add_session_config_entry("session.force_spinning_stop", "1")
        file = f"{name}-int8.onnx" if "int8" in self.variant else f"{name}.onnx"
        session = onnxruntime.InferenceSession(self.directory / file, options,
                                               providers=["CPUExecutionProvider"])
        return lambda rows: session.run(None, {input_name: rows})[0]


class OpenVino(Exported):
    """Variants: f32, default (the precision OpenVINO chooses: bf16 where the processor has AMX), int8
    (nncf.quantize), weights8 (nncf.compress_weights)."""

    ENDINGS = {"int8": "-int8", "weights8": "-weights8"}

    def open_tower(self, name, input_name, shape):
        import openvino
        core = openvino.Core()
        (variant,) = self.variant
        model = core.read_model(self.directory / f"{name}{self.ENDINGS.get(variant, '')}.xml")
        model.reshape(list(shape))
        settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": self.threads,
                    "NUM_STREAMS": 1}
        if variant == "f32":
            settings["INFERENCE_PRECISION_HINT"] = "f32"
        compiled = core.compile_model(model, "CPU", settings)
        request = compiled.create_infer_request()
        self.note = "computes in " + str(
            compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name())
        return lambda rows: request.infer([rows])[0]


def runner_of(request):
    """→ the runner for a request as main.py writes it"""
    if request["engine"] in ("onnxruntime", "openvino"):
        return {"onnxruntime": OnnxRuntime, "openvino": OpenVino}[request["engine"]](request)
    if request["engine"] == "min_dalle":
        import dalle_runner
        return dalle_runner.MinDalle(request)
    if request["kind"] in clip_inputs.KINDS:
        import clip_runners
        return clip_runners.RUNNERS[request["engine"]](request)
    return Torch(request)
