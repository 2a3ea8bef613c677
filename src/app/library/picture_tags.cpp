#include "app/library/picture_tags.hpp"

#include <algorithm>
#include <cstdint>
#include <unordered_set>
#include <vector>

#include "hub/checksum.hpp"

namespace blip::app {

std::string indexed_tagger(const std::string& model, std::span<const std::string> tags) {
  std::string list;
  for (const std::string& tag : tags) list += tag + "\n";
  constexpr std::size_t kDigits = 16;
  return model + " --labels " + hub::sha256(list).substr(0, kDigits);
}

void index_tags(search::LibraryIndex& index, const search::IndexedModel& model,
                const std::string& tagger, const std::function<const Tagger&()>& load,
                const std::function<void(std::size_t done)>& on_done) {
  const search::IndexedModel indexed = index.put_tagger(tagger);
  const std::unordered_set<std::int64_t> tagged = index.pictures_with_tags(indexed);
  const search::VectorRows rows = index.vectors(model);
  std::vector<std::size_t> lacking;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (!tagged.contains(rows.pictures()[row])) lacking.push_back(row);
  }
  if (lacking.empty()) return;
  const Tagger& tags = load();
  const auto dims = static_cast<std::size_t>(model.dims);
  const std::size_t together = index.pictures_together();
  for (std::size_t at = 0; at < lacking.size(); at += together) {
    const std::size_t count = std::min(together, lacking.size() - at);
    Tensor embeddings{.shape = {static_cast<std::int64_t>(count), model.dims},
                      .data = std::vector<float>(count * dims)};
    for (std::size_t i = 0; i < count; ++i) {
      const auto row = rows.row(lacking[at + i]);
      std::copy(row.begin(), row.end(),
                embeddings.data.begin() + static_cast<std::ptrdiff_t>(i * dims));
    }
    const auto found = tags.tag(embeddings, {});
    auto transaction = index.transaction();
    for (std::size_t i = 0; i < count; ++i) {
      std::vector<std::string> names;
      for (const ScoredLabel& tag : found[i]) names.push_back(tag.label);
      index.put_tags(rows.pictures()[lacking[at + i]], indexed, names);
    }
    transaction.commit();
    on_done(at + count);
  }
}

}  // namespace blip::app
