#include "app/records/record_format.hpp"
#include "app/records/record_json.hpp"

namespace blip::app {
namespace {

class JsonFormat final : public RecordFormat {
 public:
  using RecordFormat::RecordFormat;

  [[nodiscard]] std::string header() const override { return "[\n  "; }
  [[nodiscard]] std::string separator() const override { return kSeparator; }
  [[nodiscard]] std::string footer(bool has_records) const override {
    return has_records ? "\n]\n" : "[]\n";
  }

  [[nodiscard]] std::string body(const Record& record) const override {
    std::string text;
    for (const std::string& object : to_json(record, schema())) {
      text += (text.empty() ? "" : kSeparator) + object;
    }
    return text;
  }

 private:
  static constexpr const char* kSeparator = ",\n  ";
};

}  // namespace

std::unique_ptr<RecordFormat> json_format(RecordSchema schema) {
  return std::make_unique<JsonFormat>(std::move(schema));
}

}  // namespace blip::app
