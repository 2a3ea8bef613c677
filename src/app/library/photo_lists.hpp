// PhotoLists: the photos of a library in an order, by what is looked for. A list is made once and
// then read a page at a time.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "app/library/photo_library.hpp"
#include "app/library/recently_used.hpp"
#include "core/thread_pool.hpp"
#include "search/library_index.hpp"
#include "search/vector_search.hpp"

namespace blip::app {

struct PhotoList {
  std::vector<std::int64_t> ids;
  std::vector<std::int64_t> sorted{};  ///< the same by number; of a list that is a filter's
  std::vector<float> scores{};         ///< of a search
  std::vector<float> cosines{};        ///< of a search by vectors
  std::string version{};               ///< tells the ids and their order
};

/// Safe to call from many threads at once, each with an index of its own.
class PhotoLists {
 public:
  /// `model`: whose vectors are searched; none: words alone are.
  explicit PhotoLists(std::optional<search::IndexedModel> model) : model_(std::move(model)) {}

  /// `data_version`: of the index now; a list of an earlier one is good for two seconds, so that
  /// one that is being written is not sorted anew with every request. `epoch`: epoch() before the
  /// caller's snapshot was taken. Throws Error.
  std::shared_ptr<const PhotoList> find(search::LibraryIndex& index, ThreadPool& threads,
                                        const PhotoQuery& query, std::int64_t data_version,
                                        std::uint64_t epoch);
  /// How often clear() was called.
  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }
  /// Nothing that was found is good any more, nor what is found in a state of before.
  void clear();

 private:
  struct Kept {
    std::shared_ptr<const PhotoList> list;
    std::int64_t data_version;
    std::uint64_t epoch;
    std::chrono::steady_clock::time_point made;
  };
  using KeptLists = RecentlyUsed<Kept>;

  template <typename Make>
  std::shared_ptr<const PhotoList> kept_or_made(KeptLists& lists, std::mutex& making,
                                                const std::string& key, std::int64_t data_version,
                                                std::uint64_t epoch, const Make& make);
  [[nodiscard]] PhotoList newest_first(search::LibraryIndex& index,
                                       const PictureFilter& filter) const;
  [[nodiscard]] PhotoList best_first(search::LibraryIndex& index, ThreadPool& threads,
                                     const PhotoQuery& query, const PhotoList* admitted);
  std::shared_ptr<const search::VectorSearch> vectors(search::LibraryIndex& index);

  const std::optional<search::IndexedModel> model_;
  // In ids of 8 bytes: lists of whole libraries, and of a thousand hits.
  KeptLists filtered_{16'000'000};
  KeptLists found_{400'000};
  std::atomic<std::uint64_t> epoch_ = 0;
  // One list is made at a time: those who want the same then find it.
  std::mutex filtering_;
  std::mutex finding_;

  std::mutex vectors_mutex_;
  search::VectorState vector_state_{};
  std::shared_ptr<const search::VectorSearch> vectors_;
};

}  // namespace blip::app
