#include "dataset/catalogue.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "blip/error.hpp"
#include "core/ascii_case.hpp"
#include "core/file_ending.hpp"
#include "core/in_quotes.hpp"
#include "core/json_text.hpp"
#include "core/open_file.hpp"
#include "core/trimmed.hpp"
#include "core/unicode.hpp"
#include "dataset/csv_records.hpp"

namespace blip::dataset {
namespace {

using Json = nlohmann::json;

enum class Column { id, title, picture, description, reviews, price, attribute };

Column column_of(std::string_view name) {
  static const std::unordered_map<std::string, Column> kColumns = {
      {"id", Column::id},           {"sku", Column::id},
      {"title", Column::title},     {"name", Column::title},
      {"picture", Column::picture}, {"image", Column::picture},
      {"path", Column::picture},    {"file_name", Column::picture},
      {"price", Column::price},     {"description", Column::description},
      {"review", Column::reviews},  {"reviews", Column::reviews}};
  const auto found = kColumns.find(ascii_lower(name));
  return found == kColumns.end() ? Column::attribute : found->second;
}

// The name of a column in messages: strangers' names in quotes.
std::string shown(std::string_view name) {
  return column_of(name) == Column::attribute ? in_quotes(name) : ascii_lower(name);
}

// One item, field by field.
class ItemBuilder {
 public:
  ItemBuilder(const std::string& file, std::size_t line)
      : where_(file + ": line " + std::to_string(line)) {
    item_.line = line;
  }

  void add(const std::string& name, std::string_view raw) {
    const std::string_view value = trimmed(raw);
    if (value.empty()) return;
    if (!is_valid_utf8(value) || value.find('\0') != std::string_view::npos) {
      refuse(shown(name) + " is not UTF-8 text");
    }
    switch (column_of(name)) {
      case Column::id:
        return set(item_.id, name, value, kMaxItemNameBytes);
      case Column::title:
        return set(item_.title, name, value, kMaxItemNameBytes);
      case Column::picture:
        return set(item_.picture, name, value, kMaxItemTextBytes);
      case Column::description:
        return set(item_.description, name, value, kMaxItemTextBytes);
      case Column::reviews:
        return add_review(value);
      case Column::price:
        item_.price = price_of(value);
        if (!item_.price) refuse(in_quotes(value) + " is no price");
        return;
      case Column::attribute:
        break;
    }
    add_attribute(name, value);
  }

  CatalogueItem done() && {
    if (item_.id.empty()) refuse("has no id");
    if (item_.title.empty()) refuse("has no title");
    return std::move(item_);
  }

  [[noreturn]] void refuse(const std::string& cause) const {
    throw Error(ErrorCode::malformed, where_ + ": " + cause);
  }

 private:
  [[noreturn]] void refuse_size(const std::string& name, std::size_t most) const {
    throw Error(ErrorCode::limit_exceeded,
                where_ + ": " + shown(name) + " has more than " + std::to_string(most) + " bytes");
  }

  // The first of two columns that mean the same counts.
  void set(std::string& field, const std::string& name, std::string_view value, std::size_t most) {
    if (value.size() > most) refuse_size(name, most);
    if (field.empty()) field = value;
  }

  void add_review(std::string_view value) {
    const std::size_t taken = item_.reviews.size() + (item_.reviews.empty() ? 0 : 1);
    if (taken >= kMaxItemTextBytes) return;
    std::size_t size = std::min(value.size(), kMaxItemTextBytes - taken);
    // Not within a character.
    while (size < value.size() && size > 0 &&
           (static_cast<unsigned char>(value[size]) & 0xC0) == 0x80) {
      --size;
    }
    if (size == 0) return;
    if (!item_.reviews.empty()) item_.reviews += '\n';
    item_.reviews += value.substr(0, size);
  }

  void add_attribute(const std::string& name, std::string_view value) {
    const std::string_view key = trimmed(name);
    if (key.empty()) return;
    if (key.size() > kMaxItemNameBytes) refuse("the name of a column has more than 1,024 bytes");
    if (!is_valid_utf8(key) || key.find('\0') != std::string_view::npos) {
      refuse("the name of a column is not UTF-8 text");
    }
    // A long text is no attribute that anybody looks for.
    if (value.size() > kMaxItemNameBytes) return;
    if (item_.attributes.size() == kMaxItemAttributes) refuse("has more than 256 attributes");
    item_.attributes.emplace_back(key, value);
  }

  std::string where_;
  CatalogueItem item_;
};

// A single value as text; nothing for what is none.
std::optional<std::string> text_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_number_integer()) return value.dump();
  if (value.is_number() && std::isfinite(value.get<double>())) return value.dump();
  return std::nullopt;
}

std::optional<std::string> review_of(const Json& value) {
  if (!value.is_object()) return text_of(value);
  for (const char* key : {"text", "comment", "body"}) {
    const auto found = value.find(key);
    if (found != value.end()) return text_of(*found);
  }
  return std::nullopt;
}

CatalogueItem item_of_json(std::string_view text, const std::string& file, std::size_t line) {
  ItemBuilder item(file, line);
  const std::string where = file + ": line " + std::to_string(line);
  constexpr std::size_t kMostValues = 100'000;  // of an item, its reviews included
  const Json object = parse_json_object(text, where, {.values = kMostValues});
  for (const auto& [name, value] : object.items()) {
    if (value.is_null()) continue;
    const Column column = column_of(name);
    const bool has_many =
        value.is_array() && (column == Column::attribute || column == Column::reviews);
    if (!has_many) {
      const auto one = column == Column::reviews ? review_of(value) : text_of(value);
      if (one) {
        item.add(name, *one);
      } else if (column != Column::attribute) {
        item.refuse(shown(name) + " is " + (value.is_array() ? "a list" : "an object"));
      }
      continue;
    }
    for (const Json& each : value) {
      const auto one = column == Column::reviews ? review_of(each) : text_of(each);
      if (one) item.add(name, *one);
    }
  }
  return std::move(item).done();
}

// Puts items together, each id once.
class Items {
 public:
  explicit Items(const std::string& file) : file_(file) {}

  void add(CatalogueItem&& item) {
    if (items_.size() == kMaxCatalogueItems) {
      throw Error(ErrorCode::limit_exceeded, file_ + ": more than 1,000,000 items");
    }
    const auto [known, is_new] = line_of_.emplace(item.id, item.line);
    if (!is_new) {
      throw Error(ErrorCode::malformed, file_ + ": line " + std::to_string(item.line) +
                                            ": the id of line " + std::to_string(known->second) +
                                            " again");
    }
    // Each item has the names of its attributes, which a file may have once.
    for (const auto& [key, value] : item.attributes) {
      bytes_ += sizeof(std::pair<std::string, std::string>) + key.size() + value.size();
    }
    if (bytes_ > 2 * kMaxCatalogueBytes) {
      throw Error(ErrorCode::limit_exceeded, file_ + ": attributes of more than 2 GiB");
    }
    items_.push_back(std::move(item));
  }
  std::vector<CatalogueItem> done() && { return std::move(items_); }

 private:
  const std::string& file_;
  std::vector<CatalogueItem> items_;
  std::unordered_map<std::string, std::size_t> line_of_;
  std::size_t bytes_ = 0;  // of attributes
};

std::vector<CatalogueItem> parse_table(std::string_view text, char separator,
                                       const std::string& name) {
  CsvReader reader(text, separator, name);
  const auto header = reader.next();
  const auto has = [&](Column column) {
    return header && std::ranges::any_of(*header, [&](const std::string& field) {
             return column_of(trimmed(field)) == column;
           });
  };
  if (!has(Column::id) || !has(Column::title)) {
    throw Error(ErrorCode::malformed,
                name + R"(: line 1: has to name the columns, "id" and "title" among them)");
  }
  const bool has_long_name = std::ranges::any_of(
      *header, [](const std::string& field) { return field.size() > kMaxItemNameBytes; });
  if (has_long_name) {
    throw Error(ErrorCode::limit_exceeded,
                name + ": line 1: the name of a column has more than 1,024 bytes");
  }
  Items items(name);
  while (const auto fields = reader.next()) {
    ItemBuilder item(name, reader.line());
    if (fields->size() > header->size()) item.refuse("has more fields than line 1");
    for (std::size_t i = 0; i < fields->size(); ++i) {
      item.add(std::string(trimmed((*header)[i])), (*fields)[i]);
    }
    items.add(std::move(item).done());
  }
  return std::move(items).done();
}

std::vector<CatalogueItem> parse_lines(std::string_view text, const std::string& name) {
  Items items(name);
  std::size_t line = 0;
  while (!text.empty()) {
    ++line;
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view object = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!object.empty()) items.add(item_of_json(object, name, line));
  }
  return std::move(items).done();
}

}  // namespace

CatalogueFormat catalogue_format_of(const std::filesystem::path& file) {
  const std::string ending = file_ending(file);
  if (ending == "csv") return CatalogueFormat::csv;
  if (ending == "tsv") return CatalogueFormat::tsv;
  if (ending == "jsonl" || ending == "ndjson") return CatalogueFormat::jsonl;
  throw Error(ErrorCode::unsupported,
              file.string() + ": a catalogue is a .csv, .tsv, .jsonl or .ndjson file");
}

std::vector<CatalogueItem> parse_catalogue(std::string_view text, CatalogueFormat format,
                                           const std::string& name) {
  if (format == CatalogueFormat::jsonl) return parse_lines(text, name);
  return parse_table(text, format == CatalogueFormat::tsv ? '\t' : ',', name);
}

std::vector<CatalogueItem> read_catalogue(const std::filesystem::path& file) {
  const CatalogueFormat format = catalogue_format_of(file);
  return parse_catalogue(read_text_file(file, kMaxCatalogueBytes), format, file.string());
}

}  // namespace blip::dataset
