#include "train/data/example_reader.hpp"

#include <utility>

#include "blip/error.hpp"
#include "dataset/text_preprocessing.hpp"
#include "train/data/augmentation.hpp"
#include "train/data/left_right.hpp"

namespace blip::train {
namespace {

// More bad pictures than this one after the other are no accident.
constexpr std::size_t kMaxReplacements = 10;

}  // namespace

ExampleReader::ExampleReader(dataset::Dataset samples, const ExampleOptions& options)
    : samples_(std::move(samples)),
      options_(options),
      rows_(list_rows(samples_, options.kind)),
      cache_(std::make_unique<PictureCache>(options.cache_bytes)) {
  if (rows_.empty()) {
    throw Error(ErrorCode::invalid_argument,
                "the data set has nothing to train on: no caption, answered question or labelled "
                "statement of the kind that is asked for");
  }
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

Example ExampleReader::read_exactly(std::size_t row, SampleRandom random) const {
  const Row& place = rows_.at(row);
  dataset::Sample sample;
  const PictureCache::Pictures pictures = pictures_of(place.sample, sample);

  Example example;
  example.image = place.image;
  for (const Image& picture : *pictures) {
    if (options_.is_augmented) {
      Augmentation drawn =
          draw_augmentation(picture.width(), picture.height(), options_.min_crop_area, random);
      if (!options_.has_rand_augment) drawn.operations.clear();
      example.pictures.push_back(augmented(picture, drawn, options_.image_size));
    } else {
      example.pictures.push_back(picture.resized(options_.image_size, options_.image_size));
    }
  }
  switch (options_.kind) {
    case RowKind::caption:
      example.text = options_.prompt +
                     dataset::pre_caption(sample.captions.at(place.item), options_.max_words);
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
  return example;
}

Example ExampleReader::read(std::size_t row, std::uint32_t epoch) const {
  const SampleRandom random(options_.seed, epoch, row);
  std::string replacement;
  for (std::size_t tries = 0;; ++tries) {
    const std::size_t candidate = (row + tries) % rows_.size();
    try {
      Example example = read_exactly(candidate, random);
      example.replacement = std::move(replacement);
      return example;
    } catch (const Error& error) {
      const std::string problem = samples_.file_of(rows_[candidate].sample) + ": sample " +
                                  std::to_string(rows_[candidate].sample) + ": " + error.what();
      if (options_.bad_picture == BadPicture::fail || tries == kMaxReplacements) {
        throw Error(error.code(), problem);
      }
      if (replacement.empty()) replacement = problem;
    }
  }
}

}  // namespace blip::train
