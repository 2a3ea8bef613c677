// Any bytes as a product catalogue, as a file of attributes and as a condition: read, or refused
// with blip::Error.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "app/catalogue/attribute_file.hpp"
#include "app/catalogue/item_filter.hpp"
#include "core/unicode.hpp"
#include "dataset/catalogue.hpp"
#include "dataset/csv_records.hpp"
#include "expectations.hpp"

namespace {

using blip::dataset::CatalogueFormat;
using blip::dataset::CatalogueItem;
using blip::fuzz::require;
using blip::fuzz::try_to;

bool is_text(const std::string& text) {
  return blip::is_valid_utf8(text) && text.find('\0') == std::string::npos;
}

void check(const CatalogueItem& item, std::size_t lines) {
  require(!item.id.empty() && item.id.size() <= blip::dataset::kMaxItemNameBytes);
  require(!item.title.empty() && item.title.size() <= blip::dataset::kMaxItemNameBytes);
  require(item.description.size() <= blip::dataset::kMaxItemTextBytes);
  require(item.reviews.size() <= blip::dataset::kMaxItemTextBytes);
  require(is_text(item.id) && is_text(item.title) && is_text(item.picture) &&
          is_text(item.description) && is_text(item.reviews));
  require(!item.price || (std::isfinite(*item.price) && *item.price >= 0));
  require(item.attributes.size() <= blip::dataset::kMaxItemAttributes);
  for (const auto& [name, value] : item.attributes) require(is_text(name) && is_text(value));
  require(item.line >= 1 && item.line <= lines);
}

// The fields of a table written as CSV are read back as they were.
void check_fields(std::string_view text) {
  blip::dataset::CsvReader reader(text, ',', "fuzz");
  while (const auto fields = reader.next()) {
    std::string line;
    for (const std::string& field : *fields) {
      if (!line.empty()) line += ',';
      line += '"';
      for (const char c : field) line += c == '"' ? std::string("\"\"") : std::string(1, c);
      line += '"';
    }
    blip::dataset::CsvReader again(line, ',', "fuzz");
    require(again.next() == fields && !again.next());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::size_t lines = 1;
  for (const char c : text) lines += c == '\n' ? 1 : 0;
  for (const auto format : {CatalogueFormat::csv, CatalogueFormat::tsv, CatalogueFormat::jsonl}) {
    try_to([&] {
      for (const auto& item : blip::dataset::parse_catalogue(text, format, "fuzz")) {
        check(item, lines);
      }
    });
  }
  try_to([&] { check_fields(text); });
  try_to([&] { (void)blip::app::parse_attributes(text, "fuzz"); });
  try_to([&] { (void)blip::app::item_condition(std::string(text)); });
  return 0;
}
