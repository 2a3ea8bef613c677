#include "app/records/record_json.hpp"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

namespace blip::app {
namespace {

// float, so that 0.1F is written as 0.1 and not with the digits that it gains as a double.
using RecordJson = nlohmann::basic_json<nlohmann::ordered_map, std::vector, std::string, bool,
                                        std::int64_t, std::uint64_t, float>;

std::string dump(const RecordJson& json) {
  return json.dump(-1, ' ', false, RecordJson::error_handler_t::replace);
}

struct ToJson {
  template <typename T>
  RecordJson operator()(const T& held) const {
    return RecordJson(held);
  }
  RecordJson operator()(std::monostate /*unknown*/) const { return {}; }
};

RecordJson json_of(const Value& value) {
  return std::visit(ToJson{}, value);
}

void add_values(RecordJson& object, const std::vector<std::string_view>& names,
                const std::vector<Value>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    object[std::string(names[i])] = json_of(values[i]);
  }
}

std::string subject_of(const Record& record, const RecordSchema& schema) {
  return schema.subject_is_path ? path_text(record.path) : record.path;
}

RecordJson json_of(const Finding& finding, const Record& record, const RecordSchema& schema) {
  RecordJson object = {{std::string(schema.subject), subject_of(record, schema)}};
  add_values(object, schema.about, finding.about);
  add_values(object, schema.results, finding.results.front().values);
  if (finding.results.size() == 1) return object;
  RecordJson list = RecordJson::array();
  for (const Result& result : finding.results) {
    RecordJson item = RecordJson::object();
    add_values(item, schema.results, result.values);
    list.push_back(schema.results.size() == 1 ? json_of(result.values.front()) : std::move(item));
  }
  object[std::string(schema.list)] = std::move(list);
  return object;
}

}  // namespace

std::vector<std::string> to_json(const Record& record, const RecordSchema& schema) {
  if (!record.error.empty()) {
    return {dump(RecordJson{{std::string(schema.subject), subject_of(record, schema)},
                            {"error", record.error}})};
  }
  std::vector<std::string> objects;
  for (const Finding& finding : record.findings) {
    objects.push_back(dump(json_of(finding, record, schema)));
  }
  return objects;
}

}  // namespace blip::app
