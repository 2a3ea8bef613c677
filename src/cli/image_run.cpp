#include "cli/image_run.hpp"

#include <chrono>
#include <utility>

#include "cli/options/command_line.hpp"

namespace blip::cli {

using app::Record;

namespace {

// How long the images that a slow list has named wait for others to go through the model with.
constexpr std::chrono::milliseconds kPatience{50};

}  // namespace

ImageRun::ImageRun(const InputOptions& inputs, const OutputOptions& output, int batch,
                   app::RecordSchema schema)
    : input_options_(inputs),
      output_options_(output),
      batch_(static_cast<std::size_t>(batch)),
      schema_(std::move(schema)),
      watcher_([this] { reporter_.end_interrupted(); }) {}

void ImageRun::start(const app::PictureReader& pictures, int num_threads) {
  inputs_.emplace(input_options_.selection);
  reporter_.open(output_options_, schema_);
  if (output_options_.resume) {
    inputs_->skip([this](const auto& path) { return reporter_.is_done(path.string()); });
  }
  inputs_are_slow_ = !inputs_->total();
  reporter_.start_progress(inputs_->total());
  images_.emplace([this](const std::stop_token& stop) { return inputs_->next(stop); },
                  [&pictures](const app::ImageInput& input) { return pictures(input.path); },
                  num_threads, 2 * batch_);
}

std::optional<app::ImageBatch> ImageRun::next_batch() {
  if (!inputs_are_slow_) return images_->next_batch(batch_);
  return images_->next_batch(batch_, kPatience);
}

void ImageRun::report(const app::ImageBatch& batch,
                      std::vector<std::vector<app::Finding>> findings) {
  auto next = findings.begin();
  std::vector<Record> records;
  for (const app::PreparedImage& image : batch.all()) {
    Record record{.path = image.name, .findings = {}, .error = image.error};
    if (image.error.empty()) record.findings = std::move(*next++);
    records.push_back(std::move(record));
  }
  reporter_.report(records);
}

void ImageRun::report_failures(const app::ImageBatch& batch) {
  report(batch, std::vector<std::vector<app::Finding>>(batch.images().size()));
}

ExitCode ImageRun::finish() {
  if (inputs_->named_nothing()) throw UsageError("the list of images is empty");
  return reporter_.finish();
}

}  // namespace blip::cli
