// ExampleReader: from a row's number to its pictures, augmented, and its text, prepared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dataset/dataset.hpp"
#include "train/data/example.hpp"
#include "train/data/feature_cache.hpp"
#include "train/data/picture_cache.hpp"
#include "train/data/row_list.hpp"
#include "train/data/sample_random.hpp"

namespace blip::train {

/// What becomes of a row whose picture cannot be read.
enum class BadPicture {
  fail,
  /// The next row that can be read takes its place, so that batches keep their size on all ranks;
  /// Example::replacement says so. Eleven bad ones in a row are an error all the same.
  replace,
};

struct ExampleOptions {
  int image_size = 384;
  RowKind kind = RowKind::caption;
  std::string prompt{};  ///< in front of captions, e.g. "a picture of "
  /// At least 1: so many captions of a picture make one example, whichever samples they are of.
  std::size_t captions = 1;
  std::size_t max_words = 30;       ///< of a text
  bool has_plain_captions = false;  ///< as they are stored, not prepared as BLIP's code does
  /// Off: pictures are fitted (as for evaluation) and nothing is left to chance.
  bool is_augmented = true;
  /// → size × size; none: squashed.
  std::function<Image(const Image&)> fit{};
  /// Of pictures that are not augmented, one in two is mirrored: they have two looks then. "left"
  /// and "right" change places in what is said of it.
  bool is_mirrored_at_times = false;
  bool has_rand_augment = true;  ///< else crops and flips alone
  double min_crop_area = 0.5;    ///< 0.2 in pre-training
  std::uint64_t seed = 42;
  /// Captions of these data sets ("dataset") are synthetic, as those of records that say so.
  std::vector<std::string> synthetic_sources{};
  double visual_genome_weight = 0.2;  ///< of an answer there, which one person gave
  BadPicture bad_picture = BadPicture::fail;
  std::size_t cache_bytes = 0;  ///< for decoded pictures; 0 decodes anew in every epoch
};

/// Safe to call from many threads. What an example looks like depends on options, row and epoch.
class ExampleReader {
 public:
  /// Throws invalid_argument if there are no rows of that kind, and what list_rows throws.
  ExampleReader(dataset::Dataset samples, const ExampleOptions& options);

  /// Takes the features of pictures that are not augmented from there. Not while examples are read.
  void set_feature_cache(std::shared_ptr<const FeatureCache> features);

  /// How many examples there are: rows, or groups of `captions` of them.
  [[nodiscard]] std::size_t rows() const noexcept;
  /// Captions that people gave, as they are stored, by Example::image. Reads all annotations.
  [[nodiscard]] std::map<std::uint32_t, std::vector<std::string>> human_captions() const;
  /// Throws malformed and the like: "sample NUMBER: PICTURE: CAUSE".
  Example read(std::size_t row, std::uint32_t epoch) const;

 private:
  [[nodiscard]] std::span<const Row> rows_of(std::size_t example) const;
  /// sample: that of the first place
  void add_captions(std::span<const Row> places, dataset::Sample sample, Example& example) const;
  [[nodiscard]] bool is_synthetic(const dataset::Sample& sample) const;
  Example read_exactly(std::size_t row, SampleRandom random) const;
  void read_pictures(std::size_t sample, SampleRandom& random, dataset::Sample& described,
                     Example& example) const;
  void read_features(std::size_t sample, dataset::Sample& described, Example& example) const;
  [[nodiscard]] Image fitted(const Image& picture, bool is_mirrored) const;
  [[nodiscard]] PictureCache::Pictures pictures_of(std::size_t sample,
                                                   dataset::Sample& described) const;

  dataset::Dataset samples_;
  ExampleOptions options_;
  std::vector<Row> rows_;
  std::vector<std::uint32_t> starts_;  // of an example's rows; empty: one row each
  std::unique_ptr<PictureCache> cache_;
  std::shared_ptr<const FeatureCache> features_;
};

}  // namespace blip::train
