// Reads one JSON object a line on stdin and answers with one a line on stdout, for
// parity_generate.py.
//   a generation case (see tests/generate/replay.hpp) →
//     {"ids": [[…]], "scores": […], "transitions": [[…]], "sums": […], "means": […]} or {"error"}
//   {"warper": name, "value": v, "keep": k, "scores": […]} → {"scores": […]}, null for -inf
//   {"model", "image", "ids"} → {"logits": […]}, those of the hash decoder
#include <cmath>
#include <exception>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../../tests/generate/replay.hpp"
#include "blip/error.hpp"
#include "generate/log_softmax.hpp"
#include "generate/sampling_warpers.hpp"

namespace {

using nlohmann::json;

json generate(const json& request) {
  json ids = json::array();
  json scores = json::array();
  json transitions = json::array();
  json sums = json::array();
  json means = json::array();
  for (const auto& sequence : blip::run_case(request)) {
    ids.push_back(sequence.ids);
    scores.push_back(sequence.score);
    transitions.push_back(sequence.transition_scores);
    sums.push_back(sequence.log_probability());
    means.push_back(sequence.mean_log_probability());
  }
  return {{"ids", ids},
          {"scores", scores},
          {"transitions", transitions},
          {"sums", sums},
          {"means", means}};
}

json warp(const json& request) {
  auto scores = request.at("scores").get<std::vector<float>>();
  const std::string name = request.at("warper");
  const double value = request.value("value", 0.0);
  const int keep = request.value("keep", 1);
  std::vector<blip::TokenId> order;
  if (name == "temperature") blip::warp_temperature(scores, value);
  if (name == "top_k") blip::warp_top_k(scores, static_cast<int>(value), keep);
  if (name == "top_p") blip::warp_top_p(scores, value, keep, order);
  if (name == "log_softmax") blip::log_softmax(scores, scores);
  json result = json::array();
  for (const float score : scores) {
    if (std::isinf(score)) {
      result.push_back(nullptr);
    } else {
      result.push_back(score);
    }
  }
  return {{"scores", result}};
}

json logits(const json& request) {
  const auto model = blip::hash_model_from_json(request.at("model"));
  const auto ids = request.at("ids").get<std::vector<blip::TokenId>>();
  std::vector<float> result(static_cast<std::size_t>(model.vocab_size));
  blip::hash_logits(model, request.at("image"), ids, result);
  return {{"logits", result}};
}

json answer(const json& request) {
  if (request.contains("warper")) return warp(request);
  if (request.contains("ids")) return logits(request);
  return generate(request);
}

}  // namespace

int main() {
  try {
    for (std::string line; std::getline(std::cin, line);) {
      json reply;
      try {
        reply = answer(json::parse(line));
      } catch (const blip::Error& error) {
        reply = {{"error", error.what()}};
      }
      std::cout << reply.dump() << '\n' << std::flush;
    }
  } catch (const std::exception& error) {
    std::cerr << "probe_generate: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
