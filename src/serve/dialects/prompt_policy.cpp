#include "serve/dialects/prompt_policy.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"

namespace blip::serve {
namespace {

using std::string_view_literals::operator""sv;

/// More words than captions begin with: somebody explains what is wanted.
constexpr std::size_t kMaxPrefixWords = 12;

constexpr std::array kInstructions = {
    "describe"sv, "create"sv,    "analyze"sv,   "analyse"sv, "provide"sv,    "write"sv,
    "generate"sv, "give"sv,      "caption"sv,   "tell"sv,    "identify"sv,   "list"sv,
    "explain"sv,  "summarize"sv, "summarise"sv, "output"sv,  "return"sv,     "respond"sv,
    "answer"sv,   "classify"sv,  "label"sv,     "tag"sv,     "transcribe"sv, "read"sv,
    "look"sv,     "make"sv,      "produce"sv,   "show"sv,    "detect"sv};
constexpr std::array kInterrogatives = {"what"sv, "what's"sv, "who"sv,   "whose"sv, "where"sv,
                                        "when"sv, "why"sv,    "which"sv, "how"sv};
constexpr std::array kPolitely = {"please"sv, "can"sv, "could"sv, "would"sv, "will"sv, "you"sv};

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::string_view trimmed_prompt(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// The first words, in lower case and without the punctuation after them. One more than are asked
/// for tells that there are more.
std::vector<std::string> first_words(std::string_view text, std::size_t count) {
  std::vector<std::string> words;
  bool inside = false;
  for (const char c : text) {
    if (is_blank(c)) {
      inside = false;
      continue;
    }
    if (!inside) {
      if (words.size() == count) break;
      words.emplace_back();
      inside = true;
    }
    if (c == ',' || c == '.' || c == ':' || c == '!' || c == '?') continue;
    words.back().push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  }
  return words;
}

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// "describe …", "please describe …", "can you describe …", "You are a photo archivist …"
bool is_instruction(std::span<const std::string> words) {
  if (!words.empty() && words.front() == "you") return true;
  std::size_t i = 0;
  while (i + 1 < words.size() && is_one_of(words[i], kPolitely)) ++i;
  return i < words.size() && is_one_of(words[i], kInstructions);
}

PromptReading read_automatically(std::string_view prompt) {
  const auto words = first_words(prompt, kMaxPrefixWords + 1);
  if (is_instruction(words)) return {};
  if (prompt.ends_with('?') || (words.size() <= kMaxPrefixWords && !words.empty() &&
                                is_one_of(words.front(), kInterrogatives))) {
    return {.kind = PromptReading::Kind::question, .text = std::string(prompt)};
  }
  if (words.size() > kMaxPrefixWords) return {};
  return {.kind = PromptReading::Kind::prefix, .text = std::string(prompt)};
}

}  // namespace

PromptReading read_prompt(std::string_view prompt, PromptMode mode) {
  prompt = trimmed_prompt(prompt);
  if (prompt.empty() || mode == PromptMode::ignore) return {};
  switch (mode) {
    case PromptMode::prefix:
      return {.kind = PromptReading::Kind::prefix, .text = std::string(prompt)};
    case PromptMode::vqa:
      return {.kind = PromptReading::Kind::question, .text = std::string(prompt)};
    case PromptMode::automatic:
    case PromptMode::ignore:
      break;
  }
  return read_automatically(prompt);
}

PromptMode prompt_mode_of(std::string_view task) {
  if (task == "auto") return PromptMode::automatic;
  if (task == "caption") return PromptMode::ignore;
  if (task == "prefix") return PromptMode::prefix;
  if (task == "vqa" || task == "ask" || task == "answer" || task == "question") {
    return PromptMode::vqa;
  }
  throw Error(ErrorCode::invalid_argument,
              "task: " + in_quotes(task) + " is none of auto, caption, prefix, vqa");
}

}  // namespace blip::serve
