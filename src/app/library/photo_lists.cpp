#include "app/library/photo_lists.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "app/library/picture_ranking.hpp"
#include "blip/error.hpp"

namespace blip::app {
namespace {

using Clock = std::chrono::steady_clock;

// What a list may be older than its index.
constexpr std::chrono::seconds kGoodFor{2};
// As `blip search` has it by default.
constexpr float kUnwantedWeight = 0.5F;

// No two different queries have the same: every text is preceded by its length.
class QueryKey {
 public:
  void add(std::string_view text) { key_ += fmt::format("{}:{};", text.size(), text); }
  void add_if(const std::optional<std::string>& text) { text ? add(*text) : add_none(); }
  void add_all(const std::vector<std::string>& texts) {
    key_ += fmt::format("{}[", texts.size());
    for (const std::string& text : texts) add(text);
  }
  void add_none() { key_ += "-;"; }

  [[nodiscard]] const std::string& text() const { return key_; }

 private:
  std::string key_;
};

std::string key_of(const PictureFilter& filter) {
  QueryKey key;
  key.add_if(filter.after);
  key.add_if(filter.before);
  key.add_all(filter.paths);
  key.add_all(filter.cameras);
  key.add_all(filter.tags);
  if (filter.near) {
    key.add(fmt::format("{},{},{}", filter.near->latitude, filter.near->longitude,
                        filter.near->radius_km));
  }
  return key.text();
}

std::string key_of(const PhotoQuery& query) {
  QueryKey key;
  for (const auto& text : {query.text, query.unwanted}) {
    text ? key.add(text->text) : key.add_none();
  }
  query.like ? key.add(std::to_string(*query.like)) : key.add_none();
  return key.text() + key_of(query.filter);
}

// FNV-1a over the ids.
std::string version_of(const std::vector<std::int64_t>& ids) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::int64_t id : ids) {
    hash = (hash ^ static_cast<std::uint64_t>(id)) * 0x100000001b3;
  }
  return fmt::format("{:016x}", hash);
}

}  // namespace

template <typename Make>
std::shared_ptr<const PhotoList> PhotoLists::kept_or_made(KeptLists& lists, std::mutex& making,
                                                          const std::string& key,
                                                          std::int64_t data_version,
                                                          std::uint64_t epoch, const Make& make) {
  const auto is_good = [&](const Kept& kept) {
    return kept.epoch == epoch_ &&
           (kept.data_version == data_version || Clock::now() - kept.made < kGoodFor);
  };
  if (const auto kept = lists.find(key); kept && is_good(*kept)) return kept->list;
  const std::lock_guard lock(making);
  if (const auto kept = lists.find(key); kept && is_good(*kept)) return kept->list;
  PhotoList list = make();
  list.version = version_of(list.ids);
  auto shared = std::make_shared<const PhotoList>(std::move(list));
  // In ids of 8 bytes, of which most lists have two. Keys are kept twice, and a stranger makes them
  // as long as a URL may be.
  constexpr std::size_t kNodes = 32;
  const std::size_t weight = 2 * shared->ids.size() + key.size() / 4 + kNodes;
  lists.put(key, {shared, data_version, epoch, Clock::now()}, weight);
  return shared;
}

std::shared_ptr<const PhotoList> PhotoLists::find(search::LibraryIndex& index, ThreadPool& threads,
                                                  const PhotoQuery& query,
                                                  std::int64_t data_version, std::uint64_t epoch) {
  std::shared_ptr<const PhotoList> admitted;
  if (!query.searches() || !query.filter.empty()) {
    admitted = kept_or_made(filtered_, filtering_, key_of(query.filter), data_version, epoch,
                            [&] { return newest_first(index, query.filter); });
  }
  if (!query.searches()) return admitted;
  return kept_or_made(found_, finding_, key_of(query), data_version, epoch,
                      [&] { return best_first(index, threads, query, admitted.get()); });
}

void PhotoLists::clear() {
  ++epoch_;
  filtered_.clear();
  found_.clear();
}

PhotoList PhotoLists::newest_first(search::LibraryIndex& index, const PictureFilter& filter) const {
  std::vector<std::pair<std::string, std::int64_t>> moments;
  PhotoList list;
  list.sorted = admitted_pictures(index, filter, [&](const search::KnownPicture& picture) {
    moments.emplace_back(moment_of(picture), picture.id);
  });
  std::sort(moments.begin(), moments.end(), std::greater<>());
  list.ids.reserve(moments.size());
  for (const auto& [moment, id] : moments) list.ids.push_back(id);
  return list;
}

PhotoList PhotoLists::best_first(search::LibraryIndex& index, ThreadPool& threads,
                                 const PhotoQuery& query, const PhotoList* admitted) {
  const auto admits = [&](std::int64_t id) {
    return id != query.like &&
           (admitted == nullptr ||
            std::binary_search(admitted->sorted.begin(), admitted->sorted.end(), id));
  };
  PhotoList list;
  if (!model_) {  // the words of captions alone
    if (!query.text) return list;
    // All of them, as what is left out may be among the best.
    constexpr std::size_t kAll = std::size_t{1} << 40;
    std::unordered_set<std::int64_t> unwanted;
    if (query.unwanted) {
      const auto found = index.find_words(query.unwanted->text, kAll);
      unwanted.insert(found.begin(), found.end());
    }
    const bool takes_all = admitted == nullptr && !query.like && unwanted.empty();
    for (const std::int64_t id :
         index.find_words(query.text->text, takes_all ? kMostFound : kAll)) {
      if (list.ids.size() == kMostFound) break;
      if (!admits(id) || unwanted.contains(id)) continue;
      list.ids.push_back(id);
      list.scores.push_back(1 / static_cast<float>(list.ids.size()));
    }
    return list;
  }
  const auto searched = vectors(index);
  PictureQuery ranked{.words = query.text ? query.text->text : "", .count = kMostFound};
  if (admitted != nullptr || query.like) ranked.admits = admits;
  if (query.text) ranked.wanted.push_back({query.text->vector});
  if (query.like) {
    const auto vector = searched->vector(*query.like);
    if (vector.empty()) return list;  // it is gone, or was not looked at yet
    ranked.wanted.push_back({{vector.begin(), vector.end()}});
  }
  if (query.unwanted) ranked.wanted.push_back({query.unwanted->vector, -kUnwantedWeight});
  if (ranked.wanted.size() == 1 && query.unwanted) {
    for (float& value : ranked.wanted.front().values) value = -value;
  }
  for (const RankedPicture& picture : rank_pictures(index, *model_, *searched, ranked, threads)) {
    list.ids.push_back(picture.id);
    list.scores.push_back(static_cast<float>(picture.score));
    list.cosines.push_back(picture.cosine);
  }
  return list;
}

// Vectors are read once, and again when there are others.
std::shared_ptr<const search::VectorSearch> PhotoLists::vectors(search::LibraryIndex& index) {
  if (index.is_on_server()) {  // nothing is read there that could be shared
    return std::make_shared<const search::VectorSearch>(index, *model_);
  }
  const std::lock_guard lock(vectors_mutex_);
  search::VectorState state = index.vector_state(*model_);
  const bool is_same = vectors_ && state.generation == vector_state_.generation &&
                       state.based == vector_state_.based && state.stamp == vector_state_.stamp;
  if (!is_same) {
    vectors_ = std::make_shared<const search::VectorSearch>(index, *model_);
    vector_state_ = std::move(state);
  }
  return vectors_;
}

}  // namespace blip::app
