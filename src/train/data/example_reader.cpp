#include "train/data/example_reader.hpp"

#include <algorithm>
#include <utility>

#include "blip/error.hpp"
#include "dataset/text_preprocessing.hpp"
#include "train/data/augmentation.hpp"
#include "train/data/left_right.hpp"

namespace blip::train {
namespace {

// More bad pictures than this one after the other are no accident.
constexpr std::size_t kMaxReplacements = 10;

// In all that is said of a mirrored picture. (A statement's "left" is the left picture.)
void swap_sides(Example& example) {
  example.text = with_left_and_right_swapped(example.text);
  for (std::string& text : example.more_texts) text = with_left_and_right_swapped(text);
  for (dataset::Answer& answer : example.answers) {
    answer.text = with_left_and_right_swapped(answer.text);
  }
}

}  // namespace

ExampleReader::ExampleReader(dataset::Dataset samples, const ExampleOptions& options)
    : samples_(std::move(samples)),
      options_(options),
      rows_(list_rows(samples_, options.kind)),
      cache_(std::make_unique<PictureCache>(options.cache_bytes)) {
  if (rows_.empty()) {
    throw Error(ErrorCode::invalid_argument,
                "the data set has nothing to train on: no picture, caption, answered question or "
                "labelled statement of the kind that is asked for");
  }
  if (options_.captions > 1) starts_ = group_rows_by_picture(rows_, options_.captions);
}

std::size_t ExampleReader::rows() const noexcept {
  return starts_.empty() ? rows_.size() : starts_.size() - 1;
}

std::span<const Row> ExampleReader::rows_of(std::size_t example) const {
  const std::span<const Row> rows = rows_;
  if (starts_.empty()) return rows.subspan(example, 1);
  return rows.subspan(starts_.at(example), starts_.at(example + 1) - starts_.at(example));
}

PictureCache::Pictures ExampleReader::pictures_of(std::size_t sample,
                                                  dataset::Sample& described) const {
  if (PictureCache::Pictures known = cache_->find(sample)) {
    described = samples_.annotation(sample);
    return known;
  }
  described = samples_.read(sample);
  std::vector<Image> pictures;
  for (const dataset::EncodedPicture& encoded : described.pictures) {
    pictures.push_back(Image::decode(encoded.bytes, {}, encoded.name));
  }
  auto shared = std::make_shared<const std::vector<Image>>(std::move(pictures));
  cache_->offer(sample, shared);
  return shared;
}

bool ExampleReader::is_synthetic(const dataset::Sample& sample) const {
  const std::vector<std::string>& sources = options_.synthetic_sources;
  return sample.is_synthetic ||
         std::find(sources.begin(), sources.end(), sample.source) != sources.end();
}

std::map<std::uint32_t, std::vector<std::string>> ExampleReader::human_captions() const {
  std::map<std::uint32_t, std::vector<std::string>> captions;
  dataset::Sample sample;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (i == 0 || rows_[i].sample != rows_[i - 1].sample) {
      sample = samples_.annotation(rows_[i].sample);
    }
    if (is_synthetic(sample)) continue;
    captions[rows_[i].image].push_back(sample.captions.at(rows_[i].item));
  }
  return captions;
}

void ExampleReader::add_captions(std::span<const Row> places, dataset::Sample sample,
                                 Example& example) const {
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (i > 0 && places[i].sample != places[i - 1].sample) {
      sample = samples_.annotation(places[i].sample);
    }
    const std::string& caption = sample.captions.at(places[i].item);
    example.more_texts.push_back(options_.prompt +
                                 (options_.has_plain_captions
                                      ? caption
                                      : dataset::pre_caption(caption, options_.max_words)));
    example.are_synthetic.push_back(is_synthetic(sample));
  }
  example.text = std::move(example.more_texts.front());
  example.more_texts.erase(example.more_texts.begin());
}

void ExampleReader::set_feature_cache(std::shared_ptr<const FeatureCache> features) {
  features_ = std::move(features);
}

Image ExampleReader::fitted(const Image& picture, bool is_mirrored) const {
  const Image result = options_.fit ? options_.fit(picture)
                                    : picture.resized(options_.image_size, options_.image_size);
  return is_mirrored ? mirrored(result) : result;
}

void ExampleReader::read_pictures(std::size_t sample, SampleRandom& random,
                                  dataset::Sample& described, Example& example) const {
  const auto pictures = pictures_of(sample, described);  // which owns them beyond the cache
  for (const Image& picture : *pictures) {
    if (options_.is_augmented) {
      Augmentation drawn =
          draw_augmentation(picture.width(), picture.height(), options_.min_crop_area, random);
      if (!options_.has_rand_augment) drawn.operations.clear();
      example.pictures.push_back(augmented(picture, drawn, options_.image_size));
    } else {
      example.pictures.push_back(fitted(picture, example.is_mirrored));
    }
  }
}

// A picture whose features are known need not be decoded.
void ExampleReader::read_features(std::size_t sample, dataset::Sample& described,
                                  Example& example) const {
  described = samples_.read(sample);
  for (const dataset::EncodedPicture& encoded : described.pictures) {
    CachedFeatures features{feature_key(encoded.bytes, options_.image_size, example.is_mirrored)};
    if (auto known = features_->find(features.key)) {
      features.values = std::move(*known);
      example.pictures.emplace_back();
    } else {
      example.pictures.push_back(
          fitted(Image::decode(encoded.bytes, {}, encoded.name), example.is_mirrored));
    }
    example.features.push_back(std::move(features));
  }
}

Example ExampleReader::read_exactly(std::size_t row, SampleRandom random) const {
  const std::span<const Row> places = rows_of(row);
  const Row& place = places.front();
  dataset::Sample sample;

  Example example;
  example.image = place.image;
  example.sample = place.sample;
  example.is_mirrored = !options_.is_augmented && options_.is_mirrored_at_times && random.coin();
  if (features_ && !options_.is_augmented) {
    read_features(place.sample, sample, example);
  } else {
    read_pictures(place.sample, random, sample, example);
  }
  switch (options_.kind) {
    case RowKind::caption:
      add_captions(places, std::move(sample), example);
      break;
    case RowKind::question: {
      dataset::Question& question = sample.questions.at(place.item);
      example.text = dataset::pre_question(question.text, options_.max_words);
      example.answers = std::move(question.answers);
      if (sample.source == "vg") {
        for (dataset::Answer& answer : example.answers) {
          answer.weight = options_.visual_genome_weight;
        }
      }
      break;
    }
    case RowKind::picture:
      break;
    case RowKind::statement: {
      if (example.pictures.size() != 2) {
        throw Error(ErrorCode::invalid_argument, sample.key +
                                                     ": a statement is about 2 pictures, not " +
                                                     std::to_string(example.pictures.size()));
      }
      const dataset::Statement& statement = sample.statements.at(place.item);
      example.text = dataset::pre_caption(statement.text, options_.max_words);
      example.is_true = statement.is_true.value_or(false);
      if (options_.is_augmented && random.coin()) {
        std::swap(example.pictures[0], example.pictures[1]);
        example.text = with_left_and_right_swapped(example.text);
      }
      break;
    }
  }
  if (example.is_mirrored && options_.kind != RowKind::statement) swap_sides(example);
  return example;
}

Example ExampleReader::read(std::size_t row, std::uint32_t epoch) const {
  const SampleRandom random(options_.seed, epoch, row);
  std::string replacement;
  for (std::size_t tries = 0;; ++tries) {
    const std::size_t candidate = (row + tries) % rows();
    try {
      Example example = read_exactly(candidate, random);
      example.replacement = std::move(replacement);
      return example;
    } catch (const Error& error) {
      const std::uint32_t sample = rows_of(candidate).front().sample;
      const std::string problem =
          samples_.file_of(sample) + ": sample " + std::to_string(sample) + ": " + error.what();
      if (options_.bad_picture == BadPicture::fail || tries == kMaxReplacements) {
        throw Error(error.code(), problem);
      }
      if (replacement.empty()) replacement = problem;
    }
  }
}

}  // namespace blip::train
