#!/usr/bin/env python3
"""Parity of the classes beside captioning: question answering (generated and ranked answers), image-text
matching, NLVR2 and BlipModel.

Builds random-weight models (tiny to large at 384 px) and compares image features, states, logits,
scores and token ids on the same image files. The oracle is transformers for style "hf", and
original_definitions.py, over texts padded to 35 tokens with masks, for style "original", ranked
answers and NLVR2. --task NAME compares one class only.
"""

import argparse
import itertools
import os
import pathlib
import sys
import tempfile
import warnings

# A busy machine makes spinning threads wait for each other; must be set before torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import torch
import transformers
from transformers import BertTokenizer, BlipForQuestionAnswering

import original_definitions
import random_models
from decoding import BEAMS, GREEDY, TIE_MARGIN
from probe_runner import FEATURE_LIMIT, LIMIT
from task_case import SMALL, TYPES, Case, sentences
from task_oracles import AnswerOracle, FeatureOracle, MatchOracle, ReasoningOracle

warnings.filterwarnings("ignore", message=".*max_length.*")
transformers.utils.logging.disable_progress_bar()
transformers.utils.logging.set_verbosity_error()

STYLES = ("hf", "original")
OTHER_SIZE = {"tiny": 40, "odd": 64, "small": 160, "base": 480, "large": 224}


def compare_answers(case):
    model = random_models.question_answering(case.values, seed=1)
    text = model.config.text_config
    pixels, tokenizer = case.prepare(model.config)
    questions = sentences(model.config, case.texts, min(40, text.max_position_embeddings - 6))
    answers = sentences(model.config, 40, 6, seed=6)
    ids, mask = original_definitions.tokenize(tokenizer, questions[:1], length=None)
    random_models.favour_stop(model, pixel_values=pixels[:1], input_ids=ids, attention_mask=mask,
                              interpolate_pos_encoding=bool(case.image_size))
    oracle = AnswerOracle(case.save(model), tokenizer)
    images = case.encode(oracle, pixels)
    everything = list(range(len(images)))

    probe, line = case.probe(), case.line
    source = torch.Generator().manual_seed(7)
    states = []
    for index, (question, style) in enumerate(itertools.product(questions, STYLES)):
        answer = [text.bos_token_id, *torch.randint(5, text.vocab_size, (9,), generator=source).tolist()]
        image = index % len(images)
        states.append((image, question, style, answer, probe.ask(
            "states_and_logits", images=[image], texts=[question], style=style, answer=answer)))
    generated = []  # (images, questions, style, options, result): one question, then batches
    turns = itertools.cycle(itertools.product(everything, questions))
    for style, options in itertools.product(STYLES, case.settings):
        image, question = next(turns)
        generated.append(([image], [question], style, options))
    for style, options in itertools.product(STYLES, ({"max_new_tokens": 10}, BEAMS[3])):
        generated.append(([0], questions, style, options))
        generated.append((everything, questions[1:2], style, options))
        generated.append((everything, questions[:len(images)], style, options))
    for style, options in itertools.product(STYLES, (GREEDY[1], BEAMS[2], BEAMS[13])):
        image, question = next(turns)
        rows, _, _ = oracle.generate(images[image], question, style, options)
        words = [rows[0][2:3], rows[-1][3:5], rows[0][4:7]]
        words = [word for word in words if word] or [[7]]  # an answer may be too short to have any
        generated.append(([image], [question], style, dict(options, bad_words_ids=words)))
    asked = [probe.ask("generate", images=i, texts=q, style=s, options=o) for i, q, s, o in generated]
    from_pixels = probe.ask("generate_from_pixels", images=everything[:2], texts=questions[:2],
                            options=BEAMS[1])
    generated.append((everything[:2], questions[:2], "hf", BEAMS[1]))
    ranked = [(image, question, style, k, probe.ask(
        "rank", images=[image], texts=[question], style=style, answers=answers, k=k))
        for (image, question, style), k in itertools.product(
            itertools.product(everything[:2], questions[-2:], STYLES), (8, 40))]
    many_ranked = probe.ask("rank", images=[0], texts=questions, style="original", answers=answers, k=12)
    features, results = probe.run()

    line.error("features", features, images, FEATURE_LIMIT)
    for image, question, style, answer, result in states:
        wanted = oracle.states(images[image], question, style)
        logits = oracle.logits(wanted, answer)
        line.error("states", results[result]["states"], wanted)
        line.error("logits", results[result]["logits"], logits)
        # The definitions are themselves held against transformers where it can say.
        ids, mask = oracle.padded_question(question, style)
        defined = oracle.definition.question_states(images[image][None], ids, mask)
        answer = torch.tensor([answer])
        if style == "hf":
            line.error("definitions", defined[0], wanted, FEATURE_LIMIT)
            line.error("definitions", oracle.definition.logits(
                defined, mask, answer, torch.ones_like(answer))[0], logits, FEATURE_LIMIT)
    known = {}
    for (some, asked_questions, style, options), result in zip(generated, [*asked, from_pixels]):
        rows, returned = results[result], options.get("num_return_sequences", 1)
        pairs = [(some[i % len(some)], asked_questions[i % len(asked_questions)])
                 for i in range(max(len(some), len(asked_questions)))]
        line.must_equal("rows", len(rows), len(pairs) * returned)
        for index, (image, question) in enumerate(pairs):
            arguments = images[image], question, style, options
            key = image, question, style, str(options)
            if key not in known:
                known[key] = oracle.generate(*arguments)
            wanted, scores, transitions = known[key]
            got = rows[index * returned:(index + 1) * returned]
            same = line.decision(
                f"image {image} {question!r} {style} {options} in {len(pairs)}",
                [row if result == from_pixels else row["ids"] for row in got], wanted,
                lambda arguments=arguments: oracle.margin(*arguments), TIE_MARGIN)
            if same and result != from_pixels:
                line.must_equal("texts", [row["text"] for row in got],
                           tokenizer.batch_decode(wanted, skip_special_tokens=True))
                line.error("log-probabilities",
                           torch.tensor(sum((row["transitions"] for row in got), [])),
                           torch.tensor(sum(transitions, [])))
                if scores is not None:
                    line.error("scores", [row["score"] for row in got], scores)
    ranked = [(i, q, s, k, results[r][0]) for i, q, s, k, r in ranked] + [
        (0, question, "original", 12, row) for question, row in zip(questions, results[many_ranked])]
    for image, question, style, k, got in ranked:
        order, scores, cut = oracle.rank(images[image], question, style, answers, k)
        same = line.decision(
            f"rank: image {image} {question!r} {style} k {k}", [answer for answer, *_ in got], order,
            lambda scores=scores, cut=cut: min(float((scores[:-1] - scores[1:]).min()), cut),
            TIE_MARGIN)
        if same:
            line.error("ranked", [score for _, score, *_ in got], scores)
        states = oracle.states(images[image], question, style)
        for answer, _, summed, mean in got[:3]:
            wanted = oracle.answer_log_probabilities(states, answers[answer])
            line.error("log-probabilities", [summed, mean], [wanted.sum(), wanted.mean()])
        line.error("definitions", scores[0], oracle.answer_score(states, answers[order[0]]))


def compare_matches(case):
    model = random_models.image_text_retrieval(case.values, seed=2)
    text = model.config.text_config
    pixels, tokenizer = case.prepare(model.config)
    oracle = MatchOracle(case.save(model), tokenizer)
    images = case.encode(oracle, pixels)
    texts = sentences(model.config, 8, min(40, text.max_position_embeddings - 6))
    everything = list(range(len(images)))

    probe, line = case.probe(), case.line
    image_features = probe.ask("image_features", images=everything)
    asked = []
    for style in STYLES:
        one_image = dict(images=[1], texts=texts, style=style)
        one_text = dict(images=everything, texts=texts[-1:], style=style)
        paired = dict(images=everything, texts=texts[:len(images)], style=style)
        asked.append((style, probe.ask("text_features", texts=texts, style=style), [
            (request, probe.ask("itm_logits", **request), probe.ask("match", **request))
            for request in (one_image, one_text, paired)]))
    features, results = probe.run()

    line.error("features", features, images, FEATURE_LIMIT)
    line.error("image embeddings", results[image_features],
               torch.stack([oracle.image_features(image) for image in images]))
    for style, text_features, requests in asked:
        line.error("text embeddings", results[text_features],
                   torch.stack([oracle.text_features(words, style) for words in texts]))
        for request, logits, match in requests:
            pairs = [(request["images"][i % len(request["images"])],
                      request["texts"][i % len(request["texts"])])
                     for i in range(max(len(request["images"]), len(request["texts"])))]
            wanted = torch.stack([oracle.itm_logits(images[i], t, style) for i, t in pairs])
            cosines = torch.stack([oracle.cosine(images[i], t, style) for i, t in pairs])
            line.error("itm logits", results[logits], wanted)
            if style == "hf":  # hold the definitions, too, against transformers
                line.error("definitions", torch.cat([oracle.definition.itm_logits(
                    images[i][None], *original_definitions.tokenize(tokenizer, [t], length=None))
                    for i, t in pairs]), wanted, FEATURE_LIMIT)
            got = torch.tensor(results[match])  # [pairs, 3]
            line.error("itm logits", got[:, 0], wanted[:, 1])
            line.error("probabilities", got[:, 1], wanted.softmax(-1)[:, 1])
            line.error("itc", got[:, 2], cosines)
            if len(request["images"]) == 1:  # a retrieval over the texts, as the paper's
                order, scores = original_definitions.rerank(cosines, lambda c: wanted[c, 1], 5)
                mine, _ = original_definitions.rerank(got[:, 2], lambda c: got[c, 0], 5)
                gaps = [a - b for a, b in itertools.pairwise(scores)]
                by_cosine = cosines.sort(descending=True).values
                line.decision(f"retrieval {style}", mine, order,
                              lambda: min(*gaps, float(by_cosine[4] - by_cosine[5])), TIE_MARGIN)


def compare_reasoning(case):
    layers = max(8, case.values["text"].get("num_hidden_layers", 12))  # some that merge
    values = dict(case.values, text=dict(case.values["text"], num_hidden_layers=layers))
    config, tensors = random_models.two_image_reasoning(values, seed=3)
    pixels, tokenizer = case.prepare(config)
    dtype = TYPES[case.weight_type]
    random_models.save_two_image_reasoning(case.directory, config, tensors, dtype)
    oracle = ReasoningOracle(config, {n: t.to(dtype) for n, t in tensors.items()}, tokenizer)
    images = case.encode(oracle, pixels)
    statements = sentences(config, 6, min(40, config.text_config.max_position_embeddings - 6))
    left = [i % len(images) for i in range(len(statements))]
    right = [(i // 2 + 1) % len(images) for i in range(len(statements))]

    probe, line = case.probe(), case.line
    together = probe.ask("logits", left=left, right=right, texts=statements)
    alone = [probe.ask("logits", left=[a], right=[b], texts=[s])
             for a, b, s in zip(left, right, statements)]
    swapped = probe.ask("logits", left=right, right=left, texts=statements)
    features, results = probe.run()

    line.error("features", features, images, FEATURE_LIMIT)
    wanted = oracle.logits(images[left], images[right], statements)
    line.error("logits", results[together], wanted)
    line.error("logits", torch.cat([results[index] for index in alone]), wanted)
    line.error("logits", results[swapped], oracle.logits(images[right], images[left], statements))
    # Hold the definition against transformers, too: both halves of it alike, and the same image.
    one_image = random_models.image_text_retrieval(values, seed=3)
    encoder = original_definitions.TextTower(
        original_definitions.Weights(random_models.doubled(one_image)), "text_encoder.",
        config.text_config)
    ids, mask = original_definitions.tokenize(tokenizer, statements[:1], length=None)
    image = images[:1]
    line.error("definitions", encoder(ids, mask, (image, image)), one_image.text_encoder(
        input_ids=ids, attention_mask=mask, encoder_hidden_states=image)[0], FEATURE_LIMIT)


def compare_features(case):
    model = random_models.clip_like(case.values, seed=4)
    pixels, tokenizer = case.prepare(model.config)
    oracle = FeatureOracle(case.save(model), tokenizer)
    images = case.encode(oracle, pixels)
    texts = sentences(model.config, 6, min(40, model.config.text_config.max_position_embeddings - 6))
    everything = list(range(len(images)))

    probe, line = case.probe(), case.line
    separate = probe.ask("features", images=everything, texts=texts)
    one_image = probe.ask("multimodal", images=[1], texts=texts)
    paired = probe.ask("multimodal", images=everything, texts=texts[-len(images):])
    features, results = probe.run()

    line.error("features", features, images, FEATURE_LIMIT)
    line.error("image", results[separate]["image"],
               torch.stack([oracle.image_features(image) for image in images]))
    line.error("text", results[separate]["text"],
               torch.stack([oracle.text_features(words) for words in texts]))
    line.error("logits per image", results[separate]["logits_per_image"],
               torch.stack([torch.stack([oracle.logits_per_image(image, words) for words in texts])
                            for image in images]))
    line.error("multimodal", results[one_image],
               torch.stack([oracle.multimodal_features(images[1], words) for words in texts]))
    line.error("multimodal", results[paired], torch.stack([
        oracle.multimodal_features(image, words)
        for image, words in zip(images, texts[-len(images):])]))


def answers_that_feel_padding():
    """How many of transformers' answers change when their questions are padded into one batch, which
    README.md says: its decoder reads the padding. Ours are those of each question alone."""
    directory = pathlib.Path(__file__).resolve().parents[2] / "tests" / "tasks" / "data" / "vqa"
    model = BlipForQuestionAnswering.from_pretrained(directory, dtype=torch.float32).eval()
    tokenizer = BertTokenizer.from_pretrained(directory)
    size = model.config.vision_config.image_size
    pixels = torch.randn((1, 3, size, size), generator=torch.Generator().manual_seed(0))
    questions = ["a cat", "two dogs?", "is the man sitting", "what color is the cat?",
                 "is the motorcycle red or is it white and black and on the street at the beach?"]

    def answers(some):
        encoded = tokenizer(some, return_tensors="pt", padding=True)
        rows = model.generate(pixel_values=pixels.repeat(len(some), 1, 1, 1), max_new_tokens=8,
                              input_ids=encoded["input_ids"],
                              attention_mask=encoded["attention_mask"])
        return tokenizer.batch_decode(rows, skip_special_tokens=True)

    alone = [answers([question])[0] for question in questions]
    return sum(a != b for a, b in zip(alone, answers(questions))), len(questions)


TASKS = {"vqa": compare_answers, "itm": compare_matches, "nlvr": compare_reasoning,
         "blip": compare_features}


def cases(task, quick):
    """(size, weight type, image size) of everything that is compared."""
    sizes = [*SMALL] + ([] if quick else ["base"] + (["large"] if task != "nlvr" else []))
    if task == "vqa":
        sizes[1:1] = ["odd, one width"]
    for size in sizes:
        yield size, "f32", 0
        if size in OTHER_SIZE:
            yield size, "f32", OTHER_SIZE[size]
        if size in ("small", "base"):
            yield from ((size, weight_type, 0) for weight_type in ("f16", "bf16"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="tiny sizes only")
    parser.add_argument("--task", choices=TASKS, action="append", help="this class only")
    parser.add_argument("--size", action="append", help="this size only")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    lines, ok = [], True
    print(f"{'model':<20} {'class':<6} {'type':<5} {'':<7}{'decisions':<20} greatest differences")
    with tempfile.TemporaryDirectory() as temporary, torch.no_grad():
        for task in arguments.task or TASKS:
            for size, weight_type, image_size in cases(task, arguments.quick):
                if arguments.size and size not in arguments.size:
                    continue
                case = Case(arguments, pathlib.Path(temporary), task, size, weight_type, image_size)
                TASKS[task](case)
                ok = case.line.print() and ok
                lines.append(case.line)
    print(f"\n{sum(line.same for line in lines)} of {sum(line.cases for line in lines)} answers, orders "
          f"of answers and of texts are identical; {sum(len(line.ties) for line in lines)} near-ties of "
          f"the oracle (margin < {TIE_MARGIN:g}) are listed apart; limits: features {FEATURE_LIMIT:g}, "
          f"all else {LIMIT:g}. Where the towers' widths differ, the vqa oracle's answer decoder is as "
          "Salesforce defines it: transformers' own cannot run there.")
    with torch.no_grad():
        changed, asked = answers_that_feel_padding()
    print(f"{changed} of {asked} answers of transformers itself change when their questions are padded into "
          "one batch.")
    print("parity_tasks:", "ok" if ok and lines else "FAILED")
    return 0 if ok and lines else 1


if __name__ == "__main__":
    sys.exit(main())
