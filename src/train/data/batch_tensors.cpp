#include "train/data/batch_tensors.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "blip/error.hpp"
#include "image/normalize.hpp"

namespace blip::train {
namespace {

torch::Tensor integers(const std::vector<std::int64_t>& values) {
  return torch::tensor(values, torch::kInt64);
}

TextTensors tensors_of(const TokenRows& rows) {
  const auto shape = {static_cast<std::int64_t>(rows.rows),
                      static_cast<std::int64_t>(rows.columns)};
  return {integers(rows.ids).view(shape), integers(rows.mask).view(shape)};
}

}  // namespace

torch::Tensor picture_tensor(std::span<const Example> examples, std::size_t which,
                             const BlipImageProcessorConfig& images) {
  std::int64_t width = 0;
  std::int64_t height = 0;
  for (const Example& example : examples) {
    if (which >= example.pictures.size()) {
      throw Error(ErrorCode::invalid_argument,
                  "an example has " + std::to_string(example.pictures.size()) +
                      " pictures, of which number " + std::to_string(which) + " is wanted");
    }
    const Image& picture = example.pictures[which];
    if (&example == &examples.front()) {
      width = picture.width();
      height = picture.height();
    }
    if (picture.width() != width || picture.height() != height) {
      throw Error(ErrorCode::invalid_argument, "the pictures of a batch must have one size");
    }
  }
  const auto count = static_cast<std::int64_t>(examples.size());
  torch::Tensor result = torch::empty({count, 3, height, width}, torch::kFloat32);
  float* out = result.data_ptr<float>();
  for (const Example& example : examples) {
    image::normalize(example.pictures[which], images, out);
    out += 3 * width * height;
  }
  return result;
}

TextTensors text_tensors(std::span<const Example> examples, const BertTokenizer& tokenizer,
                         std::size_t max_tokens, Padding padding) {
  std::vector<std::string> texts;
  for (const Example& example : examples) {
    texts.push_back(example.text);
    texts.insert(texts.end(), example.more_texts.begin(), example.more_texts.end());
  }
  return tensors_of(tokenized(tokenizer, texts, max_tokens, padding));
}

torch::Tensor text_counts(std::span<const Example> examples) {
  std::vector<std::int64_t> counts;
  for (const Example& example : examples) {
    counts.push_back(static_cast<std::int64_t>(1 + example.more_texts.size()));
  }
  return integers(counts);
}

AnswerTensors answer_tensors(std::span<const Example> examples, const BertTokenizer& tokenizer,
                             std::size_t max_tokens) {
  std::vector<std::string> texts;
  std::vector<std::int64_t> counts;
  std::vector<float> weights;
  for (const Example& example : examples) {
    counts.push_back(static_cast<std::int64_t>(example.answers.size()));
    for (const dataset::Answer& answer : example.answers) {
      texts.push_back(answer.text);
      weights.push_back(static_cast<float>(answer.weight));
    }
  }
  return {tensors_of(tokenized(tokenizer, texts, max_tokens, Padding::to_longest)),
          integers(counts), torch::tensor(weights, torch::kFloat32)};
}

torch::Tensor image_numbers(std::span<const Example> examples) {
  std::vector<std::int64_t> numbers;
  for (const Example& example : examples) numbers.push_back(example.image);
  return integers(numbers);
}

torch::Tensor statement_labels(std::span<const Example> examples) {
  std::vector<std::int64_t> labels;
  for (const Example& example : examples) labels.push_back(example.is_true ? 1 : 0);
  return integers(labels);
}

}  // namespace blip::train
