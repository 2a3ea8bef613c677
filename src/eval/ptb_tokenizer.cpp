#include "eval/ptb_tokenizer.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "eval/ptb_characters.hpp"
#include "eval/ptb_symbol_rules.hpp"
#include "eval/ptb_word_rules.hpp"
#include "eval/ptb_words.hpp"

namespace blip::eval {
namespace {

using Text = std::u32string_view;
using Tokens = std::vector<std::string>;

enum class Kind { plain, word, number, acronym, closing_abbreviation, smiley };

struct Rule {
  std::size_t (*match)(Text);
  Kind kind;
};

// The longest match wins, of equals the first.
constexpr std::array kRules = {
    Rule{match_url, Kind::plain},
    Rule{match_email, Kind::plain},
    Rule{match_acronym, Kind::acronym},
    Rule{match_closing_abbreviation, Kind::closing_abbreviation},
    Rule{match_abbreviation, Kind::plain},
    Rule{match_apostrophe_word, Kind::word},
    Rule{match_clitic, Kind::plain},
    Rule{match_number, Kind::number},
    Rule{match_word, Kind::word},
    Rule{match_dotted_word, Kind::plain},
    Rule{match_tag, Kind::plain},
    Rule{match_tagged_name, Kind::plain},
    Rule{match_escaped_bracket, Kind::plain},
    Rule{match_smiley, Kind::smiley},
};

// A token with plain apostrophes, in lower case.
std::string written(Text token) {
  std::u32string plain(token);
  std::replace(plain.begin(), plain.end(), U'\x2019', U'\'');
  return lowercase_utf8(plain);
}

// The blank of "1 1/2" does not part it: it becomes U+00A0.
std::string written_number(Text token) {
  std::u32string whole(token);
  std::replace_if(whole.begin(), whole.end(), is_blank, U'\xA0');
  return lowercase_utf8(whole);
}

std::string written_smiley(Text token) {
  std::string text;
  for (const char32_t c : token) text += escaped_bracket(c);
  return text;
}

// Whether a sentence begins in what follows an acronym.
bool sentence_begins(Text rest) {
  std::size_t start = 0;
  while (is_blank(at(rest, start)) || at(rest, start) == U'\n') ++start;
  if (start == 0 || !is_capital(at(rest, start))) return false;
  constexpr std::size_t kLongestStarter = 8;
  std::size_t end = start;
  while (end < start + kLongestStarter && is_letter(at(rest, end))) ++end;
  return !is_word_character(at(rest, end)) &&
         is_sentence_starter(lowercase_utf8(rest.substr(start, end - start)));
}

// Whether a line ends, or a word with a capital letter follows.
bool may_be_over(Text rest) {
  std::size_t start = 0;
  while (is_blank(at(rest, start))) ++start;
  if (start == rest.size() || rest[start] == U'\n') return true;
  return start > 0 && is_capital(rest[start]);
}

class Scanner {
 public:
  explicit Scanner(Text text) : rest_(text) {}

  std::vector<Tokens> lines() {
    std::vector<Tokens> lines(1);
    while (!rest_.empty()) {
      const char32_t c = rest_.front();
      if (c == U'\n' || is_blank(c)) {
        if (c == U'\n') lines.emplace_back();
        rest_.remove_prefix(1);
      } else {
        scan(lines.back());
      }
    }
    return lines;
  }

 private:
  void scan(Tokens& tokens) {
    std::size_t length = 0;
    Kind kind = Kind::plain;
    for (const Rule& rule : kRules) {
      const std::size_t matched = rule.match(rest_);
      if (matched > length) {
        length = matched;
        kind = rule.kind;
      }
    }
    if (length == 0) {
      PtbSymbol symbol = scan_symbol(rest_);
      rest_.remove_prefix(symbol.length);
      if (!symbol.text.empty()) tokens.push_back(std::move(symbol.text));
      return;
    }
    const Text token = rest_.substr(0, length);
    rest_.remove_prefix(length);
    add(kind, token, tokens);
  }

  void add(Kind kind, Text token, Tokens& tokens) const {
    switch (kind) {
      case Kind::number:
        tokens.push_back(written_number(token));
        return;
      case Kind::smiley:
        tokens.push_back(written_smiley(token));
        return;
      case Kind::word:
        add_word(written(token), tokens);
        return;
      case Kind::acronym:
        tokens.push_back(written(token));
        if (token.back() == U'.' && sentence_begins(rest_)) tokens.emplace_back(".");
        return;
      case Kind::closing_abbreviation:
        tokens.push_back(written(token));
        if (may_be_over(rest_)) tokens.emplace_back(".");
        return;
      case Kind::plain:
        tokens.push_back(written(token));
        return;
    }
  }

  static void add_word(std::string word, Tokens& tokens) {
    if (const std::size_t first = first_part_of(word); first > 0) {
      tokens.push_back(word.substr(0, first));
      word.erase(0, first);
    }
    tokens.push_back(std::move(word));
  }

  Text rest_;
};

// pycocoevalcap's list.
bool is_punctuation(std::string_view token) {
  constexpr std::array<std::string_view, 17> kPunctuation = {
      "''", "'", "``", "`", "-LRB-", "-RRB-", "-LCB-", "-RCB-", ".",
      "?",  "!", ",",  ":", "-",     "--",    "...",   ";"};
  return std::find(kPunctuation.begin(), kPunctuation.end(), token) != kPunctuation.end();
}

}  // namespace

std::vector<Tokens> ptb_tokens(std::span<const std::string> lines) {
  std::u32string text;
  for (const std::string& line : lines) {
    std::u32string code_points = code_points_of(line);
    std::replace(code_points.begin(), code_points.end(), U'\n', U' ');
    text += code_points;
    text += U'\n';
  }
  std::vector<Tokens> tokens = Scanner(text).lines();
  tokens.pop_back();  // after the last line feed
  return tokens;
}

std::vector<std::string> tokenized_captions(std::span<const std::string> captions) {
  std::vector<std::string> texts;
  texts.reserve(captions.size());
  for (const Tokens& tokens : ptb_tokens(captions)) {
    std::string& text = texts.emplace_back();
    for (const std::string& token : tokens) {
      if (is_punctuation(token)) continue;
      if (!text.empty()) text += ' ';
      text += token;
    }
  }
  return texts;
}

}  // namespace blip::eval
