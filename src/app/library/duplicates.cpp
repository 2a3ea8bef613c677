#include "app/library/duplicates.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "app/library/index_plan.hpp"
#include "app/library/picture_look.hpp"
#include "blip/error.hpp"
#include "search/near_hashes.hpp"
#include "search/vector_search.hpp"

namespace blip::app {
namespace {

using search::KnownPicture;

// In which a hash of the same picture, encoded or scaled anew, may differ.
constexpr int kCopyBits = 5;
// Pictures that are compared with each picture, because their vectors are nearest: a crop has a
// hash of its own.
constexpr std::size_t kNearVectors = 24;
constexpr float kNearCosine = 0.7F;
// Correlation of two pictures that are the same one. Measured by tools/dedupe_accuracy.py.
constexpr float kCopyLikeness = 0.955F;
// Bits of a hash that tells something: a plain wall and a clear sky have none.
constexpr int kLeastStructure = 6;
constexpr float kCopyCosine = 0.9F;
// Of width / height: rounding, when a small picture is made of a large one.
constexpr double kShapeTolerance = 0.03;

bool has_structure(const KnownPicture& picture) {
  const int ones = std::popcount(picture.dhash);
  return ones >= kLeastStructure && ones <= 64 - kLeastStructure;
}

bool have_one_shape(const KnownPicture& a, const KnownPicture& b) {
  const auto shape = [](const KnownPicture& picture) {
    return static_cast<double>(picture.width) /
           static_cast<double>(std::max<std::int64_t>(picture.height, 1));
  };
  return std::abs(shape(a) - shape(b)) <= kShapeTolerance * std::max(shape(a), shape(b));
}

bool is_better(const KnownPicture& a, const KnownPicture& b) {
  const auto rank = [](const KnownPicture& picture) {
    return std::tuple(-static_cast<double>(picture.width) * static_cast<double>(picture.height),
                      -picture.state.size, std::string_view(picture.path));
  };
  return rank(a) < rank(b);
}

class DuplicateFinder {
 public:
  DuplicateFinder(search::LibraryIndex& index, const DuplicateOptions& options, Context& context)
      : options_(options), context_(context), rows_(0) {
    for (KnownPicture& picture : index.pictures()) {
      if (options.filter.fits(picture)) pictures_.push_back(std::move(picture));
    }
    for (std::size_t i = 0; i < pictures_.size(); ++i) place_of_.emplace(pictures_[i].id, i);
    looks_.resize(pictures_.size());
    index.for_looks([&](std::int64_t id, std::span<const std::uint8_t> grey) {
      const auto place = place_of_.find(id);
      if (place != place_of_.end() && grey.size() == kLookBytes) {
        looks_[place->second].emplace(grey);
      }
    });
    const auto models = index.models(search::Finding::vectors);
    if (models.empty()) return;
    vectors_.emplace(index, models.front());
    rows_ = index.vectors(models.front());
    for (std::size_t row = 0; row < rows_.size(); ++row) row_of_[rows_.pictures()[row]] = row;
  }

  std::vector<DuplicateGroup> find() && {
    search::Groups copies = find_copies();
    std::vector<DuplicateGroup> groups;
    for (const auto& members : copies.groups()) {
      add_group(DuplicateGroup::Kind::copy, members, groups);
    }
    if (options_.alike) {
      for (const auto& members : find_alike(copies).groups()) {
        add_group(DuplicateGroup::Kind::alike, members, groups);
      }
    }
    return groups;
  }

 private:
  search::Groups find_copies() {
    search::Groups copies(pictures_.size());
    std::unordered_map<std::string, std::size_t> by_hash;
    std::vector<std::size_t> told;  // pictures whose hash tells something
    std::vector<std::uint64_t> hashes;
    for (std::size_t i = 0; i < pictures_.size(); ++i) {
      const auto [first, is_new] = by_hash.emplace(pictures_[i].hash, i);
      if (!is_new) {
        copies.join(first->second, i);
      } else if (has_structure(pictures_[i])) {
        told.push_back(i);
        hashes.push_back(pictures_[i].dhash);
      }
    }
    search::for_near_hashes(hashes, kCopyBits, [&](std::size_t a, std::size_t b) {
      if (is_copy(told[a], told[b])) copies.join(told[a], told[b]);
    });
    join_turned(copies);
    join_cropped(copies);
    return copies;
  }

  // Pictures whose hash, held in another way, is near to that of another picture.
  void join_turned(search::Groups& copies) const {
    std::vector<std::size_t> owners;
    std::vector<std::uint64_t> hashes;
    std::vector<bool> is_upright;
    for (std::size_t i = 0; i < pictures_.size(); ++i) {
      if (!looks_[i] || looks_[i]->is_plain()) continue;
      for (const std::uint64_t hash : looks_[i]->hashes()) {
        is_upright.push_back(owners.empty() || owners.back() != i);
        owners.push_back(i);
        hashes.push_back(hash);
      }
    }
    search::for_near_hashes(hashes, kCopyBits, [&](std::size_t a, std::size_t b) {
      if (is_upright[a] == is_upright[b]) return;  // turned by as much, or upright both
      join_if_like(owners[a], owners[b], copies);
    });
  }

  // Pictures whose vectors are near: crops, above all.
  void join_cropped(search::Groups& copies) const {
    if (!vectors_) return;
    // All vectors are compared with all; from so many on, of the most promising lists alone.
    constexpr std::size_t kLists = 8;
    constexpr std::size_t kFewVectors = 50'000;
    const std::size_t lists = vectors_->size() > kFewVectors ? kLists : 0;
    for (std::size_t i = 0; i < pictures_.size(); ++i) {
      const auto row = row_of_.find(pictures_[i].id);
      if (row == row_of_.end() || !looks_[i] || looks_[i]->is_plain()) continue;
      for (const search::Near& near :
           vectors_->nearest(rows_.row(row->second), kNearVectors, lists, {}, context_.threads())) {
        if (near.product < kNearCosine) break;
        const auto other = place_of_.find(near.picture);
        if (other != place_of_.end()) join_if_like(i, other->second, copies);
      }
    }
  }

  void join_if_like(std::size_t a, std::size_t b, search::Groups& copies) const {
    if (a == b || copies.are_joined(a, b) || !looks_[a] || !looks_[b]) return;
    if (looks_[a]->likeness(*looks_[b]) >= kCopyLikeness) copies.join(a, b);
  }

  [[nodiscard]] bool is_copy(std::size_t a, std::size_t b) const {
    if (!have_one_shape(pictures_[a], pictures_[b])) return false;
    const auto left = row_of_.find(pictures_[a].id);
    const auto right = row_of_.find(pictures_[b].id);
    if (left == row_of_.end() || right == row_of_.end()) return true;  // nothing says otherwise
    const auto x = rows_.row(left->second);
    const auto y = rows_.row(right->second);
    float cosine = 0;
    for (std::size_t i = 0; i < x.size(); ++i) cosine += x[i] * y[i];
    return cosine >= kCopyCosine;
  }

  search::Groups find_alike(search::Groups& copies) {
    search::Groups alike(pictures_.size());
    std::vector<bool> is_left_out(pictures_.size());
    for (const auto& members : copies.groups()) {
      for (const std::size_t member : members) is_left_out[member] = true;
      is_left_out[best_of(members)] = false;
    }
    std::unordered_map<std::int64_t, std::size_t> by_id;
    for (std::size_t i = 0; i < pictures_.size(); ++i) {
      if (!is_left_out[i]) by_id.emplace(pictures_[i].id, i);
    }
    if (by_id.size() > kMostAlike) {
      throw Error(ErrorCode::limit_exceeded,
                  "pictures that are alike are looked for among 30,000 at most; choose some "
                  "with --path");
    }
    for (const auto& [id, i] : by_id) {
      const auto row = row_of_.find(id);
      if (row == row_of_.end()) continue;
      const std::vector<float> cosines = rows_.products(rows_.row(row->second), context_.threads());
      for (std::size_t k = 0; k < cosines.size(); ++k) {
        if (cosines[k] < options_.cosine) continue;
        const auto other = by_id.find(rows_.pictures()[k]);
        if (other != by_id.end()) alike.join(i, other->second);
      }
    }
    return alike;
  }

  [[nodiscard]] std::size_t best_of(const std::vector<std::size_t>& members) const {
    return *std::min_element(members.begin(), members.end(), [&](std::size_t a, std::size_t b) {
      return is_better(pictures_[a], pictures_[b]);
    });
  }

  void add_group(DuplicateGroup::Kind kind, std::vector<std::size_t> members,
                 std::vector<DuplicateGroup>& groups) const {
    std::erase_if(members, [&](std::size_t i) { return !file_state(pictures_[i].path); });
    if (members.size() < 2) return;
    std::sort(members.begin(), members.end(),
              [&](std::size_t a, std::size_t b) { return is_better(pictures_[a], pictures_[b]); });
    DuplicateGroup group{.kind = kind, .files = {}};
    for (const std::size_t i : members) {
      const KnownPicture& picture = pictures_[i];
      group.files.push_back({.picture = picture.id,
                             .path = picture.path,
                             .size = picture.state.size,
                             .width = picture.width,
                             .height = picture.height});
    }
    groups.push_back(std::move(group));
  }

  const DuplicateOptions& options_;
  Context& context_;
  std::vector<KnownPicture> pictures_;
  std::unordered_map<std::int64_t, std::size_t> place_of_;  // in pictures_, by id
  std::vector<std::optional<ComparableLook>> looks_;        // of pictures_
  std::optional<search::VectorSearch> vectors_;
  search::VectorRows rows_;
  std::unordered_map<std::int64_t, std::size_t> row_of_;
};

}  // namespace

std::vector<DuplicateGroup> find_duplicates(search::LibraryIndex& index,
                                            const DuplicateOptions& options, Context& context) {
  return DuplicateFinder(index, options, context).find();
}

}  // namespace blip::app
