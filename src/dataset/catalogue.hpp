// A product catalogue: items with a picture, texts, a price and whatever else is said of them, read
// from a CSV, TSV or JSON lines file.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace blip::dataset {

/// Bytes of a catalogue's file, at most. It is read whole.
inline constexpr std::size_t kMaxCatalogueBytes = std::size_t{1} << 30;
inline constexpr std::size_t kMaxCatalogueItems = 1'000'000;
/// Bytes of an item's id or title, at most; of the name of an attribute and of its value.
inline constexpr std::size_t kMaxItemNameBytes = 1024;
/// Bytes of an item's description, at most. Of its reviews, which are put together, as many are
/// kept.
inline constexpr std::size_t kMaxItemTextBytes = 65'536;
/// Values of all attributes of an item, at most.
inline constexpr std::size_t kMaxItemAttributes = 256;

/// "colour" and "red". A name may be there with several values.
using ItemAttribute = std::pair<std::string, std::string>;

struct CatalogueItem {
  std::string id;
  std::string title;
  std::string picture{};  ///< as it is written; empty: none
  std::string description{};
  std::string reviews{};  ///< all of them, with newlines between them
  std::optional<double> price{};
  std::vector<ItemAttribute> attributes{};  ///< what else is said of it
  std::size_t line = 0;                     ///< of the file
};

enum class CatalogueFormat { csv, tsv, jsonl };

/// By the ending of the file: .csv, .tsv, .jsonl, .ndjson. Throws unsupported for others.
CatalogueFormat catalogue_format_of(const std::filesystem::path& file);

/// The items in the order of the file. Columns, or fields, are known by name, in capitals or not:
/// id (sku), title (name), picture (image, path, file_name), description, reviews (review), price.
/// Others are attributes, if they hold a text, a number, true or false, or a list of these; objects
/// are left out. Reviews may be a list of texts, or of objects with a "text", "comment" or "body".
/// A price may have a currency about it: "$ 1,299.00". `name` is the file's, in messages. Throws
/// malformed or limit_exceeded, naming file and line, for an item without id or title, an id that
/// is there twice, a price that is none, and text that is not UTF-8 or has a NUL byte.
std::vector<CatalogueItem> parse_catalogue(std::string_view text, CatalogueFormat format,
                                           const std::string& name);

/// The same of a file. Throws as read_text_file and parse_catalogue do.
std::vector<CatalogueItem> read_catalogue(const std::filesystem::path& file);

/// "1299", "19.99", "$ 1,299.00", "1.299,00 EUR" → a number; nothing for what is no price.
std::optional<double> price_of(std::string_view text);

}  // namespace blip::dataset
