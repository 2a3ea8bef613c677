#include "text/tokenizer_config.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "text/tokenizer_json.hpp"

namespace blip {

namespace {

using nlohmann::json;

// transformers' SPECIAL_TOKENS_ATTRIBUTES: the order in which tokens that the vocabulary lacks are
// given ids.
constexpr std::array<const char*, 7> kNamedTokens = {
    "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"};

// What the files say about tokens, before ids.
struct TokenDeclarations {
  std::map<std::int64_t, AddedToken> numbered;  // added_tokens_decoder, in the order of its keys
  std::map<std::string, AddedToken> named;      // cls_token, … as far as anything says
  std::vector<AddedToken> model_specific;       // "enc_token" and the like
  std::vector<AddedToken> extra;                // additional_special_tokens
};

// A string, or the fields of an AddedToken.
AddedToken parse_special_token(const json& value, const char* key, const JsonDocument& document) {
  AddedToken token;
  if (value.is_string()) {
    token.content = value.get<std::string>();
    token.normalized = false;
  } else if (value.is_object()) {
    token = parse_added_token({value, document.name + ": " + key});
  } else {
    document.fields().fail(key, "is neither text nor an added token");
  }
  token.special = true;
  return token;
}

bool is_named(std::string_view key) {
  return std::find(kNamedTokens.begin(), kNamedTokens.end(), key) != kNamedTokens.end();
}

void read_named_tokens(const JsonDocument& document, TokenDeclarations& tokens) {
  for (const char* key : kNamedTokens) {
    const auto found = document.root.find(key);
    if (found == document.root.end()) continue;
    if (found->is_null()) {
      tokens.named[key] = {};  // said to have none
    } else {
      tokens.named[key] = parse_special_token(*found, key, document);
    }
  }
}

void read_extra_tokens(const JsonDocument& document, TokenDeclarations& tokens) {
  for (const char* key : {"extra_special_tokens", "additional_special_tokens"}) {
    const json* listed = document.fields().find(key);
    if (listed == nullptr || listed->empty()) continue;
    if (!listed->is_array() && !listed->is_object()) {
      document.fields().fail(key, "is neither a list nor an object");
    }
    auto& target = listed->is_object() ? tokens.model_specific : tokens.extra;
    for (const json& value : *listed) {
      target.push_back(parse_special_token(value, key, document));
    }
    return;  // the newer name counts where both are there
  }
}

void read_model_specific_tokens(const JsonDocument& config, TokenDeclarations& tokens) {
  for (const std::string& key : config.key_order) {
    if (is_named(key) || !key.ends_with("_token")) continue;
    const json* value = config.fields().find(key.c_str());
    if (value == nullptr || !value->is_string()) continue;
    tokens.model_specific.push_back(parse_special_token(*value, key.c_str(), config));
  }
}

void read_added_tokens_decoder(const JsonDocument& config, TokenDeclarations& tokens) {
  constexpr const char* kField = "added_tokens_decoder";
  const json& decoder = *config.fields().find(kField);
  if (!decoder.is_object()) config.fields().fail(kField, "is not an object");
  for (const auto& [key, value] : decoder.items()) {
    std::int64_t id = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
    if (error != std::errc() || end != key.data() + key.size()) {
      config.fields().fail(kField, "has the key " + in_quotes(key) + ", which is not a number");
    }
    if (!value.is_object()) config.fields().fail(kField, "has an entry that is not an object");
    tokens.numbered[id] = parse_added_token({value, config.name + ": " + kField});
  }
}

std::set<std::string_view> contents_of(const std::map<std::string, AddedToken>& tokens) {
  std::set<std::string_view> contents;
  for (const auto& token : tokens) contents.insert(token.second.content);
  return contents;
}

// added_tokens.json: {"[DEC]": 30522}.
void read_legacy_added_tokens(const JsonDocument& document, TokenDeclarations& tokens) {
  std::set<std::string_view> special = contents_of(tokens.named);
  for (const AddedToken& token : tokens.extra) special.insert(token.content);
  for (const auto& [content, id] : document.root.items()) {
    if (!id.is_number_integer()) {
      document.fields().fail("added tokens", "have no number for " + in_quotes(content));
    }
    AddedToken token;
    token.content = content;
    token.special = special.find(content) != special.end();
    token.normalized = !token.special;
    tokens.numbered[id.get<std::int64_t>()] = token;
  }
}

TokenDeclarations read_declarations(const TokenizerConfigDocuments& documents) {
  TokenDeclarations tokens;
  if (documents.config != nullptr) {
    read_named_tokens(*documents.config, tokens);
    read_model_specific_tokens(*documents.config, tokens);
    read_extra_tokens(*documents.config, tokens);
    // The older files count only where there is no added_tokens_decoder.
    if (documents.config->fields().find("added_tokens_decoder") != nullptr) {
      read_added_tokens_decoder(*documents.config, tokens);
      return tokens;
    }
  }
  if (documents.special_tokens_map != nullptr) {
    read_named_tokens(*documents.special_tokens_map, tokens);
    if (tokens.extra.empty()) read_extra_tokens(*documents.special_tokens_map, tokens);
  }
  if (documents.added_tokens != nullptr) read_legacy_added_tokens(*documents.added_tokens, tokens);
  if (documents.tokenizer_json != nullptr) {
    for (NumberedToken& token : read_added_tokens(*documents.tokenizer_json)) {
      tokens.numbered[token.id] = std::move(token.token);
    }
  }
  return tokens;
}

void append_added_tokens(const TokenDeclarations& tokens, TokenizerSpec& spec) {
  std::set<std::string, std::less<>> known;
  for (const AddedToken& token : spec.added_tokens) known.insert(token.content);
  const std::set<std::string_view> named = contents_of(tokens.named);
  for (const auto& numbered : tokens.numbered) {
    AddedToken token = numbered.second;
    token.special = token.special || named.find(token.content) != named.end();
    known.insert(token.content);
    spec.added_tokens.push_back(std::move(token));
  }
  // Of a token that is named twice the later description counts, unless the vocabulary of added
  // tokens had it before.
  std::set<AddedToken> appended;
  const auto append_new = [&](const AddedToken& token) {
    if (token.content.empty() || known.find(token.content) != known.end()) return;
    if (!appended.insert(token).second) return;
    if (appended.size() > kMaxAddedTokens) {
      throw Error(ErrorCode::limit_exceeded, spec.vocabulary_file + ": more added tokens than " +
                                                 std::to_string(kMaxAddedTokens));
    }
    spec.added_tokens.push_back(token);
  };
  for (const char* key : kNamedTokens) {
    const auto found = tokens.named.find(key);
    if (found != tokens.named.end()) append_new(found->second);
  }
  for (const AddedToken& token : tokens.model_specific) append_new(token);
  for (const AddedToken& token : tokens.extra) append_new(token);
}

void require_template_token(const TokenizerSpec& spec, const std::string& role,
                            const std::string& token, const TokenDeclarations& tokens) {
  const bool listed =
      std::any_of(tokens.numbered.begin(), tokens.numbered.end(),
                  [&](const auto& numbered) { return numbered.second.content == token; });
  if (token.empty() || (!listed && spec.vocabulary.find(token) == Vocabulary::kNone)) {
    throw Error(ErrorCode::malformed, spec.vocabulary_file + ": the vocabulary lacks " + role +
                                          (token.empty() ? "" : " " + in_quotes(token)));
  }
}

void read_limits(const JsonFields& config, TokenizerSpec& spec) {
  spec.split_special_tokens = config.boolean("split_special_tokens").value_or(false);
  // transformers writes 1e30 where it knows no limit.
  constexpr double kLargest = 1e31;
  constexpr double kNoLimit = 1e9;
  if (const auto most = config.number("model_max_length", {0, kLargest})) {
    spec.model_max_length = *most < kNoLimit ? static_cast<std::size_t>(*most) : 0;
  }
}

}  // namespace

bool names_bert_tokenizer(const std::optional<JsonDocument>& config) {
  if (!config) return true;
  const std::string name = config->fields().string("tokenizer_class").value_or("");
  return name.empty() || name == "BertTokenizer" || name == "BertTokenizerFast";
}

void apply_tokenizer_config(const TokenizerConfigDocuments& documents, bool is_bert,
                            TokenizerSpec& spec) {
  TokenDeclarations tokens = read_declarations(documents);
  const auto default_token = [&](const char* key, const std::string& content) {
    if (is_bert && tokens.named.find(key) == tokens.named.end()) {
      tokens.named[key] = {.content = content, .normalized = false, .special = true};
    }
    const auto found = tokens.named.find(key);
    return found == tokens.named.end() ? content : found->second.content;
  };
  const std::string unk_token = default_token("unk_token", "[UNK]");
  spec.pad_token = default_token("pad_token", spec.pad_token);
  spec.cls_token = default_token("cls_token", spec.cls_token);
  spec.sep_token = default_token("sep_token", spec.sep_token);
  spec.mask_token = default_token("mask_token", spec.mask_token);
  if (is_bert) {
    spec.word_piece.unk_token = unk_token;
    require_template_token(spec, "cls_token", spec.cls_token, tokens);
    require_template_token(spec, "sep_token", spec.sep_token, tokens);
  }
  append_added_tokens(tokens, spec);

  if (documents.config == nullptr) return;
  const JsonFields config = documents.config->fields();
  spec.clean_up_tokenization_spaces =
      config.boolean("clean_up_tokenization_spaces").value_or(false);
  read_limits(config, spec);
  if (!is_bert) return;
  spec.normalizer->lowercase = config.boolean("do_lower_case").value_or(true);
  spec.normalizer->handle_chinese_chars = config.boolean("tokenize_chinese_chars").value_or(true);
  spec.normalizer->strip_accents = config.boolean("strip_accents");
}

namespace {

// The text of a named token, which is `otherwise` if no file says.
std::string name_token(TokenDeclarations& tokens, const char* key, const char* otherwise) {
  const auto found = tokens.named.find(key);
  if (found != tokens.named.end()) return found->second.content;
  tokens.named[key] = {.content = otherwise, .normalized = false, .special = true};
  return otherwise;
}

void require_named_token(const std::string& token, const char* key, const TokenizerSpec& spec) {
  if (!token.empty()) return;
  throw Error(ErrorCode::malformed,
              spec.vocabulary_file + ": its configuration has no " + std::string(key));
}

void clear_bert_tokens(TokenizerSpec& spec) {
  spec.cls_token.clear();
  spec.sep_token.clear();
  spec.mask_token.clear();
}

}  // namespace

void apply_clip_tokenizer_config(const TokenizerConfigDocuments& documents, TokenizerSpec& spec) {
  TokenDeclarations tokens = read_declarations(documents);
  spec.bos_token = name_token(tokens, "bos_token", "<|startoftext|>");
  spec.eos_token = name_token(tokens, "eos_token", "<|endoftext|>");
  spec.pad_token = name_token(tokens, "pad_token", "<|endoftext|>");
  spec.byte_pairs->unk_token = name_token(tokens, "unk_token", "<|endoftext|>");
  clear_bert_tokens(spec);
  if (spec.bos_token.empty() || spec.eos_token.empty()) {
    throw Error(ErrorCode::malformed,
                spec.vocabulary_file + ": its configuration has no bos_token or no eos_token");
  }
  append_added_tokens(tokens, spec);
  if (documents.config == nullptr) return;
  spec.model_max_length = 0;  // a file beside OpenAI's merges counts, not what is known of those
  read_limits(documents.config->fields(), spec);
}

void apply_siglip_tokenizer_config(const TokenizerConfigDocuments& documents, TokenizerSpec& spec) {
  constexpr std::size_t kPositionsOfSiglip = 64;
  TokenDeclarations tokens = read_declarations(documents);
  spec.eos_token = name_token(tokens, "eos_token", "</s>");
  spec.unk_token = name_token(tokens, "unk_token", "<unk>");
  spec.pad_token = name_token(tokens, "pad_token", "</s>");
  spec.bos_token.clear();
  clear_bert_tokens(spec);
  require_named_token(spec.eos_token, "eos_token", spec);
  require_named_token(spec.unk_token, "unk_token", spec);
  append_added_tokens(tokens, spec);
  spec.model_max_length = kPositionsOfSiglip;
  if (documents.config == nullptr) return;
  const JsonFields config = documents.config->fields();
  read_limits(config, spec);
  spec.clean_up_tokenization_spaces =
      config.boolean("clean_up_tokenization_spaces").value_or(false);
  spec.lowercase = config.boolean("do_lower_case").value_or(true);
}

void apply_gemma_tokenizer_config(const TokenizerConfigDocuments& documents, TokenizerSpec& spec) {
  TokenDeclarations tokens = read_declarations(documents);
  spec.bos_token = name_token(tokens, "bos_token", "<bos>");
  spec.eos_token = name_token(tokens, "eos_token", "<eos>");
  spec.pad_token = name_token(tokens, "pad_token", "<pad>");
  spec.byte_pairs->unk_token = name_token(tokens, "unk_token", "<unk>");
  clear_bert_tokens(spec);
  spec.mask_token = name_token(tokens, "mask_token", "<mask>");
  append_added_tokens(tokens, spec);
  if (documents.config == nullptr) return;
  const JsonFields config = documents.config->fields();
  read_limits(config, spec);
  spec.clean_up_tokenization_spaces =
      config.boolean("clean_up_tokenization_spaces").value_or(false);
  // add_bos_token and add_eos_token do not count: transformers takes what tokenizer.json puts
  // around a text.
}

}  // namespace blip
