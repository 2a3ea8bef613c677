#include "train/capfilt/decision.hpp"

#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "blip/error.hpp"
#include "core/json_fields.hpp"
#include "core/json_text.hpp"

namespace blip::train {
namespace {

nlohmann::ordered_json line_about(const ImageDecision& decision, TextSource source) {
  return {{"image", decision.image}, {"key", decision.key}, {"source", name_of(source)}};
}

[[noreturn]] void fail_without(const JsonFields& fields, const char* key) {
  fields.fail(key, "is missing");
}

TextSource source_of(const JsonFields& fields) {
  const auto name = fields.string("source");
  for (const TextSource source : {TextSource::web, TextSource::synthetic, TextSource::human}) {
    if (name == name_of(source)) return source;
  }
  fields.fail("source", "must be web, synthetic or human");
}

std::string text_of(const JsonFields& fields, const char* key) {
  auto text = fields.string(key);
  if (!text) fail_without(fields, key);
  return std::move(*text);
}

}  // namespace

std::string_view name_of(TextSource source) {
  switch (source) {
    case TextSource::web:
      return "web";
    case TextSource::synthetic:
      return "synthetic";
    case TextSource::human:
      break;
  }
  return "human";
}

std::string decision_lines(const ImageDecision& decision) {
  if (!decision.error.empty()) {
    auto line = line_about(decision, decision.is_human ? TextSource::human : TextSource::web);
    line["error"] = decision.error;
    return line.dump() + '\n';
  }
  std::string lines;
  for (const JudgedText& text : decision.texts) {
    auto line = line_about(decision, text.source);
    line["text"] = text.text;
    line["score"] = nullptr;
    if (text.score) line["score"] = *text.score;
    line["kept"] = text.kept;
    lines += line.dump() + '\n';
  }
  return lines;
}

std::optional<ImageDecision> DecisionReader::take(std::string_view line) {
  const std::string where = name_ + ": line " + std::to_string(++lines_);
  const nlohmann::json object = parse_json_object(line, where);
  const JsonFields fields(object, where);
  const auto image = fields.number("image", {0, 1e15});
  const auto kept = fields.boolean("kept");
  const TextSource source = source_of(fields);
  ImageDecision decision;
  if (!image) fail_without(fields, "image");
  decision.image = static_cast<std::uint64_t>(*image);
  decision.key = text_of(fields, "key");
  decision.is_human = source == TextSource::human;
  decision.error = fields.string("error").value_or("");
  std::optional<ImageDecision> finished;
  const bool goes_on = current_ && current_->image == decision.image &&
                       current_->is_human == decision.is_human && current_->error.empty();
  if (!goes_on) finished = std::exchange(current_, decision);
  if (!decision.error.empty()) return finished;
  if (!kept) fail_without(fields, "kept");
  current_->texts.push_back(
      {source, text_of(fields, "text"), fields.number("score", {0, 1}), *kept});
  return finished;
}

std::optional<ImageDecision> DecisionReader::finish() {
  return std::exchange(current_, std::nullopt);
}

}  // namespace blip::train
