"""The answers to compare with, task by task: transformers' for the style "hf", those of
original_definitions.py for "original". Images come as features, [N, E], so that one image is encoded
once whatever is asked about it.
"""

import torch
from torch.nn import functional
from transformers.modeling_outputs import BaseModelOutputWithPooling

import decoding
import original_definitions as original
from original_definitions import Weights, enc_token, pre_caption, pre_question, tokenize


class KnownFeatures(torch.nn.Module):
    """Stands where a model's vision tower was and hands out features made by that tower before."""

    def __init__(self, vision_model):
        super().__init__()
        self.vision_model, self.image, self.dtype = vision_model, None, torch.float32

    def encode(self, pixel_values, interpolate=False):
        """pixel_values: [B, 3, H, W] → [B, N, E], one by one."""
        return torch.cat([
            self.vision_model(pixels[None], interpolate_pos_encoding=interpolate).last_hidden_state
            for pixels in pixel_values])

    def forward(self, pixel_values=None, **_):
        return BaseModelOutputWithPooling(last_hidden_state=self.image[None], pooler_output=(
            self.vision_model.post_layernorm(self.image[:1])))


class Oracle:
    """A model of transformers, its tokenizer, and its weights for the original definitions."""

    def __init__(self, model, tokenizer):
        self.weights = Weights(model.state_dict())
        self.model, self.tokenizer, self.config = model, tokenizer, model.config
        self.vision = KnownFeatures(model.vision_model)
        model.vision_model = self.vision

    def call(self, image, text, function=None, **arguments):
        """The model, or another function of it, on one image and one text."""
        self.vision.image = image
        ids, mask = tokenize(self.tokenizer, [text], length=None)
        return (function or self.model)(input_ids=ids, attention_mask=mask,
                                        pixel_values=image[None], **arguments)


class AnswerOracle(Oracle):
    def __init__(self, model, tokenizer):
        super().__init__(model, tokenizer)
        self.definition = original.QuestionAnswering(self.weights, self.config)

    def padded_question(self, question, style):
        if style == "hf":
            return tokenize(self.tokenizer, [question], length=None)
        return tokenize(self.tokenizer, [pre_question(question)], enc_token(self.config))

    def padded_states(self, image, question, style):
        """→ [1, T, H] and the mask [1, T]"""
        ids, mask = self.padded_question(question, style)
        if style == "hf":
            states = self.model.text_encoder(
                input_ids=ids, attention_mask=mask, encoder_hidden_states=image[None],
                encoder_attention_mask=torch.ones(1, len(image), dtype=torch.long))[0]
        else:
            states = self.definition.question_states(image[None], ids, mask)
        return states, mask

    def states(self, image, question, style):
        """→ [T, H]"""
        states, mask = self.padded_states(image, question, style)
        return states[0, :int(mask.sum())]

    def logits(self, states, answer):
        """states: [T, H] → [A, V]"""
        return self.model.text_decoder(input_ids=torch.tensor([answer]),
                                       encoder_hidden_states=states[None]).logits[0]

    def raw_generate(self, image, question, style, options):
        options = dict(options, return_dict_in_generate=True, output_scores=True)
        if style == "hf":
            return self.call(image, question, self.model.generate, **options)
        # The question without its padding: the original's decoder would read it, and its answer
        # depend on the other questions of the batch.
        text = self.config.text_config
        return self.model.text_decoder.generate(
            input_ids=torch.tensor([[text.bos_token_id]]), eos_token_id=text.sep_token_id,
            pad_token_id=text.pad_token_id,
            encoder_hidden_states=self.states(image, question, style)[None], **options)

    def generate(self, image, question, style, options):
        """→ rows of ids without padding, their scores if there were beams, and the log-probabilities
        of their tokens."""
        output = self.raw_generate(image, question, style, options)
        stop = self.config.text_config.sep_token_id
        rows = [decoding.strip_padding(row, stop, 1) for row in output.sequences.tolist()]
        return rows, output.get("sequences_scores"), decoding.transitions(
            self.model.text_decoder, output, rows, 1)

    def margin(self, image, question, style, options):
        return decoding.margin(self.model.text_decoder,
                               lambda: self.raw_generate(image, question, style, options),
                               options.get("num_beams", 1))

    def rank(self, image, question, style, answers, k):
        states, mask = self.padded_states(image, question, style)
        answer_ids, answer_mask = tokenize(self.tokenizer, answers, length=None)
        return self.definition.rank_answers(states, mask, answer_ids, answer_mask, k)

    def answer_score(self, states, answer):
        """The score of a ranked answer by transformers' own loss. states: [T, H]"""
        ids, _ = tokenize(self.tokenizer, [answer], self.config.text_config.bos_token_id, length=None)
        decoder = self.model.text_decoder
        decoder.label_smoothing = original.LABEL_SMOOTHING
        return -decoder(input_ids=ids, encoder_hidden_states=states[None], labels=ids,
                        reduction="none").loss[0]

    def answer_log_probabilities(self, states, answer):
        """Of the tokens of an answer, [SEP] included. states: [T, H]"""
        ids, _ = tokenize(self.tokenizer, [answer], self.config.text_config.bos_token_id, length=None)
        logits = self.logits(states, ids[0].tolist())[:-1]
        return logits.log_softmax(-1).gather(1, ids[0, 1:, None])[:, 0]


class MatchOracle(Oracle):
    def __init__(self, model, tokenizer):
        super().__init__(model, tokenizer)
        self.definition = original.ImageTextRetrieval(self.weights, self.config)

    def itm_logits(self, image, text, style):
        """→ [2]"""
        if style == "hf":
            return self.call(image, text).itm_score[0]
        ids, mask = tokenize(self.tokenizer, [pre_caption(text)], enc_token(self.config))
        return self.definition.itm_logits(image[None], ids, mask)[0]

    def cosine(self, image, text, style):
        if style == "hf":
            return self.call(image, text, use_itm_head=False).itm_score[0, 0]
        return (self.image_features(image) @ self.text_features(text, style)).squeeze()

    def image_features(self, image):
        """→ [D]"""
        return functional.normalize(self.model.vision_proj(image[0]), dim=-1)

    def text_features(self, text, style):
        """→ [D]"""
        if style == "hf":
            ids, mask = tokenize(self.tokenizer, [text], length=None)
            first = self.model.text_encoder(input_ids=ids, attention_mask=mask)[0][0, 0]
            return functional.normalize(self.model.text_proj(first), dim=-1)
        ids, mask = tokenize(self.tokenizer, [pre_caption(text)])
        return self.definition.text_features(ids, mask)[0]


class ReasoningOracle:
    """BLIP's NLVR2, which transformers does not have."""

    def __init__(self, config, tensors, tokenizer):
        self.config, self.tokenizer = config, tokenizer
        self.definition = original.TwoImageReasoning(Weights(tensors), config)
        self.vision = KnownFeatures(self.definition.vision)

    def logits(self, left, right, statements):
        """left, right: [B, N, E] → [B, 2]; the statements are padded to the longest."""
        ids, mask = tokenize(self.tokenizer, [pre_caption(s) for s in statements],
                             enc_token(self.config), length=None)
        return self.definition.logits(left, right, ids, mask)


class FeatureOracle(Oracle):
    """BlipModel."""

    def image_features(self, image):
        """→ [P]"""
        self.vision.image = image
        return self.model.get_image_features(pixel_values=image[None]).pooler_output[0]

    def text_features(self, text):
        ids, mask = tokenize(self.tokenizer, [text], length=None)
        return self.model.get_text_features(input_ids=ids, attention_mask=mask).pooler_output[0]

    def multimodal_features(self, image, text):
        return self.call(image, text, self.model.get_multimodal_features)[0]

    def logits_per_image(self, image, text):
        return self.call(image, text).logits_per_image[0, 0]
