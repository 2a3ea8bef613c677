#include "text/byte_pair_files.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/unicode.hpp"
#include "text/byte_characters.hpp"

namespace blip {

namespace {

using nlohmann::json;

constexpr std::string_view kEndOfWord = "</w>";
constexpr JsonFields::IntRange kBytePairIds = {0, kMaxTokenCount - 1};

using Pair = std::pair<std::string_view, std::string_view>;

// Exactly two parts with one blank between them, as `tokenizers` wants it.
std::optional<Pair> split_pair(std::string_view line) {
  if (!is_valid_utf8(line)) return std::nullopt;
  const std::size_t blank = line.find(' ');
  if (blank == std::string_view::npos) return std::nullopt;
  const std::string_view right = line.substr(blank + 1);
  if (right.find(' ') != std::string_view::npos) return std::nullopt;
  return Pair{line.substr(0, blank), right};
}

// `where` is the file and the place in it.
Merge merge_of(const Pair& pair, const Vocabulary& vocabulary, const std::string& where) {
  const auto id_of = [&](std::string_view token) {
    const TokenId id = vocabulary.find(token);
    if (id == Vocabulary::kNone) {
      throw Error(ErrorCode::malformed, where + " merges to or from " +
                                            in_quotes(std::string(token)) +
                                            ", which the vocabulary lacks");
    }
    return id;
  };
  std::string merged(pair.first);
  merged += pair.second;
  return {.left = id_of(pair.first), .right = id_of(pair.second), .merged = id_of(merged)};
}

std::string line_name(const std::string& name, std::size_t line) {
  return name + ": line " + std::to_string(line);
}

// Calls visit(line, its number from 1) for each line; "\n" and "\r\n" end one.
template <typename Visit>
void for_each_line(std::string_view bytes, Visit visit) {
  for (std::size_t number = 1; !bytes.empty(); ++number) {
    const std::size_t end = bytes.find('\n');
    std::string_view line = bytes.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    visit(line, number);
    if (end == std::string_view::npos) break;
    bytes.remove_prefix(end + 1);
  }
}

[[noreturn]] void fail_pair(const std::string& name, std::size_t line) {
  throw Error(ErrorCode::malformed,
              line_name(name, line) + " is not two tokens with one blank between them");
}

void check_count(std::size_t merges, const std::string& name) {
  if (merges < static_cast<std::size_t>(kMaxTokenCount)) return;
  throw Error(ErrorCode::limit_exceeded,
              name + ": more merges than " + std::to_string(kMaxTokenCount));
}

void read_vocabulary(const json& tokens, const JsonFields& fields, TokenizerSpec& spec) {
  spec.vocabulary.reserve(std::min<std::size_t>(tokens.size(), kMaxTokenCount));
  for (const auto& [token, id] : tokens.items()) {
    spec.vocabulary.insert(token, fields.as_integer(id, "vocab", kBytePairIds),
                           spec.vocabulary_file);
  }
}

Pair pair_of(const json& merge, const JsonFields& model) {
  if (merge.is_string()) {
    if (const auto pair = split_pair(merge.get_ref<const std::string&>())) return *pair;
  } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() &&
             merge[1].is_string()) {
    return {merge[0].get_ref<const std::string&>(), merge[1].get_ref<const std::string&>()};
  }
  model.fail("merges", "has an entry that is not two tokens");
}

}  // namespace

void read_vocab_json(const JsonDocument& document, TokenizerSpec& spec) {
  spec.vocabulary_file = document.name;
  read_vocabulary(document.root, document.fields(), spec);
}

std::vector<Merge> read_merges_txt(std::string_view bytes, const std::string& name,
                                   const Vocabulary& vocabulary) {
  std::vector<Merge> merges;
  for_each_line(bytes, [&](std::string_view line, std::size_t number) {
    if (line.starts_with("#version")) return;
    const auto pair = split_pair(line);
    if (!pair) fail_pair(name, number);
    check_count(merges.size(), name);
    merges.push_back(merge_of(*pair, vocabulary, line_name(name, number)));
  });
  return merges;
}

std::vector<Merge> read_byte_pair_model(const JsonDocument& document, TokenizerSpec& spec) {
  spec.vocabulary_file = document.name;
  const std::optional<JsonFields> model = document.fields().object("model");
  if (!model) document.fields().fail("model", "is missing");
  if (const std::string type = model->string("type").value_or("BPE"); type != "BPE") {
    model->fail("type", in_quotes(type) + " is not supported: only BPE is", ErrorCode::unsupported);
  }
  const json* tokens = model->find("vocab");
  if (tokens == nullptr || !tokens->is_object()) model->fail("vocab", "is not an object");
  read_vocabulary(*tokens, *model, spec);
  const json* listed = model->find("merges");
  if (listed == nullptr || !listed->is_array()) model->fail("merges", "is not a list");
  std::vector<Merge> merges;
  check_count(listed->size(), document.name);
  merges.reserve(listed->size());
  for (const json& merge : *listed) {
    merges.push_back(
        merge_of(pair_of(merge, *model), spec.vocabulary,
                 document.name + ": model.merges: entry " + std::to_string(merges.size())));
  }
  return merges;
}

std::vector<Merge> read_openai_merges(std::string_view bytes, const std::string& name,
                                      TokenizerSpec& spec) {
  constexpr std::size_t kTokens = 49152;
  constexpr std::size_t kMergesOfClip = kTokens - 256 - 2;
  spec.vocabulary_file = name;
  TokenId next = 0;
  const auto add = [&](std::string_view token) { spec.vocabulary.insert(token, next++, name); };
  for (const std::uint8_t byte : bytes_in_order()) add(character_of_byte(byte));
  for (const std::uint8_t byte : bytes_in_order()) {
    add(character_of_byte(byte) + std::string(kEndOfWord));
  }
  std::vector<Merge> merges;
  for_each_line(bytes, [&](std::string_view line, std::size_t number) {
    if (number == 1 || merges.size() == kMergesOfClip) return;
    const auto pair = split_pair(line);
    if (!pair) fail_pair(name, number);
    add(std::string(pair->first) + std::string(pair->second));
    merges.push_back(merge_of(*pair, spec.vocabulary, line_name(name, number)));
  });
  add("<|startoftext|>");
  add("<|endoftext|>");
  return merges;
}

}  // namespace blip
