#include "train/recipes/evaluation_data.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <utility>

#include "blip/error.hpp"
#include "blip/image.hpp"
#include "core/ordered_prefetcher.hpp"
#include "image/normalize.hpp"
#include "train/data/token_rows.hpp"

namespace blip::train {
namespace {

// What list_rows makes a row of.
bool has_row(const dataset::AnnotatedPicture& picture, RowKind kind) {
  switch (kind) {
    case RowKind::caption:
      break;
    case RowKind::question:
      return std::ranges::any_of(picture.questions,
                                 [](const auto& question) { return !question.answers.empty(); });
    case RowKind::statement:
      return std::ranges::any_of(
          picture.statements, [](const auto& statement) { return statement.is_true.has_value(); });
    case RowKind::picture:
      return true;
  }
  return !picture.captions.empty();
}

const char* name_of(RowKind kind) {
  switch (kind) {
    case RowKind::caption:
      break;
    case RowKind::question:
      return "question with answers";
    case RowKind::statement:
      return "labelled statement";
    case RowKind::picture:
      return "picture";
  }
  return "caption";
}

}  // namespace

PicturePreparation squashed_pictures(int image_size, const BlipImageProcessorConfig& images) {
  return {image_size, [image_size, images](const Image& picture, float* out) {
            image::normalize(picture.resized(image_size, image_size), images, out);
          }};
}

EvaluationData::EvaluationData(const DataConfig& config, PicturePreparation pictures, RowKind kind)
    : data_(dataset::Dataset::open(config.validation, {.root = config.images})),
      pictures_(dataset::annotated_pictures(data_)),
      preparation_(std::move(pictures)),
      workers_(config.workers) {
  const std::size_t all = pictures_.size();
  if (all == 0) throw Error(ErrorCode::invalid_argument, "data.validation holds no samples");
  std::erase_if(pictures_, [kind](const auto& picture) { return !has_row(picture, kind); });
  const std::size_t left_out = all - pictures_.size();
  if (pictures_.empty()) {
    throw Error(ErrorCode::invalid_argument, "data.validation: none of its " + std::to_string(all) +
                                                 " pictures has a " + name_of(kind));
  }
  if (left_out > 0) {
    note_ = "data.validation: " + std::to_string(left_out) + " of " + std::to_string(all) +
            " pictures left out of the evaluation: no " + name_of(kind);
  }
  // Known now rather than when the first epoch has been trained.
  const std::size_t wanted = kind == RowKind::statement ? 2 : 1;
  for (const dataset::AnnotatedPicture& picture : pictures_) {
    require_picture(picture.sample, data_.annotation(picture.sample), wanted - 1);
  }
}

void EvaluationData::require_picture(std::size_t number, const dataset::Sample& sample,
                                     std::size_t which) const {
  if (which < sample.pictures.size()) return;
  throw Error(ErrorCode::invalid_argument, data_.file_of(number) + ": " + sample.key +
                                               ": has no picture " + std::to_string(which + 1));
}

Tensor EvaluationData::pixel_values(std::size_t first, std::size_t count, std::size_t which) const {
  const auto side = static_cast<std::int64_t>(preparation_.side);
  const auto elements = static_cast<std::size_t>(3 * side * side);
  Tensor pixels{{static_cast<std::int64_t>(count), 3, side, side},
                std::vector<float>(count * elements)};
  const auto load = [&](std::size_t i) {
    const std::size_t number = pictures_[first + i].sample;
    const dataset::Sample sample = data_.read(number);
    require_picture(number, sample, which);
    const dataset::EncodedPicture& picture = sample.pictures[which];
    const Image image =
        Image::decode(picture.bytes, {}, data_.file_of(number) + ": " + picture.name);
    preparation_.prepare(image, pixels.data.data() + i * elements);
  };

  const auto next_index = [next = std::size_t{0}, count](const std::stop_token&) mutable {
    return next < count ? std::optional(next++) : std::nullopt;
  };
  const auto load_index = [&load](std::size_t i) {
    load(i);
    return i;
  };
  OrderedPrefetcher<std::size_t, std::size_t> loaded(next_index, load_index, workers_, count);
  while (loaded.next()) {  // throws what loading the first bad picture threw
  }
  return pixels;
}

void EvaluationData::for_each_batch(
    int batch, const std::function<void(std::size_t first, const Tensor&)>& visit) const {
  const auto step = static_cast<std::size_t>(batch);
  for (std::size_t first = 0; first < pictures_.size(); first += step) {
    visit(first, pixel_values(first, std::min(step, pictures_.size() - first)));
  }
}

std::vector<std::vector<TokenId>> token_lists(const BertTokenizer& tokenizer,
                                              std::span<const std::string> texts, int max_tokens) {
  const TokenRows rows =
      tokenized(tokenizer, texts, static_cast<std::size_t>(max_tokens), Padding::to_longest);
  std::vector<std::vector<TokenId>> lists(texts.size());
  for (std::size_t row = 0; row < texts.size(); ++row) {
    for (std::size_t i = row * rows.columns; i < (row + 1) * rows.columns; ++i) {
      if (rows.mask[i] == 1) lists[row].push_back(static_cast<TokenId>(rows.ids[i]));
    }
  }
  return lists;
}

}  // namespace blip::train
