// probe_eval: the metrics on what parity_eval.py asks, its numbers as JSON.
//
//   REQUEST.json: {"out": FILE, "sets": [{"hyps": […], "refs": [[…]…]}…],     tokens
//                  "answers": […], "questions": [{"answer", "people": […]}…],
//                  "retrieval": [{"scores": [[…]…], "image_of_text": […]}…],
//                  "texts": […]}                         to be cut into tokens; may be missing
#include <fstream>
#include <nlohmann/json.hpp>

#include "eval/bleu.hpp"
#include "eval/cider.hpp"
#include "eval/ptb_tokenizer.hpp"
#include "eval/retrieval_recall.hpp"
#include "eval/rouge_l.hpp"
#include "eval/vqa_accuracy.hpp"
#include "eval/vqa_answer.hpp"
#include "probe_request.hpp"

namespace {

using blip::eval::CaptionSet;
using nlohmann::json;

json caption_scores(const json& asked) {
  const CaptionSet set = {.captions = asked["hyps"], .references = asked["refs"]};
  const auto bleu = blip::eval::bleu(set);
  const auto rouge_l = blip::eval::rouge_l(set);
  const auto cider = blip::eval::cider(set);
  return {{"bleu", bleu.corpus},     {"bleu_per_image", bleu.images},
          {"rouge_l", rouge_l.mean}, {"rouge_l_per_image", rouge_l.images},
          {"cider", cider.mean},     {"cider_per_image", cider.images}};
}

json answer_steps(const std::string& answer) {
  const std::string stripped = blip::eval::stripped_answer(answer);
  const std::string bare = blip::eval::without_punctuation(stripped);
  return {stripped, bare, blip::eval::with_plain_words(bare)};
}

json recall(const blip::eval::RecallScores& scores) {
  return {scores.r1, scores.r5, scores.r10, scores.mean, scores.median_rank, scores.mean_rank};
}

json retrieval_scores(const json& asked) {
  blip::eval::ScoreMatrix matrix = {.num_images = asked["scores"].size(),
                                    .num_texts = asked["image_of_text"].size(),
                                    .values = {}};
  for (const json& row : asked["scores"]) {
    for (const json& score : row) matrix.values.push_back(score.get<float>());
  }
  const auto scores =
      blip::eval::retrieval_scores(matrix, asked["image_of_text"].get<std::vector<std::size_t>>());
  return {{"tr", recall(scores.text_retrieval)},
          {"ir", recall(scores.image_retrieval)},
          {"r_mean", scores.r_mean}};
}

void probe(const json& request) {
  json results = {{"sets", json::array()},
                  {"answers", json::array()},
                  {"questions", json::array()},
                  {"retrieval", json::array()}};
  for (const json& set : request["sets"]) results["sets"].push_back(caption_scores(set));
  for (const json& answer : request["answers"]) results["answers"].push_back(answer_steps(answer));
  for (const json& question : request["questions"]) {
    results["questions"].push_back(
        blip::eval::vqa_accuracy(question["answer"], question["people"]));
  }
  for (const json& one : request["retrieval"]) {
    results["retrieval"].push_back(retrieval_scores(one));
  }
  if (request.contains("texts")) {
    results["tokens"] =
        blip::eval::tokenized_captions(request["texts"].get<std::vector<std::string>>());
  }
  std::ofstream(request["out"].get<std::string>()) << results;
}

}  // namespace

int main(int argc, char** argv) {
  return blip::probe::run_probe(argc, argv, "probe_eval", probe);
}
