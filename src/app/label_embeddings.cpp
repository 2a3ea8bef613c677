#include "app/label_embeddings.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <system_error>
#include <utility>

#include "blip/error.hpp"
#include "blip/version.hpp"
#include "checkpoint/checkpoint.hpp"
#include "checkpoint/model_source.hpp"
#include "checkpoint/safetensors_writer.hpp"
#include "core/durable_file.hpp"
#include "core/replacement_file.hpp"
#include "hub/checksum.hpp"
#include "tasks/embedding.hpp"

namespace blip::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPlace = "{}";
constexpr const char* kTensor = "embeddings";

// Feeds a hash with fields that cannot run into each other.
class Fields {
 public:
  void add(std::string_view text) {
    bytes_ += std::to_string(text.size());
    bytes_ += ':';
    bytes_ += text;
  }
  void add(std::intmax_t number) { add(std::to_string(number)); }
  [[nodiscard]] std::string hash() const { return hub::sha256(bytes_); }

 private:
  std::string bytes_;
};

void add_file(Fields& fields, const fs::path& file) {
  std::error_code error;
  fields.add(file.filename().native());
  fields.add(static_cast<std::intmax_t>(fs::file_size(file, error)));
  fields.add(
      static_cast<std::intmax_t>(fs::last_write_time(file, error).time_since_epoch().count()));
}

// A model is known by its files: reading two gigabytes to hash them would take longer than the
// texts do. An empty path adds that there is none.
void add_model(Fields& fields, const fs::path& path) {
  std::error_code error;
  fields.add(path.empty() ? "" : fs::absolute(path, error).native());
  std::vector<fs::path> files;
  if (fs::is_directory(path, error)) {
    for (const auto& entry : fs::directory_iterator(path, error)) {
      if (entry.is_regular_file(error)) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
  } else if (!path.empty()) {
    files.push_back(path);
  }
  fields.add(static_cast<std::intmax_t>(files.size()));
  for (const fs::path& file : files) add_file(fields, file);
}

std::string hash_of(const Embedder& embedder, const ModelOptions& model, const LabelSet& set) {
  Fields fields;
  fields.add(version());
  const ModelSource source = resolve_source(model.model.native(), model.adapter.native());
  add_model(fields, source.model);
  add_model(fields, source.adapter);
  add_model(fields, model.processor);
  fields.add(static_cast<std::intmax_t>(model.weight_type));
  fields.add(static_cast<std::intmax_t>(embedder.style()));
  fields.add(static_cast<std::intmax_t>(set.labels.size()));
  for (const std::string& label : set.labels) fields.add(label);
  for (const std::string& pattern : set.templates) fields.add(pattern);
  return fields.hash();
}

// shape: [labels, D] of the file that there should be
std::optional<Tensor> read_embeddings(const fs::path& file, std::int64_t labels) {
  static_assert(std::endian::native == std::endian::little);
  try {
    const Checkpoint checkpoint = Checkpoint::open(file);
    const CheckpointTensor* stored = checkpoint.find(kTensor);
    if (stored == nullptr || stored->dtype != DType::f32 || stored->shape.size() != 2 ||
        stored->shape[0] != labels) {
      return std::nullopt;
    }
    Tensor embeddings{stored->shape, std::vector<float>(stored->bytes.size() / sizeof(float))};
    std::memcpy(embeddings.data.data(), stored->bytes.data(), stored->bytes.size());
    return embeddings;
  } catch (const Error&) {
    return std::nullopt;  // not there, or cut off: they are made again
  }
}

void write_embeddings(const fs::path& file, const Tensor& embeddings) {
  std::error_code ignored;
  fs::create_directories(file.parent_path(), ignored);
  try {
    replace_file(file, [&](DurableFile& out) {
      const SafetensorsPlace place = {kTensor, DType::f32, embeddings.shape};
      out.write(safetensors_header(std::span(&place, 1)));
      out.write(std::as_bytes(std::span(embeddings.data)));
    });
  } catch (const WriteError&) {
    // The next run makes them again.
  }
}

}  // namespace

std::string filled_template(std::string_view pattern, std::string_view label) {
  std::string text;
  std::size_t at = 0;
  for (std::size_t place = pattern.find(kPlace); place != std::string_view::npos;
       place = pattern.find(kPlace, at)) {
    text.append(pattern, at, place - at).append(label);
    at = place + kPlace.size();
  }
  if (at == 0) {
    throw Error(ErrorCode::invalid_argument,
                "the template '" + std::string(pattern) + "' has no {} for the label");
  }
  return text.append(pattern, at);
}

Tensor embed_labels(const Embedder& embedder, const LabelSet& set, Context& context,
                    const Pause& pause) {
  if (set.labels.empty() || set.templates.empty()) {
    throw Error(ErrorCode::invalid_argument, "no labels, or no template for them");
  }
  Tensor sum;
  for (const std::string& pattern : set.templates) {
    std::vector<std::string> texts;
    texts.reserve(set.labels.size());
    for (const std::string& label : set.labels) texts.push_back(filled_template(pattern, label));
    Tensor embeddings = embedder.embed(embedder.tokens(texts), context, pause);
    if (pause) pause();
    if (sum.data.empty()) {
      sum = std::move(embeddings);
      continue;
    }
    std::transform(sum.data.begin(), sum.data.end(), embeddings.data.begin(), sum.data.begin(),
                   std::plus<>());
  }
  // Of one template they are unit vectors already, and stay what they are to the bit.
  if (set.templates.size() > 1) normalize_rows(sum);
  return sum;
}

Tensor kept_label_embeddings(const Embedder& embedder, const ModelOptions& model,
                             const LabelSet& set, const fs::path& directory, Context& context,
                             const Pause& pause) {
  if (directory.empty()) return embed_labels(embedder, set, context, pause);
  const fs::path file = directory / (hash_of(embedder, model, set) + ".safetensors");
  const auto labels = static_cast<std::int64_t>(set.labels.size());
  if (auto kept = read_embeddings(file, labels)) return *std::move(kept);
  Tensor embeddings = embed_labels(embedder, set, context, pause);
  write_embeddings(file, embeddings);
  return embeddings;
}

}  // namespace blip::app
