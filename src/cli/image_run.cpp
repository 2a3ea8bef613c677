#include "cli/image_run.hpp"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <utility>

#include "cli/options/command_line.hpp"
#include "cli/output/console.hpp"

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

void ImageRun::start(const app::PictureReader& pictures, int num_threads, CheckInput check,
                     const OwnSidecars& own) {
  PlaceSidecar place = own.place;
  if (const auto& plan = output_options_.sidecars) {
    sidecar_names_.emplace(plan->ending, plan->directory);
    place = [this](const auto& image, const auto& folder) {
      return sidecar_names_->place(image, folder);
    };
  }
  inputs_.emplace(input_options_.selection, place);
  reporter_.open(output_options_, schema_);
  if (output_options_.resume || output_options_.sidecars) {
    inputs_->skip([this](const Input& input) { return reporter_.is_done(input); });
  } else if (own.is_done) {
    inputs_->skip(own.is_done);
  }
  // Images that belong together are not to be parted.
  inputs_are_slow_ = !inputs_->total() && input_options_.selection.columns.paths.size() == 1;
  reporter_.start_progress(inputs_->total());
  images_.emplace([this](const std::stop_token& stop) { return inputs_->next(stop); },
                  [&pictures, check = std::move(check)](const Input& input) {
                    if (check) check(input);
                    return pictures(input.path);
                  },
                  num_threads, 2 * batch_);
}

std::optional<app::ImageBatch> ImageRun::next_batch() {
  if (!inputs_are_slow_) return images_->next_batch(batch_);
  return images_->next_batch(batch_, kPatience);
}

void ImageRun::report(const app::ImageBatch& batch, std::vector<std::vector<app::Finding>> findings,
                      std::span<const std::string> errors) {
  auto next = findings.begin();
  std::vector<Record> records;
  for (const app::PreparedImage& image : batch.all()) {
    Record record{
        .path = image.name, .findings = {}, .error = image.error, .sidecar = image.sidecar};
    if (image.error.empty()) {
      if (!errors.empty()) record.error = errors[static_cast<std::size_t>(next - findings.begin())];
      if (record.error.empty()) record.findings = std::move(*next);
      ++next;
    }
    records.push_back(std::move(record));
  }
  reporter_.write_sidecars(records);
  reporter_.report(records);
}

void ImageRun::report_failures(const app::ImageBatch& batch) {
  report(batch, std::vector<std::vector<app::Finding>>(batch.images().size()));
}

ExitCode ImageRun::finish() {
  if (inputs_->named_nothing()) throw UsageError("the list of images is empty");
  const ExitCode code = reporter_.finish();
  if (output_options_.sidecars) tell_of_sidecars();
  return code;
}

void ImageRun::tell_of_sidecars() const {
  const SidecarPlan& plan = *output_options_.sidecars;
  if (const std::size_t renamed = sidecar_names_->renamed(); renamed > 0) {
    const std::string& first = sidecar_names_->first_renamed();
    print_message(fmt::format(
        "{} and {} differ by their endings alone: the text of the former is in {}{}{}", first,
        sidecar_names_->first_owner(), std::filesystem::path(first).filename().string(),
        plan.ending, renamed > 1 ? fmt::format("; so it is with {} images in all", renamed) : ""));
  }
  if (plan.tells_of_kept && reporter_.kept() > 0) {
    print_message(fmt::format(
        "{} {} a {} file, which stays as it is; --existing says what else to do", reporter_.kept(),
        reporter_.kept() == 1 ? "image has" : "images have", plan.ending));
  }
}

}  // namespace blip::cli
