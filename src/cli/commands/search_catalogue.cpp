#include "cli/commands/search_catalogue.hpp"

#include <fmt/format.h>

#include <utility>

#include "app/library/thumbnails.hpp"
#include "cli/options/command_line.hpp"

namespace blip::cli {
namespace {

app::Record record_of_item(const app::ItemHit& hit) {
  std::vector<std::string> attributes;
  for (const auto& [name, value] : hit.attributes) {
    attributes.push_back(fmt::format("{}={}", name, value));
  }
  app::Result result;
  result.values = {hit.title, std::monostate{}, std::monostate{}, hit.score, std::move(attributes)};
  if (hit.price) result.values[1] = *hit.price;
  if (!hit.path.empty()) result.values[2] = app::path_text(hit.path);
  result.line = fmt::format("{:8.4f}  {}  {}", hit.score, hit.key, hit.title);
  if (hit.price) result.line += fmt::format("  {:.2f}", *hit.price);
  if (!hit.path.empty()) result.line += "  (" + app::path_text(hit.path) + ")";
  return {
      .path = hit.key, .findings = {{.about = {}, .results = {std::move(result)}}}, .error = {}};
}

}  // namespace

void ItemOptions::declare(OptionParser& app) {
  const char* group = "Catalogue";
  app.add_option("--like", like, "Items that are like the one of this id; a text may be added")
      ->type_name("ID")
      ->group(group);
  app.add_option("--goes-with", goes_with,
                 "Items of other categories that are nearest to the one of this id, the best of "
                 "each category first")
      ->type_name("ID")
      ->group(group);
  app.add_option("--category", category,
                 "The attribute in which things that go together differ [category]")
      ->type_name("NAME")
      ->group(group);
  app.add_option("--where", conditions,
                 "Items with this attribute or price: colour=red, 'price<50'; of several, all")
      ->type_name("CONDITION")
      ->one_value_each()
      ->group(group);
}

void ItemOptions::add_to(app::CatalogueQuery& query) const {
  if (!like.empty()) query.like = like;
  if (!goes_with.empty()) query.goes_with = goes_with;
  query.category = category;
  for (const std::string& condition : conditions) {
    query.where.push_back(app::item_condition(condition));
  }
}

app::RecordSchema schema_of_items() {
  app::RecordSchema schema;
  schema.subject = "id";
  schema.subject_is_path = false;
  schema.results = {"title", "price", "path", "score", "attributes"};
  schema.failures = false;
  schema.text_with_path = false;  // it is in the line
  schema.text_heading = "   score  id  title\n";
  return schema;
}

std::vector<app::Record> records_of_items(const std::vector<app::ItemHit>& hits) {
  std::vector<app::Record> records;
  records.reserve(hits.size());
  for (const app::ItemHit& hit : hits) records.push_back(record_of_item(hit));
  return records;
}

std::vector<app::SheetGroup> sheet_of_items(search::LibraryIndex& index,
                                            const std::vector<app::ItemHit>& hits) {
  app::SheetGroup group;
  for (const app::ItemHit& hit : hits) {
    app::SheetPhoto photo{.path = hit.path, .jpeg = {}, .note = hit.key, .caption = hit.title};
    if (hit.price) photo.note += fmt::format(", {:.2f}", *hit.price);
    if (hit.picture) photo.jpeg = app::find_thumbnail(index, *hit.picture, hit.path);
    group.photos.push_back(std::move(photo));
  }
  if (group.photos.empty()) return {};
  return {std::move(group)};
}

}  // namespace blip::cli
