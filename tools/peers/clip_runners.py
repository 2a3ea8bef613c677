"""transformers and open_clip on a CLIP. Texts are padded to the longest of a request in transformers, and
to 77 tokens in open_clip, whose text tower takes nothing shorter."""

import pathlib
import sys

import numpy

import clip_inputs
import runners


class ClipTorch(runners.Runner):
    """transformers. Variants, joined by +: f32, bf16, int8 (dynamic quantisation of all linear layers),
    compiled (torch.compile of the towers, constants folded)."""

    TEXT_LENGTH = None  # the longest one

    def prepare(self):
        import torch
        self.torch = torch
        torch.set_num_threads(self.threads)
        self.dtype = torch.bfloat16 if "bf16" in self.variant else torch.float32
        model = self.load().eval()
        if "int8" in self.variant:
            model = torch.ao.quantization.quantize_dynamic(model, {torch.nn.Linear}, dtype=torch.qint8)
        self.image, self.text = self.towers(model)
        if "compiled" in self.variant:
            import torch._inductor.config
            torch._inductor.config.freezing = True
            self.image, self.text = (torch.compile(tower, dynamic=False)
                                     for tower in (self.image, self.text))
        self.pixels = torch.from_numpy(self.pixels).to(self.dtype)
        ids = self.inputs["label_ids" if self.kind == "labels" else "text_ids"]
        rows = clip_inputs.padded(ids, self.TEXT_LENGTH)
        self.texts = [torch.from_numpy(part) for part in clip_inputs.parts(rows)]

    def load(self):
        import transformers
        return transformers.CLIPModel.from_pretrained(self.directory / "clip", dtype=self.dtype)

    def towers(self, model):
        return (lambda pixels: model.get_image_features(pixel_values=pixels).pooler_output,
                lambda ids: model.get_text_features(input_ids=ids).pooler_output)

    def run(self):
        with self.torch.inference_mode():
            return {"array": getattr(self, "run_" + self.kind)()}

    def run_embed_images(self):
        return clip_inputs.unit(self.image(self.pixels).float().numpy())

    def run_embed_texts(self):
        return clip_inputs.unit(numpy.concatenate(
            [self.text(part).float().numpy() for part in self.texts]))

    def run_labels(self):
        return clip_inputs.logits(self.run_embed_images(), self.run_embed_texts())


class OpenClip(ClipTorch):
    """Variants: f32, bf16."""

    TEXT_LENGTH = 77

    def load(self):
        return open_clip_model(self.directory / "open_clip")[0].to(self.dtype)

    def towers(self, model):
        return model.encode_image, model.encode_text


def open_clip_model(directory):
    """→ the model in float32, what prepares its pictures"""
    sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "reference"))
    import torchvision_processors
    torchvision_processors.find_torchvision()
    import open_clip
    model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{directory}")
    return model.eval(), preprocess


RUNNERS = {"transformers": ClipTorch, "open_clip": OpenClip}
