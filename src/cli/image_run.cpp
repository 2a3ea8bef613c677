#include "cli/image_run.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "cli/input/input_list.hpp"
#include "cli/options/command_line.hpp"
#include "cli/output/finished_records.hpp"
#include "cli/output/interrupt.hpp"
#include "cli/output/reporter.hpp"

namespace blip::cli {
namespace {

// More decoders than this only fill the memory with decoded pictures.
constexpr int kMaxDecoders = 8;

ExpectedRecords expected_records(const ImageRun& run) {
  ExpectedRecords expected{.format = run.output.format, .shape = run.shape, .about = {}};
  const bool one_object = run.output.format == Format::jsonl;
  for (const std::string& asked : run.asked) {
    const std::size_t records = one_object ? 1 : run.results_per_finding;
    expected.about.insert(expected.about.end(), records, asked);
  }
  return expected;
}

std::vector<LoadedImage> next_batch(ImageLoader& loader, int size) {
  std::vector<LoadedImage> batch;
  while (batch.size() < static_cast<std::size_t>(size)) {
    std::optional<LoadedImage> image = loader.next();
    if (!image) break;
    batch.push_back(std::move(*image));
  }
  return batch;
}

std::vector<Record> examine_batch(const ImageTask& task, const std::vector<LoadedImage>& batch) {
  std::vector<const LoadedImage*> good;
  for (const LoadedImage& image : batch) {
    if (image.error.empty()) good.push_back(&image);
  }
  auto findings = task.examine(good);
  auto next = findings.begin();
  std::vector<Record> records;
  for (const LoadedImage& image : batch) {
    Record record{.path = image.input.path.string(), .findings = {}, .error = image.error};
    if (image.error.empty()) record.findings = std::move(*next++);
    records.push_back(std::move(record));
  }
  return records;
}

void examine_all(const ImageTask& task, InputList& inputs, int batch_size, Reporter& reporter) {
  ImageLoader loader(inputs, task.prepare, std::min(task.num_threads, kMaxDecoders),
                     static_cast<std::size_t>(batch_size) * 2);
  for (auto batch = next_batch(loader, batch_size); !batch.empty();
       batch = next_batch(loader, batch_size)) {
    reporter.report(examine_batch(task, batch));
  }
  if (task.conclude) reporter.add(task.conclude());
}

}  // namespace

ExitCode run_images(const ImageRun& run, const std::function<ImageTask()>& load) {
  Reporter reporter;
  const InterruptWatcher watcher([&reporter] { reporter.leave_in_order(); });
  const ImageTask task = load();
  InputList inputs(run.inputs.selection);
  std::optional<FinishedRecords> finished;
  if (run.output.resume) {
    finished.emplace(run.output.file, expected_records(run));
    inputs.skip([&finished](const auto& path) { return finished->take(path.string()); });
  }
  reporter.start(run.output,
                 {.format = run.output.format,
                  .shape = run.shape,
                  .text_with_path = run.text_with_path,
                  .text_heading = run.text_heading,
                  .continues = finished && finished->any_content()},
                 run.worth_progress ? inputs.total() : 1);
  reporter.guard([&] { examine_all(task, inputs, run.batch, reporter); });
  if (inputs.named_nothing()) throw UsageError("the list of images is empty");
  return reporter.finish();
}

}  // namespace blip::cli
