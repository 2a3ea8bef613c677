#include "app/prompt_chain.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace blip::app {
namespace {

constexpr std::string_view kComma = ", ";

// A text and how good it is.
struct Judged {
  std::size_t index = 0;
  float similarity = 0.0F;
};

// The best of `texts`, which must not be empty; of equal ones the first.
Judged best_of(const PromptJudge& judge, std::span<const std::string> texts, bool reverse) {
  std::vector<float> similarities = judge.similarities(texts);
  if (reverse) {
    for (float& similarity : similarities) similarity = -similarity;
  }
  const auto best = std::max_element(similarities.begin(), similarities.end());
  return {static_cast<std::size_t>(best - similarities.begin()), *best};
}

std::vector<std::string> without_repeats(std::vector<std::string> phrases) {
  std::unordered_set<std::string> seen;
  std::erase_if(phrases, [&](const std::string& phrase) { return !seen.insert(phrase).second; });
  return phrases;
}

std::string with_phrase(const std::string& prompt, const std::string& phrase) {
  return prompt + std::string(kComma) + phrase;
}

std::string taken_from(std::vector<std::string>& phrases, std::size_t index) {
  std::string phrase = std::move(phrases[index]);
  phrases.erase(phrases.begin() + static_cast<std::ptrdiff_t>(index));
  return phrase;
}

}  // namespace

PromptChain chain_phrases(const PromptJudge& judge, std::vector<std::string> phrases,
                          const std::string& start, const ChainOptions& options) {
  phrases = without_repeats(std::move(phrases));
  PromptChain current{start, {}};
  float current_similarity = 0.0F;
  if (!start.empty()) {
    current_similarity = best_of(judge, std::span(&start, 1), /*reverse=*/false).similarity;
  } else if (!phrases.empty()) {
    const Judged first = best_of(judge, phrases, options.reverse);
    current.prompt = taken_from(phrases, first.index);
    current.phrases.push_back(current.prompt);
    current_similarity = options.reverse ? -first.similarity : first.similarity;
  }
  PromptChain best = current;
  float best_similarity = current_similarity;
  for (std::size_t i = 0; i < options.max_count && !phrases.empty(); ++i) {
    std::vector<std::string> prompts;
    prompts.reserve(phrases.size());
    for (const std::string& phrase : phrases)
      prompts.push_back(with_phrase(current.prompt, phrase));
    const Judged next = best_of(judge, prompts, options.reverse);
    if (next.similarity <= current_similarity && i >= options.min_count) break;
    current.prompt = std::move(prompts[next.index]);
    current.phrases.push_back(taken_from(phrases, next.index));
    current_similarity = next.similarity;
    if (current_similarity > best_similarity) {
      best = current;
      best_similarity = current_similarity;
    }
    if (judge.is_full(current.prompt)) break;
  }
  return best;
}

std::string cut_to_fit(const PromptJudge& judge, const std::string& prompt) {
  std::size_t end = std::min(prompt.find(kComma), prompt.size());
  while (end < prompt.size()) {
    const std::size_t begin = end + kComma.size();
    const std::size_t next = std::min(prompt.find(kComma, begin), prompt.size());
    if (judge.is_full(prompt.substr(0, end) + prompt.substr(begin, next - begin))) break;
    end = next;
  }
  return prompt.substr(0, end);
}

}  // namespace blip::app
