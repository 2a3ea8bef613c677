#include "text/tokenizer_json.hpp"

#include <cstdint>
#include <limits>
#include <optional>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/unicode.hpp"

namespace blip {

namespace {

using nlohmann::json;

constexpr JsonFields::IntRange kTokenIds = {0, kMaxTokenCount - 1};
// Before a text, and after it: BERT has one. A template may name a token of many ids many times.
constexpr std::size_t kMaxTemplateIds = 1'000;

std::string_view without_trailing_space(std::string_view line) {
  while (!line.empty()) {
    std::size_t last = line.size() - 1;
    while (last > 0 && (static_cast<unsigned char>(line[last]) & 0xC0U) == 0x80U) --last;
    if ((properties_of(decode_utf8(line.substr(last)).code_point) & kWhitespace) == 0) break;
    line = line.substr(0, last);
  }
  return line;
}

// object[key], which must be an object whose "type" is `type`; nothing if it is absent or null.
std::optional<JsonFields> part_of_type(const JsonFields& object, const char* key,
                                       std::string_view type) {
  std::optional<JsonFields> part = object.object(key);
  if (part && part->string("type").value_or("") != type) {
    part->fail("type", "is not supported: only " + std::string(type) + " is",
               ErrorCode::unsupported);
  }
  return part;
}

JsonFields model_of(const JsonDocument& document) {
  std::optional<JsonFields> model = document.fields().object("model");
  if (!model) document.fields().fail("model", "is missing");
  if (const std::string type = model->string("type").value_or("WordPiece"); type != "WordPiece") {
    model->fail("type", in_quotes(type) + " is not supported: only WordPiece is",
                ErrorCode::unsupported);
  }
  return *model;
}

// TemplateProcessing names its special tokens and lists their ids apart.
void append_template_ids(const JsonFields& processor, const json& piece,
                         std::vector<TokenId>& ids) {
  const std::string token =
      JsonFields(piece, "post_processor").string("id").value_or(std::string());
  const std::optional<JsonFields> tokens = processor.object("special_tokens");
  const std::optional<JsonFields> entry =
      tokens ? tokens->object(token.c_str()) : std::optional<JsonFields>();
  const json* listed = entry ? entry->find("ids") : nullptr;
  if (listed == nullptr || !listed->is_array()) {
    processor.fail("special_tokens", "does not list the ids of " + in_quotes(token));
  }
  if (listed->size() > kMaxTemplateIds - ids.size()) {
    processor.fail("single",
                   "puts more than " + std::to_string(kMaxTemplateIds) + " ids beside a text",
                   ErrorCode::limit_exceeded);
  }
  for (const json& id : *listed) ids.push_back(entry->as_integer(id, "ids", kTokenIds));
}

void read_template(const JsonFields& processor, TokenizerSpec& spec) {
  const json* single = processor.find("single");
  if (single == nullptr || !single->is_array()) processor.fail("single", "is not a list");
  bool past_text = false;
  for (const json& piece : *single) {
    const bool is_object = piece.is_object();
    if (is_object && piece.contains("SpecialToken")) {
      append_template_ids(processor, piece["SpecialToken"], past_text ? *spec.after : *spec.before);
    } else if (is_object && piece.contains("Sequence") && !past_text) {
      past_text = true;
    } else {
      processor.fail("single", "is not one text among special tokens", ErrorCode::unsupported);
    }
  }
  if (!past_text) processor.fail("single", "has no place for the text");
}

TokenId bert_processing_id(const JsonFields& processor, const char* key) {
  const json* pair = processor.find(key);
  if (pair == nullptr || !pair->is_array() || pair->size() != 2) {
    processor.fail(key, "is not a token and its id");
  }
  return processor.as_integer((*pair)[1], key, kTokenIds);
}

void read_model_options(const JsonFields& model, WordPieceOptions& options) {
  options.unk_token = model.string("unk_token").value_or(options.unk_token);
  options.continuing_subword_prefix =
      model.string("continuing_subword_prefix").value_or(options.continuing_subword_prefix);
  constexpr JsonFields::IntRange kCharacters = {0, std::numeric_limits<std::int32_t>::max()};
  if (const std::optional<int> most = model.integer("max_input_chars_per_word", kCharacters)) {
    options.max_input_chars_per_word = static_cast<std::size_t>(*most);
  }
}

void read_normalizer(const JsonDocument& document, TokenizerSpec& spec) {
  spec.normalizer.reset();
  const auto normalizer = part_of_type(document.fields(), "normalizer", "BertNormalizer");
  if (!normalizer) return;
  BertNormalizerOptions& options = spec.normalizer.emplace();
  options.clean_text = normalizer->boolean("clean_text").value_or(true);
  options.handle_chinese_chars = normalizer->boolean("handle_chinese_chars").value_or(true);
  options.strip_accents = normalizer->boolean("strip_accents");
  options.lowercase = normalizer->boolean("lowercase").value_or(true);
}

void read_decoder(const JsonDocument& document, TokenizerSpec& spec) {
  spec.decoder.reset();
  const auto decoder = part_of_type(document.fields(), "decoder", "WordPiece");
  if (!decoder) return;
  TokenDecoderOptions& options = spec.decoder.emplace();
  options.prefix = decoder->string("prefix").value_or(options.prefix);
  options.cleanup = decoder->boolean("cleanup").value_or(options.cleanup);
}

}  // namespace

void read_post_processor(const JsonDocument& document, TokenizerSpec& spec) {
  spec.before.emplace();
  spec.after.emplace();
  const std::optional<JsonFields> processor = document.fields().object("post_processor");
  if (!processor) return;
  const std::string type = processor->string("type").value_or("");
  if (type == "BertProcessing") {
    spec.before->push_back(bert_processing_id(*processor, "cls"));
    spec.after->push_back(bert_processing_id(*processor, "sep"));
  } else if (type == "TemplateProcessing") {
    read_template(*processor, spec);
  } else {
    processor->fail("type", in_quotes(type) + " is not supported", ErrorCode::unsupported);
  }
}

void read_vocab_txt(std::string_view bytes, const std::string& name, TokenizerSpec& spec) {
  spec.vocabulary_file = name;
  TokenId id = 0;
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view line = bytes.substr(0, end);
    if (!is_valid_utf8(line)) {
      throw Error(ErrorCode::malformed,
                  name + ": line " + std::to_string(id + 1) + " is not UTF-8");
    }
    spec.vocabulary.insert(without_trailing_space(line), id, name);
    ++id;
    if (end == std::string_view::npos) break;
    bytes.remove_prefix(end + 1);
  }
}

void read_tokenizer_json_vocabulary(const JsonDocument& document, TokenizerSpec& spec) {
  spec.vocabulary_file = document.name;
  const JsonFields model = model_of(document);
  const json* tokens = model.find("vocab");
  if (tokens == nullptr || !tokens->is_object()) model.fail("vocab", "is not an object");
  spec.vocabulary.reserve(tokens->size());
  for (const auto& [token, id] : tokens->items()) {
    spec.vocabulary.insert(token, model.as_integer(id, "vocab", kTokenIds), document.name);
  }
}

AddedToken parse_added_token(const JsonFields& fields) {
  AddedToken token;
  token.content = fields.string("content").value_or(std::string());
  if (token.content.empty()) fields.fail("content", "is missing");
  token.special = fields.boolean("special").value_or(false);
  token.normalized = fields.boolean("normalized").value_or(!token.special);
  token.single_word = fields.boolean("single_word").value_or(false);
  token.lstrip = fields.boolean("lstrip").value_or(false);
  token.rstrip = fields.boolean("rstrip").value_or(false);
  return token;
}

std::vector<NumberedToken> read_added_tokens(const JsonDocument& document) {
  std::vector<NumberedToken> tokens;
  const JsonFields fields = document.fields();
  const json* listed = fields.find("added_tokens");
  if (listed == nullptr) return tokens;
  if (!listed->is_array()) fields.fail("added_tokens", "is not a list");
  for (const json& entry : *listed) {
    if (!entry.is_object()) fields.fail("added_tokens", "has an entry that is not an object");
    const JsonFields token(entry, document.name + ": added_tokens");
    const std::optional<int> id = token.integer("id", kTokenIds);
    if (!id) token.fail("id", "is missing");
    tokens.push_back({*id, parse_added_token(token)});
  }
  return tokens;
}

void read_tokenizer_json(const JsonDocument& document, TokenizerSpec& spec) {
  read_tokenizer_json_vocabulary(document, spec);
  read_model_options(model_of(document), spec.word_piece);
  read_normalizer(document, spec);
  if (!part_of_type(document.fields(), "pre_tokenizer", "BertPreTokenizer")) {
    document.fields().fail("pre_tokenizer", "is missing: BertPreTokenizer is needed",
                           ErrorCode::unsupported);
  }
  read_decoder(document, spec);
  read_post_processor(document, spec);
  for (NumberedToken& numbered : read_added_tokens(document)) {
    spec.added_tokens.push_back(std::move(numbered.token));
  }
}

}  // namespace blip
