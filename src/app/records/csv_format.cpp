#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/records/record_format.hpp"

namespace blip::app {
namespace {

std::string csv_text(std::string_view field) {
  if (field.find_first_of("\",\r\n") == std::string_view::npos) return std::string(field);
  std::string text = "\"";
  for (const char c : field) {
    if (c == '"') text += '"';
    text += c;
  }
  return text + '"';
}

struct CsvField {
  std::string operator()(const std::string& text) const { return csv_text(to_utf8(text)); }
  std::string operator()(float number) const { return fmt::format("{}", number); }
  std::string operator()(double number) const { return fmt::format("{}", number); }
  std::string operator()(bool truth) const { return truth ? "true" : "false"; }
  std::string operator()(const std::vector<float>& numbers) const {
    return fmt::format("{}", fmt::join(numbers, " "));
  }
  std::string operator()(const std::vector<std::string>& texts) const {
    return csv_text(to_utf8(fmt::format("{}", fmt::join(texts, ", "))));
  }
  std::string operator()(std::monostate /*unknown*/) const { return {}; }
};

std::string csv_fields(const std::vector<Value>& values) {
  std::string fields;
  for (const Value& value : values) fields += std::visit(CsvField{}, value) + ",";
  return fields;
}

// The fields of one record, without its line end.
std::vector<std::string> split_csv(const std::string& record) {
  std::vector<std::string> fields(1);
  bool in_quotes = false;
  for (std::size_t i = 0; i < record.size(); ++i) {
    const char c = record[i];
    if (c == '"' && in_quotes && i + 1 < record.size() && record[i + 1] == '"') {
      fields.back() += '"';
      ++i;
    } else if (c == '"') {
      in_quotes = !in_quotes;
    } else if (c == ',' && !in_quotes) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

class CsvFormat final : public RecordFormat {
 public:
  using RecordFormat::RecordFormat;

  [[nodiscard]] std::string header() const override {
    std::string header = std::string(schema().subject);
    for (const std::string_view name : schema().about) header += "," + std::string(name);
    for (const std::string_view name : schema().results) header += "," + std::string(name);
    return header + (schema().failures ? ",error\r\n" : "\r\n");
  }
  [[nodiscard]] bool is_header_required() const override { return true; }

  [[nodiscard]] std::string body(const Record& record) const override {
    const std::string path = csv_text(subject_text(record.path)) + ",";
    if (!record.error.empty()) {
      const std::string nothing(schema().about.size() + schema().results.size(), ',');
      return path + nothing + csv_text(to_utf8(record.error)) + "\r\n";
    }
    std::string rows;
    for (const Finding& finding : record.findings) {
      for (const Result& result : finding.results) {
        std::string row = path + csv_fields(finding.about) + csv_fields(result.values);
        if (!schema().failures) row.pop_back();  // no column follows
        rows += row + "\r\n";
      }
    }
    return rows;
  }

  [[nodiscard]] bool has_quoted_line_ends() const override { return true; }

  [[nodiscard]] std::optional<WrittenRecord> parse(const std::string& record) const override {
    auto fields = split_csv(record);
    const std::size_t asked = schema().about.size();
    if (fields.size() != asked + schema().results.size() + 2) return std::nullopt;
    const bool done = fields.back().empty();  // of the error column
    return WrittenRecord{{std::move(fields[0])}, asked > 0 ? std::move(fields[1]) : "", done};
  }

  [[nodiscard]] std::string certain_start(bool first_record) const override {
    return first_record ? header() : "";
  }
};

}  // namespace

std::unique_ptr<RecordFormat> csv_format(RecordSchema schema) {
  return std::make_unique<CsvFormat>(std::move(schema));
}

}  // namespace blip::app
