#include "app/catalogue/item_attributes.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "app/images/image_stream.hpp"
#include "app/zero_shot_classifier.hpp"
#include "hub/checksum.hpp"

namespace blip::app {
namespace {

using search::IndexedModel;
using search::ItemAttribute;

// Items that get attributes in one transaction.
constexpr std::size_t kTaggedItemsTogether = 512;

// What the index calls what finds out an attribute.
std::string finder_name(const std::string& model, const std::string& name,
                        const std::string& rule) {
  constexpr std::size_t kDigits = 16;
  return model + " --attribute " + name + " " + hub::sha256(rule).substr(0, kDigits);
}

std::string rule_of(const ListedAttribute& attribute) {
  std::string rule;
  for (const std::string& pattern : attribute.values.templates) rule += pattern + "\n";
  for (const std::string& value : attribute.values.labels) rule += value + "\n";
  return rule;
}

std::unordered_map<std::string, std::int64_t> picture_ids(search::LibraryIndex& index) {
  std::unordered_map<std::string, std::int64_t> ids;
  index.for_pictures(
      [&](search::KnownPicture&& picture) { ids.emplace(std::move(picture.path), picture.id); });
  return ids;
}

}  // namespace

void index_listed_attribute(search::LibraryIndex& index, search::CatalogueIndex& catalogue,
                            const IndexedModel& model, const ListedAttribute& attribute,
                            const LabelSimilarity& similarity, const Tensor& label_embeddings,
                            const std::function<void(std::size_t)>& on_done) {
  const IndexedModel finder =
      index.put_tagger(finder_name(model.name, attribute.name, rule_of(attribute)));
  const auto known = catalogue.items_with_attributes(finder);
  const search::VectorRows rows = index.vectors(model);
  std::unordered_map<std::int64_t, std::size_t> row_of_picture;
  for (std::size_t row = 0; row < rows.size(); ++row) row_of_picture[rows.pictures()[row]] = row;
  const auto ids = picture_ids(index);
  std::vector<std::pair<std::int64_t, std::size_t>> lacking;  // item and row
  for (const search::KnownItem& item : catalogue.items()) {
    const auto id = ids.find(item.picture);
    if (known.contains(item.id) || id == ids.end()) continue;
    const auto row = row_of_picture.find(id->second);
    if (row != row_of_picture.end()) lacking.emplace_back(item.id, row->second);
  }
  const auto dims = static_cast<std::size_t>(model.dims);
  for (std::size_t at = 0; at < lacking.size(); at += kTaggedItemsTogether) {
    const std::size_t count = std::min(kTaggedItemsTogether, lacking.size() - at);
    Tensor embeddings{.shape = {static_cast<std::int64_t>(count), model.dims},
                      .data = std::vector<float>(count * dims)};
    for (std::size_t i = 0; i < count; ++i) {
      const auto row = rows.row(lacking[at + i].second);
      std::ranges::copy(row, embeddings.data.begin() + static_cast<std::ptrdiff_t>(i * dims));
    }
    const auto best =
        zero_shot_labels(similarity, embeddings, attribute.values.labels, label_embeddings, 1);
    auto transaction = index.transaction();
    for (std::size_t i = 0; i < count; ++i) {
      const ItemAttribute found{attribute.name, best[i].front().label};
      catalogue.put_attributes(lacking[at + i].first, finder.id, std::span(&found, 1));
    }
    transaction.commit();
    on_done(at + count);
  }
  // What another list has found before.
  auto transaction = index.transaction();
  catalogue.remove_other_findings(attribute.name, finder);
  transaction.commit();
}

void index_asked_attributes(
    search::LibraryIndex& index, search::CatalogueIndex& catalogue, const std::string& model,
    std::span<const AskedAttribute> attributes, const Answerer& answerer, std::size_t batch,
    Context& context, const std::function<void(std::size_t)>& on_done,
    const std::function<void(const std::string&, const std::string&)>& on_failed) {
  std::vector<IndexedModel> finders;
  std::vector<std::string> questions;
  std::vector<std::unordered_set<std::int64_t>> known;
  for (const AskedAttribute& attribute : attributes) {
    finders.push_back(index.put_tagger(finder_name(model, attribute.name, attribute.question)));
    questions.push_back(attribute.question);
    known.push_back(catalogue.items_with_attributes(finders.back()));
  }
  const auto ids = picture_ids(index);
  std::vector<search::KnownItem> lacking;
  for (search::KnownItem& item : catalogue.items()) {
    const bool is_known =
        std::ranges::all_of(known, [&](const auto& items) { return items.contains(item.id); });
    if (!is_known && ids.contains(item.picture)) lacking.push_back(std::move(item));
  }
  const auto tokens = answerer.tokens(questions);
  std::size_t next = 0;
  ImageStream stream(
      [&](const std::stop_token&) -> std::optional<ImageInput> {
        if (next == lacking.size()) return std::nullopt;
        const std::size_t at = next++;
        return ImageInput{.path = lacking[at].picture, .index = at};
      },
      [&](const ImageInput& input) { return answerer.pictures()(input.path); },
      context.num_threads(), 2 * batch);
  std::size_t done = 0;
  while (const auto images = stream.next_batch(batch)) {
    std::vector<std::vector<Answers>> answers;
    if (!images->images().empty()) answers = answerer.answer(images->images(), tokens, context);
    auto transaction = index.transaction();
    for (std::size_t i = 0; i < images->images().size(); ++i) {
      const search::KnownItem& item = lacking[images->images()[i]->index];
      for (std::size_t q = 0; q < attributes.size(); ++q) {
        const ItemAttribute found{attributes[q].name, answers[i][q].front().text};
        catalogue.put_attributes(item.id, finders[q].id, std::span(&found, 1));
      }
    }
    transaction.commit();
    for (const PreparedImage& image : images->all()) {
      if (!image.error.empty()) on_failed(image.name, image.error);
    }
    done += images->all().size();
    on_done(done);
  }
  auto transaction = index.transaction();
  for (std::size_t q = 0; q < attributes.size(); ++q) {
    catalogue.remove_other_findings(attributes[q].name, finders[q]);
  }
  transaction.commit();
}

}  // namespace blip::app
