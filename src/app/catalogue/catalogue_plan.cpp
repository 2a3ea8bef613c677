#include "app/catalogue/catalogue_plan.hpp"

#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "app/library/index_plan.hpp"
#include "app/records/record.hpp"
#include "blip/error.hpp"
#include "hub/checksum.hpp"

namespace blip::app {
namespace {

using dataset::CatalogueItem;
using search::CatalogueIndex;
using search::KnownItem;
using search::LibraryIndex;

// Items that are written in one transaction: others wait no longer than for these.
constexpr std::size_t kItemsTogether = 512;

// Feeds a hash with fields that cannot run into each other.
void add_field(std::string& fields, std::string_view text) {
  fields += std::to_string(text.size());
  fields += ':';
  fields += text;
}

std::string row_hash(const CatalogueItem& item, const std::string& picture) {
  std::string fields;
  for (const std::string& field : {item.title, picture, item.description, item.reviews}) {
    add_field(fields, field);
  }
  add_field(fields, item.price ? std::to_string(*item.price) : "");
  for (const auto& [name, value] : item.attributes) {
    add_field(fields, name);
    add_field(fields, value);
  }
  return hub::sha256(fields);
}

std::string picture_path(const CatalogueItem& item, const std::filesystem::path& file) {
  if (item.picture.empty()) return "";
  std::string path = indexed_path(file.parent_path() / path_of_text(item.picture));
  // As the index would refuse to read it.
  if (path.size() > search::kMaxItemTextBytes || path.find('\0') != std::string::npos) {
    throw Error(ErrorCode::malformed,
                file.string() + ": line " + std::to_string(item.line) + ": picture is no path");
  }
  return path;
}

// One transaction after the other.
class Batches {
 public:
  explicit Batches(LibraryIndex& index) : index_(index) {}

  // Before each change.
  void next() {
    if (transaction_ && changes_ == kItemsTogether) commit();
    if (!transaction_) transaction_.emplace(index_.transaction());
    ++changes_;
  }
  void commit() {
    if (transaction_) transaction_->commit();
    transaction_.reset();
    changes_ = 0;
  }

 private:
  LibraryIndex& index_;
  std::optional<search::Transaction> transaction_;
  std::size_t changes_ = 0;
};

}  // namespace

std::string embedded_text(const CatalogueItem& item, EmbeddedText parts) {
  if (parts == EmbeddedText::title || item.description.empty()) return item.title;
  return item.title + ". " + item.description;
}

CataloguePlan plan_catalogue(LibraryIndex& index, CatalogueIndex& catalogue,
                             std::span<const CatalogueItem> items, EmbeddedText embedded,
                             const std::filesystem::path& file) {
  if (items.empty()) throw Error(ErrorCode::invalid_argument, "the catalogue has no items");
  std::unordered_map<std::string, KnownItem> known;
  for (KnownItem& item : catalogue.items()) known.emplace(item.key, std::move(item));
  CataloguePlan plan;
  plan.items = items.size();
  std::unordered_set<std::string> pictures;
  std::unordered_set<std::string> lost;
  Batches batches(index);
  std::vector<std::string> paths;  // all of them before anything is written
  for (const CatalogueItem& item : items) paths.push_back(picture_path(item, file));
  for (std::size_t i = 0; i < items.size(); ++i) {
    const CatalogueItem& item = items[i];
    const std::string& picture = paths[i];
    if (!picture.empty() && pictures.insert(picture).second) {
      plan.pictures.push_back({.path = picture, .index = plan.pictures.size()});
    }
    KnownItem row{.key = item.id,
                  .picture = picture,
                  .title = item.title,
                  .price = item.price,
                  .row_hash = row_hash(item, picture),
                  .text_hash = hub::sha256(embedded_text(item, embedded))};
    const auto before = known.find(item.id);
    const bool is_known = before != known.end();
    const bool is_same = is_known && before->second.row_hash == row.row_hash &&
                         before->second.text_hash == row.text_hash;
    if (is_known && before->second.picture != picture) lost.insert(before->second.picture);
    if (is_known) known.erase(before);
    if (is_same) continue;
    ++(is_known ? plan.changed : plan.added);
    batches.next();
    const std::int64_t id = catalogue.put_item(
        row, {.title = item.title, .description = item.description, .reviews = item.reviews});
    catalogue.put_attributes(id, search::kFromFile, item.attributes);
  }
  plan.gone = known.size();
  for (const auto& [key, item] : known) {
    batches.next();
    catalogue.remove_item(item.id);
    lost.insert(item.picture);
  }
  batches.commit();
  for (const std::string& picture : pictures) lost.erase(picture);
  plan.left_pictures = std::move(lost);
  return plan;
}

void remove_left_pictures(LibraryIndex& index, const CataloguePlan& plan) {
  if (plan.left_pictures.empty()) return;
  Batches batches(index);
  for (const search::KnownPicture& picture : index.pictures()) {
    if (!plan.left_pictures.contains(picture.path)) continue;
    batches.next();
    index.remove_picture(picture.id);
  }
  batches.commit();
}

void note_pictures(LibraryIndex& index, CatalogueIndex& catalogue) {
  std::unordered_map<std::string, std::string> hashes;
  for (search::KnownPicture& picture : index.pictures()) {
    hashes.emplace(std::move(picture.path), std::move(picture.hash));
  }
  Batches batches(index);
  for (const KnownItem& item : catalogue.items()) {
    const auto found = hashes.find(item.picture);
    const std::string hash = found == hashes.end() ? "" : found->second;
    if (hash == item.picture_hash) continue;
    batches.next();
    catalogue.put_picture_hash(item.id, hash);
  }
  batches.commit();
}

}  // namespace blip::app
