#include "app/records/record_json.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/shortest_number.hpp"

namespace blip::app {
namespace {

using RecordJson = nlohmann::ordered_json;

std::string dump(const RecordJson& json) {
  return json.dump(-1, ' ', false, RecordJson::error_handler_t::replace);
}

struct ToJson {
  template <typename T>
  RecordJson operator()(const T& held) const {
    return RecordJson(held);
  }
  RecordJson operator()(float number) const { return shortest_number(number); }
  RecordJson operator()(const std::vector<float>& numbers) const {
    RecordJson list = RecordJson::array();
    for (const float number : numbers) list.push_back(shortest_number(number));
    return list;
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
  const bool parted = !schema.list_of_others.empty() || schema.results.size() == 1;
  RecordJson list = RecordJson::array();
  RecordJson others = RecordJson::array();
  for (const Result& result : finding.results) {
    RecordJson item = RecordJson::object();
    add_values(item, schema.results, result.values);
    if (parted) {
      list.push_back(json_of(result.values.front()));
      item.erase(std::string(schema.results.front()));
      others.push_back(std::move(item));
    } else {
      list.push_back(std::move(item));
    }
  }
  object[std::string(schema.list)] = std::move(list);
  if (!schema.list_of_others.empty() && schema.results.size() > 1) {
    object[std::string(schema.list_of_others)] = std::move(others);
  }
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
