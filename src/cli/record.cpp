#include "cli/record.hpp"

#include <nlohmann/json.hpp>

#include "cli/console.hpp"

namespace blip::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string csv_field(std::string_view field) {
  if (field.find_first_of("\",\r\n") == std::string_view::npos) return std::string(field);
  std::string quoted = "\"";
  for (const char c : field) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

std::string to_utf8(std::string_view bytes) {
  return Json::parse(dump(Json(std::string(bytes)))).get<std::string>();
}

std::string path_in(Format format, std::string_view path) {
  return format == Format::text ? printable(path) : to_utf8(path);
}

std::string to_json(const Record& record) {
  Json json = {{"path", record.path}};
  if (record.captions.empty()) {
    json["error"] = record.error;
  } else {
    json["caption"] = record.captions.front();
    if (record.captions.size() > 1) json["captions"] = record.captions;
  }
  return dump(json);
}

std::string to_csv(const Record& record) {
  const std::string path = csv_field(to_utf8(record.path));
  if (record.captions.empty()) return path + ",," + csv_field(to_utf8(record.error)) + "\r\n";
  std::string rows;
  for (const std::string& caption : record.captions) {
    rows += path + "," + csv_field(caption) + ",\r\n";
  }
  return rows;
}

std::string to_text(const Record& record, bool with_path) {
  std::string lines;
  for (const std::string& caption : record.captions) {
    if (with_path) lines += printable(record.path) + ": ";
    lines += caption + "\n";
  }
  return lines;
}

}  // namespace blip::cli
