// blip caption: describes images.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "cli/caption_options.hpp"
#include "cli/captioner.hpp"
#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/console.hpp"
#include "cli/finished_records.hpp"
#include "cli/image_loader.hpp"
#include "cli/input_list.hpp"
#include "cli/interrupt.hpp"
#include "cli/progress.hpp"
#include "cli/result_writer.hpp"

namespace blip::cli {
namespace {

// More decoders than this only fill the memory with decoded pictures.
constexpr int kMaxDecoders = 8;

// What a signal may find the main thread in the middle of using.
struct Reporting {
  std::mutex mutex;
  std::optional<ResultWriter> writer;
  std::optional<Progress> progress;

  void leave_in_order() {
    const std::lock_guard lock(mutex);
    if (progress) progress->clear();
    if (writer) writer->finish_early();
  }
};

struct Tally {
  std::size_t done = 0;
  std::size_t failed = 0;
};

// A lone picture needs no name beside its caption. A folder or a list may hold several, and a file
// that is to be resumed tells by the names what it holds.
bool names_one_image(const CaptionOptions& options) {
  std::error_code ignored;
  return options.inputs.names.size() == 1 && options.inputs.list.empty() && !options.resume &&
         !std::filesystem::is_directory(options.inputs.names.front(), ignored);
}

ResultWriter open_writer(const CaptionOptions& options, const FinishedRecords* finished) {
  const ResultLayout layout = {.format = options.format,
                               .text_with_path = !names_one_image(options),
                               .continues = finished != nullptr && finished->any_content()};
  OutputFile output = options.output.empty() ? OutputFile::standard_output()
                                             : OutputFile::open(options.output, options.resume);
  return {std::move(output), layout};
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

std::vector<Record> caption_batch(Captioner& captioner, const std::vector<LoadedImage>& batch) {
  std::vector<const LoadedImage*> good;
  for (const LoadedImage& image : batch) {
    if (image.error.empty()) good.push_back(&image);
  }
  auto captions = captioner.caption(good);
  auto next = captions.begin();
  std::vector<Record> records;
  for (const LoadedImage& image : batch) {
    Record record{.path = image.input.path.string(), .captions = {}, .error = image.error};
    if (image.error.empty()) record.captions = std::move(*next++);
    records.push_back(std::move(record));
  }
  return records;
}

void report(Reporting& reporting, const std::vector<Record>& records, Tally& tally) {
  const std::lock_guard lock(reporting.mutex);
  reporting.progress->clear();
  reporting.writer->write(records);
  for (const Record& record : records) {
    ++tally.done;
    if (!record.captions.empty()) continue;
    ++tally.failed;
    say(record.path + ": " + record.error);
  }
  reporting.progress->draw(tally.done, tally.failed);
}

Tally caption_all(Captioner& captioner, InputList& inputs, const CaptionOptions& options,
                  Reporting& reporting) {
  Tally tally;
  reporting.progress->draw(0, 0);
  ImageLoader loader(
      inputs, [&](const std::filesystem::path& path) { return captioner.prepare(path); },
      std::min(captioner.num_threads(), kMaxDecoders), static_cast<std::size_t>(options.batch) * 2);
  for (auto batch = next_batch(loader, options.batch); !batch.empty();
       batch = next_batch(loader, options.batch)) {
    report(reporting, caption_batch(captioner, batch), tally);
  }
  return tally;
}

}  // namespace

ExitCode run_caption(Arguments arguments) {
  const auto options = parse_caption_options(arguments);
  if (!options) return ExitCode::ok;

  Reporting reporting;
  const InterruptWatcher watcher([&reporting] { reporting.leave_in_order(); });
  Captioner captioner(*options);
  InputList inputs(options->inputs);
  std::optional<FinishedRecords> finished;
  if (options->resume) {
    finished.emplace(
        options->output, options->format,
        static_cast<std::size_t>(options->generation.num_return_sequences.value_or(1)));
    inputs.skip([&finished](const auto& path) { return finished->take(path.string()); });
  }
  {
    const std::lock_guard lock(reporting.mutex);
    const auto total = inputs.total();
    reporting.writer.emplace(open_writer(*options, finished ? &*finished : nullptr));
    reporting.progress.emplace(!options->quiet && total != 1U && terminal_shows_progress(), total);
  }

  Tally tally;
  try {
    tally = caption_all(captioner, inputs, *options, reporting);
  } catch (const OutputError&) {
    throw;
  } catch (...) {
    reporting.leave_in_order();  // what was printed stays whole
    throw;
  }
  if (inputs.named_nothing()) throw UsageError("the list of images is empty");

  const std::lock_guard lock(reporting.mutex);
  reporting.writer->finish();
  reporting.progress->finish(tally.done, tally.failed);
  return tally.failed > 0 ? ExitCode::some_failed : ExitCode::ok;
}

}  // namespace blip::cli
