#include "app/catalogue/catalogue_indexer.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "hub/checksum.hpp"
#include "tasks/embedding.hpp"

namespace blip::app {
namespace {

// Where the words of a text end.
std::vector<std::size_t> word_ends(const std::string& text) {
  std::vector<std::size_t> ends;
  for (std::size_t at = text.find(' '); at != std::string::npos; at = text.find(' ', at + 1)) {
    if (at > 0) ends.push_back(at);
  }
  ends.push_back(text.size());
  return ends;
}

// Where the characters of a text end, of a script that has no blanks.
std::vector<std::size_t> character_ends(const std::string& text) {
  std::vector<std::size_t> ends;
  for (std::size_t at = 1; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0) != 0x80) ends.push_back(at);
  }
  return ends;
}

}  // namespace

Tokens fitting_tokens(const Embedder& embedder, const std::string& text) {
  const auto most = static_cast<std::size_t>(embedder.max_tokens());
  // A token is hardly ever less than a byte: what is certainly too long is not read at all.
  constexpr std::size_t kBytesOfToken = 32;
  std::string beginning =
      text.substr(0, most < text.size() / kBytesOfToken ? text.rfind(' ', most * kBytesOfToken)
                                                        : std::string::npos);
  const auto tokens_of = [&](std::size_t size) {
    const std::string part = beginning.substr(0, size);
    return embedder.tokens(std::span(&part, 1)).front();
  };
  Tokens all = tokens_of(beginning.size());
  if (all.size() <= most) return all;
  // The first number of words that is too large.
  const auto last_fitting = [&](const std::vector<std::size_t>& ends) -> std::size_t {
    const auto too_long = std::partition_point(
        ends.begin(), ends.end(), [&](std::size_t end) { return tokens_of(end).size() <= most; });
    return too_long == ends.begin() ? 0 : *(too_long - 1);
  };
  const std::size_t words = last_fitting(word_ends(beginning));
  return tokens_of(words > 0 ? words : last_fitting(character_ends(beginning)));
}

std::vector<const dataset::CatalogueItem*> items_to_embed(
    search::LibraryIndex& index, search::CatalogueIndex& catalogue, const std::string& model,
    std::span<const dataset::CatalogueItem> items) {
  std::unordered_set<std::int64_t> embedded;
  if (const auto known = index.find_model(search::Finding::vectors, model)) {
    embedded = catalogue.items_with_vector(*known);
  }
  std::unordered_set<std::string> done;
  for (const search::KnownItem& item : catalogue.items()) {
    if (embedded.contains(item.id)) done.insert(item.key);
  }
  std::vector<const dataset::CatalogueItem*> lacking;
  for (const dataset::CatalogueItem& item : items) {
    if (!done.contains(item.id)) lacking.push_back(&item);
  }
  return lacking;
}

void embed_items(search::LibraryIndex& index, search::CatalogueIndex& catalogue,
                 const std::string& model, std::span<const dataset::CatalogueItem* const> items,
                 EmbeddedText parts, const Embedder& embedder, Context& context,
                 const std::function<void(std::size_t)>& on_done) {
  std::unordered_map<std::string, std::int64_t> ids;
  for (const search::KnownItem& item : catalogue.items()) ids.emplace(item.key, item.id);
  for (std::size_t at = 0; at < items.size(); at += kTextsTogether) {
    const auto some = items.subspan(at, std::min(kTextsTogether, items.size() - at));
    std::vector<Tokens> texts;
    std::vector<std::string> hashes;
    for (const dataset::CatalogueItem* item : some) {
      const std::string text = embedded_text(*item, parts);
      texts.push_back(fitting_tokens(embedder, text));
      hashes.push_back(hub::sha256(text));
    }
    const Tensor vectors = embedder.embed(texts, context);
    const search::IndexedModel indexed = index.put_model(model, static_cast<int>(vectors.shape[1]));
    auto transaction = index.transaction();
    for (std::size_t i = 0; i < some.size(); ++i) {
      const auto id = ids.find(some[i]->id);
      if (id == ids.end()) continue;
      catalogue.put_vector(id->second, hashes[i], indexed, row_of(vectors, i));
    }
    transaction.commit();
    on_done(at + some.size());
  }
}

}  // namespace blip::app
