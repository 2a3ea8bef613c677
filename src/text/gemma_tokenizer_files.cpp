#include "text/gemma_tokenizer_files.hpp"

#include <string>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "text/byte_characters.hpp"
#include "text/byte_pair_files.hpp"
#include "text/tokenizer_config.hpp"
#include "text/tokenizer_json.hpp"

namespace blip {
namespace {

using nlohmann::json;

// What a file's normaliser does. Of the two in either order.
struct GemmaNormalizer {
  bool lowercase = false;
  bool marks_blanks = false;
};

bool replaces_blank(const JsonFields& step) {
  const auto pattern = step.object("pattern");
  return pattern && pattern->string("String").value_or("") == " ";
}

void read_normalizer_step(const JsonFields& step, GemmaNormalizer& normalizer) {
  const std::string type = step.string("type").value_or("");
  if (type == "Lowercase") {
    normalizer.lowercase = true;
  } else if (type == "Replace" && replaces_blank(step) &&
             step.string("content").value_or("") == kBlankMark) {
    normalizer.marks_blanks = true;
  } else {
    step.fail("type",
              in_quotes(type) + " is not supported here: Lowercase is, and Replace of blanks by ▁",
              ErrorCode::unsupported);
  }
}

GemmaNormalizer read_gemma_normalizer(const JsonDocument& document) {
  GemmaNormalizer result;
  const auto normalizer = document.fields().object("normalizer");
  if (!normalizer) return result;
  if (normalizer->string("type").value_or("") != "Sequence") {
    read_normalizer_step(*normalizer, result);
    return result;
  }
  const json* steps = normalizer->find("normalizers");
  if (steps == nullptr || !steps->is_array()) normalizer->fail("normalizers", "is not a list");
  for (const json& step : *steps) {
    if (!step.is_object()) normalizer->fail("normalizers", "has an entry that is not an object");
    read_normalizer_step(JsonFields(step, document.name + ": normalizers"), result);
  }
  return result;
}

// Once blanks are marks, splitting at blanks splits nothing.
void check_pre_tokenizer(const JsonDocument& document) {
  const auto splitter = document.fields().object("pre_tokenizer");
  if (!splitter) return;
  if (splitter->string("type").value_or("") == "Split" && replaces_blank(*splitter)) return;
  splitter->fail("type", "is not supported here: Split at blanks is", ErrorCode::unsupported);
}

void check_gemma_model(const JsonDocument& document) {
  const auto model = document.fields().object("model");
  if (!model) return;  // for read_byte_pair_model to say
  const auto refuse = [&](const char* key) {
    model->fail(key, "is not as Gemma's tokenizer has it", ErrorCode::unsupported);
  };
  if (!model->boolean("byte_fallback").value_or(false)) refuse("byte_fallback");
  if (model->boolean("ignore_merges").value_or(false)) refuse("ignore_merges");
  for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    if (!model->string(key).value_or("").empty()) refuse(key);
  }
}

void describe_by_file(const JsonDocument& document, TokenizerSpec& spec) {
  const GemmaNormalizer normalizer = read_gemma_normalizer(document);
  if (!normalizer.marks_blanks) {
    document.fields().fail("normalizer", "does not replace blanks by ▁", ErrorCode::unsupported);
  }
  spec.lowercase = normalizer.lowercase;
  check_pre_tokenizer(document);
  check_gemma_model(document);
}

std::string class_without_fast(const std::optional<JsonDocument>& config) {
  constexpr std::string_view kFast = "Fast";
  std::string name = config ? config->fields().string("tokenizer_class").value_or("") : "";
  if (name.ends_with(kFast)) name.resize(name.size() - kFast.size());
  return name;
}

}  // namespace

GemmaTokenizerFiles read_gemma_tokenizer_files(const std::filesystem::path& directory) {
  std::optional<NamedBytes> whole = read_if_present(directory / "tokenizer.json");
  if (!whole) {
    throw Error(ErrorCode::not_found, directory.string() + ": tokenizer.json is not there");
  }
  return {.tokenizer_json = std::move(*whole),
          .tokenizer_config = read_if_present(directory / "tokenizer_config.json"),
          .special_tokens_map = read_if_present(directory / "special_tokens_map.json"),
          .added_tokens = read_if_present(directory / "added_tokens.json")};
}

TokenizerSpec make_gemma_tokenizer_spec(const GemmaTokenizerFiles& files) {
  const JsonDocument document = *parse_document(files.tokenizer_json);
  const auto config = parse_document(files.tokenizer_config, true);
  const auto map = parse_document(files.special_tokens_map);
  const auto added = parse_document(files.added_tokens);

  TokenizerSpec spec;
  const std::string name = class_without_fast(config);
  if (name == "GemmaTokenizer" || name == "Siglip2Tokenizer") {
    spec.lowercase = name == "Siglip2Tokenizer";
  } else if (name.empty() || name == "PreTrainedTokenizer" || name == "TokenizersBackend") {
    describe_by_file(document, spec);
  } else {
    config->fields().fail("tokenizer_class",
                          in_quotes(name) +
                              " is not supported: of a tokenizer.json, "
                              "GemmaTokenizer and Siglip2Tokenizer are",
                          ErrorCode::unsupported);
  }
  BytePairOptions& byte_pairs = spec.byte_pairs.emplace();
  byte_pairs.byte_fallback = true;
  byte_pairs.end_of_word_suffix.clear();
  byte_pairs.merges = read_byte_pair_model(document, spec);
  read_post_processor(document, spec);
  apply_gemma_tokenizer_config({.config = config ? &*config : nullptr,
                                .special_tokens_map = map ? &*map : nullptr,
                                .added_tokens = added ? &*added : nullptr,
                                .tokenizer_json = &document},
                               spec);
  return spec;
}

}  // namespace blip
