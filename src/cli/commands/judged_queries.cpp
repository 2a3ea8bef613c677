#include "cli/commands/judged_queries.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "app/images/open_image.hpp"
#include "app/records/record.hpp"
#include "blip/error.hpp"
#include "cli/options/text_choices.hpp"
#include "core/json_text.hpp"
#include "eval/search_scores.hpp"

namespace blip::cli {
namespace {

using Json = nlohmann::json;

class QueryParser {
 public:
  QueryParser(const std::string& file, std::size_t number)
      : folder_(std::filesystem::path(file).parent_path()),
        where_(fmt::format("{}: query {}", file, number)) {}

  JudgedQuery parse(const std::string& line) const {
    const Json object = parse_json_object(line, where_);
    JudgedQuery query;
    if (object.contains("query")) query.text = text_of(object["query"]);
    if (object.contains("photo")) query.photo = photo_of(text_of(object["photo"]));
    if (query.text.empty() && query.photo.empty()) fail();
    if (object.contains("items")) {
      query.wanted = items_of(object["items"]);
    } else if (object.contains("paths")) {
      query.wanted = list_of(object["paths"]);
    }
    if (query.wanted.empty()) {
      query.wanted.push_back({.name = text_of(object.value("path", Json()))});
    }
    return query;
  }

 private:
  [[nodiscard]] std::vector<Wanted> list_of(const Json& list) const {
    if (!list.is_array()) fail();
    std::vector<Wanted> wanted;
    for (const Json& name : list) wanted.push_back({.name = text_of(name)});
    return wanted;
  }

  [[nodiscard]] std::vector<Wanted> items_of(const Json& items) const {
    if (!items.is_object()) return list_of(items);
    std::vector<Wanted> wanted;
    for (const auto& [name, grade] : items.items()) {
      if (!grade.is_number() || !(grade.get<double>() > 0) ||
          grade.get<double>() > eval::kMaxGrade) {
        throw Error(ErrorCode::malformed, where_ + ": a grade is a number above 0, up to 100");
      }
      wanted.push_back({.name = name, .grade = grade.get<double>()});
    }
    return wanted;
  }

  [[nodiscard]] std::string photo_of(const std::string& name) const {
    if (app::is_url(name)) return name;
    return (folder_ / app::path_of_text(name)).string();
  }

  [[nodiscard]] std::string text_of(const Json& value) const {
    if (!value.is_string() || value.get_ref<const std::string&>().empty()) fail();
    return value.get<std::string>();
  }

  [[noreturn]] void fail() const {
    throw Error(ErrorCode::malformed,
                where_ + R"(: needs texts: "query" or "photo", and "path", "paths" or "items")");
  }

  std::filesystem::path folder_;
  std::string where_;
};

}  // namespace

std::vector<JudgedQuery> read_judged_queries(const std::string& file) {
  std::vector<JudgedQuery> queries;
  for (const std::string& line : lines_of(file)) {
    queries.push_back(QueryParser(file, queries.size() + 1).parse(line));
  }
  return queries;
}

}  // namespace blip::cli
