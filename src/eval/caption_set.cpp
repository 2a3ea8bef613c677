#include "eval/caption_set.hpp"

#include <cstddef>

#include "blip/error.hpp"
#include "eval/ptb_tokenizer.hpp"

namespace blip::eval {

CaptionSet tokenized(const CaptionSet& texts) {
  std::vector<std::string> all;
  for (const auto& references : texts.references) {
    all.insert(all.end(), references.begin(), references.end());
  }
  CaptionSet tokens{.captions = tokenized_captions(texts.captions), .references = {}};
  auto next = tokenized_captions(all);
  std::size_t at = 0;
  for (const auto& references : texts.references) {
    auto& mine = tokens.references.emplace_back();
    for (std::size_t i = 0; i < references.size(); ++i) mine.push_back(std::move(next[at++]));
  }
  return tokens;
}

void check(const CaptionSet& set) {
  if (set.captions.size() != set.references.size()) {
    throw Error(ErrorCode::invalid_argument,
                "caption set: " + std::to_string(set.captions.size()) + " captions, but " +
                    std::to_string(set.references.size()) + " lists of references");
  }
  for (std::size_t i = 0; i < set.references.size(); ++i) {
    if (set.references[i].empty()) {
      throw Error(ErrorCode::invalid_argument,
                  "caption set: image " + std::to_string(i) + " has no references");
    }
  }
}

}  // namespace blip::eval
