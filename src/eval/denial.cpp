#include "eval/denial.hpp"

#include <algorithm>
#include <cctype>
#include <functional>
#include <initializer_list>
#include <utility>

namespace blip::eval {
namespace {

// What a phrase does to the words around it.
enum class Effect {
  nothing,          // "no change": denies nothing, though it begins as if it did
  denies_next,      // what follows
  denies_previous,  // what stands before it
  doubts_next,
  doubts_previous,
  ends,  // no effect reaches beyond it
};

struct PhraseRule {
  Words words;
  Effect effect;
};

Words words_of(std::string_view text) {
  Words words(1);
  for (const char c : text) {
    if (c != ' ') {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

// After the lists of NegEx and CheXpert, for what radiologists write. The longest that fits counts.
const std::vector<PhraseRule>& phrase_rules() {
  static const std::vector<PhraseRule> all = [] {
    std::vector<PhraseRule> made;
    const auto add = [&](Effect effect, std::initializer_list<const char*> phrases) {
      for (const char* phrase : phrases) made.push_back({words_of(phrase), effect});
    };
    add(Effect::nothing,
        {"no change", "no interval change", "no significant change",
         "no significant interval change", "no appreciable change", "no increase", "no decrease",
         "no interval increase", "no interval decrease", "without change",
         "without interval change", "not only", "not changed", "not significantly changed",
         "not resolved", "not yet resolved", "not completely resolved", "not fully resolved",
         "partially resolved", "partly resolved", "incompletely resolved",
         // They look as if they ended the effect of a word before them.
         "consistent with", "compatible with", "associated with", "along with"});
    add(Effect::denies_next, {"no",
                              "not",
                              "without",
                              "without evidence of",
                              "no evidence of",
                              "no evidence for",
                              "no radiographic evidence of",
                              "absence of",
                              "absent",
                              "free of",
                              "clear of",
                              "negative for",
                              "denies",
                              "no longer",
                              "rules out",
                              "resolution of",
                              "neither",
                              "nor",
                              "never",
                              "rather than"});
    add(Effect::denies_previous, {"is absent",          "are absent",
                                  "is not seen",        "are not seen",
                                  "not seen",           "not present",
                                  "is not present",     "are not present",
                                  "not identified",     "is not identified",
                                  "are not identified", "not visualized",
                                  "not demonstrated",   "not appreciated",
                                  "not evident",        "has resolved",
                                  "have resolved",      "resolved",
                                  "is excluded",        "are excluded",
                                  "was ruled out",      "is ruled out",
                                  "are ruled out",      "has cleared",
                                  "have cleared",       "no longer seen",
                                  "is no longer seen",  "are no longer seen",
                                  "no longer present",  "no longer visualized",
                                  "no longer visible",  "no longer identified",
                                  "no longer evident",  "not noted",
                                  "not observed",       "not visible"});
    add(Effect::doubts_next, {"possible",        "possibly",
                              "probable",        "probably",
                              "may be",          "may represent",
                              "may reflect",     "might be",
                              "might represent", "could be",
                              "could represent", "could reflect",
                              "suspected",       "suspicious for",
                              "suspicion of",    "questionable",
                              "concern for",     "concerning for",
                              "worrisome for",   "cannot exclude",
                              "can not exclude", "cannot rule out",
                              "not exclude",     "equivocal",
                              "versus",          "vs"});
    add(Effect::doubts_previous,
        {"cannot be excluded", "can not be excluded", "is not excluded", "are not excluded",
         "cannot be ruled out", "not excluded", "is possible", "are possible", "is questionable",
         "is suspected", "are suspected", "is unlikely", "unlikely", "not entirely excluded"});
    add(Effect::ends, {"but", "however", "although", "though", "except", "nevertheless", "yet",
                       "otherwise", "aside from", "apart from", "other than", "there is",
                       "there are", "and the", "which", "secondary to", "due to", "with",
                       // What is there, in a list of what is not.
                       "stable", "unchanged", "persistent"});
    // Longer ones first, so that the first that fits is the longest.
    std::ranges::stable_sort(made, std::ranges::greater{},
                             [](const PhraseRule& rule) { return rule.words.size(); });
    return made;
  }();
  return all;
}

}  // namespace

std::vector<Words> sentences_of(std::string_view report) {
  std::vector<Words> sentences(1);
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) sentences.back().push_back(std::move(word));
    word.clear();
  };
  const auto is_digit = [&](std::size_t at) {
    return at < report.size() && std::isdigit(static_cast<unsigned char>(report[at])) != 0;
  };
  for (std::size_t i = 0; i < report.size(); ++i) {
    const auto c = static_cast<unsigned char>(report[i]);
    if (c >= 0x80 || c == '\'') {
      word += report[i];
      continue;
    }
    if (std::isalnum(c) != 0) {
      word += static_cast<char>(std::tolower(c));
      continue;
    }
    if (c == '.' && i > 0 && is_digit(i - 1) && is_digit(i + 1)) {
      word += '.';
      continue;
    }
    end_word();
    constexpr std::string_view kEnds = ".;:?!\n";
    if (kEnds.find(static_cast<char>(c)) != std::string_view::npos) sentences.emplace_back();
  }
  end_word();
  return sentences;
}

bool stands_at(const Words& words, std::size_t at, const Words& phrase) {
  return !phrase.empty() && at + phrase.size() <= words.size() &&
         std::equal(phrase.begin(), phrase.end(), words.begin() + static_cast<std::ptrdiff_t>(at));
}

Denials denials_of(const Words& sentence) {
  Denials found = {std::vector<bool>(sentence.size()), std::vector<bool>(sentence.size())};
  std::size_t part = 0;        // where the part of the sentence that an effect reaches begins
  Effect next = Effect::ends;  // what begins with the next word; `ends` is none
  for (std::size_t at = 0; at < sentence.size();) {
    const auto rule = std::ranges::find_if(phrase_rules(), [&](const PhraseRule& each) {
      return stands_at(sentence, at, each.words);
    });
    const std::size_t length = rule == phrase_rules().end() ? 1 : rule->words.size();
    for (std::size_t i = at; i < at + length; ++i) {
      found.is_denied[i] = next == Effect::denies_next;
      found.is_doubted[i] = next == Effect::doubts_next;
    }
    if (rule != phrase_rules().end()) {
      switch (rule->effect) {
        case Effect::nothing:
          break;
        case Effect::denies_next:
        case Effect::doubts_next:
          next = rule->effect;
          break;
        case Effect::denies_previous:
          std::fill(found.is_denied.begin() + static_cast<std::ptrdiff_t>(part),
                    found.is_denied.begin() + static_cast<std::ptrdiff_t>(at), true);
          break;
        case Effect::doubts_previous:
          std::fill(found.is_doubted.begin() + static_cast<std::ptrdiff_t>(part),
                    found.is_doubted.begin() + static_cast<std::ptrdiff_t>(at), true);
          break;
        case Effect::ends:
          next = Effect::ends;
          part = at;
          break;
      }
    }
    at += length;
  }
  return found;
}

}  // namespace blip::eval
