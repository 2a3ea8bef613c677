#include <nlohmann/json.hpp>

#include "app/records/record_format.hpp"
#include "app/records/record_json.hpp"

namespace blip::app {
namespace {

class JsonlFormat final : public RecordFormat {
 public:
  using RecordFormat::RecordFormat;

  [[nodiscard]] std::string body(const Record& record) const override {
    std::string lines;
    for (const std::string& object : to_json(record, schema())) lines += object + "\n";
    return lines;
  }

  // An object holds all results of a finding.
  [[nodiscard]] std::vector<std::string> expected_about() const override { return schema().asked; }

  [[nodiscard]] std::optional<WrittenRecord> parse(const std::string& record) const override {
    const auto json = nlohmann::json::parse(record, nullptr, false);
    if (!json.is_object()) return std::nullopt;
    const auto text_of = [&json](std::string_view name) -> std::optional<std::string> {
      const auto found = json.find(std::string(name));
      if (found == json.end() || !found->is_string()) return std::nullopt;
      return found->get<std::string>();
    };
    auto path = text_of(schema().subject);
    if (!path) return std::nullopt;
    WrittenRecord written{.paths = {std::move(*path)}, .about = "", .done = false};
    const auto answer = json.find(std::string(schema().results.front()));
    written.done = answer != json.end() && !answer->is_null();
    if (!schema().about.empty()) written.about = text_of(schema().about.front()).value_or("");
    return written;
  }

  [[nodiscard]] std::string certain_start(bool /*first_record*/) const override {
    return "{\"" + std::string(schema().subject) + "\":";
  }
};

}  // namespace

std::unique_ptr<RecordFormat> jsonl_format(RecordSchema schema) {
  return std::make_unique<JsonlFormat>(std::move(schema));
}

}  // namespace blip::app
