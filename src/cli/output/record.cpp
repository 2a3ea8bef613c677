#include "cli/output/record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "cli/output/console.hpp"

namespace blip::cli {
namespace {

// float, so that 0.1F is written as 0.1 and not with the digits that it gains as a double.
using RecordJson = nlohmann::basic_json<nlohmann::ordered_map, std::vector, std::string, bool,
                                        std::int64_t, std::uint64_t, float>;

std::string dump(const RecordJson& json) {
  return json.dump(-1, ' ', false, RecordJson::error_handler_t::replace);
}

RecordJson json_of(const Value& value) {
  return std::visit([](const auto& held) { return RecordJson(held); }, value);
}

void add_values(RecordJson& object, const std::vector<std::string_view>& names,
                const std::vector<Value>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    object[std::string(names[i])] = json_of(values[i]);
  }
}

RecordJson json_of(const Finding& finding, const Record& record, const RecordShape& shape) {
  RecordJson object = {{std::string(shape.subject), record.path}};
  add_values(object, shape.about, finding.about);
  add_values(object, shape.results, finding.results.front().values);
  if (finding.results.size() == 1) return object;
  RecordJson list = RecordJson::array();
  for (const Result& result : finding.results) {
    RecordJson item = RecordJson::object();
    add_values(item, shape.results, result.values);
    list.push_back(shape.results.size() == 1 ? json_of(result.values.front()) : std::move(item));
  }
  object[std::string(shape.list)] = std::move(list);
  return object;
}

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
  std::string operator()(bool truth) const { return truth ? "true" : "false"; }
  std::string operator()(const std::vector<float>& numbers) const {
    return fmt::format("{}", fmt::join(numbers, " "));
  }
};

std::string csv_fields(const std::vector<Value>& values) {
  std::string fields;
  for (const Value& value : values) fields += std::visit(CsvField{}, value) + ",";
  return fields;
}

}  // namespace

std::string to_utf8(std::string_view bytes) {
  return RecordJson::parse(dump(RecordJson(std::string(bytes)))).get<std::string>();
}

std::string path_in(Format format, std::string_view path) {
  return format == Format::text ? printable(path) : to_utf8(path);
}

std::vector<std::string> to_json(const Record& record, const RecordShape& shape) {
  if (!record.error.empty()) {
    return {dump(RecordJson{{std::string(shape.subject), record.path}, {"error", record.error}})};
  }
  std::vector<std::string> objects;
  for (const Finding& finding : record.findings) {
    objects.push_back(dump(json_of(finding, record, shape)));
  }
  return objects;
}

std::string csv_header(const RecordShape& shape) {
  std::string header = std::string(shape.subject);
  for (const std::string_view name : shape.about) header += "," + std::string(name);
  for (const std::string_view name : shape.results) header += "," + std::string(name);
  return header + (shape.failures ? ",error\r\n" : "\r\n");
}

std::string to_csv(const Record& record, const RecordShape& shape) {
  const std::string path = csv_text(to_utf8(record.path)) + ",";
  if (!record.error.empty()) {
    const std::string nothing(shape.about.size() + shape.results.size(), ',');
    return path + nothing + csv_text(to_utf8(record.error)) + "\r\n";
  }
  std::string rows;
  for (const Finding& finding : record.findings) {
    for (const Result& result : finding.results) {
      std::string row = path + csv_fields(finding.about) + csv_fields(result.values);
      if (!shape.failures) row.pop_back();  // no column follows
      rows += row + "\r\n";
    }
  }
  return rows;
}

std::string to_text(const Record& record, bool with_path) {
  std::string lines;
  for (const Finding& finding : record.findings) {
    for (const Result& result : finding.results) {
      if (with_path) lines += printable(record.path) + ": ";
      lines += result.line + "\n";
    }
  }
  return lines;
}

}  // namespace blip::cli
