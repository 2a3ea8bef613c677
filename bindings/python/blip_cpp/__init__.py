"""BLIP, CLIP and ViT on a CPU, by transformers' names and without PyTorch.

>>> from blip_cpp import BlipProcessor, BlipForConditionalGeneration
>>> processor = BlipProcessor.from_pretrained("Salesforce/blip-image-captioning-base")
>>> model = BlipForConditionalGeneration.from_pretrained("Salesforce/blip-image-captioning-base")
>>> inputs = processor(images=image, return_tensors="np")
>>> processor.decode(model.generate(**inputs)[0], skip_special_tokens=True)
'a woman sitting on the beach with her dog'
"""

from ._blip_cpp import CancelledError, StopSource, bundled_models, num_threads, set_num_threads, version
from .batch import BatchFeature
from .classification import (
    AutoModelForImageClassification,
    Dinov2ForImageClassification,
    DeiTForImageClassification,
    EfficientNetLiteForImageClassification,
    ViTForImageClassification,
)
from .describing import Description, ImageDescriber
from .generation import BlipForConditionalGeneration, BlipForQuestionAnswering, Streamer
from .images import open_url
from .library import IndexedModel, IndexedPicture, LibraryIndex
from .outputs import GenerateOutput, ImageClassifierOutput, ImageTextMatchingOutput, ImageTextOutput
from .pipelines import pipeline
from .processors import (
    AutoImageProcessor,
    AutoProcessor,
    BlipImageProcessor,
    BlipProcessor,
    CLIPImageProcessor,
    CLIPProcessor,
    ViTImageProcessor,
)
from .retrieval import BlipForImageTextRetrieval, BlipModel, CLIPModel
from .streaming import TextIteratorStreamer, TextStreamer
from .tokenizers import AutoTokenizer, BertTokenizer, CLIPTokenizer

__version__ = version()

__all__ = [
    "AutoImageProcessor", "AutoModelForImageClassification", "AutoProcessor", "AutoTokenizer", "BatchFeature",
    "BertTokenizer", "BlipForConditionalGeneration", "BlipForImageTextRetrieval", "BlipForQuestionAnswering",
    "BlipImageProcessor", "BlipModel", "BlipProcessor", "CLIPImageProcessor", "CLIPModel", "CLIPProcessor",
    "CLIPTokenizer", "CancelledError", "DeiTForImageClassification", "Description", "Dinov2ForImageClassification",
    "EfficientNetLiteForImageClassification", "GenerateOutput", "ImageClassifierOutput", "ImageDescriber",
    "ImageTextMatchingOutput", "ImageTextOutput", "IndexedModel", "IndexedPicture", "LibraryIndex", "StopSource", "Streamer",
    "TextIteratorStreamer", "TextStreamer", "ViTForImageClassification", "ViTImageProcessor", "__version__", "bundled_models", "num_threads", "open_url", "pipeline", "set_num_threads", "version",
]
