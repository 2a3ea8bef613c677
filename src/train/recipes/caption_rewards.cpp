#include "train/recipes/caption_rewards.hpp"

#include <utility>

#include "eval/ptb_tokenizer.hpp"

namespace blip::train {
namespace {

// No token of a caption: brackets never get through the Penn Treebank rules.
constexpr const char* kEnd = " [END]";

std::unordered_map<std::uint32_t, std::size_t> places_of(
    const std::map<std::uint32_t, std::vector<std::string>>& references) {
  std::unordered_map<std::uint32_t, std::size_t> places;
  for (const auto& [image, captions] : references) places.emplace(image, places.size());
  return places;
}

std::vector<std::vector<std::string>> ended_tokens(
    const std::map<std::uint32_t, std::vector<std::string>>& references) {
  std::vector<std::string> all;
  for (const auto& [image, captions] : references) {
    all.insert(all.end(), captions.begin(), captions.end());
  }
  const std::vector<std::string> tokens = eval::tokenized_captions(all);
  std::vector<std::vector<std::string>> ended;
  std::size_t next = 0;
  for (const auto& [image, captions] : references) {
    auto& mine = ended.emplace_back();
    for (std::size_t i = 0; i < captions.size(); ++i) mine.push_back(tokens[next++] + kEnd);
  }
  return ended;
}

}  // namespace

CaptionRewards::CaptionRewards(const std::map<std::uint32_t, std::vector<std::string>>& references,
                               const BertTokenizer& tokenizer)
    : tokenizer_(tokenizer), places_(places_of(references)), scorer_(ended_tokens(references)) {}

torch::Tensor CaptionRewards::operator()(std::span<const std::uint32_t> images,
                                         const TextBatch& captions, std::int64_t given_tokens) {
  const torch::Tensor ids = captions.ids.to(torch::kCPU).contiguous();
  const torch::Tensor mask = captions.mask.to(torch::kCPU).contiguous();
  const std::int64_t length = ids.size(1);
  std::vector<std::string> texts;
  std::vector<bool> have_ended;
  for (std::int64_t row = 0; row < ids.size(0); ++row) {
    const auto* tokens = ids.data_ptr<std::int64_t>() + row * length;
    const auto* is_token = mask.data_ptr<std::int64_t>() + row * length;
    std::vector<TokenId> caption;
    for (std::int64_t i = given_tokens; i < length && is_token[i] == 1; ++i) {
      caption.push_back(static_cast<TokenId>(tokens[i]));
    }
    have_ended.push_back(!caption.empty() && caption.back() == tokenizer_.sep_token_id());
    texts.push_back(tokenizer_.decode(caption, {.skip_special_tokens = true}));
  }
  std::vector<std::string> ended = eval::tokenized_captions(texts);
  for (std::size_t i = 0; i < ended.size(); ++i) {
    if (have_ended[i]) ended[i] += kEnd;
  }
  const std::size_t samples = ended.size() / images.size();
  std::vector<float> rewards;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto mine = std::span<const std::string>(ended).subspan(i * samples, samples);
    for (const double score : scorer_.scores(places_.at(images[i]), mine)) {
      rewards.push_back(static_cast<float>(score));
    }
  }
  return torch::tensor(rewards).view(
      {static_cast<std::int64_t>(images.size()), static_cast<std::int64_t>(samples)});
}

}  // namespace blip::train
